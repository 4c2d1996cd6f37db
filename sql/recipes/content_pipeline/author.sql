create or replace function content_pipeline.author()
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id bigint;
begin
  select min(u.id) into v_id from public.users as u where u.email = 'content@example.com';
  if v_id is null then
    insert into public.users (email, name) values ('content@example.com', 'Content pipeline')
    returning id into v_id;
  end if;
  return v_id;
end;
$$;

comment on function content_pipeline.author() is
$doc$The user that the contents belong to; made by the first call.$doc$;

revoke all on function content_pipeline.author() from public;
grant execute on function content_pipeline.author() to content_pipeline;
