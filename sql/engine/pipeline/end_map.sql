create or replace function rota_core.end_map(
  map rota_core.run_step, is_tolerant boolean, is_stopping boolean
)
returns rota_core.step_end[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_output jsonb;
  v_bytes bigint;
begin
  if (map).is_expired then
    return rota_core.end_step((map).run_id, (map).step, 'failed', null,
      rota_core.step_timeout_error((map).run_id, (map).step));
  end if;
  -- A run that stops leaves elements undone. What the others answered is kept for a retry.
  if is_stopping and ((map).failed_elements > 0 or (map).next_element < (map).elements) then
    return rota_core.end_step((map).run_id, (map).step, 'cancelled', null, (map).error);
  end if;
  if (map).failed_elements > 0 and not is_tolerant then
    return rota_core.end_step((map).run_id, (map).step, 'failed', null, (map).error);
  end if;

  select sum(rota_core.json_bytes(o.output))
  into v_bytes
  from rota_core.element_output as o
  where o.run_id = (map).run_id and o.step = (map).step;
  if v_bytes > 104857600 then
    return rota_core.end_step((map).run_id, (map).step, 'failed', null, rota_core.error_json('54000',
      format('the outputs of %s elements are larger than 100 MB together', (map).elements), '',
      'Keep large data in a table and answer with its key.'));
  end if;
  if (map).failed_elements > 0 then
    insert into rota_core.element_output as o (run_id, step, element, output)
    select (map).run_id, (map).step, e.element, null
    from generate_series(0, (map).elements - 1) as e (element)
    on conflict on constraint element_output_pkey do nothing;
  end if;
  select jsonb_agg(o.output order by o.element)
  into v_output
  from rota_core.element_output as o
  where o.run_id = (map).run_id and o.step = (map).step;
  delete from rota_core.element_output as o
  where o.run_id = (map).run_id and o.step = (map).step;
  if (map).failed_elements > 0 then
    return rota_core.end_step((map).run_id, (map).step, 'failed', v_output, (map).error);
  end if;
  return rota_core.end_step((map).run_id, (map).step, 'succeeded', v_output, null);
end;
$$;

comment on function rota_core.end_map(rota_core.run_step, boolean, boolean) is
$doc$Ends a for_each step none of whose runs is open: gathers the outputs in the order of the
elements, with null for one whose failure was tolerated.$doc$;

revoke all on function rota_core.end_map(rota_core.run_step, boolean, boolean) from public;
