"""The tables of the sample application that the recipes work on."""

from pgrota.migration import run_sql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql(
        """
create schema if not exists auth;
create schema if not exists archive;
create schema if not exists logs;
create schema if not exists analytics;
create schema if not exists reports;

create table public.users (
  id               bigint generated always as identity primary key,
  email            text not null,
  name             text not null,
  created_at       timestamptz not null default now(),
  last_activity_at timestamptz
);
comment on table public.users is 'Who has an account. last_activity_at moves on with each visit.';

create table public.contents (
  id           bigint generated always as identity primary key,
  author_id    bigint not null references public.users (id),
  title        text not null,
  body         text not null,
  status       text not null default 'draft',
  published_at timestamptz,
  created_at   timestamptz not null default now(),
  constraint contents_status_is_known check (status in ('draft', 'published', 'archived')),
  constraint contents_published_has_a_time check (status = 'draft' or published_at is not null)
);
comment on table public.contents is 'What users wrote.';
create index contents_author on public.contents (author_id);

-- No reference to users: a notification outlives its user until it is archived.
create table public.notifications (
  id         bigint generated always as identity primary key,
  user_id    bigint not null,
  message    text not null,
  created_at timestamptz not null default now(),
  read_at    timestamptz
);
comment on table public.notifications is 'The notifications of the last 30 days.';
create index notifications_user on public.notifications (user_id);
-- The id makes each entry unique, so that a chunk of rows has exact bounds.
create index notifications_age on public.notifications (created_at, id);

create table archive.notifications (
  id          bigint primary key,
  user_id     bigint not null,
  message     text not null,
  created_at  timestamptz not null,
  read_at     timestamptz
);
comment on table archive.notifications is 'The notifications older than 30 days.';

create table logs.api_requests (
  id            bigint generated always as identity primary key,
  path          text not null,
  status        int not null,
  response_time int not null,
  created_at    timestamptz not null default now()
);
comment on table logs.api_requests is 'One row for each request. response_time is in milliseconds.';
create index api_requests_age on logs.api_requests (created_at);

create table analytics.user_stats (
  date            date primary key,
  active_users    bigint not null,
  new_users       bigint not null,
  returning_users bigint not null,
  computed_at     timestamptz not null
);
comment on table analytics.user_stats is 'One row for each day. The first result of a day stands.';

create table reports.system_health (
  date              date primary key,
  user_count        bigint not null,
  content_count     bigint not null,
  avg_response_time numeric(12, 2)
);
comment on table reports.system_health is
  'One row for each day. avg_response_time: milliseconds, over the 24 hours before the report.';

-- Where `auth` belongs to someone else (Supabase), its sessions are left as they are.
do $$
begin
  if to_regclass('auth.sessions') is null then
    create table auth.sessions (
      id         bigint generated always as identity primary key,
      user_id    bigint not null references public.users (id) on delete cascade,
      expires_at timestamptz not null
    );
    comment on table auth.sessions is 'Who is logged in, and until when.';
    create index sessions_user on auth.sessions (user_id);
  end if;
end;
$$;
"""
    )


def downgrade() -> None:
    raise NotImplementedError("the sample application is removed with its database")
