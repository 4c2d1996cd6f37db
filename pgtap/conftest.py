"""Every .sql file here is a pgTAP test."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgtap_plugin import PgTapFile


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> PgTapFile | None:
    return PgTapFile.from_parent(parent, path=file_path) if file_path.suffix == ".sql" else None
