select rota.define_task(
  'process-payment',
  null,
  kind => 'external',
  timeout => '1 min',
  max_attempts => 3,
  initial_delay => '1 s',
  backoff_factor => 2,
  -- What may be over in a moment. A decline is an answer, and every other error needs somebody.
  retry_on => array[
    'ETIMEDOUT', 'ECONNRESET', 'ECONNREFUSED', 'ENOTFOUND', '/answered (429|5\d\d)/'
  ],
  tags => '{payments}',
  owner => 'accounting',
  doc => $doc${
    "goals": ["An order is charged once, whatever fails and whoever asks twice"],
    "scope": [
      "The gateway is asked, with an idempotency key",
      "Its answer is stored in public.payments, one row for each order"
    ],
    "excluded": ["Refunds", "Invoices: they are the recipe invoice's"],
    "success_measures": [
      {"name": "run success rate", "at_least": 0.99},
      {
        "name": "orders charged twice",
        "query": "select count(*) - count(distinct order_id) from public.payments",
        "at_most": 0
      }
    ],
    "input": {"order_id": "the order to be paid"},
    "environment": {
      "PAYMENT_GATEWAY_URL": "where charges are posted, such as https://gateway.example/charges",
      "PAYMENT_GATEWAY_TOKEN": "sent as bearer token, if set"
    },
    "troubleshooting": [
      {
        "symptom": "ECONNREFUSED or ETIMEDOUT after the last attempt",
        "cause": "The gateway was away for longer than the attempts last",
        "remedy": "Call public.process_payment again: same run, same idempotency key"
      },
      {
        "symptom": "the gateway answered 401",
        "cause": "PAYMENT_GATEWAY_TOKEN of the worker is missing or has expired",
        "remedy": "Set it, start the worker again, and retry the run"
      },
      {
        "symptom": "the gateway answered 409 or 422",
        "cause": "The amount of the order was changed while its payment was unknown",
        "remedy": "Look the key up at the gateway; undo the change or refund, then retry the run"
      }
    ]
  }$doc$
);
