create or replace procedure rota_core.supervise_once(inout state rota_core.worker_state)
language plpgsql
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_duty text;
begin
  perform set_config('application_name', 'rota supervisor', true);
  foreach v_duty in array case
    when (state).full_at is null or v_now > (state).full_at + interval '1 minute'
      then array[
        'recover_workers', 'expire_external', 'drive_pipelines', 'fire_due', 'check_deadlines',
        'harvest_cron', 'tend', 'tend_watches', 'tend_events', 'tend_pipelines'
      ]
    else array[
      'recover_workers', 'expire_external', 'drive_pipelines', 'fire_due', 'check_deadlines',
      'harvest_cron'
    ]
  end loop
    -- One duty that fails must not keep the others from being done.
    begin
      case v_duty
        when 'recover_workers' then perform rota_core.recover_workers();
        when 'expire_external' then perform rota_core.expire_external();
        when 'drive_pipelines' then perform rota_core.drive_pipelines();
        when 'fire_due' then perform rota_core.fire_due();
        when 'check_deadlines' then perform rota_core.check_deadlines();
        when 'harvest_cron' then perform rota_core.harvest_cron();
        when 'tend' then perform rota_core.tend();
        when 'tend_watches' then perform rota_core.tend_watches();
        when 'tend_events' then perform rota_core.tend_events();
        when 'tend_pipelines' then perform rota_core.tend_pipelines();
      end case;
    exception when others then
      perform rota_core.note_trouble(v_duty, sqlstate, sqlerrm);
    end;
    commit;
  end loop;
  call rota_core.stop_runs();

  if (state).full_at is null or v_now > (state).full_at + interval '1 minute' then
    state.full_at := v_now;
  end if;
  if rota_core.asked_to_leave() then
    state.until := v_now;
    commit;
  end if;
  if v_now > (state).seen_at + interval '5 s' then
    state.seen_at := v_now;
    if not rota_core.see_worker((state).worker_id) then
      state.until := v_now;
    end if;
    commit;
  end if;
end;
$$;

comment on procedure rota_core.supervise_once(rota_core.worker_state) is
$doc$One turn of the supervisor: the duties of each second, and once a minute those of the
minute.$doc$;

revoke all on procedure rota_core.supervise_once(rota_core.worker_state) from public;
grant execute on procedure rota_core.supervise_once(rota_core.worker_state) to rota_worker;
