"""The handler of the task process-payment: has an order paid at the gateway.

    export PAYMENT_GATEWAY_URL=https://gateway.example/charges
    rota worker --recipe payment --external-only

The gateway is sent {amount, currency, order_id} with the header Idempotency-Key. It answers 2xx
with {"id": its reference}, or 402 for a decline.
"""

from __future__ import annotations

import errno
import http.client
import json
import os
import socket
import urllib.error
import urllib.request
from typing import Any

from pgrota import external

PATIENCE = 10
DECLINED = 402


@external.handler("process-payment")
def process_payment(input: dict[str, Any], context: external.Context) -> dict[str, Any]:
    """Pay an order and store the result; a payment that is completed is left as it is."""
    order_id = input.get("order_id")
    if type(order_id) is not int:
        raise external.Fatal(f"order_id is a number, not {order_id!r}")
    with context.transaction() as connection:
        amount, currency, payment_id, status, declines = connection.execute(
            "select * from payment.look_up(%s)", [order_id]
        ).fetchone()
    if status == "completed":
        return {"id": payment_id, "status": status, "isNew": False}

    # The key stays until the gateway has decided. What was asked without hearing the answer is
    # asked again under the same one; what was declined is asked anew.
    reference = charge(
        {"order_id": order_id, "amount": str(amount), "currency": currency},
        key=f"order-{order_id}-{declines}",
    )
    context.log("info", "paid" if reference else "declined", order_id=order_id)
    with context.transaction() as connection:
        return connection.execute(
            "select payment.record_result(%s, %s, %s, %s)", [order_id, amount, declines, reference]
        ).fetchone()[0]


def charge(document: dict[str, Any], key: str) -> str | None:
    """The gateway's reference of the charge, or None if it was declined."""
    url = os.environ.get("PAYMENT_GATEWAY_URL")
    if not url:
        raise external.Fatal("PAYMENT_GATEWAY_URL is not set in the worker's environment")
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    if token := os.environ.get("PAYMENT_GATEWAY_TOKEN"):
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url, json.dumps(document).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return str(json.load(answer)["id"])
    except urllib.error.HTTPError as error:
        # What it says beside the status is not logged: it may name the card.
        if error.code == DECLINED:
            return None
        raise GatewayError(f"the gateway answered {error.code}") from None
    except (OSError, http.client.HTTPException) as error:
        raise GatewayError(f"{network_name(error)}: the gateway was not reached") from error


class GatewayError(Exception):
    """The gateway has not decided. Whether it is asked again is a matter of retry_on."""


def network_name(error: Exception) -> str:
    """What an error of the network is called, as retry_on lists it."""
    reason = getattr(error, "reason", error)
    match reason:
        case TimeoutError():
            return "ETIMEDOUT"
        case socket.gaierror():
            return "ENOTFOUND"
        case ConnectionError(errno=int(number)):
            return errno.errorcode.get(number, "ECONNRESET")
        case ConnectionError() | http.client.IncompleteRead():
            return "ECONNRESET"
    return type(reason).__name__
