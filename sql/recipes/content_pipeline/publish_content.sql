create or replace function content_pipeline.publish_content(input jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_author bigint;
  v_item jsonb;
  v_content_id bigint;
  v_known content_pipeline.sources;
  v_published int := 0;
  v_updated int := 0;
begin
  for v_item in
    select i.item from jsonb_array_elements(publish_content.input #> '{process,items}') as i (item)
  loop
    select s.* into v_known
    from content_pipeline.sources as s
    where s.external_id = v_item ->> 'id'
    for update;
    if not found then
      v_author := coalesce(v_author, content_pipeline.author());
      insert into public.contents (author_id, title, body, status, published_at)
      values (v_author, v_item ->> 'title', v_item ->> 'body', 'published', now())
      returning id into v_content_id;
      insert into content_pipeline.sources (external_id, content_id, fingerprint, seen_at)
      values (v_item ->> 'id', v_content_id, md5(v_item::text), now());
      v_published := v_published + 1;
    elsif v_known.fingerprint <> md5(v_item::text) then
      update public.contents as c
      set title = v_item ->> 'title', body = v_item ->> 'body'
      where c.id = v_known.content_id;
      update content_pipeline.sources as s
      set fingerprint = md5(v_item::text), seen_at = now()
      where s.external_id = v_known.external_id;
      v_updated := v_updated + 1;
    end if;
  end loop;

  perform rota.log('info', 'published', jsonb_build_object('new', v_published, 'changed', v_updated));
  return jsonb_build_object(
    'published', v_published,
    'updated', v_updated,
    'unchanged', jsonb_array_length(publish_content.input #> '{process,items}')
      - v_published - v_updated,
    'rejected', publish_content.input #> '{process,rejected}'
  );
end;
$$;

comment on function content_pipeline.publish_content(jsonb) is
$doc$The handler of the step `publish`: items become rows of public.contents, once for each id. One
that has changed since is changed there too.$doc$;

revoke all on function content_pipeline.publish_content(jsonb) from public;
grant execute on function content_pipeline.publish_content(jsonb) to content_pipeline;
