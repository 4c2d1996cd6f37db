create or replace function rota_core.note_trouble(duty text, sqlstate text, message text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  -- The same trouble each second is worth one line a minute.
  if exists (
    select
    from rota_core.log as l
    where l.at > rota_core.wall_clock() - interval '1 minute' and l.run_id is null
      and l.component = 'rota' and l.context ->> 'duty' = note_trouble.duty
      and l.context ->> 'sqlstate' = note_trouble.sqlstate
  ) then
    return;
  end if;

  insert into rota_core.log (at, level, message, context, component)
  values (
    rota_core.wall_clock(), 'error', format('supervisor: %s failed: %s', duty, message),
    jsonb_build_object('duty', duty, 'sqlstate', note_trouble.sqlstate), 'rota'
  );
end;
$$;

comment on function rota_core.note_trouble(text, text, text) is
$doc$Logs that a duty of the supervisor failed, at most once a minute for the same trouble.$doc$;

revoke all on function rota_core.note_trouble(text, text, text) from public;
grant execute on function rota_core.note_trouble(text, text, text) to rota_worker;
