begin;
select plan(17);

-- given: rows of the log of transactions 10 to 29, and a subscription to one topic
set local client_min_messages = 'warning';
select rota.subscribe('s', 't', null);
insert into rota_core.event (event_id, xid, at, topic, type, events, record)
select e.n * 1024, e.xid::text::xid8, '2026-01-01', e.topic, 'x', e.events,
  (select json_agg(json_build_object('n', g)) from generate_series(1, e.events) as g)
from (
  values (1, 10, 't', 1), (2, 11, 't', 1), (3, 12, 'u', 1), (4, 20, 't', 1), (5, 13, 't', 3),
    (6, 21, 't', 1), (7, 22, 't', 1), (8, 23, 't', 4), (9, 25, 't', 1), (10, 24, 't', 1)
) as e (n, xid, topic, events);
create function pg_temp.read(
  low text, low_id int, high text, high_id int, phase int, last_id bigint, max_events int
)
returns text language sql as $$
  select
    coalesce((select string_agg((c.id / 1024)::text, ' ' order by c.id)
      from unnest(f.chunks) as c (id)), 'nothing') || coalesce(' = ' || f.total, '')
    || coalesce(': ' || (select string_agg(
      format('%s.%s', i.id / 1024, i.id % 1024), ' ' order by i.id) from unnest(g.ids) as i (id)), '')
  from rota_core.subscription as s
  cross join lateral (
    select (p.*)::rota_core.event_position as place
    from (
      select 's' as subscription, 0 as shard, read.low::pg_snapshot, read.low_id::bigint * 1024,
        read.high::pg_snapshot, read.high_id::bigint * 1024, read.phase, read.last_id,
        0::bigint, null::int, null::jsonb, 0::bigint, now(), null::timestamptz, null::timestamptz,
        null::timestamptz, null::bigint
    ) as p
  ) as p
  cross join lateral rota_core.page_chunks(p.place, s, read.max_events) as f
  left join lateral rota_core.page_events(p.place, s, f.chunks, f.topics, read.max_events) as g
    on f.chunks is not null
$$;

-- phase 1: by number, what the later snapshot sees
select is(pg_temp.read('20:20:', 3, '30:30:', 10, 1, 0, 100),
  '4 5 6 7 8 9 10 = 12: 4.0 5.0 5.1 5.2 6.0 7.0 8.0 8.1 8.2 8.3 9.0 10.0', 'all beyond low_id');
select is(pg_temp.read('20:20:', 3, '23:23:', 10, 1, 0, 100),
  '4 5 6 7 = 6: 4.0 5.0 5.1 5.2 6.0 7.0',
  'nothing of transactions that began later');
select is(pg_temp.read('20:20:', 3, '21:30:21,23', 10, 1, 0, 100),
  '4 5 7 9 10 = 7: 4.0 5.0 5.1 5.2 7.0 9.0 10.0', 'nor of those that were open');
select is(pg_temp.read('20:20:', 3, '30:30:', 6, 1, 0, 100), '4 5 6 = 5: 4.0 5.0 5.1 5.2 6.0',
  'nor beyond high_id');
select is(pg_temp.read('20:20:', 3, '30:30:', 10, 1, 0, 2), '4 5 = 4: 4.0 5.0',
  'as many rows as hold what is wanted, one more to see that there are more');
select is(pg_temp.read('20:20:', 3, '30:30:', 10, 1, 5 * 1024, 2), '5 = 3: 5.1 5.2',
  'from the middle of a row');
select is(pg_temp.read('20:20:', 3, '30:30:', 10, 1, 5 * 1024 + 1023, 3), '6 7 8 = 6: 6.0 7.0 8.0',
  'from its end');
select is(pg_temp.read('20:20:', 3, '30:30:', 10, 1, 10 * 1024 + 1023, 3), 'nothing',
  'to the last');

-- phase 0: by transaction, what the earlier snapshot did not see
select is(pg_temp.read('13:20:13,15', 5, '30:30:', 10, 0, 0, 100), '4 5 = 4: 4.0 5.0 5.1 5.2',
  'stragglers are those that were open and those that came later');
select is(pg_temp.read('13:20:13,15', 5, '13:30:13', 10, 0, 0, 100), '4 = 1: 4.0',
  'if the later snapshot sees them');
select is(pg_temp.read('13:20:13,15', 4, '30:30:', 10, 0, 0, 100), '4 = 1: 4.0', 'up to low_id');
select is(pg_temp.read('13:20:13,15', 5, '30:30:', 10, 0, 5 * 1024, 100), '5 = 3: 5.1 5.2',
  'from the middle of a row');
select is(pg_temp.read('3:3:', 10, '30:30:', 10, 0, 0, 2), '1 2 4 = 3: 1.0 2.0',
  'no more rows than are wanted');
select is(pg_temp.read('30:30:', 10, '30:30:', 10, 0, 0, 2), 'nothing', 'or none');

-- by size: each of these is a third of a megabyte, also as stored
insert into rota_core.event (event_id, xid, at, topic, type, record)
select e.n * 1024, '40', '2026-01-01', 't', 'x', json_build_array(t.words)
from generate_series(11, 20) as e (n)
cross join lateral (
  select string_agg(md5(format('%s %s', e.n, g)), '') as words from generate_series(1, 10416) as g
) as t;
select is(split_part(pg_temp.read('30:30:', 10, '50:50:', 20, 1, 0, 100), ' = ', 1), '11 12 13',
  'what is more than a megabyte goes to the next page');
select is(split_part(pg_temp.read('30:30:', 20, '50:50:', 20, 0, 0, 100), ' = ', 1), '11 12 13',
  'of stragglers too');
update rota_core.event as e
set record = json_build_array((
  select string_agg(md5(format('%s %s', e.event_id, g)), '') from generate_series(1, 62500) as g
))
where e.event_id = 11 * 1024;
select is(split_part(pg_temp.read('30:30:', 10, '50:50:', 20, 1, 0, 100), ' = ', 1), '11',
  'but one at least');

select * from finish();
rollback;
