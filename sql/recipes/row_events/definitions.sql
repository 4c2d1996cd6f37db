select rota.define_task(
  'row-events',
  'row_events.handle_event',
  run_as => 'row_events',
  max_attempts => 5,
  backoff_factor => 4,
  tags => '{events}',
  owner => 'platform',
  doc => $doc${
    "goals": ["What follows from a row change is one function, found by the type of the change"],
    "scope": ["Changes of public.files keep row_events.usage up to date"],
    "excluded": [
      "TRUNCATE: a table emptied that way is to be counted anew",
      "Clearing row_events.handled of events that the log has no more"
    ],
    "success_measures": [
      {"name": "run success rate", "at_least": 0.999},
      {
        "name": "users whose usage is wrong",
        "query": "select count(*) from row_events.difference",
        "at_most": 0
      }
    ],
    "troubleshooting": [
      {
        "symptom": "row_events.difference has rows",
        "cause": "Changes are on their way, or the table was truncated",
        "remedy": "Look at lag and dead in rota.subscriptions; to count anew, unsubscribe and deploy"
      }
    ]
  }$doc$
);

-- Files that are there already are counted in the transaction that begins to watch: nobody writes
-- to the table meanwhile, and what was committed before is no event of the subscription.
do $$
begin
  if not exists (
    select from rota.watches as w
    where w.topic = 'public.files' and w.operations @> '{INSERT,UPDATE,DELETE}'
  ) then
    perform rota.watch_table('public.files');
  end if;
  if not exists (select from rota.subscriptions as s where s.name = 'row-events') then
    lock table public.files in share mode;
    delete from row_events.usage;
    insert into row_events.usage as u (owner_id, files, bytes)
    select f.owner_id, count(*), sum(f.bytes)
    from public.files as f
    group by f.owner_id;
  end if;
  perform rota.subscribe('row-events', 'public.files', task => 'row-events');
end;
$$;
