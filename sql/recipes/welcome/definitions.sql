select rota.define_task(
  'welcome',
  'welcome.write_message',
  run_as => 'welcome',
  max_attempts => 5,
  backoff_factor => 4,
  tags => '{events}',
  owner => 'community',
  doc => $doc${
    "goals": ["Who signs up is welcomed at once, and only once"],
    "scope": ["A new row of public.users writes a message into welcome.messages"],
    "excluded": ["Sending the message", "Users who signed up before this was deployed"],
    "success_measures": [
      {"name": "run success rate", "at_least": 0.999},
      {
        "name": "users of the last day who wait for their welcome",
        "query": "select count(*) from welcome.missing",
        "at_most": 0
      }
    ],
    "troubleshooting": [
      {
        "symptom": "Nobody is welcomed",
        "cause": "The table is not watched, the subscription paused, or no worker there",
        "remedy": "select * from rota.health; select * from rota.subscriptions;"
      }
    ]
  }$doc$
);

select rota.watch_table('public.users', '{INSERT}')
where not exists (
  select from rota.watches as w where w.topic = 'public.users' and 'INSERT' = any(w.operations)
);

select rota.subscribe('welcome', 'public.users', task => 'welcome', types => '{INSERT}');
