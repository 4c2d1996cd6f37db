begin;
select plan(40);

select is(
  test.callers('rota.configure'), '{rota_admin}', 'an administrator may configure, and nobody else'
);

set local role rota_admin;

-- refusals
select is(
  test.refusal('select rota.configure(''colour'', ''blue'')'),
  '42704 setting ''colour'' does not exist; '
  'Settings are history_keep, log_keep, key_keep, slot_keep, cron_keep, cron_policy, event_keep '
  'and event_max_size.',
  'an unknown setting is refused'
);
select is(
  test.refusal('select rota.configure(''draining'', ''infinity'')'),
  '42704 setting ''draining'' does not exist; '
  'Settings are history_keep, log_keep, key_keep, slot_keep, cron_keep, cron_policy, event_keep '
  'and event_max_size.',
  'what deploys use is nobody''s setting'
);
select is(
  test.refusal(format('select rota.configure(''log_keep'', %L)', v.length)),
  format(
    '22023 log_keep must be a length from 1 day to 100 years, not %s; '
    'select rota.configure(''log_keep'', ''90 days'');', quote_nullable(v.length)
  ),
  format('refused: %s', coalesce(v.length, 'null'))
)
from unnest(
  '{"a while",null,"",23 hours,-5 days,101 years,999999999999 years,90 days; drop}'::text[]
)
  as v (length);
select throws_ok(
  'select rota.configure(''event_keep'', ''1 hour'')', '22023',
  'event_keep must be a length from 1 day to 100 years, not ''1 hour''', 'events are kept a day'
);
select is(
  test.refusal(format('select rota.configure(''event_max_size'', %L)', v.size)),
  format(
    '22023 event_max_size must be a size of at least 1 MB or none, not %s; '
    'select rota.configure(''event_max_size'', ''10 GB'');', quote_nullable(v.size)
  ),
  format('refused: %s', coalesce(v.size, 'null'))
)
from unnest('{a lot,null,"",1023 kB,-5 GB,1 day,999999999 TB}'::text[]) as v (size);
select is(
  test.refusal(format('select rota.configure(''cron_policy'', %L)', v.policy)),
  format(
    '22023 cron_policy is repair or report, not %s; '
    'select rota.configure(''cron_policy'', ''report'');', quote_nullable(v.policy)
  ),
  format('refused as a policy: %s', coalesce(v.policy, 'null'))
)
from unnest('{ignore,null,7 days}'::text[]) as v (policy);
reset role;
select is_empty(
  $$select from rota_core.setting as s where s.name ~ 'keep|size|policy'$$,
  'after the refusals nothing is set'
);

-- the deed
select is(
  rota_core.setting(s.name), s.length, format('%s is %s unless configured', s.name, s.length)
)
from (
  values
  ('history_keep', '90 days'), ('log_keep', '30 days'), ('key_keep', '90 days'),
  ('slot_keep', '90 days'), ('event_keep', '7 days'), ('event_max_size', 'none'),
  ('slot_keep', '90 days'), ('cron_keep', '7 days'), ('cron_policy', 'repair'),
  ('draining', 'false'), ('colour', null)
) as s (name, length);
set local role rota_admin;
select rota.configure('log_keep', '1 year');
select rota.configure('log_keep', '1 day');
select rota.configure('event_keep', '30 days');
select rota.configure('event_max_size', 'none');
select rota.configure('event_max_size', '10 GB');
reset role;
select results_eq(
  'select s.name, s.value from rota_core.setting as s where s.name like ''event%'' order by s.name',
  $$values ('event_keep', '30 days'), ('event_max_size', '10 GB')$$, 'so are those of events'
);
select is(rota_core.parse_size(s.size), s.bytes, format('%s are %s bytes', s.size, s.bytes))
from (values ('10 GB', 10737418240), ('1.5 MB', 1572864), ('2000000', 2000000)) as s (size, bytes);
select is(rota_core.setting('log_keep'), '1 day', 'the last word counts');
set local role rota_admin;
select rota.configure('cron_policy', 'report');
reset role;
select is(rota_core.setting('cron_policy'), 'report', 'a policy is a word');

select * from finish();
rollback;
