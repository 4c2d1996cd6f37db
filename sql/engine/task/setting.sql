create or replace function rota_core.setting(name text)
returns text
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    (
      select
        case s.name
          -- Stored as the time until which the workers stay away: a deploy that dies cannot clear it.
          when 'draining' then (s.value::timestamptz > rota_core.wall_clock())::text
          else s.value
        end
      from rota_core.setting as s
      where s.name = setting.name
    ),
    case setting.name
      when 'history_keep' then '90 days'
      when 'log_keep' then '30 days'
      when 'key_keep' then '90 days'
      when 'slot_keep' then '90 days'
      when 'event_keep' then '7 days'
      when 'event_max_size' then 'none'
      when 'cron_keep' then '7 days'
      when 'cron_policy' then 'repair'
      when 'draining' then 'false'
    end
  );
$$;

comment on function rota_core.setting(text) is
$doc$The value of a setting, or its built-in default; null for an unknown one.$doc$;

revoke all on function rota_core.setting(text) from public;
grant execute on function rota_core.setting(text) to rota_worker;
