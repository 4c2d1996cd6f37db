create or replace function rota.define_lane(name text, workers int default 1)
returns text
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rota_core.check_name('lane', name);
  if workers is null or workers not between 0 and 64 then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('a lane has 0 to 64 workers, not %s', coalesce(workers::text, 'null')),
      hint = format('select rota.define_lane(%L, workers => 2);', name);
  end if;

  insert into rota_core.lane as l (lane, workers, created_at, defined_at, defined_by)
  values (
    define_lane.name, define_lane.workers, rota_core.wall_clock(), rota_core.wall_clock(),
    rota_core.caller()
  )
  on conflict (lane) do update set
    (workers, defined_at, defined_by) =
    (excluded.workers, excluded.defined_at, excluded.defined_by);

  perform rota_core.sync_cron();
  return name;
end;
$$;

comment on function rota.define_lane(text, int) is
$doc$Create a lane, or change how many workers it has. A task that names a new lane creates it with
one.

- workers: how many runs of the lane go on at the same time, 0 to 64; each is one pg_cron job or
  one connection of `rota worker`. Fewer stand up where pg_cron has too few slots (see
  rota.health).

Returns the name. Raises 22023 for a bad name or number.
For: rota_admin.$doc$;

revoke all on function rota.define_lane(text, int) from public;
grant execute on function rota.define_lane(text, int) to rota_admin;
