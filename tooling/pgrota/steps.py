"""The steps of a pipeline's run: a tree with a line of time for each, and what is new."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pgrota import output, run_page, runs

if TYPE_CHECKING:
    from rich.table import Table

OPEN = ("waiting", "queued", "running")
EIGHTHS = " ▏▎▍▌▋▊▉█"
LOST = "▒"
NARROWEST, WIDEST = 12, 60
# Of a chain of a hundred steps, nothing would be left of the line beside their indentation.
DEEPEST = 12
LONGEST_NOTE = 48
# State, time and what stands between the columns.
COLUMNS = 9 + 10 + 14


def order(steps: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    """Each step right under one of those that it comes after, with its depth."""
    names = {step["step"] for step in steps}
    left = {step["step"]: names.intersection(step["after"]) for step in steps}
    below: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    ready = []
    for step in sorted(steps, key=lambda step: step["ordinal"], reverse=True):
        for name in left[step["step"]]:
            below[name].append(step)
        if not left[step["step"]]:
            ready.append((0, step))
    ordered = []
    while ready:
        depth, step = ready.pop()
        ordered.append((depth, step))
        for each in below[step["step"]]:
            left[each["step"]].remove(step["step"])
            if not left[each["step"]]:
                ready.append((depth + 1, each))
    return ordered


def took(step: dict[str, Any], now: datetime) -> timedelta | None:
    return (step["finished_at"] or now) - step["started_at"] if step["started_at"] else None


def why_skipped(step: dict[str, Any], steps: list[dict[str, Any]]) -> str:
    """What let a step be left out: somebody, a step before it, or its condition."""
    if step["skipped_by_hand"]:
        return "by hand"
    held = {"failed": "failed", "skipped": "was skipped", "cancelled": "was cancelled"}
    for other in steps:
        stops = other["on_failure"] != "continue" and not other["skipped_by_hand"]
        if stops and other["step"] in step["after"] and other["state"] in held:
            return f"{other['step']} {held[other['state']]}"
    return f"does not hold: {step['when_path']}" if step["when_path"] else ""


def note(step: dict[str, Any], steps: list[dict[str, Any]]) -> str:
    """What there is to say of a step, one of these, beside its state and its time."""
    words = []
    if step["state"] == "skipped":
        words.append(why_skipped(step, steps))
    if step["elements"] is not None:
        words.append(f"{step['elements_done'] or 0:,} of {step['elements']:,}")
        if step["elements_failed"]:
            words.append(f"{step['elements_failed']:,} failed")
    elif step["state"] == "running" and (share := runs.share(step)):
        words.append(f"{share[0] / share[1]:.0%}")
    if step["waits_for"]:
        words.append(f"waits for signal {step['waits_for']}")
    if (step["attempt"] or 0) > 1:
        words.append(f"attempt {step['attempt']}")
    if step["retry_at"]:
        words.append(f"again at {step['retry_at']:%H:%M:%S}")
    if step["compensation"]:
        words.append(f"compensation {step['compensation']}")
    if step["error"] and step["state"] in ("failed", "queued", "cancelled"):
        words.append(runs.headline(step["error"]))
    return ", ".join(filter(None, words))


def bar(begin: float, end: float, width: int) -> str:
    """A line of blocks from one share of the width to another; never none."""
    first, last = begin * width, max(end * width, begin * width + 0.13)
    cells = []
    for cell in range(width):
        covered = min(last, cell + 1) - max(first, cell)
        if covered <= 0:
            cells.append(" ")
        elif first > cell and covered < 1:
            # Blocks fill from the left only: what begins within a cell has the right half of it.
            cells.append("▐" if last >= cell + 1 else "▏")
        else:
            cells.append(EIGHTHS[max(1, round(8 * covered))])
    return "".join(cells).rstrip()


def timeline(step: dict[str, Any], begin: datetime, end: datetime, width: int) -> str:
    """Dots for as long as a step might have run and waited, blocks for as long as it ran."""
    length = max((end - begin).total_seconds(), 0.001)

    def share(at: datetime) -> float:
        return min(1.0, max(0.0, (at - begin).total_seconds() / length))

    ended = share(step["finished_at"] or end)
    started = ended if step["started_at"] is None else share(step["started_at"])
    line = list((bar(started, ended, width) if step["started_at"] else "").ljust(width))
    if step["ready_at"]:
        first, last = round(share(step["ready_at"]) * width), int(started * width)
        line[first:last] = "·" * (last - first)
    for each in step["failed_attempts"]:
        # One that failed for good is the step's own line.
        if each["started_at"] and each["started_at"] != step["started_at"]:
            first, last = share(each["started_at"]) * width, share(each["finished_at"]) * width
            for cell in range(int(first), min(max(round(last), int(first) + 1), width)):
                line[cell] = LOST if line[cell] in " ·" else line[cell]
    return "".join(line).rstrip()


def span(run: dict[str, Any], now: datetime) -> tuple[datetime, datetime]:
    """From the first step's start to the last one's end, or to now."""
    tries = [each for step in run["steps"] for each in (step, *step["failed_attempts"])]
    starts = [each["started_at"] for each in tries if each["started_at"]]
    begin = min(starts, default=run.get("started_at") or now)
    ends = [step["finished_at"] for step in run["steps"] if step["finished_at"]]
    return begin, now if not runs.is_over(run) else max(ends, default=now)


def told(run: dict[str, Any], step: dict[str, Any], now: datetime) -> str:
    """What became of a step, as a line of its own."""
    length = took(step, now)
    words = [note(step, run["steps"])]
    if step["finished_at"] and length is not None:
        words.insert(0, f"after {output.duration(length)}")
    if step["waits_for"]:
        words.append(signal(run["run_id"], step))
    if step["state"] == "waiting" and step["waits_for"]:
        return f"step {step['step']} {', '.join(words)}"
    return f"step {step['step']} {step['state']} {', '.join(filter(None, words))}".rstrip()


def signal(run_id: int, step: dict[str, Any]) -> str:
    """What to type for a step that waits for a signal."""
    return f"rota pipeline signal {run_id} {step['waits_for']}"


def in_sight(
    steps: list[tuple[int, dict[str, Any]]], room: int | None
) -> tuple[list[tuple[int, dict[str, Any]]], int]:
    """As many steps as there is room for, and how many are left out.

    What runs or waits for somebody comes first, then what failed, what ended last, what is next.
    """
    if room is None or len(steps) <= room:
        return steps, 0

    def rank(numbered: tuple[int, tuple[int, dict[str, Any]]]) -> tuple[int, float]:
        place, (_, step) = numbered
        if step["state"] in ("running", "queued") or step["waits_for"]:
            return 0, place
        if step["state"] == "failed":
            return 1, place
        if step["finished_at"] and step["started_at"]:
            return 2, -step["finished_at"].timestamp()
        return (3 if step["state"] == "waiting" else 4), place

    chosen = sorted(sorted(enumerate(steps), key=rank)[: max(room - 1, 1)], key=lambda n: n[0])
    return [each for _, each in chosen], len(steps) - len(chosen)


def table(run: dict[str, Any], now: datetime, room: int | None = None) -> Table:
    """The steps with their states, and when each ran beside the others; in so many lines."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    begin, end = span(run, now)
    ordered = order(run["steps"])
    deepest = max(depth for depth, _ in ordered)
    ordered, hidden = in_sight(ordered, room)
    # Below a step that is left out nothing says whose line it is under.
    indent = "  " if deepest <= DEEPEST and not hidden else ""
    more = f"... {hidden} more" if hidden else ""
    names = {step["step"]: indent * depth + step["step"] for depth, step in ordered}
    notes = {step["step"]: output.printable(note(step, run["steps"])) for _, step in ordered}
    beside = max(map(len, [more, *names.values()])) + min(
        max(map(len, notes.values())), LONGEST_NOTE
    )
    width = min(WIDEST, max(NARROWEST, output.console().width - beside - COLUMNS))
    grid = Table(box=SIMPLE_HEAD, pad_edge=False, title="steps", title_justify="left")
    grid.title_style = ""
    for heading in ("step", "state", "took"):
        grid.add_column(heading, no_wrap=True, justify="right" if heading == "took" else "left")
    grid.add_column(f"0 s {output.duration(end - begin):>{width - 4}}", no_wrap=True)
    grid.add_column("")
    for _, step in ordered:
        colour = run_page.COLOURS.get(step["state"], "")
        line = timeline(step, begin, end, width)
        length_of_it = took(step, now)
        grid.add_row(
            names[step["step"]],
            Text(step["state"], colour),
            output.duration(length_of_it) if length_of_it is not None else "",
            Text(line, colour),
            notes[step["step"]],
        )
    if more:
        grid.add_row(more)
    return grid


def show(run: dict[str, Any]) -> None:
    """Print the steps of a run."""
    now = datetime.now().astimezone()
    output.console().print(table(run, now))


def advice(run: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    """What to type about the steps."""
    run_id = run["run_id"]
    for step in run["steps"]:
        name = step["step"]
        if step["waits_for"]:
            yield signal(run_id, step), f"step {name} waits"
        elif step["state"] == "failed" and run["state"] == "failed":
            # The error of a for_each step is that of one of its elements.
            failed = (step["error"] or {}).get("run_id") or step["step_run_id"]
            if failed:
                yield f"rota run show {failed}", f"why {name} failed"
            yield f"rota pipeline skip {run_id} {name}", "to go on without it"
    if run["state"] in ("failed", "cancelled") and len(run["steps"]) > 1:
        yield f"rota run retry {run_id} --from-step STEP", "to do more of it again"
