select rota.define_task(
  'reorder',
  'reorder.request_stock',
  run_as => 'reorder',
  max_attempts => 5,
  backoff_factor => 4,
  tags => '{events}',
  owner => 'purchasing',
  doc => $doc${
    "goals": ["Nothing is sold out because nobody looked", "Nothing is ordered twice"],
    "scope": [
      "A stock that comes down to its reorder level writes a row of reorder.requests",
      "It writes another one only when it has been above meanwhile"
    ],
    "excluded": [
      "Products that are low when they are entered, or when this is deployed",
      "Ordering from a supplier: requests are there to be read"
    ],
    "success_measures": [
      {"name": "run success rate", "at_least": 0.999},
      {
        "name": "products sold out that nobody was asked for",
        "query": "select count(*) from reorder.missing",
        "at_most": 0
      }
    ],
    "troubleshooting": [
      {
        "symptom": "A low stock is not asked for",
        "cause": "It was low from the beginning, and only a fall counts",
        "remedy": "Set its reorder_level to 0, then to what it was: that is a fall to the level"
      }
    ]
  }$doc$
);

-- Of updates, only those of these columns are captured.
select rota.watch_table('public.products', '{UPDATE}', columns => '{stock,reorder_level}')
where not exists (
  select from rota.watches as w where w.topic = 'public.products' and 'UPDATE' = any(w.operations)
);

-- Changes of a row follow each other, each from what the one before has left: a fall is seen in
-- one of them alone, however many are under way.
select rota.subscribe(
  'reorder',
  'public.products',
  task => 'reorder',
  types => '{UPDATE}',
  filter => '$.record.stock <= $.record.reorder_level
    && $.old_record.stock > $.old_record.reorder_level'
);
