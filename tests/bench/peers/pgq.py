"""PgQ, the queue of Skytools: an extension, hence measured in the same database as rota."""

from __future__ import annotations

from collections.abc import Callable

from bench.arena import Arena
from pgrota.server import Server

NAME = "PgQ 3.5"
QUEUE = "bench"
READER = "reader"
TICK = 1_000
FORGET = f"""
select pgq.drop_queue('{QUEUE}', true);
select pgq.create_queue('{QUEUE}');
select pgq.register_consumer('{QUEUE}', '{READER}');
"""
COUNT = "select count(*) from pgq.event_template"
# Where a handler fails, its event is put back; as a batch it has nobody who would find out which.
READ = {
    "block per event": """
    for v_event in select * from pgq.get_batch_events(v_batch) loop
      begin
        perform {each}(v_event.ev_data::jsonb);
      exception when others then
        perform pgq.event_retry(v_batch, v_event.ev_id, 60);
      end;
      v_done := v_done + 1;
    end loop;
    """,
    "one query a batch": """
    select v_done + count({each}(e.ev_data::jsonb)) into v_done
    from pgq.get_batch_events(v_batch) as e;
    """,
    "batch": """
    select v_done + count(*), jsonb_agg(e.ev_data::jsonb) into v_done, v_events
    from pgq.get_batch_events(v_batch) as e;
    if v_events is not null then
      perform {all}(v_events);
    end if;
    """,
}
PROCEDURE = """
create or replace procedure bench.read_pgq(inout done bigint default 0) language plpgsql as $$
declare
  v_batch bigint;
  v_event record;
  v_events jsonb;
  v_done bigint := 0;
begin
  loop
    v_batch := pgq.next_batch('{queue}', '{reader}');
    exit when v_batch is null;
    {read}
    perform pgq.finish_batch(v_batch);
    commit;
  end loop;
  done := v_done;
end $$;
"""
LOAD = """
do $$
begin
  for i in 1 .. {batches} loop
    perform pgq.insert_event('{queue}', 'noop', '{payload}') from generate_series(1, {tick});
    commit;
    perform pgq.ticker('{queue}');
    commit;
  end loop;
end $$
"""


def is_there(server: Server, say: Callable[[str], None]) -> bool:
    with server.connect() as connection:
        there = connection.execute(
            "select from pg_available_extensions where name = 'pgq'"
        ).fetchone()
    if there is None:
        say("PgQ is not installed (postgresql-15-pgq3): it is left out")
    return there is not None


def set_up(arena: Arena) -> None:
    arena.run("create extension if not exists pgq")
    arena.run(f"select pgq.create_queue('{QUEUE}')")
    arena.run(f"select pgq.register_consumer('{QUEUE}', '{READER}')")


def load(arena: Arena, events: int, payload: str) -> int:
    """Queue events, in batches as its ticker makes them; returns how many."""
    batches = -(-events // TICK)
    arena.run(LOAD.format(batches=batches, queue=QUEUE, tick=TICK, payload=payload))
    arena.run(f"select pgq.force_tick('{QUEUE}'), pgq.ticker('{QUEUE}')")
    return batches * TICK


def reading(arena: Arena, how: str, each: str, every: str) -> str:
    """The call that reads all that is there, and returns how many events it handed over."""
    read = READ[how].format(each=each, all=every)
    arena.run(PROCEDURE.format(queue=QUEUE, reader=READER, read=read))
    return "call bench.read_pgq()"


def rewind(arena: Arena) -> None:
    """Let the reader begin anew."""
    arena.run(f"select pgq.unregister_consumer('{QUEUE}', '{READER}')")
    arena.run(
        f"select pgq.register_consumer_at('{QUEUE}', '{READER}', (select min(tick_id) "
        "from pgq.tick))"
    )
