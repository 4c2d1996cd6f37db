select rota.define_task(
  'fetch-content',
  null,
  kind => 'external',
  timeout => '1 min',
  max_attempts => 3,
  initial_delay => '1 s',
  backoff_factor => 2,
  -- What may be over in a moment. A 404 or a wrong shape needs somebody.
  retry_on => array['ETIMEDOUT', 'ECONNRESET', '/answered (429|5\d\d)/'],
  tags => '{content}',
  owner => 'editors',
  doc => $doc${
    "goals": ["What the API has is known here every morning"],
    "scope": ["One GET, whose answer is kept as the artifact raw-content"],
    "excluded": ["Paging: see the recipe data_sync"],
    "success_measures": [{"name": "run success rate", "at_least": 0.99}],
    "environment": {
      "CONTENT_API_URL": "where the items are, such as https://content.example/items",
      "CONTENT_API_TOKEN": "sent as bearer token, if set"
    }
  }$doc$
);

select rota.define_task(
  t.name,
  t.handler,
  run_as => 'content_pipeline',
  tags => '{content}',
  owner => 'editors',
  doc => jsonb_build_object(
    'goals', jsonb_build_array('A step of the pipeline content'),
    'scope', jsonb_build_array(t.scope),
    'excluded', jsonb_build_array('What the other steps do'),
    'success_measures', '[{"name": "run success rate", "at_least": 0.999}]'::jsonb
  )
)
from (
  values
  ('process-content', 'content_pipeline.process_content', 'Items are cleaned, bad ones left out'),
  ('publish-content', 'content_pipeline.publish_content', 'Items become public.contents')
) as t (name, handler, scope);

select rota.define_pipeline(
  'content',
  array[
    rota.step('fetch', 'fetch-content'),
    rota.step('process', 'process-content', after => '{fetch}'),
    rota.step('publish', 'publish-content', after => '{process}')
  ],
  timeout => '1 hour',
  tags => '{content}',
  owner => 'editors',
  doc => $doc${
    "goals": ["Contents from elsewhere are published here each night, without anybody's doing"],
    "scope": ["Fetch from an HTTP API, process, publish into public.contents"],
    "excluded": ["Taking back what the API has no longer", "Judging contents"],
    "success_measures": [
      {"name": "run success rate", "at_least": 0.99},
      {
        "name": "published contents without a body",
        "query": "select count(*) from public.contents where status = 'published' and body = ''",
        "at_most": 0
      }
    ],
    "input": {"query": "parameters for the API, such as {\"since\": \"2026-01-01\"}"},
    "troubleshooting": [
      {
        "symptom": "step fetch stays queued",
        "cause": "No worker has its handler",
        "remedy": "rota worker --recipe content_pipeline --external-only"
      },
      {
        "symptom": "the API answered 401",
        "cause": "CONTENT_API_TOKEN of the worker is missing or has expired",
        "remedy": "Set it, start the worker again, and retry the run"
      }
    ]
  }$doc$
);

select rota.define_schedule('content', '0 1 * * *');
