"""The recipe payment: a real gateway over HTTP, real workers, and an order that is charged once."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from harness import Clone, Harness, wait_until
from support_event import drain
from support_external import column
from support_gateway import Gateway, gateway
from support_process import (
    WorkerProcess,
    outcomes,
    start,
    wait_for_state,
    worker_processes,
)
from support_recipe import add_order, module_of, recipes

WorkerFactory = Callable[..., WorkerProcess]

PAYMENT = (
    "select p.status, p.amount::text, p.gateway_reference, p.declines, p.processed_at is not null"
    " from public.payments as p where p.order_id = %s"
)


@pytest.fixture
def app(harness: Harness) -> Iterator[Clone]:
    with recipes(harness) as clone:
        # The second between attempts is not what is tested.
        clone.run(
            "update rota_core.task set initial_delay = '50 ms' where task = 'process-payment'"
        )
        yield clone


@pytest.fixture
def bank(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    with gateway() as one:
        monkeypatch.setenv("PAYMENT_GATEWAY_URL", one.url)
        monkeypatch.setenv("PAYMENT_GATEWAY_TOKEN", "s3cret")
        yield one


@pytest.fixture
def worker() -> Iterator[WorkerFactory]:
    with worker_processes() as begin:

        def begin_with_recipe(app: Clone, *arguments: str) -> WorkerProcess:
            return begin(app, "--recipe", "payment", "--external-only", *arguments)

        yield begin_with_recipe


def pay(app: Clone, order_id: int) -> dict[str, Any]:
    """As an application does."""
    with app.connect() as connection:
        connection.execute("set role rota_app")
        return connection.execute("select public.process_payment(%s)", [order_id]).fetchone()[0]


def outcome(app: Clone, run_id: int) -> dict[str, Any]:
    wait_for_state(app, run_id, "succeeded")
    return column(app, run_id, "r.output")


def test_an_order_is_paid_once_and_then_known(
    app: Clone, worker: WorkerFactory, bank: Gateway
) -> None:
    order = add_order(app, "19.99")
    first = pay(app, order)
    assert first | {"runId": 0} == {"id": None, "status": "processing", "isNew": True, "runId": 0}
    assert pay(app, order) == first | {"isNew": False}, "one run for an order that is being paid"
    worker(app)
    paid = outcome(app, first["runId"])
    assert paid == {"id": paid["id"], "status": "completed", "isNew": True}
    assert app.run(PAYMENT, order) == [("completed", "19.99", "ch-1", 0, True)]
    assert bank.asked == [
        {"key": f"order-{order}-0", "token": "Bearer s3cret", "order_id": order, "amount": "19.99",
         "currency": "EUR"}
    ]  # fmt: skip

    known = {"id": paid["id"], "status": "completed", "isNew": False}
    assert pay(app, order) == known
    assert outcome(app, start(app, "process-payment", f'{{"order_id": {order}}}')) == known
    assert len(bank.asked) == 1, "the gateway was not asked again"
    drain(app)
    assert app.run("select i.order_id, i.payment_id from public.invoices as i") == [
        (order, paid["id"])
    ]
    history = "select count(*) from rota.runs as r where r::text like '%%s3cret%%'"
    assert app.value(history) == 0


def test_what_fails_on_the_way_is_tried_again_under_the_same_key(
    app: Clone, worker: WorkerFactory, bank: Gateway
) -> None:
    order = add_order(app)
    bank.plan = ["lose", 503]
    worker(app)
    run_id = pay(app, order)["runId"]
    assert outcome(app, run_id)["status"] == "completed"
    assert outcomes(app, run_id) == [("failed", True), ("failed", True), ("succeeded", True)]
    assert bank.keys == [f"order-{order}-0"] * 3
    assert len(bank.charges) == 1, "the answer that got lost was a charge"
    errors = app.run("select a.error ->> 'message' from rota.attempts as a order by a.attempt")
    assert [message for (message,) in errors] == [
        "GatewayError: ECONNRESET: the gateway was not reached",
        "GatewayError: the gateway answered 503",
        None,
    ]
    assert app.run(PAYMENT, order)[0][0] == "completed"


def test_a_decline_is_an_answer_and_a_failed_payment_may_be_tried_again(
    app: Clone, worker: WorkerFactory, bank: Gateway
) -> None:
    order = add_order(app)
    bank.plan = ["decline"]
    worker(app)
    run_id = pay(app, order)["runId"]
    declined = outcome(app, run_id)
    assert declined == {"id": declined["id"], "status": "failed", "isNew": True}
    assert outcomes(app, run_id) == [("succeeded", True)]
    assert app.run(PAYMENT, order) == [("failed", "10.00", None, 1, True)]

    again = pay(app, order)
    assert (again["id"], again["isNew"]) == (declined["id"], True)
    paid = outcome(app, again["runId"])
    assert paid == {"id": declined["id"], "status": "completed", "isNew": True}
    assert bank.keys == [f"order-{order}-0", f"order-{order}-1"]
    assert app.run(PAYMENT, order) == [("completed", "10.00", "ch-1", 1, True)]


@pytest.mark.parametrize("ending", ["charge", "decline"])
def test_two_runs_in_two_workers_charge_once(
    app: Clone, worker: WorkerFactory, bank: Gateway, ending: str
) -> None:
    order = add_order(app)
    bank.plan = [ending] * 2
    bank.together = threading.Barrier(2)
    # Started without the key of process_payment, so that both really ask at the same time.
    runs = [start(app, "process-payment", f'{{"order_id": {order}}}') for _ in range(2)]
    for _ in range(2):
        worker(app, "--workers", "1")
    answers = [outcome(app, run_id) for run_id in runs]
    assert app.value("select count(distinct r.worker_id) from rota.runs as r") == 2
    assert len(bank.asked) == 2
    assert len(bank.charges) == (ending == "charge")
    assert sorted(answer["isNew"] for answer in answers) == [False, True]
    status, _, _, declines, _ = app.run(PAYMENT, order)[0]
    assert (status, declines) == (("completed", 0) if ending == "charge" else ("failed", 1))


def test_a_gateway_that_is_away_fails_the_run_and_the_next_call_goes_on(
    app: Clone, worker: WorkerFactory, bank: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = add_order(app)
    with socket.socket() as nobody, monkeypatch.context() as patch:
        nobody.bind(("127.0.0.1", 0))
        patch.setenv("PAYMENT_GATEWAY_URL", f"http://127.0.0.1:{nobody.getsockname()[1]}/charges")
        one = worker(app)
        run_id = pay(app, order)["runId"]
        wait_for_state(app, run_id, "failed")
        one.stop()
    assert len(outcomes(app, run_id)) == 3
    message = column(app, run_id, "r.error ->> 'message'")
    assert message == "GatewayError: ECONNREFUSED: the gateway was not reached"
    assert app.run(PAYMENT, order) == []

    worker(app)
    again = pay(app, order)
    assert (again["runId"], again["isNew"]) == (run_id, False)
    assert outcome(app, run_id)["status"] == "completed"


def test_a_worker_that_is_lost_after_the_charge_does_not_charge_again(
    app: Clone, worker: WorkerFactory, bank: Gateway
) -> None:
    order = add_order(app)
    bank.seconds = 2
    first = worker(app)
    run_id = pay(app, order)["runId"]
    wait_until(lambda: bank.charges, what="the charge")
    first.kill()
    bank.seconds = 0
    app.supervise()
    worker(app)
    assert outcome(app, run_id)["isNew"] is True
    assert len(bank.asked) == 2
    assert len(bank.charges) == 1
    assert app.run(PAYMENT, order)[0][0] == "completed"


@pytest.mark.parametrize(
    ("document", "plan", "words"),
    [
        ('{"order_id": 404}', [], "order 404 does not exist"),
        ('{"order_id": "1; drop"}', [], "Fatal: order_id is a number, not '1; drop'"),
        ("{}", [], "Fatal: order_id is a number, not None"),
        ('{"order_id": 1}', [401], "GatewayError: the gateway answered 401"),
    ],
)
def test_what_somebody_must_look_at_is_not_tried_again(
    app: Clone, worker: WorkerFactory, bank: Gateway, document: str, plan: list[int], words: str
) -> None:
    add_order(app)
    bank.plan = plan
    worker(app)
    run_id = start(app, "process-payment", document)
    wait_for_state(app, run_id, "failed")
    assert words in column(app, run_id, "r.error ->> 'message'")
    assert len(outcomes(app, run_id)) == 1
    assert app.value("select count(*) from public.payments") == 0
    assert app.value("select count(*) from rota.attempts as a where a::text like '%%4711%%'") == 0


def test_troubles_of_the_network_have_the_names_of_retry_on(
    bank: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = module_of("payment", "process-payment", monkeypatch)
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    bank.seconds = 0.5
    with pytest.raises(module.GatewayError, match="ETIMEDOUT: the"):
        module.charge({}, "slow")
    monkeypatch.setenv("PAYMENT_GATEWAY_URL", "http://nowhere.invalid/")
    with pytest.raises(module.GatewayError, match="ENOTFOUND: the"):
        module.charge({}, "nowhere")


def test_an_unknown_order_is_refused_at_once(app: Clone) -> None:
    with pytest.raises(psycopg.Error, match="order 404 does not exist") as refused:
        pay(app, 404)
    assert refused.value.sqlstate == "42704"
    assert app.value("select count(*) from rota.runs") == 0


def test_a_worker_without_address_says_so(
    app: Clone, worker: WorkerFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PAYMENT_GATEWAY_URL", raising=False)
    worker(app)
    run_id = pay(app, add_order(app))["runId"]
    wait_for_state(app, run_id, "failed")
    assert "PAYMENT_GATEWAY_URL is not set" in column(app, run_id, "r.error ->> 'message'")
    assert len(outcomes(app, run_id)) == 1
