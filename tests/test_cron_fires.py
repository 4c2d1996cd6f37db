"""cron.job kept true, and the one test in which pg_cron itself fires."""

from __future__ import annotations

from datetime import timedelta

import pytest
from psycopg.conninfo import make_conninfo

from harness import Clone, wait_until
from pgrota import scratch
from pgrota.database import Database
from support_cron_jobs import jobs, prepare, sync

WORKERS = ["supervisor", "worker:default:1", "worker:default:2"]


@pytest.fixture
def app(cron_database: Clone) -> Clone:
    return prepare(cron_database)


def test_cron_job_is_what_it_should_be(app: Clone) -> None:
    assert sync(app) == "synced"
    assert list(jobs(app)) == WORKERS
    before = app.run("select j.* from cron.job as j order by j.jobid")
    assert sync(app) == "synced"
    assert app.run("select j.* from cron.job as j order by j.jobid") == before, "nothing differed"

    app.run(
        "select rota.define_schedule('night', '1/5 3 L * 5L', 'work');"
        "select rota.define_schedule('berlin', '30 2 * * 1-5', 'work', '{}', 'Europe/Berlin');"
        "select rota.define_schedule('kolkata', '0 9-11 * * *', 'work', '{}', 'Asia/Kolkata');"
        "select rota.define_schedule('quick', '@every 10 seconds', 'work');"
        "select rota.define_schedule('daily', '@daily', 'work');"
        "select rota.define_schedule('tidy', '0 4 * * sun', command => 'vacuum analyze')"
    )
    assert {name: job for name, job in jobs(app).items() if name not in WORKERS} == {
        "schedule:night": ("1-59/5 3 26-31 * 5", "select rota_core.fire_due('night')"),
        "schedule:berlin": ("30 0,1 * * *", "select rota_core.fire_due('berlin')"),
        "schedule:kolkata": ("30 3,4,5 * * *", "select rota_core.fire_due('kolkata')"),
        "schedule:daily": ("0 0 * * *", "select rota_core.fire_due('daily')"),
        "schedule:tidy": ("0 4 * * sun", "vacuum analyze"),
    }

    app.run("select rota.pause('schedule', 'tidy'); select rota.pause('schedule', 'night')")
    assert "schedule:tidy" not in jobs(app)
    assert "schedule:night" in jobs(app)
    app.run("select rota.resume('schedule', 'tidy'); select rota.drop_schedule('night')")
    assert "schedule:tidy" in jobs(app)
    assert "schedule:night" not in jobs(app)


def test_what_others_did_to_our_jobs_is_repaired_and_theirs_are_left_alone(app: Clone) -> None:
    sync(app)
    true = jobs(app)
    app.run(
        "update cron.job set active = false where jobname like '%:supervisor';"
        "update cron.job set schedule = '1 1 1 1 1' where jobname like '%:1';"
        "delete from cron.job where jobname like '%:2';"
        "set role rota_worker;"
        "select cron.schedule('rota:app:old', '* * * * *', 'select 1');"
        "select cron.schedule('rota:another:supervisor', '* * * * *', 'select 1');"
        "select cron.schedule('mine', '* * * * *', 'select 1');"
    )
    app.run("select cron.schedule('rota:app:theirs', '* * * * *', 'select 1')")

    assert sync(app) == "synced"
    left = jobs(app)
    assert left.pop("mine") == ("* * * * *", "select 1")
    assert left.pop("rota:another:supervisor") == ("* * * * *", "select 1")
    assert left == true
    assert app.value("select count(*) from cron.job where jobname = 'rota:app:theirs'") == 1


@pytest.mark.parametrize(
    ("max_running_jobs", "lanes", "wanted"),
    [
        (2, "", ["serve"]),
        (4, "", ["supervisor", "worker:default:1"]),
        (8, "('batch', 2)", [*WORKERS[:2], "worker:batch:1", "worker:default:2"]),
        (10, "('a', 9), ('b', 0)", [*WORKERS, "worker:a:1", "worker:a:2"]),
        (32, "", WORKERS),
    ],
)
def test_workers_take_half_of_the_slots(
    database: Clone, max_running_jobs: int, lanes: str, wanted: list[str]
) -> None:
    database.run(
        "insert into rota_core.setting (name, value) values ('cron.max_running_jobs', %s)"
        " on conflict (name) do update set value = excluded.value",
        str(max_running_jobs),
    )
    if lanes:
        database.run(
            "insert into rota_core.lane (lane, workers, created_at)"
            f" select v.*, clock_timestamp() from (values {lanes}) as v"
        )
    names = database.run("select w.job_name from rota_core.wanted_cron_jobs() as w")
    assert sorted(name.split(":", 2)[2] for (name,) in names) == sorted(wanted)


def test_long_names_are_shortened_and_stay_apart(database: Clone) -> None:
    suffixes = [f"schedule:{'x' * 60}{end}" for end in "ab"]
    names = [database.value("select rota_core.cron_job_name(%s)", name) for name in suffixes]
    assert len(set(names)) == 2
    assert all(len(name) <= 63 for name in names)
    assert all(
        name.startswith(database.value("select rota_core.cron_job_name()")) for name in names
    )


def test_without_pg_cron_or_rights_a_schedule_is_defined_all_the_same(
    database: Clone, cron_database: Clone
) -> None:
    for each, answer in ((database, "absent"), (cron_database, "no rights")):
        each.run("create function public.work() returns void language sql as 'select'")
        each.run("select rota.define_task('work', 'public.work')")
        assert sync(each) == answer
        assert each.value("select rota.define_schedule('work', '* * * * *')") == "work"


def test_a_session_that_holds_the_lock_makes_nobody_wait(app: Clone) -> None:
    with app.connect("rota_worker", autocommit=False) as first:
        assert first.execute("select rota_core.sync_cron()").fetchone() == ("synced",)
        assert sync(app) == "busy"


COMMANDS = {
    "tidy": "vacuum (analyze) public.kept",
    "rebuild": "REINDEX INDEX CONCURRENTLY public.sorted_pkey;",
    "moves": "call public.move_rows(3)",
    "broken": "vacuum public.gone",
}
KEPT = """
create table public.kept as select n from generate_series(1, 1000) as n;
alter table public.kept owner to rota_worker;
create table public.sorted (a int primary key);
alter table public.sorted owner to rota_worker;
create table public.moved (batch int, xid xid8 default pg_current_xact_id());
grant insert on public.moved to rota_worker;
create procedure public.move_rows(batches int) language plpgsql as $$ begin
  for n in 1..batches loop insert into public.moved values (n); commit; end loop;
end $$;
"""


def test_pg_cron_fires(app: Clone) -> None:
    app.run(
        "select rota.define_schedule('job' || n, '* * * * *', 'work')"
        " from generate_series(1, 20) as n"
    )
    app.run("select rota.define_schedule('quick', '@every 1 second', 'work', overlap => 'allow')")
    app.run(KEPT)
    for name, command in COMMANDS.items():
        app.run("select rota.define_schedule(%s, '* * * * *', command => %s)", name, command)
    index = "select pg_relation_filenode('public.sorted_pkey')"
    before = app.value(index)
    minute = app.value("select min(s.next_at) from rota.schedules as s where s.name like 'job%'")
    assert sync(app) == "synced"

    rung = (
        "select count(*) from cron.job_run_details as d join cron.job as j using (jobid)"
        " where j.jobname like 'rota:app:schedule:job%' and d.status = 'succeeded'"
    )
    wait_until(lambda: app.value(rung) == 20, timeout=75, interval=0.2, what="20 doorbells")
    done = (
        "select count(*) from rota.runs as r where r.origin like 'schedule:job%'"
        " and r.state = 'succeeded'"
    )
    wait_until(lambda: app.value(done) == 20, what="20 runs")

    fired = app.run(
        "select s.schedule, s.slot from rota.slots as s"
        " where s.schedule like 'job%' and s.outcome = 'started'"
    )
    assert len(fired) == 20
    assert {slot for _, slot in fired} == {minute}
    by = dict(app.run("select s.fired_by, count(*) from rota.slots as s group by s.fired_by"))
    assert {"supervisor", "doorbell"} <= set(by)
    late = app.value(
        "select max(s.fired_at - s.slot) from rota.slots as s where s.schedule like 'job%'"
    )
    assert late < timedelta(seconds=10)

    # The supervisor that pg_cron started enters what the commands came to.
    ended = "select count(*) from rota.runs as r where r.lane = 'pg_cron'"
    wait_until(lambda: app.value(ended) == len(COMMANDS), timeout=30, what="all commands")
    found = {
        task: rest
        for task, *rest in app.run(
            "select r.task, r.state, r.input ->> 'command', r.output ->> 'message',"
            " r.error ->> 'message', r.finished_at > r.started_at, s.slot"
            " from rota.runs as r join rota.slots as s using (run_id) where r.lane = 'pg_cron'"
        )
    }
    assert found == {
        "tidy": ["succeeded", COMMANDS["tidy"], "VACUUM", None, True, minute],
        "rebuild": ["succeeded", COMMANDS["rebuild"], "REINDEX", None, True, minute],
        "moves": ["succeeded", COMMANDS["moves"], "CALL", None, True, minute],
        "broken": [
            "failed", COMMANDS["broken"], None, 'relation "public.gone" does not exist', True,
            minute,
        ],
    }  # fmt: skip
    assert app.value("select count(distinct m.xid) from public.moved as m") == 3
    assert app.value(index) != before

    # The launcher waits for what it has started, and `drop database` for the launcher.
    patient = make_conninfo(app.url(), options="-c statement_timeout=10s")
    with scratch.database(Database(patient), own_server=False, say=print) as made:
        name = made.url
    assert "rota_test_" in name
    assert app.value("select count(*) from pg_database as d where d.datname ~ '^rota_test_'") == 0
