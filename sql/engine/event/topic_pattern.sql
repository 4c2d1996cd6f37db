create or replace function rota_core.topic_pattern(topic text)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return replace(regexp_replace(topic, '([\\%_])', '\\\1', 'g'), '*', '%');
end;
$$;

comment on function rota_core.topic_pattern(text) is
$doc$The LIKE pattern of what a subscription reads: * stands for any characters.$doc$;

revoke all on function rota_core.topic_pattern(text) from public;
