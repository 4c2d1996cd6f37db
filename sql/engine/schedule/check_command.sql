create or replace function rota_core.check_command(command text, cron text, timezone text)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_reason text;
begin
  -- Both readings of a backslash, because the server's setting may be another when it runs.
  select min(case
    when r.bare is null then 'A quote or a comment in it does not end.'
    when r.bare = '' then 'It is empty.'
    when strpos(r.bare, ';') > 0 then
      'Several statements are one transaction to pg_cron, in which VACUUM and the like fail.'
    when r.bare ~ $re$^copy\M$re$ then 'A COPY to or from the client wedges pg_cron for everybody.'
    when substring(r.bare from $re$^\w+$re$) in (
      'begin', 'start', 'commit', 'end', 'rollback', 'abort', 'savepoint', 'release', 'prepare',
      'execute', 'deallocate', 'declare', 'fetch', 'move', 'close', 'set', 'reset', 'discard',
      'lock', 'listen', 'unlisten'
    ) then
      'Each start is a session of its own, so nothing would come of it.'
  end)
  into v_reason
  from (values (true), (false)) as b (backslashes)
  cross join lateral (
    select rota_core.bare_command(check_command.command, b.backslashes) as bare
  ) as r;
  if v_reason is not null then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = 'a schedule cannot run this command',
      detail = v_reason,
      hint = 'Give one statement such as VACUUM (ANALYZE) app.orders, or a task.';
  end if;

  if timezone <> 'UTC' or not rota_core.is_plain_cron(cron) then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('a command cannot run at "%s" in zone %s', cron, timezone),
      detail = 'pg_cron fires commands by itself: five plain fields in UTC,'
        || ' without L, LW, # and @every.',
      hint = 'Give the hours in UTC, or a task that does the work.';
  end if;
end;
$$;

comment on function rota_core.check_command(text, text, text) is
$doc$Refuses, with 22023, a command that pg_cron cannot run, and times that it does not know.$doc$;

revoke all on function rota_core.check_command(text, text, text) from public;
