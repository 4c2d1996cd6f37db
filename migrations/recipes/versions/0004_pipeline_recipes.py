"""What the recipes on pipelines keep, and a role for each."""

from pgrota.migration import run_sql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROLES = """
do $$
declare
  v_role text;
begin
  foreach v_role in array '{content_pipeline,data_report,data_sync}'::text[] loop
    if not exists (select from pg_catalog.pg_roles as r where r.rolname = v_role) then
      execute format('create role %I nologin', v_role);
    end if;
    -- From 16 on, who creates a role belongs to it, but cannot act as it without a grant.
    if not pg_catalog.pg_has_role(v_role, 'usage') then
      execute format('grant %I to %I', v_role, current_user);
    end if;
    execute format('create schema %I', v_role);
    execute format('grant usage on schema %1$I to %1$I', v_role);
  end loop;
end;
$$;
"""

RECIPES = """
comment on schema content_pipeline is 'Contents that come from elsewhere: fetch, process, publish.';
create table content_pipeline.sources (
  external_id text primary key,
  content_id  bigint not null unique references public.contents (id) on delete cascade,
  fingerprint text not null,
  seen_at     timestamptz not null
);
comment on table content_pipeline.sources is
  'Which content came from which item of the API, and a fingerprint of it as published.';
grant select, insert, update on content_pipeline.sources to content_pipeline;
grant select (id, email), insert (email, name) on public.users to content_pipeline;
grant select (id), insert (author_id, title, body, status, published_at),
  update (title, body) on public.contents to content_pipeline;

comment on schema data_report is 'Figures by day: collect, transform, analyse, report.';
create table data_report.days (
  day         date primary key,
  signups     bigint not null,
  orders      bigint not null,
  revenue     numeric not null,
  requests    bigint not null,
  errors      bigint not null,
  computed_at timestamptz not null
);
comment on table data_report.days is 'What was collected of each day (UTC), the last time.';
create table data_report.reports (
  run_day    date primary key,
  report     text not null,
  created_at timestamptz not null
);
comment on table data_report.reports is 'One for each day that was reported on.';
grant select, insert, update on data_report.days, data_report.reports to data_report;
grant usage on schema logs to data_report;
grant select (created_at) on public.users to data_report;
grant select (created_at, amount) on public.orders to data_report;
grant select (created_at, status) on logs.api_requests to data_report;

comment on schema data_sync is 'Products, as another system has them.';
-- Its function is security definer and belongs to this role: the worker's handler calls it.
grant create on schema data_sync to data_sync;
grant usage on schema data_sync to rota_worker;
grant select (id, external_id, name, price, stock, synced_at),
  insert (external_id, name, price, stock, synced_at),
  update (name, price, stock, synced_at) on public.products to data_sync;
"""


def upgrade() -> None:
    run_sql(ROLES)
    run_sql(RECIPES)


def downgrade() -> None:
    raise NotImplementedError("the sample application is removed with its database")
