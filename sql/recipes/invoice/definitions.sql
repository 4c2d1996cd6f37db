select rota.define_task(
  'invoice',
  'invoice.issue_invoice',
  run_as => 'invoice',
  max_attempts => 5,
  backoff_factor => 4,
  tags => '{events}',
  owner => 'accounting',
  doc => $doc${
    "goals": ["Who has paid has an invoice, and one only"],
    "scope": ["A payment that becomes completed issues a row of public.invoices"],
    "excluded": ["Sending the invoice", "Refunds and credit notes"],
    "success_measures": [
      {"name": "run success rate", "at_least": 0.999},
      {
        "name": "payments completed in the last day that have no invoice",
        "query": "select count(*) from invoice.missing",
        "at_most": 0
      }
    ],
    "troubleshooting": [
      {
        "symptom": "Dead letters that name a foreign key of invoices",
        "cause": "The payment was deleted before its invoice was issued",
        "remedy": "select * from rota.dead_letters where subscription = 'invoice';"
      }
    ]
  }$doc$
);

-- Of updates, only those of the status are captured.
select rota.watch_table('public.payments', '{INSERT,UPDATE}', columns => '{status}')
where not exists (
  select from rota.watches as w
  where w.topic = 'public.payments' and w.operations @> '{INSERT,UPDATE}'
);

select rota.subscribe(
  'invoice',
  'public.payments',
  task => 'invoice',
  types => '{INSERT,UPDATE}',
  filter => '$.record.status == "completed"'
);
