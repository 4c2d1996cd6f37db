select rota.define_task(
  'sync-products',
  null,
  kind => 'external',
  timeout => '10 min',
  max_attempts => 3,
  initial_delay => '1 s',
  backoff_factor => 2,
  concurrency => 1,
  -- What may be over in a moment. A 404 or a wrong shape needs somebody.
  retry_on => array['ETIMEDOUT', 'ECONNRESET', '/answered (429|5\d\d)/'],
  tags => '{products}',
  owner => 'shop',
  doc => $doc${
    "goals": ["Products here are as the other system has them, at most an hour late"],
    "scope": ["All pages of an HTTP API into public.products, found by external_id, all or none"],
    "excluded": ["Products that the API has no longer: they stay"],
    "success_measures": [
      {"name": "run success rate", "at_least": 0.99},
      {
        "name": "products not synced for a day",
        "query": "select count(*) from public.products where synced_at < now() - interval '1 day'",
        "at_most": 0
      }
    ],
    "environment": {
      "PRODUCTS_API_URL": "where the products are, such as https://shop.example/products",
      "PRODUCTS_API_TOKEN": "sent as bearer token, if set",
      "PRODUCTS_API_TIMEOUT": "seconds that an answer may take; 10 unless set"
    },
    "troubleshooting": [
      {
        "symptom": "page 3: not a product",
        "cause": "An item has no id, no name, or a price that is no number",
        "remedy": "The message shows it; nothing was stored. Have it corrected and retry the run"
      },
      {
        "symptom": "ECONNRESET after the last attempt",
        "cause": "The API hung up in the middle of a page for longer than the attempts last",
        "remedy": "The next hour tries again; or rota run retry"
      }
    ]
  }$doc$
);

select rota.define_schedule('sync-products', '7 * * * *');
