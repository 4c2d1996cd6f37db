"""Random changes of a random table; the log, replayed in order, is the table's true history."""

from __future__ import annotations

from typing import Any

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support_capture import captured, replay, rows_of

Db = psycopg.Connection[Any]
SHAPES = {
    "plain": "create table app.t (id int primary key, n int, v text)",
    "no key": "create table app.t (id int, n int, v text)",
    "partitioned": "create table app.t (id int, n int, v text) partition by list (n);"
    "create table app.t0 partition of app.t for values in (0);"
    "create table app.t1 partition of app.t for values in (1);"
    "create table app.td partition of app.t default partition by range (id);"
    "create table app.td1 partition of app.td for values from (0) to (30);"
    "create table app.td2 partition of app.td default",
    "cascading": "create table app.up (id int primary key);"
    "insert into app.up select generate_series(0, 200);"
    "create table app.t (id int primary key, n int references app.up"
    " on update cascade on delete cascade, v text)",
    "itself": "create table app.t (id int primary key, n int references app.t"
    " on update cascade on delete set null, v text)",
}
ids, ns = st.integers(0, 60), st.integers(0, 3)
sizes = st.sampled_from([1, 2, 19, 20, 21, 22, 80])
conflict = st.sampled_from(
    ["", "on conflict do nothing", "on conflict (id) do update set v = 'again', n = t.n"]
)
inserts = st.builds(
    "insert into app.t select k, {2}, 'v' || k"
    " from generate_series({0}, {0} + {1} - 1) as k {3}".format,
    ids, sizes, st.sampled_from(["0", "k % 4", "null"]), conflict,
)  # fmt: skip
updates = st.builds(
    "update app.t set {} where id >= {} and id < {}".format,
    st.sampled_from([
        "v = v || '!'", "v = v", "n = (n + 1) % 4", "n = n", "id = id + 100", "id = 60 - id",
        "n = case when id % 3 = 0 then 1 else n end", "n = null",
        "v = case when id % 2 = 0 then v else 'odd' end",
    ]),
    ids, st.integers(0, 300),
)  # fmt: skip
deletes = st.builds("delete from app.t where id % 5 = {} and id > {}".format, ns, ids)
merges = st.builds(
    "merge into app.t using generate_series({0}, {0} + {1}) as s (k) on s.k = t.id"
    " when matched and s.k % 3 = 0 then delete"
    " when matched then update set v = 'merged', n = {2}"
    " when not matched then insert values (s.k, {2}, 'new')".format,
    ids, sizes, ns,
)  # fmt: skip
elsewhere = st.sampled_from([
    "update app.up set id = id + 1000 where id % 2 = 0 and id < 1000",
    "update app.up set id = -id", "delete from app.up where id = 1",
    "update app.t0 set v = 'direct'", "insert into app.t1 values (7, 1, 'd')",
    "update app.td set id = 61 - id", "delete from app.td2", "truncate app.td1",
    "truncate app.td", "truncate app.t cascade",
    "with gone as (delete from app.t where id < 10 returning *)"
    " insert into app.t select id + 500, n, v from gone",
])  # fmt: skip
statements = st.lists(st.one_of(inserts, inserts, updates, deletes, merges, elsewhere), max_size=12)


@settings(
    max_examples=40, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(shape=st.sampled_from(list(SHAPES)), level=st.sampled_from(["statement", "row"]),
       before=statements, after=statements)  # fmt: skip
def test_the_log_is_the_history(
    rolled_back: Db, shape: str, level: str, before: list[str], after: list[str]
) -> None:
    with rolled_back.transaction(force_rollback=True):
        rolled_back.execute(f"create schema app; {SHAPES[shape]}")
        attempt(rolled_back, before)
        rolled_back.execute(
            "select rota.watch_table('app.t', '{INSERT,UPDATE,DELETE,TRUNCATE}', level => %s)",
            [level],
        )
        start = rows_of(rolled_back, "app.t")
        attempt(rolled_back, after)
        assert replay(captured(rolled_back), start, in_part) == rows_of(rolled_back, "app.t")


def in_part(partition: str, row: Any) -> bool:
    return row["n"] not in (0, 1) and (partition == "app.td" or 0 <= row["id"] < 30)


def attempt(db: Db, statements: list[str]) -> None:
    """Execute what can be; what a constraint forbids leaves nothing, and no events either."""
    for statement in statements:
        try:
            with db.transaction():
                db.execute(statement)
        except psycopg.errors.Error as error:
            assert error.sqlstate[:2] in ("23", "42", "21"), error
