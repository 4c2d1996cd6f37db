"""The recipes on events: each fact has one consequence, also when it is told again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness import Clone, Harness, wait_until
from support_event import drain
from support_recipe import add_order, add_users, recipes, replay

PRODUCT = """
insert into public.products (external_id, name, price, stock, reorder_level)
values ('a-1', 'Lamp', 20, %s, %s) returning id
"""
REQUESTS = "select r.stock, r.reorder_level, r.quantity from reorder.requests as r order by r.id"


@pytest.fixture
def app(harness: Harness) -> Iterator[Clone]:
    with recipes(harness) as clone:
        yield clone


# welcome


def test_who_signs_up_is_welcomed_once(app: Clone) -> None:
    (first,) = add_users(app)
    app.run("update public.users set last_activity_at = now()")
    drain(app)
    rows = app.run("select m.user_id, m.recipient, m.subject, m.body from welcome.messages as m")
    ((user_id, recipient, subject, body),) = rows
    assert (user_id, recipient, subject) == (first, "ada1@example.com", "Welcome, Ada 1!")
    assert body.startswith("Hello Ada 1,")
    replay(app, "welcome")
    assert app.value("select count(*) from welcome.messages") == 1


def test_thousands_sign_up_while_two_workers_write(app: Clone) -> None:
    for _ in range(2):
        app.work()
    for _ in range(3):
        add_users(app, 1000)
    wait_until(lambda: app.value("select count(*) from welcome.messages") == 3000, timeout=30)
    add_users(app)
    wait_until(lambda: app.value("select count(*) from welcome.messages") == 3001)


def test_who_has_left_and_who_never_came_are_not_welcomed(app: Clone) -> None:
    gone, moved = add_users(app, 2)
    with app.connect(autocommit=False) as undone:
        undone.execute("insert into public.users (email, name) values ('no', 'body')")
        undone.rollback()
    app.run("delete from public.users where id = %s", gone)
    app.run("update public.users set email = 'new@example.com' where id = %s", moved)
    drain(app)
    rows = app.run("select m.user_id, m.recipient from welcome.messages as m")
    assert rows == [(moved, "new@example.com")]
    assert app.value("select count(*) from rota_core.held_event") == 0


def test_what_is_missing_is_shown(app: Clone) -> None:
    add_users(app, 2)
    assert app.value("select count(*) from welcome.missing") == 0
    app.run("update public.users set created_at = now() - interval '6 min' where name = 'Ada 1'")
    assert app.value("select count(*) from welcome.missing") == 1
    drain(app)
    assert app.value("select count(*) from welcome.missing") == 0


# social post


def test_each_publication_has_one_post(app: Clone) -> None:
    (author,) = add_users(app)
    app.run(
        "insert into public.contents (author_id, title, body, status, published_at) values"
        " (%s, 'At once', 'secret words', 'published', '2026-03-01'),"
        " (%s, 'Later', 'secret words', 'draft', null),"
        " (%s, 'Never', 'secret words', 'draft', null)",
        author, author, author,
    )  # fmt: skip
    publish = "update public.contents set status = 'published', published_at = %s where title = %s"
    app.run(publish, "2026-03-02", "Later")
    app.run("update public.contents set title = title || '!', body = body || '!'")
    app.run("update public.contents set status = status")
    drain(app)
    posts = "select p.message from social_post.posts as p order by p.published_at, p.content_id"
    assert [message.partition(" http")[0] for (message,) in app.run(posts)] == [
        "New: At once",
        "New: Later",
    ]

    app.run("update public.contents set status = 'archived' where title = 'Later!'")
    app.run(publish, "2026-03-02", "Later!")
    drain(app)
    assert len(app.run(posts)) == 2, "it came back with the time it had"
    app.run("update public.contents set status = 'archived' where title = 'Later!'")
    app.run(publish, "2026-03-03", "Later!")
    drain(app)
    assert len(app.run(posts)) == 3
    replay(app, "social-post")
    assert len(app.run(posts)) == 3
    assert app.value("select count(*) from rota.events as e where e::text like '%%secret%%'") == 0


def test_a_long_title_is_cut(app: Clone) -> None:
    (author,) = add_users(app)
    app.run(
        "insert into public.contents (author_id, title, body, status, published_at)"
        " values (%s, repeat('x', 900), '', 'published', now())",
        author,
    )
    drain(app)
    message = app.value("select p.message from social_post.posts as p")
    assert len(message) <= 280
    assert "x… https://example.com/contents/" in message


# invoice


def test_a_completed_payment_has_one_invoice(app: Clone) -> None:
    orders = [add_order(app, f"{n}.50") for n in (1, 2, 3)]
    app.run(
        "insert into public.payments (order_id, amount, status, gateway_reference, processed_at)"
        " values (%s, 1.50, 'completed', 'ch-1', now()), (%s, 2.50, 'pending', null, null),"
        " (%s, 3.50, 'failed', null, now())",
        *orders,
    )
    drain(app)
    invoices = "select i.order_id, i.amount::text from public.invoices as i order by i.id"
    assert app.run(invoices) == [(orders[0], "1.50")]

    complete = (
        "update public.payments set status = 'completed', gateway_reference = 'ch-2',"
        " processed_at = now() where order_id = %s"
    )
    app.run(complete, orders[1])
    app.run(complete, orders[1])
    drain(app)
    assert app.run(invoices) == [(orders[0], "1.50"), (orders[1], "2.50")]
    app.run("update public.payments set status = 'failed' where order_id = %s", orders[1])
    app.run(complete, orders[1])
    replay(app, "invoice")
    assert len(app.run(invoices)) == 2
    assert app.value("select count(*) from invoice.missing") == 0


# reorder


def test_a_stock_is_asked_for_when_it_falls_and_not_while_it_is_low(app: Clone) -> None:
    product = app.value(PRODUCT, 12, 10)
    for stock in (11, 10, 9, 3, 9):
        app.run("update public.products set stock = %s where id = %s", stock, product)
    app.run("update public.products set name = 'Lamp 2'")
    drain(app)
    assert app.run(REQUESTS) == [(10, 10, 10)]
    for stock in (10, 11, 4, 2, 30, 0):
        app.run("update public.products set stock = %s where id = %s", stock, product)
    drain(app)
    assert app.run(REQUESTS) == [(10, 10, 10), (4, 10, 16), (0, 10, 20)]
    app.run("update public.products set reorder_level = 0, stock = 5")
    app.run("update public.products set reorder_level = 6")
    drain(app)
    assert app.run(REQUESTS)[3:] == [(5, 6, 7)], "a level that rises above the stock is a fall too"
    replay(app, "reorder")
    assert len(app.run(REQUESTS)) == 4


def test_updates_side_by_side_ask_once_for_each_fall(app: Clone) -> None:
    product = app.value(PRODUCT, 0, 10)
    take = "update public.products set stock = stock - 1 where id = %s and stock > 0"
    body = f"do $$ begin for i in 1..100 loop {take.replace('%s', str(product))}; commit;"
    body += " end loop; end $$"
    app.work()
    for fall in (1, 2, 3):
        app.run("update public.products set stock = 200 where id = %s", product)
        takers = [app.start(body, "postgres") for _ in range(2)]
        assert [taker.join() for taker in takers] == [None, None]
        assert app.value("select p.stock from public.products as p") == 0
        wait_until(lambda fall=fall: app.run(REQUESTS) == [(10, 10, 10)] * fall)


def test_a_fall_that_is_rolled_back_or_part_of_many_rows(app: Clone) -> None:
    app.run(
        "insert into public.products (external_id, name, price, stock, reorder_level)"
        " select g.i::text, 'p', 1, g.i, 50 from generate_series(1, 100) as g (i)"
    )
    with app.connect(autocommit=False) as undone:
        undone.execute("update public.products set stock = 0")
        undone.rollback()
    drain(app)
    assert app.run(REQUESTS) == [], "entered low is no fall"
    app.run("update public.products set stock = greatest(stock - 10, 0)")
    drain(app)
    assert [stock for stock, _, _ in app.run(REQUESTS)] == list(range(41, 51))
