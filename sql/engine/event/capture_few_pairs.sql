create or replace function rota_core.capture_few_pairs(definition jsonb, test text, known text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  -- One row on each side is the usual case, and needs no pairing.
  select format(
    $q$
    select
      count(*) = 1%2$s, count(*), count(*),
      count(*) filter (where x.p), json_agg(x.n), json_agg(x.o)
    into v_few, v_new_rows, v_old_rows, v_events, v_record, v_old_record
    from (
      select n.r as n, o.r as o, %1$s as p
      from (%3$s limit 2) as n
      cross join (%4$s limit 2) as o
      offset 0
    ) as x;
    if v_new_rows <> 1 then
      select
        count(x.nk) between 1 and 20 and count(x.nk) = count(x.ok)
        and octet_length(concat(
          json_agg(x.n) filter (where x.p), json_agg(x.o) filter (where x.p)
        )) <= 7500%2$s,
        count(x.nk), count(x.ok), count(*) filter (where x.p),
        json_agg(x.n) filter (where x.p), json_agg(x.o) filter (where x.p)
      into v_few, v_new_rows, v_old_rows, v_events, v_record, v_old_record
      from (
        select n.k as nk, o.k as ok, n.r as n, o.r as o, %1$s as p
        from (%5$s limit 21) as n
        full join (%6$s limit 21) as o on o.k = n.k
        order by n.k
      ) as x;
    end if;$q$,
    test, known,
    rota_core.capture_side(definition, 'new'),
    rota_core.capture_side(definition, 'old'),
    rota_core.capture_side(definition, 'new', true),
    rota_core.capture_side(definition, 'old', true)
  );
$$;

comment on function rota_core.capture_few_pairs(jsonb, text, text) is
$doc$The statements of a trigger function that read up to 20 pairs of an old and a new row.$doc$;

revoke all on function rota_core.capture_few_pairs(jsonb, text, text) from public;
