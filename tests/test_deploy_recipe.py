"""A recipe is deployed with the engine, again and again, and changes nothing the second time."""

from __future__ import annotations

from harness import Clone
from pgrota.deploy import deploy


def test_the_second_deploy_of_a_recipe_changes_nothing(empty_database: Clone) -> None:
    first = deploy(empty_database.url(), recipes=("night_batch",))
    assert first.changed
    # The recipe's role was given rights on the engine meanwhile: they are no change either.
    for _ in range(2):
        again = deploy(empty_database.url(), recipes=("night_batch",))
        assert [change.as_json() for change in again.changes] == []
    assert empty_database.value(
        "select has_function_privilege('night_batch', 'rota.log(text, text, jsonb)', 'execute')"
    )
