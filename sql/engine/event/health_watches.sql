create or replace function rota_core.health_watches()
returns table (check_name text, status text, detail text, hint text)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_lack record;
  v_failed record;
begin
  select
    string_agg(distinct format('%s (%s%s)', m.relation::regclass, lower(m.operation),
      case when m.trigger_name is not null then ', disabled' else '' end), ', ') as members,
    min(m.root::regclass::text) filter (where m.trigger_name is null) as root,
    min(format('alter table %s enable trigger %I;', m.relation::regclass, m.trigger_name))
      filter (where m.trigger_name is not null) as enable
  into v_lack
  from rota_core.watch_members() as m
  where (m.trigger_name is null or m.enabled in ('D', 'R'))
    and exists (select from pg_class as c where c.oid = m.relation);

  check_name := 'watches';
  if v_lack.members is null then
    status := 'ok';
    detail := format('%s watched tables, all with their triggers', (
      select count(*) from rota_core.watch as w where w.ended_at is null
    ));
  else
    status := 'critical';
    detail := 'changes are not captured, for want of a trigger: ' || v_lack.members;
    hint := case
      when v_lack.root is null then v_lack.enable
      else format('select rota_core.cover_watch(%L::regclass);', v_lack.root)
    end;
  end if;
  return next;

  select string_agg(distinct f.what, '; ') as what, min(f.name) as name
  into v_failed
  from (
    select
      format('%s: column of its %s was dropped', w.relation::regclass, d.key) as what,
      w.relation::regclass::text as name
    from rota_core.watch as w
    cross join jsonb_each(jsonb_build_object(
      'columns', w.definition -> 'columns', 'key', w.definition -> 'key',
      'condition', (
        select jsonb_agg(c.value) from jsonb_each(w.definition -> 'condition_columns') as c
      )
    )) as d
    cross join jsonb_array_elements_text(case jsonb_typeof(d.value)
      when 'array' then d.value else '[]' end) as n (number)
    join pg_attribute as a
      on a.attrelid = w.relation and a.attnum = n.number::int and a.attisdropped
    where w.ended_at is null
    union all
    select format('%s: %s', w.relation::regclass, l.message), w.relation::regclass::text
    from rota_core.log as l
    join rota_core.watch as w
      on w.watch_id = (l.context ->> 'watch_id')::int and w.ended_at is null
    where l.at > rota_core.wall_clock() - interval '1 hour' and l.run_id is null
      and l.component = 'rota' and l.context ? 'watch_id'
  ) as f;

  check_name := 'watch filters';
  status := case when v_failed.what is null then 'ok' else 'warning' end;
  detail := coalesce('changes are captured unfiltered: ' || v_failed.what, 'none has failed');
  hint := format('select rota.unwatch_table(%L); then watch it anew', v_failed.name);
  hint := case when v_failed.name is not null then hint end;
  return next;
end;
$$;

comment on function rota_core.health_watches() is
$doc$Watched tables that lack a trigger, and filters that do not work.$doc$;

revoke all on function rota_core.health_watches() from public;
grant execute on function rota_core.health_watches() to rota_reader, rota_admin;
