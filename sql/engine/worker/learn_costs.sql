create or replace function rota_core.learn_costs(costs jsonb, outcomes rota_core.outcome[])
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  -- A moving average, but one slow attempt counts at once: the next run of the task goes alone.
  return (
    select
      costs || jsonb_object_agg(
        s.task,
        greatest(0.000001, case
          when s.worst > 0.1 then s.worst
          else coalesce(0.7 * (costs ->> s.task)::float8 + 0.3 * s.mean, s.mean)
        end)
      )
    from (
      select
        o.task,
        avg(extract(epoch from o.finished_at - o.started_at))::float8 as mean,
        max(extract(epoch from o.finished_at - o.started_at))::float8 as worst
      from unnest(outcomes) as o
      group by o.task
    ) as s
  );
end;
$$;

comment on function rota_core.learn_costs(jsonb, rota_core.outcome[]) is
$doc$What tasks usually take, in seconds, after seeing some more attempts.$doc$;

revoke all on function rota_core.learn_costs(jsonb, rota_core.outcome[]) from public;
