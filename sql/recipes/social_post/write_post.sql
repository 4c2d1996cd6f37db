create or replace function social_post.write_post(event jsonb)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  insert into social_post.posts (content_id, published_at, message)
  select
    r.id,
    r.published_at,
    -- The longest that every network takes, with room for the link.
    format('New: %s https://example.com/contents/%s', case
      when length(r.title) > 200 then left(r.title, 199) || '…' else r.title
    end, r.id)
  from jsonb_to_record(write_post.event -> 'record')
    as r (id bigint, title text, published_at timestamptz)
  on conflict (content_id, published_at) do nothing;
$$;

comment on function social_post.write_post(jsonb) is
$doc$The handler of the task `social-post`: writes the post for a content that became published.

A publication is a content and its time, so an event that is delivered again writes nothing, nor
does a content that was taken back and comes out again with the time it had.$doc$;

revoke all on function social_post.write_post(jsonb) from public;
grant execute on function social_post.write_post(jsonb) to social_post;
