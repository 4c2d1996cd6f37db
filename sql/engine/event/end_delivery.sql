create or replace function rota_core.end_delivery(
  delivery rota_core.delivery, through int, failures rota_core.delivery_failure[]
)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_at rota_core.event_position := (delivery).at;
  v_page constant rota_core.event_page := (delivery).page;
  v_done bigint[];
begin
  v_done := array(
    select u.event_id
    from unnest(v_page.ids[:through]) as u (event_id)
    where u.event_id <> all(array(select f.event_id from unnest(failures) as f))
  );
  if cardinality(failures) > 0 then
    perform rota_core.hold_failures(v_at, failures);
  end if;
  if (delivery).from_log then
    v_at := rota_core.pass_page(
      v_at, v_page, case when through < cardinality(v_page.ids) then v_page.ids[through] end
    );
  else
    perform rota_core.let_go(v_at.subscription, v_done);
  end if;

  v_at.delivered := v_at.delivered + cardinality(v_done);
  if v_at.trial_size is not null then
    v_at.trial_size := nullif(abs(v_at.trial_size) - 1, 0);
    v_at.trial_error := null;
  end if;
  perform rota_core.store_position(v_at);
end;
$$;

comment on function rota_core.end_delivery(
  rota_core.delivery, int, rota_core.delivery_failure[]
) is
$doc$Moves a position over the events of a delivery up to a place, in the transaction of what their
handler did, and holds those that failed.$doc$;

revoke all on function rota_core.end_delivery(
  rota_core.delivery, int, rota_core.delivery_failure[]
) from public;
grant execute on function rota_core.end_delivery(
  rota_core.delivery, int, rota_core.delivery_failure[]
) to rota_worker;
