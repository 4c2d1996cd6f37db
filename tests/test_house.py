"""The layout and the hand: what a machine can see of them."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from harness import ROOT, engine_files

TOP_LEVEL = {
    "sql",
    "migrations",
    "pgtap",
    "tooling",
    "tests",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
}
LEFT_BY_BUILDS = {"build", "dist"}
LONGEST = {"sql/**/*.sql": 130, "pgtap/**/*.sql": 250, "t*/**/*.py": 260}
LONGEST_FUNCTION = 80
# One procedure for all of an attempt: a nested CALL for each run costs a tenth of the throughput.
# One statement for a page of events: each step more is a copy of all of them.
AT_EASE = {"run_batch.sql", "page_envelopes.sql"}
ENGINE = ROOT / "sql/engine"
PYPROJECT = ROOT / "pyproject.toml"
FUNCTION = re.compile(
    r"^create or replace (?:function|procedure) (?P<schema>\w+)\.(?P<name>\w+)\(", re.M
)
CREATED = re.compile(r"^create (or replace )?(function|procedure)\b", re.M | re.I)
HEADER = ("create or replace", "comment on", "revoke all", "grant execute")


def files(pattern: str) -> list[Path]:
    folders = ("sql", "migrations", "pgtap", "tooling", "tests")
    return sorted(path for folder in folders for path in (ROOT / folder).rglob(pattern))


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def none(found: Iterable[str], what: str = "") -> None:
    """Fail with all that was found, a line each."""
    if lines := sorted(found):
        pytest.fail("\n".join([what, *lines] if what else lines), pytrace=False)


def functions(schema: str) -> dict[str, Path]:
    """Name and file of each function in the engine's files."""
    return {
        match["name"]: path
        for path in sorted(ENGINE.rglob("*.sql"))
        for match in FUNCTION.finditer(path.read_text())
        if match["schema"] == schema
    }


def run(*command: str, may_fail: bool = False) -> str:
    answer = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if answer.returncode != 0 and not may_fail:
        pytest.fail(answer.stdout + answer.stderr, pytrace=False)
    return answer.stdout


def test_the_top_level_holds_nothing_else() -> None:
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    none(found - LEFT_BY_BUILDS - TOP_LEVEL, "too much:")
    none(TOP_LEVEL - found, "missing:")


def test_scripts_can_be_called() -> None:
    scripts = [".ci/run", "tooling/demo", "tooling/test", "tooling/bench"]
    none(name for name in scripts if not os.access(ROOT / name, os.X_OK))


def test_the_index_lists_each_file_once() -> None:
    listed = Counter(short(path) for path in engine_files())
    there = {short(path) for path in ENGINE.rglob("*.sql") if path.name != "install.sql"}
    none((name for name, times in listed.items() if times > 1), "listed twice:")
    none(there - set(listed), "not in sql/engine/install.sql:")
    none(set(listed) - there, "in sql/engine/install.sql, but not there:")


def test_a_function_is_found_by_its_name() -> None:
    for schema in ("rota", "rota_core"):
        for name, path in functions(schema).items():
            assert path.stem == name, f"{schema}.{name} stands in {short(path)}"


def test_each_public_function_has_its_pgtap_file() -> None:
    assert functions("rota"), "there are public functions"
    twins = [ROOT / "pgtap" / path.relative_to(ROOT / "sql") for path in functions("rota").values()]
    none(short(twin) for twin in twins if not twin.exists())


def test_each_public_function_has_a_row_in_the_readme() -> None:
    rows = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("|")]
    table = "\n".join(rows)
    none(name for name in functions("rota") if not re.search(rf"`{name}\b", table))


def test_each_condition_of_our_own_stands_in_the_readme() -> None:
    raised = {
        state for path in files("*.sql") for state in re.findall(r"\bRT\d{3}\b", path.read_text())
    }
    readme = (ROOT / "README.md").read_text()
    none(state for state in raised if state not in readme)


def test_a_file_says_create_then_comment_then_revoke_then_grant() -> None:
    wrong = []
    for path in engine_files():
        text = path.read_text()
        if not CREATED.search(text):
            continue
        first = [text.find(f"\n{words}") if words != HEADER[0] else 0 for words in HEADER]
        present = [place for place in first if place >= 0]
        if present != sorted(present) or min(first[:3]) < 0:
            wrong.append(short(path))
    none(wrong)


def test_no_function_body_stands_in_a_migration() -> None:
    found = [p for p in (ROOT / "migrations").rglob("*.py") if CREATED.search(p.read_text())]
    none(short(path) for path in found)


def test_files_and_functions_are_short() -> None:
    long_files = [
        f"{short(path)}: {lines} lines"
        for pattern, longest in LONGEST.items()
        for path in ROOT.glob(pattern)
        if (lines := len(path.read_text().splitlines())) > longest
        and path.name not in {"install.sql", *AT_EASE}
    ]
    long_functions = [
        f"{short(path)}: {lines} lines"
        for path in ENGINE.rglob("*.sql")
        if path.name not in AT_EASE
        for body in re.findall(r"^as \$\$\n(.*?)^\$\$;", path.read_text(), re.M | re.S)
        if (lines := body.count("\n")) > LONGEST_FUNCTION
    ]
    none(long_files + long_functions)


def test_ruff_finds_nothing() -> None:
    run("ruff", "check", "--quiet", ".")


def test_python_is_formatted() -> None:
    run("ruff", "format", "--check", "--quiet", ".")


def test_sqlfluff_finds_nothing(cache: pytest.Cache) -> None:
    """What was clean before and has not changed since is not read again."""
    rules = b"".join(path.read_bytes() for path in (PYPROJECT, ROOT / "pgtap/.sqlfluff"))
    marks = {short(p): hashlib.sha256(rules + p.read_bytes()).hexdigest() for p in files("*.sql")}
    clean = set(cache.get("rota/sqlfluff", [])) & set(marks.values())
    fresh = [name for name, mark in marks.items() if mark not in clean]
    command = ["lint", "--processes", "2", "--disable-progress-bar", "--format", "json"]
    answer = fresh and run("sqlfluff", *command, *fresh, may_fail=True)
    found = {each["filepath"]: each["violations"] for each in json.loads(answer or "[]")}
    clean |= {marks[name] for name, violations in found.items() if not violations}
    cache.set("rota/sqlfluff", sorted(clean))
    none(
        f"{name}:{each['start_line_no']} {each['code']} {each['description']}"
        for name, violations in found.items()
        for each in violations
    )
    assert set(found) == set(fresh), "every file was read"


def test_the_wheel_carries_the_project(tmp_path: Path) -> None:
    run("hatchling", "build", "--target", "wheel", "--directory", str(tmp_path))
    (wheel,) = tmp_path.glob("pgrota-*.whl")
    carried = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("sql", "migrations"):
        wanted = {
            f"pgrota/_project/{path.relative_to(ROOT).as_posix()}"
            for path in (ROOT / folder).rglob("*")
            if path.suffix in {".sql", ".py"}
        }
        none(wanted - carried)
    templates = (ROOT / "tooling/pgrota/templates").iterdir()
    none({f"pgrota/templates/{path.name}" for path in templates if path.is_file()} - carried)
    assert "pgrota/server.py" in carried
