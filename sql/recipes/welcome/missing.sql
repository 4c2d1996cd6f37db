create or replace view welcome.missing as
select
  u.id as user_id,
  u.created_at
from public.users as u
where u.created_at between now() - interval '1 day' and now() - interval '5 min'
  and not exists (select from welcome.messages as m where m.user_id = u.id);

comment on view welcome.missing is
  'Users of the last day who have waited for their welcome for more than 5 minutes.';

revoke all on welcome.missing from public;
