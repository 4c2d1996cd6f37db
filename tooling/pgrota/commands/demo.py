"""rota demo."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pgrota import output
from pgrota.commands.dev import plainly
from pgrota.errors import Problem

if TYPE_CHECKING:
    from pgrota.ledger import Balance
    from pgrota.night_run import NightRun
    from pgrota.stage import Bar

DATABASE = "app"
# pg_cron starts its workers at full minutes. So long the demo waits for one before the batch, and
# so late it may still be waiting for one at the end.
PATIENCE, LATEST = 8.0, 80.0
STANDING = """
select count(distinct coalesce(w.lane, w.kind)) filter (
  where w.lane in ('batch', 'default') or w.kind = 'supervisor') = 3
from rota.workers as w
join pg_stat_activity as a on a.pid = w.pid and a.state = 'active'
where w.state = 'working'
"""
REPORTS = {
    "analytics.user_stats": """
select s.date, s.active_users, s.new_users, s.returning_users, s.computed_at
from analytics.user_stats as s
order by s.date desc
limit 1
""",
    "reports.system_health": """
select h.date, h.user_count, h.content_count, h.avg_response_time as avg_response_ms
from reports.system_health as h
order by h.date desc
limit 1
""",
}
NEXT = """
with recursive firing as (
  select 1 as n, rota.cron_next(s.cron, now(), s.timezone) as at, s.cron, s.timezone
  from rota.schedules as s
  where s.name = 'night-batch'
  union all
  select f.n + 1, rota.cron_next(f.cron, f.at, f.timezone), f.cron, f.timezone
  from firing as f
  where f.n < 5
)
select f.at from firing as f order by f.n
"""


@click.command(epilog="Example: rota demo --scale 0.1")
@click.option(
    "--scale", type=click.FloatRange(0.001, 100), default=1.0, show_default=True,
    help="1 is 200,000 users, 1,000,000 notifications and as many API requests.",
)  # fmt: skip
@plainly
def demo(scale: float) -> int:
    """Show the night batch at work, on a server of its own in .rota/ of this directory.

    Deploys the engine and the recipe, fills the sample application, starts the batch and terminates
    its worker in the middle. Running it again is harmless. `rota dev down` stops the server.
    """
    if getattr(click.get_current_context().find_root().obj, "database_url", None):
        raise Problem(
            "the demo fills a server of its own and works there",
            hint="leave --database-url out",
        )
    return Demo(scale).play()


class Demo:
    """The demo, act by act. Shown on stdout; with --json on stderr, and the result on stdout."""

    def __init__(self, scale: float) -> None:
        from pgrota.stage import Stage

        self.scale = scale
        self.stage = Stage(stderr=output.wants_json())

    def play(self) -> int:
        from pgrota.ledger import Ledger

        self._prepare()
        ledger = Ledger(self.server.connect(DATABASE))
        with self._workers():
            run = self._night_batch()
        balance = ledger.balance()
        self._tell(run, balance)
        self._show_schedule(run)
        self.stage.heading(f"Done in {self.stage.seconds:.0f} s. What to type next:")
        self.stage.commands(
            {
                f"rota run show {run.run_id}": "this run, its attempts and its log lines",
                "rota status": "health, workers, schedules, failures",
                "rota dev down": "stop this server (--remove deletes it)",
            }
        )
        outcome = run.look()
        if output.wants_json():
            output.data(
                {"run_id": run.run_id, "run": outcome, "attempts": run.attempts()} | vars(balance)
            )
        return 0 if balance.holds and outcome["state"] == "succeeded" else 1

    # the acts

    def _prepare(self) -> None:
        from pgrota.commands import dev
        from pgrota.deploy import deploy
        from pgrota.sample_data import fill

        with dev.alone():
            self.server = dev.start(Path.cwd())
        self.connection = self.server.connect(DATABASE)
        version = self.connection.info.parameter_status("server_version").split()[0]
        cron = "with pg_cron" if self.server.has_cron else "without pg_cron"
        self.stage.line("server", f"PostgreSQL {version} {cron}, in .rota/ of this directory")
        done = deploy(self.server.url(DATABASE), ["night_batch"])
        what = f"{len(done.changes)} changes" if done.changed else "nothing to change"
        self.stage.line("deploy", f"engine and recipe night_batch: {what}, {done.seconds:.1f} s")
        at = datetime.now(UTC).replace(microsecond=0)
        filled = fill(lambda: self.server.connect(DATABASE), self.scale, at)
        self.stage.line("data", str(filled))
        first = self.connection.execute(NEXT).fetchone()[0]
        self.stage.line("schedule", f"night-batch, 0 3 * * * (UTC), next {first:%Y-%m-%d %H:%M}")

    def _workers(self) -> AbstractContextManager[Any]:
        """pg_cron's workers if they stand or are about to; else some of our own meanwhile."""
        from pgrota import beside

        log = self.server.home / "worker.log"
        own = beside.worker(self.server.url(DATABASE, "rota_worker"), log)
        if not self.server.has_cron:
            self.stage.line("workers", "rota worker, run by this demo")
            return own
        if self._cron_works(PATIENCE):
            self.stage.line("workers", "started by pg_cron")
            return nullcontext()
        self.stage.line(
            "workers",
            f"pg_cron starts its own at the full minute, in {_to_next_minute():.0f} s;"
            " until then\nthis demo runs a rota worker",
        )
        return own

    def _night_batch(self) -> NightRun:
        from pgrota.night_run import FINAL, NightRun

        started = "select s.run_id, s.is_new from public.run_night_batch_processing() as s"
        run_id, is_new = self.connection.execute(started).fetchone()
        run = NightRun(self.connection, run_id)
        seen = run.look()
        label = f"run {run_id}"
        if seen["state"] in FINAL and not is_new:
            self.stage.line(
                label,
                f"the night batch of {seen['day']} has run already, at"
                f" {seen['finished_at']:%Y-%m-%d %H:%M:%S}: the same day,\nthe same run"
                " (is_new = false)",
            )
            return run
        self.stage.line(label, f"the night batch of {seen['day']}, started now as well")
        with self.stage.bar() as bar:
            self._follow(run, bar)
        return run

    def _follow(self, run: NightRun, bar: Bar) -> None:
        killed = None
        for seen in run.follow():
            for line in run.new_lines():
                self.stage.line("", f"{line['message']}: {_summary(line['context'])}")
            if killed is None and (pid := run.terminate_worker()):
                killed = seen
                self.stage.line(
                    "crash",
                    f"pg_terminate_backend({pid}): the worker is ended on purpose, with about\n"
                    f"{seen['done']:,} notifications moved and committed",
                    "red",
                )
            elif killed and seen["pid"] and killed["attempt"] < seen["attempt"]:
                job = run.cron_job_of(seen["pid"]) if self.server.has_cron else None
                self.stage.line(
                    "resumed",
                    f"attempt {seen['attempt']} goes on at the checkpoint, {seen['done']:,}"
                    f" moved, in backend {seen['pid']}\n({job or 'of the rota worker'})",
                    "green",
                )
                killed = seen
                bar.restart()
            if seen["archiving"] == "running" and seen["total"]:
                bar.show("archiving", seen["done"], seen["total"])
        if killed is None:
            self.stage.line("", "too quick to be interrupted in the middle: rota demo --scale 1")

    def _tell(self, run: NightRun, balance: Balance) -> None:
        stage = self.stage
        stage.heading("The notifications, each row of before held against each of after")
        stage.line("", str(balance), "bold green" if balance.holds else "bold red")
        for title, query in REPORTS.items():
            stage.heading(title)
            stage.table(run.rows(query))
        stage.heading(f"The history of run {run.run_id}: {run.look()['state']}")
        stage.table(run.attempts())

    def _show_schedule(self, run: NightRun) -> None:
        from pgrota.night_run import NightRun

        stage = self.stage
        stage.heading("The next five firing times of the schedule night-batch (UTC)")
        times = [f"{at:%a %d %b %H:%M}" for (at,) in self.connection.execute(NEXT).fetchall()]
        stage.line("", ", ".join(times))
        if not self.server.has_cron:
            stage.line("", "They pass unused unless rota worker is running then.", "yellow")
            return
        if not self._cron_works(LATEST - stage.seconds):
            stage.line("", f"pg_cron starts its workers in {_to_next_minute():.0f} s: rota status")
            return
        fired = "select rota.start_schedule('night-batch')"
        start = NightRun(self.connection, self.connection.execute(fired).fetchone()[0])
        *_, seen = start.follow()
        answer = seen["output"] or {}
        stage.line(
            "fired now",
            f"run {start.run_id}, taken by pg_cron's {start.cron_job_of(seen['pid'])}, asked for"
            f" the night batch\nand was given run {answer.get('run_id')}"
            f" (is_new = {str(answer.get('is_new')).lower()}): schedule and call share a run",
        )

    def _cron_works(self, patience: float) -> bool:
        """Whether workers stand, now or after the next full minute, if that is not too far."""
        wait = _to_next_minute()
        deadline = time.monotonic() + (wait + 3 if wait < patience else 0)
        while not self.connection.execute(STANDING).fetchone()[0]:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True


def _to_next_minute() -> float:
    return 60 - time.time() % 60


def _summary(context: dict[str, Any]) -> str:
    left_out = ("date", "computed", "computed_at")
    return ", ".join(
        f"{key.replace('_', ' ')} {value:,}"
        for key, value in context.items()
        if key not in left_out and value is not None
    )
