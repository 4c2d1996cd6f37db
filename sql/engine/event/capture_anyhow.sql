create or replace function rota_core.capture_anyhow(definition jsonb, operation text)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select format($body$
    begin
      if v_new_rows <> v_old_rows then
        execute rota_core.capture_mismatch(%1$L);
      else
        execute rota_core.capture_query(%1$L, %2$L)
        using array(
          select nextval('rota_core.event_id')
          from generate_series(0, greatest(v_new_rows, v_old_rows))
        ), 1::bigint;
      end if;
    exception when others then
      perform rota_core.note_capture(%3$s, sqlstate, 'changes were lost: ' || sqlerrm);
    end;$body$,
    definition - 'columns' - 'condition', operation, definition ->> 'watch_id'
  );
$$;

comment on function rota_core.capture_anyhow(jsonb, text) is
$doc$The part of a trigger function that captures without filters, a row at a time, what could not
be captured otherwise: a writer is never told of it.$doc$;

revoke all on function rota_core.capture_anyhow(jsonb, text) from public;
