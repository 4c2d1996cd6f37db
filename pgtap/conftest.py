"""Every .sql file here is a pgTAP test, save the one that they share."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import PGTAP_SUPPORT
from pgtap_plugin import PgTapFile


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> PgTapFile | None:
    if file_path.suffix == ".sql" and file_path != PGTAP_SUPPORT:
        return PgTapFile.from_parent(parent, path=file_path)
    return None
