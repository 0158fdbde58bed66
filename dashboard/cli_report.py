"""`greetline report`: the report in a terminal, as JSON or as CSV. The same figures as the page."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from broker.desk.people import LANGUAGES
from broker.desk.reports import Report, greeting_report
from broker.desk.tallies import Tally
from broker.desk.waits import CounterRow
from broker.domain.period import BadPeriod, period
from broker.domain.waits import BOUNDS
from broker.shop import Shop
from dashboard import exports, sentences, waits
from dashboard.figures import figures
from dashboard.which_shop import opened_shop, which_shop
from dashboard.wording import Words


@click.group()
def report() -> None:
    """How the shop kept its promises."""


@report.command()
@click.option("--period", "days", default="7d", show_default=True, help="today, 7d, 28d, a day, or two as FIRST..LAST.")
@click.option("--zone", help="Only this zone, by its id.")
@click.option("--format", "form", type=click.Choice(["text", "json", "csv"]), default="text", show_default=True)
@click.option("--table", type=click.Choice(exports.TABLES), default="summary", show_default=True, help="Which table, for csv.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Default: the store's.")
@which_shop
def greeting(
    days: str, zone: str | None, form: str, table: str, language: str | None, settings_file: Path | None, data: Path | None
) -> None:
    """Say how soon people were greeted.

    \b
    greetline report greeting --period 28d
    greetline report greeting --period 2026-11-01..2026-11-15 --zone shoes
    greetline report greeting --format csv --table visits > visits.csv
    """
    with opened_shop(settings_file, data) as shop:
        found = _report(shop, days, zone)
        words = Words.of(language or shop.settings.store.language, shop.hours.zone)
        if form == "json":
            click.echo(json.dumps(plain(found), ensure_ascii=False))
        elif form == "csv":
            _csv(table, shop, found, words)
        else:
            _text(found, words)


def _report(shop: Shop, days: str, zone: str | None) -> Report:
    try:
        return greeting_report(shop, period=period(days, shop.hours.business_day(shop.clock())), zone=zone)
    except BadPeriod as wrong:
        raise click.BadParameter(str(wrong), param_hint="--period") from None
    except KeyError:
        raise click.BadParameter(f"there is no zone {zone!r}; there are {', '.join(shop.zones)}", param_hint="--zone") from None


def plain(found: Report) -> dict[str, Any]:
    """Return a report as plain JSON values: seconds, shares of 0 to 1, times in UTC, null where nothing can be said."""
    return {
        "store": found.store, "zone": found.zone, "within_seconds": found.within,
        "period": _days(found.period.first, found.period.last), "compared": _days(found.compared.first, found.compared.last),
        "figures": asdict(found.figures), "before": asdict(found.before),
        "alerts": found.alerts and asdict(found.alerts) | {"per_person_hour": found.alerts.per_person},
        "hours": [{"hour": row.hour, "unwatched_seconds": row.unwatched} | asdict(row.figures) for row in found.hours],
        "zones": [{"zone": row.zone, "name": row.name} | asdict(row.figures) for row in found.zones],
        "bins": [asdict(part) for part in found.bins],
        "counters": [_counter(row) for row in found.counters],
        "open_seconds": found.trust.open_seconds, "unwatched_seconds": found.trust.unwatched_seconds,
        "paused_seconds": found.trust.paused_seconds, "rejected": found.trust.rejected,
        "cameras": [
            {"id": camera.id, "name": camera.name, "not_watching_seconds": camera.seconds,
             "measured": [_measured(tally) for tally in camera.measured]}
            for camera in found.trust.cameras
        ],
    }  # fmt: skip


def _counter(row: CounterRow) -> dict[str, Any]:
    figures = asdict(row.figures)
    counts = zip([*BOUNDS, None], figures.pop("bins"), strict=True)
    return (
        {"zone": row.zone, "name": row.name, "queue_people": row.limit}
        | figures
        | {
            "bins": [{"upto": upto, "waits": n} for upto, n in counts],
            "hours": [{"hour": hour, "longest_queue": longest} for hour, longest in row.longest],
            "not_watching_seconds": row.unwatched,
        }
    )


def _measured(tally: Tally) -> dict[str, Any]:
    """Return a count by hand beside a camera: counts, and the share that was right, null where it may not be said."""
    return {"line": tally.line, "began": tally.began.isoformat()} | asdict(tally.counts) | {"accuracy": tally.counts.accuracy}


def _days(first: object, last: object) -> dict[str, str]:
    return {"first": str(first), "last": str(last)}


def _csv(table: str, shop: Shop, found: Report, words: Words) -> None:
    out = sys.stdout.buffer
    for part in exports.csv_text(exports.table(table, shop, found, words), words):
        out.write(part.encode())
    out.flush()


def _text(found: Report, words: Words) -> None:
    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    console.print(sentences.headline(found, words), style="bold")
    visits = words.many("report.visits", found.figures.visits)
    console.print(f"{found.zone_name or found.store}, {words.days(found.period)}, {visits}. {sentences.compared(found, words)}")
    if missing := sentences.missing(found, words):
        console.print(missing, style="yellow")
    console.print(_figure_table(found, words))
    if found.hours:
        console.print(_hour_table(found, words))
    if found.counters:
        console.print(_queue_table(found, words))
    console.print(sentences.watched(found, words))
    for name, said in sentences.accuracies(found, words):
        console.print(f"{name}: {said}")


def _figure_table(found: Report, words: Words) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(words("report.column_figure"))
    for name in ("report.column_value", "report.n"):
        table.add_column(words(name), justify="right")
    table.add_column(words("report.column_change"))
    changed = sentences.changes(found, words)
    for figure in figures(found, words).values():
        change = changed[figure.key].text if figure.key in changed else ""
        table.add_row(figure.label, figure.text, figure.n, change, style="dim" if figure.few else None)
    return table


def _hour_table(found: Report, words: Words) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in exports.hour_columns(found, words):
        table.add_column(name, justify="right")
    for row in exports.hour_cells(found, words):
        table.add_row(*row)
    return table


def _queue_table(found: Report, words: Words) -> Table:
    table = Table(box=None, pad_edge=False, title=waits.head(found.counters, words), title_justify="left")
    for n, name in enumerate(waits.columns(words)):
        table.add_column(name, justify="right" if n else "left")
    for row in found.counters:
        table.add_row(*waits.cells(row, words))
    return table


main = report
