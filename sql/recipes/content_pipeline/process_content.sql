create or replace function content_pipeline.process_content(input jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_items jsonb := process_content.input #> '{fetch,items}';
  v_clean jsonb;
  v_answer jsonb;
begin
  -- The last of an id stands, as when they are published one after another.
  select coalesce(jsonb_agg(c.item order by c.place), '[]')
  into v_clean
  from (
    select distinct on (k.item ->> 'id') k.item, i.place
    from jsonb_array_elements(v_items) with ordinality as i (item, place)
    cross join lateral content_pipeline.clean_item(i.item) as k (item)
    where k.item is not null
    order by k.item ->> 'id', i.place desc
  ) as c;

  v_answer := jsonb_build_object(
    'items', v_clean,
    'rejected', jsonb_array_length(v_items) - jsonb_array_length(v_clean)
  );
  perform rota.save_artifact('processed-content', content => v_answer);
  perform rota.log('info', 'processed', jsonb_build_object(
    'items', jsonb_array_length(v_clean), 'rejected', v_answer -> 'rejected'
  ));
  return v_answer;
end;
$$;

comment on function content_pipeline.process_content(jsonb) is
$doc$The handler of the step `process`: items in the shape they are published in, one for each id;
kept with the run as the artifact processed-content.$doc$;

revoke all on function content_pipeline.process_content(jsonb) from public;
grant execute on function content_pipeline.process_content(jsonb) to content_pipeline;
