select rota.define_task(
  'social-post',
  'social_post.write_post',
  run_as => 'social_post',
  max_attempts => 5,
  backoff_factor => 4,
  tags => '{events}',
  owner => 'editors',
  doc => $doc${
    "goals": ["What is published is known to followers at once, and told once"],
    "scope": ["A content that becomes published writes a post into social_post.posts"],
    "excluded": ["Sending the post", "Later changes of a content that is published"],
    "success_measures": [
      {"name": "run success rate", "at_least": 0.999},
      {
        "name": "contents published in the last day that have no post",
        "query": "select count(*) from social_post.missing",
        "at_most": 0
      }
    ],
    "troubleshooting": [
      {
        "symptom": "A content that was taken back and published again has no second post",
        "cause": "It kept its published_at, so it is the same publication",
        "remedy": "Set published_at together with the status: each publication has its time"
      }
    ]
  }$doc$
);

-- Of updates, only those of the status are captured, and the text itself stays out of the log.
select rota.watch_table(
  'public.contents', '{INSERT,UPDATE}', columns => '{status}', exclude => '{body}'
)
where not exists (
  select from rota.watches as w
  where w.topic = 'public.contents' and w.operations @> '{INSERT,UPDATE}'
);

select rota.subscribe(
  'social-post',
  'public.contents',
  task => 'social-post',
  types => '{INSERT,UPDATE}',
  filter => '$.record.status == "published"
    && ($.old_record == null || $.old_record.status != "published")'
);
