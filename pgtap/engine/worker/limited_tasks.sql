begin;
select plan(3);

-- given: a run that was started before its task got a limit, and commits after
select rota.define_task('narrow', 'test.f');
select rota.start('narrow');
select rota.define_task('narrow', 'test.f', concurrency => 1);
update rota_core.run as r set limited = false where r.task = 'narrow';

-- the deed
insert into rota_core.worker (kind, lane, pid, role, started_at, seen_at)
values ('worker', 'default', 0, 'rota_worker', rota_core.wall_clock(), rota_core.wall_clock());

create function pg_temp.claimed() returns int language plpgsql as $$
declare
  v_state rota_core.worker_state;
  v_claim record;
begin
  v_state.worker_id := (select max(w.worker_id) from rota_core.worker as w);
  v_state.lane := 'default';
  v_state.costs := '{}';
  select c.* into v_claim from rota_core.claim(v_state, 10) as c;
  return coalesce(cardinality(v_claim.items), 0);
end;
$$;

select is(rota_core.limited_tasks(), array['narrow'], 'the task is a limited one');
select is(pg_temp.claimed(), 0, 'its run is not claimed as a general one');
select rota_core.tend();
select is(pg_temp.claimed(), 1, 'upkeep puts it where its limit is kept');

select * from finish();
rollback;
