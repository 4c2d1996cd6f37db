"""The measurements can still be made. What they find is for ./tooling/bench to say."""

from __future__ import annotations

from importlib import import_module

import pytest

from bench import backlog, capture, dispatch, throughput
from bench.__main__ import NAMES
from bench.figures import percentile
from bench.scale import Scale
from harness import Harness
from template import TEMPLATE

SMALL = Scale(rounds=1, share=0.01, workers=(1, 2), say=lambda message: None)


def test_throughput_is_measured(harness: Harness) -> None:
    figures, differences = throughput.measure(
        harness.server, SMALL, template=TEMPLATE, with_peers=False
    )
    rates = {(row[0], row[1]): row[2] for row in figures.rows}
    assert set(rates) == {("rota", 1), ("rota", 2), ("one plain statement", 1)}
    assert min(rates.values()) > 0
    assert [row[0] for row in differences.rows] == ["rota", "one plain statement"]


def test_capture_is_measured(harness: Harness) -> None:
    bulk, *single = capture.measure(harness.server, SMALL, template=TEMPLATE, with_peers=False)
    assert {(row[0], row[1]) for row in bulk.rows} >= {("INSERT", "rota"), ("UPDATE", "rota")}
    for table in single:
        assert {row[0] for row in table.rows} == {"on", "off"}
        assert min(row[3] for row in table.rows) > 0


def test_dispatch_is_measured(harness: Harness) -> None:
    figures, goals = dispatch.measure(harness.server, SMALL, template=TEMPLATE, with_peers=False)
    rates = {(row[0], row[1]): row[2] for row in figures.rows}
    assert {who for who, _ in rates} == {
        "one plain INSERT ... SELECT", *(f"rota, {task}" for task in dispatch.HANDLERS)
    }  # fmt: skip
    assert min(rates.values()) > 0
    assert {row[4] for row in goals.rows} <= {"yes", "no"}


def test_backlogs_are_measured(harness: Harness) -> None:
    lengths, subscriptions, shards = backlog.measure(harness.server, SMALL, template=TEMPLATE)
    assert [row[0] for row in lengths.rows] == [100] * 4 + [10_000] * 4
    assert {(row[0], row[1]) for row in subscriptions.rows} == {
        (count, topics) for count in (1, 10) for topics in ("one", "one each")
    }
    assert {row[0] for row in shards.rows} == {1, 2, 4}


@pytest.mark.parametrize("name", NAMES)
def test_each_measurement_is_there(name: str) -> None:
    assert callable(import_module(f"bench.{name}").measure)


@pytest.mark.parametrize(
    ("share", "value"), [(0.5, 50), (0.99, 99), (1, 100), (0, 1), (0.001, 1), (0.501, 51)]
)
def test_a_percentile_is_a_value_that_was_seen(share: float, value: int) -> None:
    assert percentile(range(100, 0, -1), share) == value
