create or replace function rota_core.check_policy(
  kind text, timeout interval, max_attempts int, initial_delay interval, backoff_factor numeric,
  max_delay interval, jitter numeric, retry_on text[], concurrency int, doc jsonb
)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_wrong text;
  v_entry text;
begin
  v_wrong := case
    when kind is null or kind not in ('call', 'chunked', 'batch', 'external')
      then format('kind %s is unknown: use call, chunked, batch or external', quote_nullable(kind))
    when timeout is null or timeout <= interval '0' then 'timeout must be longer than zero'
    when greatest(timeout, initial_delay, max_delay) > interval '1 year'
      then 'timeout, initial_delay and max_delay must be at most 1 year'
    when max_attempts is null or max_attempts not between 1 and 1000
      then format('max_attempts must be 1 to 1000, not %s', coalesce(max_attempts::text, 'null'))
    when initial_delay is null or initial_delay < interval '0'
      then 'initial_delay must not be negative'
    when max_delay is null or max_delay < interval '0' then 'max_delay must not be negative'
    when backoff_factor is null or backoff_factor not between 1 and 1000
      then 'backoff_factor must be 1 to 1000'
    when jitter is null or jitter not between 0 and 1 then 'jitter must be 0 to 1'
    when concurrency < 1 then format('concurrency must be at least 1, not %s', concurrency)
    when jsonb_typeof(doc) is distinct from 'object' then 'doc must be a JSON object'
    when jsonb_typeof(coalesce(doc -> 'redact', '[]')) <> 'array'
      then 'doc.redact must be an array of paths such as "input.password"'
    when jsonb_path_exists(doc, '$.redact[*] ? (
      @.type() != "string" || !(@ like_regex "^(input|output|error|log)([.].+)?$"))')
      then 'each path in doc.redact begins with input, output, error or log'
  end;

  if v_wrong is not null then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = v_wrong,
      hint = 'All arguments of define_task and their ranges: \df+ rota.define_task';
  end if;

  foreach v_entry in array coalesce(retry_on, '{}') loop
    begin
      perform rota_core.is_retryable(array[v_entry], 'XX000', 'probe');
    exception when invalid_regular_expression then
      raise exception using
        errcode = 'invalid_parameter_value',
        message = format('retry_on entry %s is not a valid regular expression', v_entry),
        detail = sqlerrm,
        hint = 'Write a substring, /regular expression/, sqlstate:40001 or class:08.';
    end;
  end loop;
end;
$$;

comment on function rota_core.check_policy(
  text, interval, int, interval, numeric, interval, numeric, text[], int, jsonb
) is
$doc$Refuses, with 22023, a task policy that could not be kept.$doc$;

revoke all on function rota_core.check_policy(
  text, interval, int, interval, numeric, interval, numeric, text[], int, jsonb
) from public;
