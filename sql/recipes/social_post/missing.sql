create or replace view social_post.missing as
select
  c.id as content_id,
  c.published_at
from public.contents as c
where c.status = 'published'
  and c.published_at between now() - interval '1 day' and now() - interval '5 min'
  and not exists (
    select from social_post.posts as p
    where p.content_id = c.id and p.published_at = c.published_at
  );

comment on view social_post.missing is
  'Contents of the last day that have been without their post for more than 5 minutes.';

revoke all on social_post.missing from public;
