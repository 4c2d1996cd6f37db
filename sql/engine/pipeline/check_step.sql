create or replace function rota_core.check_step(step rota_core.pipeline_step, for_each text)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_root text;
  v_wrong text;
  v_hint text := 'All arguments of a step: \df+ rota.step';
begin
  v_wrong := case
    when (step).on_failure not in ('fail', 'skip', 'continue', 'compensate') then format(
      'on_failure must be fail, skip, continue or compensate, not %s', (step).on_failure)
    when (step).timeout <= interval '0' or (step).timeout > interval '1 year'
      then 'timeout must be longer than zero and at most 1 year'
    when (step).start_delay < interval '0' or (step).start_delay > interval '1 year'
      then 'start_delay must be from zero to 1 year'
    when (step).max_parallel < 1 then 'max_parallel must be at least 1'
    when (step).max_parallel is not null and for_each is null
      then 'max_parallel says how many elements of for_each run at once, and there is no for_each'
    when (step).wait_for !~ '^\w[\w.:/-]{0,62}$'
      then format('signal %L is not usable: use letters, digits and _ - . : /', (step).wait_for)
    when for_each is not null and (step).for_each is null then format(
      'for_each %L is no path: name a key of the input, such as fetch.items or run.ids', for_each)
    when (step).task is null and for_each is not null then 'for_each needs a task'
    when (step).task is null and (step).wait_for is null and (step).start_delay = interval '0'
      then 'it does nothing: give it a task, a wait_for or a start_delay'
  end;

  -- A path into a step that does not come before would never give anything.
  if v_wrong is null and (step).for_each[1] <> all ((step).after || array['run', 'signal']) then
    v_wrong := format('for_each reads %s, which is not among the steps before it',
      (step).for_each[1]);
    v_hint := format('rota.step(%L, ..., after => ''{%s}'')', (step).step, (step).for_each[1]);
  end if;
  if v_wrong is null and (step).when_path is not null then
    select m.parts[1]
    into v_root
    from regexp_matches((step).when_path::text, '\$\."((?:[^"\\]|\\.)*)"', 'g') as m (parts)
    where m.parts[1] <> all ((step).after || array['run', 'signal'])
    limit 1;
    if found then
      v_wrong := format('when_path reads %s, which is not among the steps before it', v_root);
      v_hint := format('rota.step(%L, ..., after => ''{%s}'')', (step).step, v_root);
    end if;
  end if;
  if v_wrong is not null then
    perform rota_core.refuse_step((step).pipeline, (step).step, v_wrong, v_hint);
  end if;
end;
$$;

comment on function rota_core.check_step(rota_core.pipeline_step, text) is
$doc$Refuses, with 22023, a step whose parts do not go together.$doc$;

revoke all on function rota_core.check_step(rota_core.pipeline_step, text) from public;
