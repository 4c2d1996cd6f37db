create or replace function content_pipeline.clean_item(item jsonb)
returns jsonb
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when jsonb_typeof(clean_item.item) = 'object' and t.id <> '' and t.title <> '' and t.body <> ''
      then jsonb_build_object('id', t.id, 'title', t.title, 'body', t.body)
  end
  from (
    select
      btrim(coalesce(clean_item.item ->> 'id', '')) as id,
      left(btrim(regexp_replace(coalesce(clean_item.item ->> 'title', ''), '\s+', ' ', 'g')), 200)
        as title,
      btrim(coalesce(clean_item.item ->> 'body', '')) as body
  ) as t;
$$;

comment on function content_pipeline.clean_item(jsonb) is
$doc$An item with id, title and body as they are published; null when one of them is missing.$doc$;

revoke all on function content_pipeline.clean_item(jsonb) from public;
grant execute on function content_pipeline.clean_item(jsonb) to content_pipeline;
