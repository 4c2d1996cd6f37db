"""How jobs of pg_cron are read: their times, their commands, their names."""

from __future__ import annotations

import psycopg
import pytest

from pgrota.adoptable import Job, Unadoptable, called, holds_secret, name_of, needs_top_level, times


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0 3 * * *", "0 3 * * *"),
        (" 0  3 * * mon-fri ", "0 3 * * mon-fri"),
        ("30 seconds", "@every 30 seconds"),
        ("1 second", "@every 1 seconds"),
        ("0 12 $ * *", "0 12 L * *"),
        ("0 12 1,$ * *", "0 12 1,L * *"),
        ("@hourly", "@hourly"),
    ],
)
def test_times(rolled_back: psycopg.Connection, written: str, meant: str) -> None:
    assert times(written) == meant
    rolled_back.execute("select rota.cron_next(%s, now())", [times(written)])


def test_what_has_no_times() -> None:
    with pytest.raises(Unadoptable, match="when the server starts"):
        times(" @Reboot")


@pytest.mark.parametrize(
    ("command", "function"),
    [
        ("select app.nightly()", "app.nightly"),
        ('  SELECT * FROM "My App" . nightly ( ) ; ', '"My App".nightly'),
        ("select nightly(); select 1", None),
        ("select nightly() + 1", None),
        ("select nightly(1)", None),
        ("call nightly()", None),
    ],
)
def test_what_is_called(command: str, function: str | None) -> None:
    assert called(command) == (function and function.replace(" . ", "."))


@pytest.mark.parametrize(
    ("command", "commits", "at_top"),
    [
        ("vacuum (analyze) app.done", False, True),
        ("/* tidy */ VACUUM;", False, True),
        ("reindex (verbose) table concurrently app.done", False, True),
        ("create index concurrently on app.done (at)", False, True),
        ("call app.long()", True, True),
        ("call app.short()", False, False),
        ("delete from app.done where what = 'vacuum; commit'", False, False),
        ("refresh materialized view concurrently app.seen", False, False),
    ],
)
def test_what_must_be_at_the_top(command: str, commits: bool, at_top: bool) -> None:
    assert needs_top_level(command, commits) == at_top


@pytest.mark.parametrize("command", ["", " ; ", "begin; select 1; commit", "vacuum; vacuum"])
def test_what_cannot_be_adopted(command: str) -> None:
    with pytest.raises(Unadoptable):
        needs_top_level(command, False)


def test_names() -> None:
    def named(jobname: str | None, *taken: str, function: str | None = None) -> str:
        return name_of(Job(7, "@daily", "", "al ice", "app", jobname, True), function, set(taken))

    assert named("Nightly: all / of it") == "Nightly:-all-/-of-it"
    assert named(None, function='app."Nightly"') == "Nightly"
    assert named(None) == named("!!") == "job-7"
    assert named("a", "a") == "a-al-ice"
    assert named("a", "a", "a-al-ice") == "a-7"
    assert len(named("x" * 99)) == 63


@pytest.mark.parametrize(
    ("command", "holds"),
    [
        ("""select net.http_post(headers := '{"Authorization": "Bearer eyJhbGciOiJI.x"}')""", True),
        ("""select net.http_get(headers => '{"apikey": "0123456789"}')""", True),
        ("select dblink('postgresql://app:hush@db/app', 'select 1')", True),
        ("delete from app.token where expires_at < now()", False),
        ("select app.renew_tokens('weekly')", False),
    ],
)
def test_secrets(command: str, holds: bool) -> None:
    assert holds_secret(command) == holds
