"""`greetline simulate queue` and `greetline wait audit`: queues that never were, and whether told waits are true."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from statistics import median
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from broker.desk import prospects
from broker.domain.queue_log import Event, Outcome, What, outcomes
from broker.domain.wait_audit import COVERAGE, MOST_LATE, Audit, audit
from broker.settings import Settings, read
from deploy import simulate_shop, simulated
from deploy.config import SETTINGS_FILE
from deploy.fault import faults_said
from deploy.up import shop_of

TRAINED_DAYS: Final = 28
JUDGED_DAYS: Final = 30
SEED = click.option("--seed", type=int, default=1, show_default=True, help="The same seed is the same month.")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def simulate() -> None:
    """Shops that never were, to try rules on."""


simulate.add_command(simulate_shop.shop)


@simulate.command()
@click.option("--days", "count", type=click.IntRange(1, 366), default=28, show_default=True, help="How many days.")
@SEED
@AS_JSON
def queue(count: int, seed: int, as_json: bool) -> None:
    """Simulate the queues of a shop and say how they went.

    Three services share four counters, some people have priority, some give up, counters have breaks.

    \b
    greetline simulate queue
    greetline simulate queue --days 7 --seed 3 --json
    """
    days = _simulated(count, seed, quiet=as_json)
    told = _summary(days)
    click.echo(json.dumps(told | {"days": count, "seed": seed}) if as_json else _summary_in_words(told, count))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def wait() -> None:
    """The waits that customers are told."""


@wait.command("audit")
@click.option("--simulate", "simulated_shop", is_flag=True, help="Judge a simulated shop instead of this one.")
@SEED
@click.option("--settings", "path", type=click.Path(dir_okay=False, path_type=Path), default=SETTINGS_FILE, show_default=True)
@AS_JSON
def audit_waits(simulated_shop: bool, seed: int, path: Path, as_json: bool) -> None:
    """Judge the told waits on days that they were not learnt from. Exit code 1: they are not earned, and are not told.

    With --simulate, 28 simulated days are learnt from and the next 30 judged, each by the days before it.

    \b
    greetline wait audit
    greetline wait audit --simulate --seed 7 --json
    """
    judged = _audit_simulated(seed, quiet=as_json) if simulated_shop else _audit_shop(path)
    click.echo(json.dumps(judged.as_json()) if as_json else "", nl=as_json)
    if not as_json:
        _show(judged)
    if not judged.whole.earned:
        raise SystemExit(1)


def _audit_shop(path: Path) -> Audit:
    with faults_said():
        settings = read(Settings, path)
        with shop_of(settings) as shop:
            return prospects.audited(shop)


def _audit_simulated(seed: int, *, quiet: bool) -> Audit:
    days = _simulated(TRAINED_DAYS + JUDGED_DAYS, seed, quiet=quiet)
    return audit(_by_day(days), simulated.hour_of_week, judged_from=TRAINED_DAYS)


def _simulated(count: int, seed: int, *, quiet: bool) -> list[list[Event]]:
    console = Console(stderr=True)
    shown = nullcontext() if quiet or not console.is_terminal else Progress(console=console, transient=True)
    made = []
    with shown as progress:
        task = progress.add_task("simulating", total=count) if progress else None
        for day in simulated.days(count, seed):
            made.append(day)
            if progress and task is not None:
                progress.advance(task)
    return made


def _by_day(days: Sequence[Sequence[Event]]) -> list[list[Outcome]]:
    made: list[list[Outcome]] = [[] for _ in days]
    for outcome in outcomes(event for day in days for event in day):
        made[int((outcome.reckoned.at - simulated.MONDAY) // simulated.DAY)].append(outcome)
    return made


def _summary(days: Sequence[Sequence[Event]]) -> dict[str, Any]:
    ended = [outcome for day in _by_day(days) for outcome in day]
    services = sorted({outcome.reckoned.service for outcome in ended})
    return {
        "tickets": len(ended),
        "called": sum(outcome.waited is not None for outcome in ended),
        "gave_up": sum(outcome.waited is None for outcome in ended),
        "median_wait_s": _median(ended),
        "by_service": {
            service: {
                "tickets": len(own := [outcome for outcome in ended if outcome.reckoned.service == service]),
                "gave_up": sum(outcome.waited is None for outcome in own),
                "median_wait_s": _median(own),
            }
            for service in services
        },
        "calls_by_counter": _calls(days),
    }


def _median(ended: Sequence[Outcome]) -> float | None:
    waited = [outcome.waited for outcome in ended if outcome.waited is not None]
    return round(median(waited), 1) if waited else None


def _calls(days: Sequence[Sequence[Event]]) -> dict[str, int]:
    calls: dict[str, int] = {}
    for day in days:
        for event in day:
            if event.what is What.CALL:
                calls[event.counter] = calls.get(event.counter, 0) + 1
    return dict(sorted(calls.items()))


def _summary_in_words(told: dict[str, Any], count: int) -> str:
    rows = [
        f"{name:10} {own['tickets']:6} tickets, {own['gave_up']:5} gave up, median wait {_minutes(own['median_wait_s'])}"
        for name, own in told["by_service"].items()
    ]
    whole = f"{count} days: {told['tickets']} tickets, {told['called']} called, {told['gave_up']} gave up"
    return "\n".join([whole, *rows])


def _minutes(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds / 60:.1f} min"


def _show(judged: Audit) -> None:
    told = judged.as_json()
    table = Table(title="Told waits, judged on days they were not learnt from")
    for heading in ("", "told", "within", "longer than told", "off by", "median of the hour off by", "people x mean off by"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, row in (("all", told), *told["by_service"].items()):
        table.add_row(
            name, str(row["told"]), _percent(row["coverage"]), _percent(row["late_share"]), _minutes(row["mae_s"]),
            _minutes(row["baseline_mae_s"]), _minutes(row["plain_mae_s"]),
        )  # fmt: skip
    Console().print(table)
    verdict = "The waits are earned: they may be told." if told["earned"] else "Not earned: only the people ahead are told."
    goal = (
        f"Goal: {COVERAGE[0]:.0%} to {COVERAGE[1]:.0%} within, at most {MOST_LATE:.0%} longer, nearer than the median of the hour."
    )
    click.echo(f"{verdict} {goal}")


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
