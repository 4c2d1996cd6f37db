create or replace function rota_core.column_numbers(target regclass, names text[])
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name text;
  v_number int;
  v_numbers jsonb := jsonb_build_array();
begin
  foreach v_name in array coalesce(names, '{}') loop
    select a.attnum
    into v_number
    from pg_attribute as a
    where a.attrelid = target and a.attname = v_name and a.attnum > 0 and not a.attisdropped;

    if not found then
      raise exception using
        errcode = 'undefined_object',
        message = format(
          'table %s has no column %s', target, coalesce(quote_ident(v_name), 'null')
        ),
        hint = 'It has ' || (
          select string_agg(a.attname, ', ' order by a.attnum)
          from pg_attribute as a
          where a.attrelid = target and a.attnum > 0 and not a.attisdropped
        ) || '.';
    end if;
    v_numbers := v_numbers || to_jsonb(v_number);
  end loop;
  return v_numbers;
end;
$$;

comment on function rota_core.column_numbers(regclass, text[]) is
$doc$The numbers of columns of a table. Raises 42704 when one is not there.$doc$;

revoke all on function rota_core.column_numbers(regclass, text[]) from public;
grant execute on function rota_core.column_numbers(regclass, text[]) to rota_admin;
