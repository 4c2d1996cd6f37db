create or replace function rota.unwatch_table(target regclass)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_trigger record;
begin
  if not exists (select from rota_core.watch_members(target)) or target is null then
    raise exception using
      errcode = 'undefined_object',
      message = format('table %s is not watched', coalesce(target::text, 'null')),
      hint = 'See what is: select name from rota.watches;';
  end if;

  for v_trigger in
    select t.tgname, t.tgrelid::regclass as relation, c.relowner::regrole as owner,
      pg_has_role(current_user, c.relowner, 'usage') as allowed
    from pg_trigger as t
    join pg_proc as p on p.oid = t.tgfoid
    join pg_class as c on c.oid = t.tgrelid
    where t.tgparentid = 0 and p.pronamespace = 'rota_core'::regnamespace
      and p.proname ~ format('^capture_%s_', target::oid)
    order by t.tgrelid <> target, t.tgrelid
  loop
    if not v_trigger.allowed then
      raise exception using
        errcode = 'insufficient_privilege',
        message = format('%s may not stop watching %s: it belongs to %s', current_user,
          v_trigger.relation, v_trigger.owner),
        hint = format('As a superuser or %1$s: grant %1$s to %2$I;', v_trigger.owner,
          current_user);
    end if;
    execute format('drop trigger %I on %s', v_trigger.tgname, v_trigger.relation);
  end loop;
  perform rota_core.end_watch(target);
end;
$$;

comment on function rota.unwatch_table(regclass) is
$doc$Stop capturing the changes of a table. What was captured stays in the log, and subscriptions go
on reading it.

Waits for every transaction that uses the table. A table that is dropped needs no unwatch_table.
Raises 42704 when the table is not watched, 42501 for who may not drop its triggers.
For: rota_admin.$doc$;

revoke all on function rota.unwatch_table(regclass) from public;
grant execute on function rota.unwatch_table(regclass) to rota_admin;
