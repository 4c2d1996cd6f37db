"""rota demo, small: what it shows, what it leaves, and that it may be repeated."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness import Clone, Harness
from pgrota import sample_data
from pgrota.ledger import Ledger
from pgrota.server import Server

AT = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
ROTA = "from pgrota.cli import main; main()"
WITHOUT_CRON = f"""
from pgrota.server import Server
Server.has_cron = False
{ROTA}
"""


@pytest.fixture
def rota(tmp_path: Path) -> Iterator[Callable[..., subprocess.CompletedProcess[str]]]:
    """Run the command in a directory of its own, whose server is removed afterwards."""

    def run(*arguments: str, program: str = ROTA) -> subprocess.CompletedProcess[str]:
        names = ("ROTA_DATABASE_URL", "DATABASE_URL")
        kept = {name: value for name, value in os.environ.items() if name not in names}
        return subprocess.run(
            [sys.executable, "-c", program, *arguments], cwd=tmp_path, env=kept,
            capture_output=True, text=True, check=False, timeout=170,
        )  # fmt: skip

    yield run
    Server(tmp_path / ".rota").remove()


@pytest.fixture
def sample(harness: Harness) -> Iterator[Clone]:
    clone = harness.clone(template=harness.recipes().name)
    yield clone
    clone.close()


def fill(clone: Clone, scale: float = 0.002) -> sample_data.Filled:
    return sample_data.fill(clone.connect, scale, AT)


def checksums(clone: Clone) -> list[int]:
    return [
        clone.value(f"select sum(hashtextextended(t::text, 0)) from {table} as t")
        for table in sample_data.ROWS
    ]


# the data


def test_the_data_are_the_same_for_the_same_moment(harness: Harness, sample: Clone) -> None:
    other = harness.clone(template=harness.recipes().name)
    fill(sample)
    fill(other)
    assert checksums(sample) == checksums(other)
    other.close()


def test_filling_again_adds_nothing_and_keeps_every_index(sample: Clone) -> None:
    indexes = "select indexdef from pg_indexes where schemaname in ('public', 'logs') order by 1"
    before = sample.run(indexes)
    filled = fill(sample)
    assert filled.rows.keys() == sample_data.ROWS.keys()
    assert sample.run(indexes) == before
    known = checksums(sample)
    assert fill(sample).rows == {}
    assert checksums(sample) == known
    for table, rows in filled.rows.items():
        assert sample.value(f"select count(*) from {table}") == rows


def test_the_data_are_plausible_and_new_rows_find_free_ids(sample: Clone) -> None:
    fill(sample, 0.01)
    due, late, unread = sample.run(
        "select avg((created_at < %s - interval '30 days')::int)::float8,"
        " count(*) filter (where created_at > %s or read_at > %s or read_at < created_at),"
        " avg((read_at is null)::int)::float8 from public.notifications", AT, AT, AT,
    )[0]  # fmt: skip
    assert 0.7 < due < 0.9
    assert late == 0
    assert 0.2 < unread < 0.4
    assert sample.value(
        "select count(*) from public.users where last_activity_at < created_at"
        " or last_activity_at > %s or created_at > %s", AT, AT,
    ) == 0  # fmt: skip
    busiest = sample.value(
        "select max(n) / avg(n) from (select count(*) as n from public.notifications"
        " group by user_id) as t"
    )
    assert busiest > 5, "a few users get most"
    for statement in (
        "insert into public.users (email, name) values ('new@example.com', 'New')",
        "insert into public.notifications (user_id, message) values (1, 'new')",
        "insert into auth.sessions (user_id, expires_at) values (1, now())",
        "insert into logs.api_requests (path, status, response_time) values ('/', 200, 1)",
        "insert into public.contents (author_id, title, body) values (1, 'new', 'new')",
    ):
        sample.run(statement)


# the accounting


@pytest.mark.parametrize(
    ("mischief", "field"),
    [
        ("delete from public.notifications where id = 7", "lost"),
        (
            "insert into archive.notifications select * from public.notifications where id = 7",
            "doubled",
        ),
        ("update public.notifications set read_at = now() where id = 7", "changed"),
    ],
)
def test_the_ledger_finds_what_is_wrong(sample: Clone, mischief: str, field: str) -> None:
    fill(sample)
    with sample.connect() as connection:
        ledger = Ledger(connection)
        assert ledger.balance().holds
        sample.run(mischief)
        balance = ledger.balance()
    assert getattr(balance, field) == 1
    assert not balance.holds


# the show


def balance_in(text: str) -> list[int]:
    match = re.search(
        r"rows before ([\d,]+) = live ([\d,]+) \+ archived ([\d,]+), lost 0, doubled 0, changed 0",
        text,
    )
    assert match, text
    return [int(group.replace(",", "")) for group in match.groups()]


def test_the_demo_interrupts_the_batch_and_loses_nothing(rota, tmp_path: Path) -> None:
    first = rota("demo", "--scale", "0.3")
    assert first.returncode == 0, first.stdout + first.stderr
    before, live, archived = balance_in(first.stdout)
    assert before == live + archived == 300_000
    assert archived > 200_000
    assert re.search(r"crash +pg_terminate_backend\(\d+\)", first.stdout)
    assert re.search(r"resumed +attempt 2 goes on at the checkpoint, [1-9][\d,]+", first.stdout)
    assert re.search(r"\n +archiving +1 +lost .*\n +archiving +2 +succeeded ", first.stdout)
    assert len(re.findall(r"\w{3} \d\d \w{3} 03:00", first.stdout)) == 5
    assert max(map(len, first.stdout.splitlines())) <= 100

    with Server(tmp_path / ".rota").connect("app") as connection:
        kept = connection.execute("select count(*) from archive.notifications").fetchone()[0]
        lost = connection.execute("select from rota.workers as w where w.state = 'lost'").rowcount
    assert kept == archived
    assert lost == 1, "one worker was to be ended, and no other"

    fired = r"fired now +run \d+, taken by pg_cron's rota:app:worker:default:\d, .*\n.* run 1 "
    assert re.search(fired, first.stdout) or "pg_cron starts its workers in" in first.stdout

    # without pg_cron, so as not to wait for it again
    again = rota("demo", "--scale", "0.3", program=WITHOUT_CRON)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "is_new = false" in again.stdout
    assert "filled already" in again.stdout
    assert balance_in(again.stdout) == [before, live, archived]

    assert rota("dev", "down").returncode == 0
    assert not Server(tmp_path / ".rota").running


def test_the_demo_does_without_pg_cron_and_says_what_is_missing(rota) -> None:
    shown = rota("demo", "--scale", "0.01", "--json", program=WITHOUT_CRON)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    result = json.loads(shown.stdout)
    assert result["run"]["state"] == "succeeded"
    assert result["before"] == result["live"] + result["archived"] == 10_000
    assert (result["lost"], result["doubled"], result["changed"]) == (0, 0, 0)
    assert "without pg_cron" in shown.stderr
    assert "rota worker" in shown.stderr


def test_the_demo_takes_no_database_of_others(rota) -> None:
    shown = rota("--database-url", "postgresql://nobody@localhost/none", "demo")
    assert shown.returncode == 1
    assert "server of its own" in shown.stderr
    assert "Traceback" not in shown.stderr
