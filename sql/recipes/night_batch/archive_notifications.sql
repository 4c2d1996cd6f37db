create or replace function night_batch.archive_notifications(input jsonb, state jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_state jsonb := archive_notifications.state;
  v_counts jsonb;
begin
  v_state := case v_state ->> 'step'
    when 'pages' then night_batch.archive_pages(v_state)
    when 'sweep' then night_batch.sweep_notifications(v_state)
    else night_batch.begin_archiving((archive_notifications.input #>> '{begin,cutoff}')::timestamptz)
  end;

  if v_state ->> 'step' = 'done' then
    v_counts := jsonb_build_object('archived', v_state -> 'archived', 'left', v_state -> 'left');
    perform rota.log('info', 'old notifications archived', v_counts);
    return v_counts || jsonb_build_object('done', true, 'rows', v_state -> 'rows');
  end if;
  return jsonb_build_object(
    'state', v_state - 'rows',
    'progress', jsonb_build_object(
      'done', v_state -> 'archived',
      'total', greatest((v_state ->> 'archived')::bigint, (v_state ->> 'due')::bigint)
    ),
    'rows', v_state -> 'rows'
  );
end;
$$;

comment on function night_batch.archive_notifications(jsonb, jsonb) is
$doc$The handler of the step `archiving`, a chunk: notifications from before the cutoff move to the
archive. Answers how many, and how many are left because somebody held them locked.$doc$;

revoke all on function night_batch.archive_notifications(jsonb, jsonb) from public;
grant execute on function night_batch.archive_notifications(jsonb, jsonb) to night_batch;
