"""The night batch: its schema, and a role that may do what the batch does and no more."""

from pgrota.migration import run_sql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql(
        """
do $$
begin
  if not exists (select from pg_catalog.pg_roles as r where r.rolname = 'night_batch') then
    create role night_batch nologin;
  end if;
  if not pg_catalog.pg_has_role('night_batch', 'member') then
    execute format('grant night_batch to %I', current_user);
  end if;
end;
$$;

create schema night_batch;
comment on schema night_batch is 'The chunks of the night batch. Called by its run alone.';

grant usage on schema night_batch, archive, logs, analytics, reports to night_batch;

-- No more columns than are counted: e-mail addresses and names stay out of reach.
grant select (created_at, last_activity_at) on public.users to night_batch;
grant select (id) on public.contents to night_batch;
grant select (created_at, response_time) on logs.api_requests to night_batch;
grant select, insert, update on analytics.user_stats, reports.system_health to night_batch;

-- `for update` asks for UPDATE on some column. An identity can be given no value,
-- so this one lets nobody change a row.
grant select, delete, update (id) on public.notifications to night_batch;
grant insert on archive.notifications to night_batch;

do $$
declare
  v_grant text := 'grant usage on schema auth to night_batch; '
    'grant select, delete, update (id) on auth.sessions to night_batch;';
begin
  execute v_grant;
exception
  when insufficient_privilege then
    raise warning using
      message = 'auth.sessions belongs to another role: the night batch cannot delete there',
      hint = format('Let its owner run: %s', v_grant);
end;
$$;
"""
    )


def downgrade() -> None:
    raise NotImplementedError("the sample application is removed with its database")
