create or replace function rota_core.failures_from(
  delivery rota_core.delivery, place int, error jsonb
)
returns rota_core.delivery_failure[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_page constant rota_core.event_page := (delivery).page;
begin
  return array(
    select
      row(
        u.event_id, u.key, v_page.events -> (u.place - 1)::int,
        case u.place when failures_from.place then failures_from.error end
      )::rota_core.delivery_failure
    from unnest(v_page.ids, v_page.keys) with ordinality as u (event_id, key, place)
    where u.place = failures_from.place
      or ((delivery).ordered and u.place > failures_from.place
        and u.key = v_page.keys[failures_from.place])
    order by u.place
  );
end;
$$;

comment on function rota_core.failures_from(rota_core.delivery, int, jsonb) is
$doc$The event at a place of a page as failed and, where order matters, the later ones of its key as
waiting for it.$doc$;

revoke all on function rota_core.failures_from(rota_core.delivery, int, jsonb) from public;
grant execute on function rota_core.failures_from(rota_core.delivery, int, jsonb) to rota_worker;
