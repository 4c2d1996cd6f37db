create or replace function rota_core.note_capture(watch_id int, sqlstate text, message text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_context constant jsonb := jsonb_build_object(
    'watch_id', note_capture.watch_id, 'sqlstate', note_capture.sqlstate
  );
begin
  if exists (
    select
    from rota_core.log as l
    where l.at > rota_core.wall_clock() - interval '1 minute' and l.run_id is null
      and l.component = 'rota' and l.context = v_context
  ) then
    return;
  end if;

  insert into rota_core.log (at, level, message, context, component)
  values (
    rota_core.wall_clock(), 'error', 'capture: ' || left(note_capture.message, 1000), v_context,
    'rota'
  );
end;
$$;

comment on function rota_core.note_capture(int, text, text) is
$doc$Logs that a filter of a watch failed, at most once a minute for the same trouble.$doc$;

revoke all on function rota_core.note_capture(int, text, text) from public;
grant execute on function rota_core.note_capture(int, text, text) to rota_capture;
