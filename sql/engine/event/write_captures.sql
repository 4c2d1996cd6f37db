create or replace function rota_core.write_captures(watch_id int, may_use name)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_watch rota_core.watch;
  v_definition jsonb;
  v_operation text;
begin
  select w.*
  into strict v_watch
  from rota_core.watch as w
  where w.watch_id = write_captures.watch_id;

  v_definition := v_watch.definition || jsonb_build_object('watch_id', v_watch.watch_id);
  -- Two who grant on the same schema at a time fail.
  perform pg_advisory_xact_lock(1919906919, 0);
  grant create on schema rota_core to rota_capture;
  foreach v_operation in array v_watch.operations loop
    perform rota_core.make_capture(
      rota_core.capture_name(v_watch.relation, v_operation),
      case
        when v_operation = 'TRUNCATE' then rota_core.capture_truncate_body(v_definition)
        when v_watch.level = 'row' then rota_core.capture_row_body(v_definition, v_operation)
        else rota_core.capture_body(v_definition, v_operation)
      end,
      v_definition -> 'path',
      may_use
    );
  end loop;
  revoke create on schema rota_core from rota_capture;
end;
$$;

comment on function rota_core.write_captures(int, name) is
$doc$Writes the trigger functions of a watch, or writes them anew after its table has changed.$doc$;

revoke all on function rota_core.write_captures(int, name) from public;
