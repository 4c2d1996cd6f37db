"""Orders, payments, products, files and log-ins; the recipes on events, and a role for each."""

from pgrota.migration import run_sql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

APPLICATION = """
create table public.orders (
  id         bigint generated always as identity primary key,
  user_id    bigint not null references public.users (id),
  amount     numeric(12, 2) not null,
  currency   text not null default 'EUR',
  created_at timestamptz not null default now(),
  constraint orders_cost_something check (amount > 0),
  constraint orders_currency_is_a_code check (currency ~ '^[A-Z]{3}$')
);
comment on table public.orders is 'What users ordered. The amount stays once it is being paid.';
create index orders_user on public.orders (user_id);

create table public.payments (
  id                bigint generated always as identity primary key,
  order_id          bigint not null unique references public.orders (id),
  amount            numeric(12, 2) not null,
  status            text not null default 'pending',
  declines          int not null default 0,
  gateway_reference text unique,
  processed_at      timestamptz,
  created_at        timestamptz not null default now(),
  constraint payments_amount_is_positive check (amount > 0),
  constraint payments_status_is_known check (status in ('pending', 'completed', 'failed')),
  constraint payments_declines_are_counted check (declines >= 0),
  constraint payments_processed_have_a_time check (status = 'pending' or processed_at is not null),
  constraint payments_completed_have_a_reference
    check (status <> 'completed' or gateway_reference is not null)
);
comment on table public.payments is
  'One for each order: its last result, and how often the gateway has declined it.';

create table public.invoices (
  id         bigint generated always as identity primary key,
  order_id   bigint not null unique references public.orders (id),
  payment_id bigint not null unique references public.payments (id),
  amount     numeric(12, 2) not null,
  issued_at  timestamptz not null default now(),
  constraint invoices_amount_is_positive check (amount > 0)
);
comment on table public.invoices is 'One for each completed payment.';

create table public.products (
  id            bigint generated always as identity primary key,
  external_id   text not null unique,
  name          text not null,
  price         numeric(12, 2) not null,
  stock         int not null default 0,
  reorder_level int not null default 0,
  synced_at     timestamptz,
  constraint products_price_is_not_negative check (price >= 0),
  constraint products_stock_is_not_negative check (stock >= 0),
  constraint products_reorder_level_is_not_negative check (reorder_level >= 0)
);
comment on table public.products is 'What is sold, as of synced_at known from elsewhere.';

create table public.files (
  id         bigint generated always as identity primary key,
  owner_id   bigint not null references public.users (id),
  path       text not null unique,
  bytes      bigint not null,
  created_at timestamptz not null default now(),
  constraint files_size_is_not_negative check (bytes >= 0)
);
comment on table public.files is 'What users keep in the storage.';
create index files_owner on public.files (owner_id);
create index files_age on public.files (created_at, id);

-- Also attempts by names that are nobody's. Whose are someone's, go with the user.
create table public.login_attempts (
  id        bigint generated always as identity primary key,
  address   inet not null,
  user_id   bigint references public.users (id) on delete cascade,
  succeeded boolean not null,
  at        timestamptz not null default now()
);
comment on table public.login_attempts is 'Who tried to log in, and from where.';
create index login_attempts_address on public.login_attempts (address, at);
create index login_attempts_user on public.login_attempts (user_id, at);
create index login_attempts_age on public.login_attempts (at);

create table public.blocked_addresses (
  address inet primary key,
  at      timestamptz not null default now()
);
comment on table public.blocked_addresses is 'From where nobody may log in.';
"""

ROLES = """
do $$
declare
  v_role text;
begin
  foreach v_role in array '{welcome,social_post,invoice,reorder,payment,row_events}'::text[] loop
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
comment on schema welcome is 'A message for everyone who signs up.';
create table welcome.messages (
  user_id    bigint primary key references public.users (id) on delete cascade,
  recipient  text not null,
  subject    text not null,
  body       text not null,
  created_at timestamptz not null default now()
);
comment on table welcome.messages is 'Welcome messages, one for each user.';
grant select (id, email, name) on public.users to welcome;
grant select (user_id), insert on welcome.messages to welcome;

comment on schema social_post is 'A post for each content that is published.';
-- No reference to contents: what was posted stays so when the content goes.
create table social_post.posts (
  content_id   bigint not null,
  published_at timestamptz not null,
  message      text not null,
  created_at   timestamptz not null default now(),
  primary key (content_id, published_at)
);
comment on table social_post.posts is
  'One for each publication. A content that comes back with the time it had is none.';
grant select (content_id, published_at), insert on social_post.posts to social_post;

comment on schema invoice is 'An invoice for each completed payment.';
-- The only grant: who may insert need not read.
grant insert (order_id, payment_id, amount) on public.invoices to invoice;

comment on schema reorder is 'An order for each product whose stock has become low.';
create table reorder.requests (
  id            bigint generated always as identity primary key,
  product_id    bigint not null references public.products (id) on delete cascade,
  event_id      bigint not null unique,
  stock         int not null,
  reorder_level int not null,
  quantity      int not null,
  requested_at  timestamptz not null default now(),
  constraint requests_are_for_something check (quantity > 0)
);
comment on table reorder.requests is
  'One for each time that a stock has come down to its reorder level. event_id: the change.';
create index requests_product on reorder.requests (product_id);
grant select (event_id), insert on reorder.requests to reorder;

comment on schema payment is 'Payments are made at a gateway, each once.';
-- Its functions are security definer and belong to this role: the worker's handler calls them.
grant create on schema payment to payment;
grant usage on schema payment to rota_worker;
grant select (id, amount, currency) on public.orders to payment;
grant select (id, order_id, amount, status, declines, gateway_reference, processed_at),
  insert (order_id, amount, status, declines, gateway_reference, processed_at),
  update (amount, status, declines, gateway_reference, processed_at) on public.payments to payment;

comment on schema row_events is 'Row changes, dispatched by their type.';
create table row_events.handled (
  event_id bigint primary key,
  at       timestamptz not null default now()
);
comment on table row_events.handled is 'The changes that count in usage.';
create table row_events.usage (
  owner_id bigint primary key,
  files    bigint not null,
  bytes    bigint not null
);
comment on table row_events.usage is 'How many files each user has, and how big they are.';
grant select (event_id), insert on row_events.handled to row_events;
grant select, insert, update on row_events.usage to row_events;
"""


def upgrade() -> None:
    run_sql(APPLICATION)
    run_sql(ROLES)
    run_sql(RECIPES)


def downgrade() -> None:
    raise NotImplementedError("the sample application is removed with its database")
