create or replace view row_events.difference as
select
  coalesce(u.owner_id, f.owner_id) as owner_id,
  coalesce(u.files, 0) as counted_files,
  coalesce(f.files, 0) as files,
  coalesce(u.bytes, 0) as counted_bytes,
  coalesce(f.bytes, 0) as bytes
from row_events.usage as u
full join (
  select
    a.owner_id,
    count(*) as files,
    sum(a.bytes)::bigint as bytes
  from public.files as a
  group by a.owner_id
) as f on f.owner_id = u.owner_id
where (coalesce(u.files, 0), coalesce(u.bytes, 0)) <> (coalesce(f.files, 0), coalesce(f.bytes, 0));

comment on view row_events.difference is
  'Users whose counted usage is not what a count of their files gives, now.';

revoke all on row_events.difference from public;
