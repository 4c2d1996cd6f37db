begin;
select plan(23);

-- the house's rules hold for the recipes too
create temp view its_function as
select
  p.oid,
  p.oid::regprocedure::text as signature,
  n.nspname as recipe,
  p.proconfig,
  p.prosecdef,
  p.proowner::regrole::text as owner
from pg_catalog.pg_proc as p
join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
where n.nspname in ('welcome', 'social_post', 'invoice', 'reorder', 'payment', 'row_events')
  or p.oid = 'public.process_payment(bigint)'::regprocedure;

select is(
  (select count(distinct f.recipe) from its_function as f), 7::bigint,
  'there are functions to look at'
);
select is_empty(
  $$select f.signature from its_function as f
    where f.proconfig is distinct from '{"search_path=pg_catalog, pg_temp"}'$$,
  'search_path is pinned to pg_catalog, pg_temp'
);
select is_empty(
  $$select f.signature from its_function as f
    where has_function_privilege('public', f.oid, 'execute')$$,
  'no function is open to public'
);
select is_empty(
  $$select f.signature from its_function as f where obj_description(f.oid, 'pg_proc') is null$$,
  'each function has a comment'
);
select results_eq(
  $$select f.signature, f.owner = 'payment' from its_function as f where f.prosecdef order by 1$$,
  $$values
    ('payment.look_up(bigint)', true),
    ('payment.record_result(bigint,numeric,integer,text)', true),
    ('process_payment(bigint)', false)$$,
  'those that lend rights are known'
);
select case
  when to_regnamespace('plpgsql_check') is null
    then skip('plpgsql_check is not installed', 1)
  else is_empty(
    $$select f.signature, plpgsql_check.plpgsql_check_function(f.oid)
      from its_function as f
      join pg_catalog.pg_proc as p on p.oid = f.oid
      join pg_catalog.pg_language as l on l.oid = p.prolang and l.lanname = 'plpgsql'$$,
    'plpgsql_check finds nothing'
  )
end;

-- each role has the rights that its task needs, and no others
create temp view its_right as
select
  a.grantee::regrole::text as who,
  r.on_what,
  string_agg(lower(a.privilege_type), ', ' order by a.privilege_type) as may
from (
  select c.oid::regclass::text as on_what, c.relacl as acl
  from pg_catalog.pg_class as c
  union all
  select format('%s (%s)', t.attrelid::regclass, t.attname collate "default"), t.attacl
  from pg_catalog.pg_attribute as t
  union all
  select 'schema ' || n.nspname collate "default", n.nspacl
  from pg_catalog.pg_namespace as n
) as r
cross join lateral aclexplode(r.acl) as a
where a.grantee::regrole::text in
  ('welcome', 'social_post', 'invoice', 'reorder', 'payment', 'row_events')
group by 1, 2;

select results_eq(
  $$select r.who, r.on_what, r.may from its_right as r where r.on_what like 'schema%'
    order by r.who collate "C", r.on_what collate "C"$$,
  $$values
    ('invoice', 'schema invoice', 'usage'), ('invoice', 'schema rota', 'usage'),
    ('payment', 'schema payment', 'create, usage'),
    ('reorder', 'schema reorder', 'usage'), ('reorder', 'schema rota', 'usage'),
    ('row_events', 'schema rota', 'usage'), ('row_events', 'schema row_events', 'usage'),
    ('social_post', 'schema rota', 'usage'), ('social_post', 'schema social_post', 'usage'),
    ('welcome', 'schema rota', 'usage'), ('welcome', 'schema welcome', 'usage')$$,
  'each role reaches its own schema and rota'
);
select results_eq(
  $$select r.who, r.on_what, r.may from its_right as r where r.on_what not like 'schema%'
    order by r.who collate "C", r.on_what collate "C"$$,
  $$values
    ('invoice', 'invoices (amount)', 'insert'),
    ('invoice', 'invoices (order_id)', 'insert'),
    ('invoice', 'invoices (payment_id)', 'insert'),
    ('payment', 'orders (amount)', 'select'),
    ('payment', 'orders (currency)', 'select'),
    ('payment', 'orders (id)', 'select'),
    ('payment', 'payments (amount)', 'insert, select, update'),
    ('payment', 'payments (declines)', 'insert, select, update'),
    ('payment', 'payments (gateway_reference)', 'insert, select, update'),
    ('payment', 'payments (id)', 'select'),
    ('payment', 'payments (order_id)', 'insert, select'),
    ('payment', 'payments (processed_at)', 'insert, select, update'),
    ('payment', 'payments (status)', 'insert, select, update'),
    ('reorder', 'reorder.requests', 'insert'),
    ('reorder', 'reorder.requests (event_id)', 'select'),
    ('row_events', 'row_events.handled', 'insert'),
    ('row_events', 'row_events.handled (event_id)', 'select'),
    ('row_events', 'row_events.usage', 'insert, select, update'),
    ('social_post', 'social_post.posts', 'insert'),
    ('social_post', 'social_post.posts (content_id)', 'select'),
    ('social_post', 'social_post.posts (published_at)', 'select'),
    ('welcome', 'users (email)', 'select'),
    ('welcome', 'users (id)', 'select'),
    ('welcome', 'users (name)', 'select'),
    ('welcome', 'welcome.messages', 'insert'),
    ('welcome', 'welcome.messages (user_id)', 'select')$$,
  'and the columns that its handler names'
);
select is_empty(
  $$select f.signature, r.who from its_function as f
    cross join unnest('{welcome,social_post,invoice,reorder,payment,row_events}'::text[]) as r (who)
    where has_function_privilege(r.who, f.oid, 'execute') <> (r.who = f.recipe)$$,
  'each role may call the functions of its recipe'
);
select is_empty(
  $$select f.signature, r.who from its_function as f
    cross join unnest('{rota_app,rota_admin,rota_reader,rota_monitor}'::text[]) as r (who)
    where has_function_privilege(r.who, f.oid, 'execute') and f.recipe <> 'public'$$,
  'nobody else may'
);
select results_eq(
  $$select f.signature from its_function as f
    where has_function_privilege('rota_worker', f.oid, 'execute') order by 1$$,
  $$values ('payment.look_up(bigint)'), ('payment.record_result(bigint,numeric,integer,text)')$$,
  'but the handler in Python, which acts as rota_worker'
);
select results_eq(
  $$select r.who from unnest('{rota_admin,rota_app,rota_reader,rota_worker}'::text[]) as r (who)
    where has_function_privilege(r.who, 'public.process_payment(bigint)', 'execute') order by 1$$,
  $$values ('rota_admin'), ('rota_app')$$,
  'an application or an administrator may have an order paid'
);

-- definitions
select results_eq(
  $$select t.name, t.kind, t.run_as from rota.tasks as t
    where t.tags && '{events,payments}'
    order by t.name collate "C"$$,
  $$values
    ('invoice', 'call', 'invoice'), ('process-payment', 'external', null),
    ('reorder', 'call', 'reorder'), ('row-events', 'call', 'row_events'),
    ('social-post', 'call', 'social_post'), ('welcome', 'call', 'welcome')$$,
  'each task runs as the role of its recipe'
);
select results_eq(
  $$select s.name, s.topic, s.task from rota.subscriptions as s order by s.name collate "C"$$,
  $$values
    ('invoice', 'public.payments', 'invoice'), ('reorder', 'public.products', 'reorder'),
    ('row-events', 'public.files', 'row-events'),
    ('social-post', 'public.contents', 'social-post'), ('welcome', 'public.users', 'welcome')$$,
  'and is told of the changes of one table'
);
select results_eq(
  $$select w.name collate "default", w.operations, w.columns, w.exclude from rota.watches as w
    order by w.name collate "C"$$,
  $$values
    ('public.contents', '{INSERT,UPDATE}'::text[], '{status}'::text[], '{body}'::text[]),
    ('public.files', '{INSERT,UPDATE,DELETE}', null, null),
    ('public.payments', '{INSERT,UPDATE}', '{status}', null),
    ('public.products', '{UPDATE}', '{stock,reorder_level}', null),
    ('public.users', '{INSERT}', null, null)$$,
  'no more is captured than is asked for'
);
select results_eq(
  $$select t.max_attempts, t.initial_delay, t.backoff_factor, t.retry_on
    from rota.tasks as t where t.name = 'process-payment'$$,
  $$values (3, interval '1 s', 2::numeric,
    '{ETIMEDOUT,ECONNRESET,ECONNREFUSED,ENOTFOUND,"/answered (429|5\\d\\d)/"}'::text[])$$,
  'a payment is tried three times, when the gateway was in trouble'
);
select is_empty(
  $$select t.name, k.key
    from unnest('{goals,scope,excluded,success_measures,troubleshooting}'::text[]) as k (key)
    cross join rota.tasks as t
    where t.tags && '{events,payments}' and not t.doc ? k.key$$,
  'goals, scope, what is excluded, success measures and remedies are written down'
);
select lives_ok(
  (
    select string_agg(m.measure ->> 'query', ';')
    from rota.tasks as t
    cross join jsonb_array_elements(t.doc -> 'success_measures') as m (measure)
    where t.tags && '{events,payments}'
  ),
  'the business queries of the success measures run'
);

-- public.process_payment, without a worker
insert into public.users (id, email, name) overriding system value values (1, 'ada@e.com', 'Ada');
insert into public.orders (id, user_id, amount) overriding system value
values (1, 1, 10), (2, 1, 20);
insert into public.payments (
  id, order_id, amount, status, declines, gateway_reference, processed_at
)
overriding system value
values (7, 1, 10, 'completed', 0, 'ch-1', now());

set local role rota_app;
select throws_ok(
  'select public.process_payment(404)', '42704', 'order 404 does not exist',
  'an unknown order is refused'
);
select is(
  public.process_payment(1), '{"id": 7, "status": "completed", "isNew": false}'::jsonb,
  'a completed payment is known'
);
select is(
  public.process_payment(2) - 'runId', '{"id": null, "status": "processing", "isNew": true}'::jsonb,
  'another is begun'
);
select is(
  public.process_payment(2) - 'runId',
  '{"id": null, "status": "processing", "isNew": false}'::jsonb,
  'once'
);
reset role;
select results_eq(
  $$select r.input, r.key from rota.runs as r where r.task = 'process-payment'$$,
  $$values ('{"order_id": 2}'::jsonb, 'order-2-0')$$,
  'its run has the order and the number of declines for a key'
);

select * from finish();
rollback;
