create or replace function rota_core.watch_stands(definition jsonb)
returns boolean
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select
    from rota_core.watch as w
    join rota.watches as v on v.watch_id = w.watch_id
    where w.relation = (watch_stands.definition ->> 'relation')::oid and v.state = 'active'
      -- How the columns lay and which engine wrote the functions is upkeep.
      and w.definition - array['digest', 'version']
        = watch_stands.definition - array['digest', 'version']
  );
$$;

comment on function rota_core.watch_stands(jsonb) is
$doc$Whether a table is watched in exactly this way, by triggers that are all there.$doc$;

revoke all on function rota_core.watch_stands(jsonb) from public;
grant execute on function rota_core.watch_stands(jsonb) to rota_admin;
