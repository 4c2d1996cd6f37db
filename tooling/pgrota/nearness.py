"""Names that were typed wrong: which of those that there are, are called nearly so."""

from __future__ import annotations

from collections.abc import Iterable


def close(names: Iterable[str], name: str) -> list[str]:
    """At most three names that are like this one, or contain it."""
    from difflib import get_close_matches

    names = list(names)
    folded = {each.casefold(): each for each in names}
    near = get_close_matches(name.casefold(), folded, n=3, cutoff=0.6)
    return [folded[each] for each in near] or sorted(n for n in names if name and name in n)[:3]


def listed(names: Iterable[str], name: str) -> str | None:
    """All of them, as the detail of an error."""
    near = close(names, name)
    return f"Nearly so: {', '.join(near)}" if near else None


def asked(names: Iterable[str], name: str) -> str | None:
    """The nearest of them, as the hint of an error."""
    near = close(names, name)
    return f"did you mean {near[0]}?" if near else None
