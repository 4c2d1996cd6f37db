create or replace function night_batch.pace(size int, took interval)
returns int
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  -- Towards 50 ms a chunk, at most doubled or halved at once. Below 16 pages the
  -- commit costs more than the rows; above 1,024 nothing is gained.
  select least(1024, greatest(16, (
    pace.size * least(2, greatest(0.5, 0.05 / greatest(extract(epoch from pace.took), 0.001)))
  )::int));
$$;

comment on function night_batch.pace(int, interval) is
$doc$How many pages the next chunk takes, after one of `size` pages took so long.$doc$;

revoke all on function night_batch.pace(int, interval) from public;
grant execute on function night_batch.pace(int, interval) to night_batch;
