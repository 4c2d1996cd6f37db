create or replace function welcome.write_message(event jsonb)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  -- From the user of now: who has left meanwhile gets none, and an old address neither.
  insert into welcome.messages (user_id, recipient, subject, body)
  select
    u.id,
    u.email,
    format('Welcome, %s!', u.name),
    format(
      E'Hello %s,\n\nyour account is ready. Write your first text, or look at what others wrote.\n',
      u.name
    )
  from public.users as u
  where u.id = (write_message.event #>> '{record,id}')::bigint
  on conflict (user_id) do nothing;
$$;

comment on function welcome.write_message(jsonb) is
$doc$The handler of the task `welcome`: writes the message for the user of a sign-up.

The message is the user's only one, so an event that is delivered again writes nothing.$doc$;

revoke all on function welcome.write_message(jsonb) from public;
grant execute on function welcome.write_message(jsonb) to welcome;
