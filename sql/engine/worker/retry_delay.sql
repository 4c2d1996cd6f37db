create or replace function rota_core.retry_delay(task rota_core.task, failures int)
returns interval
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select make_interval(secs => (
    d.seconds * (1 + (task).jitter::float8 * (2 * random() - 1))
  ))
  from (
    select least(
      extract(epoch from (task).max_delay)::float8,
      -- The exponent is bounded: beyond it every delay has long reached its maximum.
      extract(epoch from (task).initial_delay)::float8
        * power((task).backoff_factor::float8, least(retry_delay.failures - 1, 60))
    ) as seconds
  ) as d;
$$;

comment on function rota_core.retry_delay(rota_core.task, int) is
$doc$The time between the end of an attempt and the next: initial_delay * backoff_factor ^
(failures - 1), at most max_delay, plus or minus the share jitter.$doc$;

revoke all on function rota_core.retry_delay(rota_core.task, int) from public;
