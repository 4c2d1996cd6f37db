"""Collects pgTAP files: a file is run when it is collected, and each assertion is an item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from harness import Clone, harness_of
from pgrota import pgtap

OPTIONS = "-c search_path=public,tap -c statement_timeout=60s"


def database_for(config: pytest.Config) -> Clone:
    return harness_of(config).pgtap()


class PgTapFile(pytest.File):
    def collect(self) -> Iterator[pytest.Item]:
        if "recipes" in self.path.parts:
            database = harness_of(self.config).recipes()
        else:
            database = database_for(self.config)
        if database.value("select to_regproc('tap.plan')") is None:
            yield PgTapProblem.from_parent(self, name="pgTAP", words=None)
            return
        text = self.path.read_text()
        with database.connect(options=OPTIONS) as connection:
            report = pgtap.run(connection, text)
        names = Counter[str]()
        for assertion in report.assertions:
            name = assertion.description
            names[name] += 1
            if names[name] > 1:
                name += f" ({names[name]})"
            yield PgTapItem.from_parent(self, name=name, assertion=assertion, text=text)
        if report.problems:
            words = "\n\n".join(report.problems + report.notices)
            yield PgTapProblem.from_parent(self, name="the file runs as planned", words=words)


class Failure(Exception):
    """What the file said about an assertion that does not hold."""


class PgTapItem(pytest.Item):
    def __init__(self, *, assertion: pgtap.Assertion, text: str, **options: object) -> None:
        super().__init__(**options)
        self.assertion = assertion
        written = "'" + assertion.description.replace("'", "''") + "'"
        self.line = text.count("\n", 0, max(text.find(written), 0))

    def runtest(self) -> None:
        words = "\n".join([self.assertion.description, *self.assertion.remarks])
        if self.assertion.skipped:
            pytest.skip(words)
        if self.assertion.passed:
            return
        if self.assertion.todo:
            pytest.xfail(words)
        raise Failure(words)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style=None):
        if isinstance(excinfo.value, Failure):
            return f"{self.path}:{self.line + 1}\n{excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[object, int, str]:
        return self.path, self.line, self.name


class PgTapProblem(pytest.Item):
    """The file as a whole went wrong, or could not be run."""

    def __init__(self, *, words: str | None, **options: object) -> None:
        super().__init__(**options)
        self.words = words

    def runtest(self) -> None:
        if self.words is None:
            pytest.skip("pgTAP is not installed beside this server")
        raise Failure(self.words)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style=None):
        if isinstance(excinfo.value, Failure):
            return f"{self.path}\n{excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[object, int, str]:
        return self.path, 0, self.name
