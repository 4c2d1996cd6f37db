create or replace function rota_core.store_artifact(
  run_id bigint, name text, data bytea, media_type text
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_wrong text;
begin
  v_wrong := case
    when name is null or name !~ '^\w[\w.:-]{0,99}$'
      then format('artifact name %s is not usable', coalesce(quote_literal(left(name, 80)), 'null'))
    when data is null then format('artifact %s has no content', name)
    when octet_length(data) > 104857600
      then format('artifact %s has %s MB; at most 100 can be kept', name, octet_length(data) / 1048576)
    when media_type is null or media_type !~ '^[\w.+-]+/[\w.+-]+(; ?[\w.+=-]+)*$'
      then format('artifact %s: media type %s is not one', name, quote_nullable(left(media_type, 80)))
    when (
      select count(*) from rota_core.artifact as a
      where a.run_id = store_artifact.run_id and a.name <> store_artifact.name
    ) >= 100 then 'a run keeps at most 100 artifacts'
  end;
  if v_wrong is not null then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = v_wrong,
      hint = 'select rota.save_artifact(''raw-content'', content => ''{"items": []}'');';
  end if;

  insert into rota_core.artifact as a (run_id, name, media_type, content, created_at, created_by)
  values (
    store_artifact.run_id, store_artifact.name, store_artifact.media_type, store_artifact.data,
    rota_core.wall_clock(), rota_core.caller()
  )
  on conflict on constraint artifact_pkey do update
  set (media_type, content, created_at, created_by) =
    (excluded.media_type, excluded.content, excluded.created_at, excluded.created_by);
end;
$$;

comment on function rota_core.store_artifact(bigint, text, bytea, text) is
$doc$Keeps a content with a run, in place of one of the same name. Raises 22023 for a bad name, type
or size.$doc$;

revoke all on function rota_core.store_artifact(bigint, text, bytea, text) from public;
