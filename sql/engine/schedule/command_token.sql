create or replace function rota_core.command_token(rest text, backslashes boolean)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_string constant text := $re$'(?:[^']|'')*'$re$;
  v_escaped constant text := $re$'(?:[^'\\]|''|\\.)*'$re$;
  v_next_line constant text := $re$[ \t\f\v]*[\n\r](?:[ \t\f\v\n\r]|--[^\n\r]*[\n\r])*$re$;
  -- Whatever is not ASCII is a letter to PostgreSQL.
  v_letter constant text := $re$(?:[A-Za-z_]|[^\u0001-\u007f])$re$;
  v_token text;
  v_at int;
begin
  if rest ~ $re$^--$re$ then
    return substring(rest from $re$^--[^\n\r]*$re$);

  elsif rest ~ $re$^/\*$re$ then
    v_token := '/*';
    v_at := 1;
    while v_at > 0 and v_token is not null loop
      v_token := v_token || substring(
        substr(rest, length(v_token) + 1) from $re$^(?:[^/*]|/(?!\*)|\*(?!/))*(?:/\*|\*/)$re$
      );
      v_at := v_at + case right(v_token, 2) when '/*' then 1 else -1 end;
    end loop;
    return v_token;

  elsif rest ~ $re$^[bBxX]'$re$ then
    return substring(rest from '^.' || v_string);
  elsif rest ~ $re$^[eE]'$re$ or backslashes and rest ~ $re$^'$re$ then
    -- After a new line the same string may go on, and its escapes with it.
    return substring(rest from format('^[eE]?%s(?:%s%s)*', v_escaped, v_next_line, v_escaped));
  elsif rest ~ $re$^'$re$ then
    return substring(rest from '^' || v_string);
  elsif rest ~ $re$^"$re$ then
    return substring(rest from $re$^"(?:[^"]|"")*"$re$);

  elsif rest ~ ('^' || v_letter) then
    return substring(rest from format('^%s(?:%s|[0-9$])*', v_letter, v_letter));
  elsif rest ~ '^[0-9]' then
    return substring(rest from format('^[0-9](?:%s|[0-9])*', v_letter));
  end if;

  v_token := substring(rest from format('^[$](?:%s(?:%s|[0-9])*)?[$]', v_letter, v_letter));
  if v_token is null then
    return left(rest, 1);
  end if;
  v_at := strpos(substr(rest, length(v_token) + 1), v_token);
  return case when v_at > 0 then left(rest, 2 * length(v_token) + v_at - 1) end;
end;
$$;

comment on function rota_core.command_token(text, boolean) is
$doc$What a statement begins with, as PostgreSQL reads it: a word, a number, a quoted string or
name, a comment, or one character; null for a quote or comment that does not end.

- backslashes: whether they escape in plain strings too (standard_conforming_strings off).$doc$;

revoke all on function rota_core.command_token(text, boolean) from public;
