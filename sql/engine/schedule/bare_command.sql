create or replace function rota_core.bare_command(command text, backslashes boolean)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_rest text := command;
  v_bare text := '';
  v_token text;
begin
  while v_rest <> '' loop
    v_token := rota_core.command_token(v_rest, backslashes);
    if v_token is null then
      return null;
    end if;
    v_bare := v_bare || case
      when v_token ~ $re$^(?:--|/\*|[eEbBxX]?'|"|[$].*[$])$re$ then ' ' else v_token end;
    v_rest := substr(v_rest, length(v_token) + 1);
  end loop;
  return btrim(lower(v_bare), E'; \t\r\n\f\v');
end;
$$;

comment on function rota_core.bare_command(text, boolean) is
$doc$A statement in lower case, without its quoted strings and names, its comments, and what
surrounds it; null where a quote or comment does not end.

- backslashes: whether they escape in plain strings too (standard_conforming_strings off).$doc$;

revoke all on function rota_core.bare_command(text, boolean) from public;
