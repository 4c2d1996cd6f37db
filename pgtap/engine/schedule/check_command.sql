begin;
select plan(58);

create function pg_temp.said(command text) returns text
language plpgsql as $$
declare v_detail text;
begin
  perform rota_core.check_command(command, '0 4 * * *', 'UTC');
  return 'taken';
exception when others then
  get stacked diagnostics v_detail = pg_exception_detail;
  return sqlstate || ' ' || v_detail;
end;
$$;

-- what is refused, and why
select is(
  pg_temp.said(c.command),
  '22023 A COPY to or from the client wedges pg_cron for everybody.', 'a copy: ' || c.command
)
from (values
  ('copy t to stdout'), ('COPY (select 1) TO STDOUT;'), (E'\n\t copy t from stdin'),
  ('/* ; */copy t to stdout'), ('/* /* a */ vacuum -- */ copy t to stdout'),
  (E'-- vacuum\ncopy t to stdout'), (E'--*/ /*\rcopy t to stdout'), ('copy"t"to stdout'),
  ('copy/**/t to stdout'), ('/**//**/copy t to stdout'), (';;copy t to stdout'),
  ('/*/ */ copy t to stdout'), ('/***/copy t to stdout'), ('/* // /**/ **/ copy t to stdout')
) as c (command);
select is(
  pg_temp.said(c.command),
  '22023 Several statements are one transaction to pg_cron, in which VACUUM and the like fail.',
  'several statements: ' || c.command
)
from (values
  ('vacuum a; vacuum b'), ('do $$ x; $$; select 1'), ('do $a$ $$ ; $a$; select 1 -- $$'),
  ($c$select '$a$'; copy t to stdout; --$a$'$c$), ($c$select E'\''; copy t to stdout; --'$c$),
  ($c$select E'a'
    'b\''; copy t to stdout; --'$c$), ($c$select E'a' -- '
    -- c
    'b\''; copy t to stdout; --'$c$), ($c$select '\'; copy t to stdout; --'$c$),
  ($c$select '\''; copy t to stdout; --'$c$), ($c$select e'\\'; copy t to stdout; --'$c$),
  ($c$select "a$b$"; copy t to stdout; --$b$"$c$), ('select a$b$; copy t to stdout; --$b$'),
  ('select 1$a$ $a$; copy t to stdout; select $a$ $a$'),
  ('select $1$a$ $a$; copy t to stdout; select $a$ $a$'),
  ('select 1 /* /* */; select 2 */; copy t to stdout'),
  ('select 1 +-- '' ' || chr(10) || '; copy t to stdout --'''),
  ($c$select """"; copy t to stdout; --"$c$), ($c$select b'\', '\''; copy t to stdout --'$c$),
  ($c$select b'\', b'\', '\''; copy t to stdout --'$c$), ('select ä$b$; copy t to stdout --$b$'),
  ($c$select $ä$ $a$ ' $ä$; copy t to stdout --'$c$), ($c$select U&'\' ; copy t to stdout --'$c$),
  ($c$select $$'$$; copy t to stdout --'$c$), ('create rule r as on insert to t do (a; b)')
) as c (command);
select is(
  pg_temp.said(c.command), '22023 A quote or a comment in it does not end.',
  'what does not end: ' || c.command
)
from (values
  ('select ''a'), ('select "a'), ('vacuum /* /* */'), ('do $a$ x $b$'), ($c$select E'a\'$c$)
) as c (command);
select is(pg_temp.said(c.command), '22023 It is empty.', 'nothing: ' || c.command)
from (values (''), (' ; '), ('-- vacuum'), ('/* vacuum */;')) as c (command);
select is(
  pg_temp.said(c.command),
  '22023 Each start is a session of its own, so nothing would come of it.', c.command
)
from (values ('Begin'), ('prepare p as vacuum'), ('/**/set x = 1')) as c (command);

-- what is taken
select is(pg_temp.said(c.command), 'taken', 'one statement: ' || c.command)
from (values
  ('vacuum (analyze) "a;b"; -- ; all'), ('call app.copy(''begin; copy'')'), ('copying'),
  ('reindex table concurrently app.t;'), ('do $do$ begin perform 1; end $do$;'),
  ($c$call app.p(E'it\'s; fine', 'C:\dir', $x$ ';' $x$)$c$),
  ('select 1 /* ; /* ; */ ; */'), ('set_up')
) as c (command);

select * from finish();
rollback;
