create or replace function rota.start_many(task text, inputs jsonb[])
returns setof bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_wrong bigint;
begin
  perform rota_core.check_start(task, '{}', null);

  select min(i.ordinal)
  into v_wrong
  from unnest(inputs) with ordinality as i (input, ordinal)
  where jsonb_typeof(i.input) is distinct from 'object';
  if v_wrong is not null then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('input %s of %s for task %s is not a JSON object', v_wrong,
        cardinality(inputs), task),
      hint = 'Every input is an object such as {"id": 1}. Nothing was started.';
  end if;

  perform rota_core.check_size(format('input %s of %s for task %s', i.ordinal,
    cardinality(inputs), task), i.input)
  from unnest(inputs) with ordinality as i (input, ordinal)
  where pg_column_size(i.input) > 400000;

  return query
  insert into rota_core.run as r (
    task, lane, priority, run_at, input, limited, created_at, created_by, tags
  )
  select t.task, t.lane, t.priority, v_now, i.input, t.is_limited, v_now, t.caller, t.tags
  from (
    select
      t.task, t.lane, t.priority, t.tags, rota_core.is_limited(t) as is_limited,
      rota_core.caller() as caller
    from rota_core.task as t
    where t.task = start_many.task
    offset 0
  ) as t
  cross join unnest(start_many.inputs) with ordinality as i (input, ordinal)
  order by i.ordinal
  returning r.run_id;
end;
$$;

comment on function rota.start_many(text, jsonb[]) is
$doc$Start a task many times: one queued run for each input, all or none.

- inputs: an array of JSON objects.

Returns the run ids in the order of the inputs.
Raises 42704 for an unknown task, 42501 when the caller is not among its callers, 22023 for an input
that is not an object, 54000 for one of more than 100 MB.
For: rota_app, rota_admin, rota_worker.$doc$;

revoke all on function rota.start_many(text, jsonb[]) from public;
grant execute on function rota.start_many(text, jsonb[]) to rota_app, rota_admin, rota_worker;
