create or replace function rota_core.check_topic(topic text, may_be_pattern boolean)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if length(topic) between 1 and 200 and topic !~ '[[:cntrl:]]'
    and (may_be_pattern or strpos(topic, '*') = 0)
  then
    return;
  end if;
  raise exception using
    errcode = 'invalid_parameter_value',
    message = format('topic %s is not valid', quote_nullable(left(topic, 210))),
    detail = case when may_be_pattern then '1 to 200 characters; * stands for any.'
      else '1 to 200 characters without *, which is for those who subscribe.' end,
    hint = 'Such as public.users or payment.completed.';
end;
$$;

comment on function rota_core.check_topic(text, boolean) is
$doc$Refuses, with 22023, what cannot be a topic, or a pattern of topics.$doc$;

revoke all on function rota_core.check_topic(text, boolean) from public;
