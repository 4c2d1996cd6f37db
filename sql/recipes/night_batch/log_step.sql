create or replace function night_batch.log_step(step text, state jsonb)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_output jsonb := log_step.state -> 'output';
  v_after text := log_step.state ->> 'step';
begin
  if log_step.step = 'statistics' then
    perform rota.log('info', 'user statistics', v_output -> 'statistics');
  elsif log_step.step = 'sessions' and v_after <> 'sessions' then
    perform rota.log('info', 'expired sessions deleted', v_output -> 'sessions');
  elsif log_step.step = 'sweep' and v_after = 'health' then
    perform rota.log('info', 'old notifications archived', v_output -> 'notifications');
  elsif v_after = 'done' then
    perform rota.log('info', 'health report', v_output -> 'health');
  end if;
end;
$$;

comment on function night_batch.log_step(text, jsonb) is
$doc$One line in the log for each step that has ended.$doc$;

revoke all on function night_batch.log_step(text, jsonb) from public;
grant execute on function night_batch.log_step(text, jsonb) to night_batch;
