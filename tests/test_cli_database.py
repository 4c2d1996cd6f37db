"""Which database is meant, and that no password is ever shown."""

from __future__ import annotations

import datetime
from pathlib import Path
from urllib.parse import quote

import pytest

from harness import Clone
from pgrota import masking
from pgrota.address import clean, find_address, read_dotenv
from pgrota.database import Database
from pgrota.errors import CannotConnect
from support_deploy import rota

PASSWORDS = ["hunter2", "p@ss/w:rd?#%&", 'it\'s \\ "x" =1', "postgres!", "päßwörd€"]


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ROTA_DATABASE_URL", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("clean_environment")
class TestWhichDatabase:
    def test_order(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        steps = [find_address(None, tmp_path)]
        (tmp_path / ".env").write_text("DATABASE_URL=e\n")
        steps.append(find_address(None, tmp_path))
        (tmp_path / ".env").write_text("DATABASE_URL=e\nROTA_DATABASE_URL=d\n")
        steps.append(find_address(None, tmp_path))
        monkeypatch.setenv("DATABASE_URL", "c")
        steps.append(find_address(None, tmp_path))
        monkeypatch.setenv("ROTA_DATABASE_URL", "b")
        steps.append(find_address(None, tmp_path))
        steps.append(find_address("a", tmp_path))
        assert [step.url for step in steps] == ["", "e", "d", "c", "b", "a"]
        assert [step.source for step in steps] == [
            "libpq",
            "DATABASE_URL in .env",
            "ROTA_DATABASE_URL in .env",
            "DATABASE_URL",
            "ROTA_DATABASE_URL",
            "--database-url",
        ]

    def test_a_dev_server_of_this_directory(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("pgrota.server.url_of", lambda directory: f"server of {directory}")
        assert find_address(None, tmp_path).url == f"server of {tmp_path}"
        (tmp_path / ".env").write_text("DATABASE_URL=e\n")
        assert find_address(None, tmp_path).url == "e"

    def test_the_command_uses_it(self, database: Clone) -> None:
        done = rota("doctor", DATABASE_URL=database.url())
        assert f"direct, to {database.name} on" in done.stdout
        done = rota("doctor", "--database-url", database.url(), DATABASE_URL="nonsense")
        assert f"direct, to {database.name} on" in done.stdout


def test_dotenv(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "# a comment\nPLAIN=one # two\nexport QUOTED=\"a # b\"\nSINGLE='x y'\n\n  SPACED = z\n"
        "HASH=postgresql://u:p#w@h/d\nbroken line\n"
    )
    assert read_dotenv(tmp_path / ".env") == {
        "PLAIN": "one",
        "QUOTED": "a # b",
        "SINGLE": "x y",
        "SPACED": "z",
        "HASH": "postgresql://u:p#w@h/d",
    }
    assert read_dotenv(tmp_path / "none") == {}


def test_the_scheme_of_sqlalchemy_is_understood() -> None:
    assert clean("postgresql+psycopg://u@h/d") == "postgresql://u@h/d"
    assert clean("postgres://u@h/d") == "postgres://u@h/d"


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("form", ["quoted", "raw", "keywords"])
def test_passwords_are_masked(password: str, form: str) -> None:
    url = {
        "quoted": f"postgresql://joe:{quote(password, safe='')}@127.0.0.1:1/none",
        "raw": f"postgresql://joe:{password}@127.0.0.1:1/none",
        "keywords": "host=127.0.0.1 port=1 dbname=none user=joe password='"
        + password.replace("\\", "\\\\").replace("'", "\\'")
        + "'",
    }[form]
    for command in (("plan", "--json"), ("doctor",)):
        done = rota(*command, url=url)
        assert done.returncode == 8, done.stdout + done.stderr
        shown = done.stdout + done.stderr
        for spelling in {password, quote(password, safe=""), password.split("@")[-1]}:
            assert spelling not in shown


def test_pieces_that_libpq_quotes_are_masked() -> None:
    with pytest.raises(CannotConnect) as refused:
        Database("postgresql://joe:s3cret/w0rd@host:5432/db").connect()
    shown = refused.value.format_message()
    assert "s3cret" not in shown
    assert "w0rd" not in shown


def test_messages_that_hold_a_connection_string() -> None:
    assert masking.mask("at postgres://joe:a@b:c@host/db!") == "at postgres://joe:***@host/db!"
    assert masking.mask("user=joe password='a b\\' c' port=1") == "user=joe password=*** port=1"
    assert masking.mask("nothing to hide") == "nothing to hide"


class TestDatabase:
    @pytest.fixture
    def at(self, database: Clone) -> Database:
        database.run("create function public.nap() returns void language sql as ''")
        return Database(database.url())

    def test_rows_and_values(self, at: Database) -> None:
        query = "select g as n, g * %(by)s as m from generate_series(1, 2) as g"
        assert at.rows(query, {"by": 2}) == [{"n": 1, "m": 2}, {"n": 2, "m": 4}]
        assert at.row(query, {"by": 3}) == {"n": 1, "m": 3}
        assert at.value("select 1 where false") is None
        at.close()

    def test_call(self, at: Database) -> None:
        assert at.call("rota.define_task", name="nap", handler="public.nap") == "nap"
        started = at.call("rota.start", task="nap", input={"a": [1]}, tags=["x"])
        assert set(started) == {"run_id", "is_new", "state"}
        assert at.call("rota.get_run", run_id=started["run_id"])["input"] == {"a": [1]}
        at.close()

    def test_a_transaction_is_taken_back_whole(self, at: Database) -> None:
        with pytest.raises(ZeroDivisionError), at.transaction():
            at.call("rota.define_task", name="nap", handler="public.nap")
            1 / 0  # noqa: B018
        assert at.value("select count(*) from rota.tasks") == 0
        at.close()

    def test_nothing_is_prepared_on_the_server(self, at: Database) -> None:
        for _ in range(20):
            at.rows("select %s::int", [1])
        assert at.value("select count(*) from pg_prepared_statements") == 0
        at.close()

    def test_exists(self, at: Database) -> None:
        names = ("rota.health", "rota.start", "rota_core.run", "rota.nothing")
        assert [at.exists(name) for name in names] == [True, True, True, False]
        at.close()

    def test_what_is_shown_names_no_password(self, at: Database) -> None:
        assert at.shown
        assert datetime.datetime.now(datetime.UTC) - at.value("select now()") < (
            datetime.timedelta(seconds=5)
        )
        assert at.shown.startswith(f"{at.connection().info.dbname} on ")
        at.close()
