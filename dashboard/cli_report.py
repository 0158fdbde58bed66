"""`greetline report`: the reports in a terminal and as files, the same figures as the pages; and the weekly one by mail."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table

from broker.desk import chain
from broker.desk.people import LANGUAGES
from broker.desk.reports import Report, greeting_report
from broker.desk.tallies import Tally
from broker.desk.waits import CounterRow
from broker.domain.period import BadPeriod, period
from broker.domain.unticketed import BOUNDS
from broker.shop import Shop
from dashboard import exports, mail, sentences, waits
from dashboard.figures import figures
from dashboard.reports import asked as asking
from dashboard.reports import files, kinds, post
from dashboard.reports.asked import Asked, NoSuchPlace
from dashboard.which_shop import opened_shop, which_shop
from dashboard.wording import Words

WHY_NOT: Final = {
    kinds.PEOPLE: "this shop does not report by person; see [reports] per_person",
    **dict.fromkeys(kinds.CHAIN, "this shop knows of no other; see [reports] stores"),
}
FORMS: Final = ("text", "json", "csv", "xlsx", "pdf", "html")


@click.group(invoke_without_command=True)
@click.option(
    "--what", type=click.Choice((*kinds.MADE, *kinds.CHAIN)), default=kinds.FIRST, show_default=True, help="Which report."
)
@click.option("--period", "days", default="7d", show_default=True, help="today, 7d, 28d, a day, or two as FIRST..LAST.")
@click.option("--from", "first", metavar="DAY", help="First day, instead of --period, such as 2026-11-01.")
@click.option("--to", "last", metavar="DAY", help="Last day; absent: the first.")
@click.option("--store", help="Another store of `[reports] stores`, by its id; `all`: side by side.")
@click.option("--zone", help="Only this zone, by its id.")
@click.option("--service", help="Only this service, by its id.")
@click.option("--counter", help="Only this counter, by its id.")
@click.option("--format", "form", type=click.Choice(FORMS), default="text", show_default=True)
@click.option("--table", default="summary", show_default=True, help="Which table, for csv; `--table list` names them.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Default: the store's.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write; absent: the terminal.")
@which_shop
@click.pass_context
def report(context: click.Context, /, settings_file: Path | None, data: Path | None, **chosen: Any) -> None:
    """Say how the shop kept its promises; on its own it makes one report.

    \b
    greetline report --what waiting --period 28d
    greetline report --what service --from 2026-11-01 --to 2026-11-15 --format xlsx -o service.xlsx
    greetline report --what promises --format pdf -o promises.pdf --language nb
    greetline report --what cases --format csv --table problems -o problems.csv
    greetline report --store all --period 28d
    greetline report --store bergen --what waiting
    greetline report send --weekly

    Exit codes: 0 done, 1 the file cannot be written or the mail not sent, 2 wrong use, 3 no settings or no store.
    """
    if context.invoked_subcommand is not None:
        return
    form, output = chosen["form"], chosen["output"]
    if form in ("xlsx", "pdf") and output is None and sys.stdout.isatty():
        raise click.UsageError(f"{form} is not for a terminal; say where it goes: -o report.{form}")
    with opened_shop(settings_file, data) as here, _store(here, chosen) as shop:
        if chosen["what"] not in kinds.shown(shop):
            raise click.BadParameter(WHY_NOT[chosen["what"]], param_hint="--what")
        asked = _asked(shop, chosen)
        words = Words.of(chosen["language"] or here.settings.store.language, shop.hours.zone)
        _put(_made(form, chosen["what"], shop, asked, words, chosen["table"]), output)


@contextmanager
def _store(here: Shop, chosen: dict[str, Any]) -> Iterator[Shop]:
    """Open the store that is asked for; for all of them it is this one, and the report is that of stores."""
    store = chosen["store"]
    if store == "all":
        what = kinds.SIDE_BY_SIDE.get(chosen["what"], chosen["what"])
        if what not in kinds.CHAIN:
            raise click.BadParameter(f"the report {what} is of one store; name it", param_hint="--store")
        chosen["what"] = what
    if store in (None, "all", here.settings.store.id):
        yield here
        return
    try:
        other = chain.another(here, store)
    except chain.NoSuchStore as no:
        known = ", ".join(no.known)
        raise click.BadParameter(f"there is no store {store!r}; there are {known}, and all", param_hint="--store") from None
    with closing(other.db.conn):
        yield other


def _asked(shop: Shop, chosen: Mapping[str, Any]) -> Asked:
    """Return what the options ask for; what cannot be is told in a sentence."""
    query = {name: chosen[name] for name in ("zone", "service", "counter") if chosen[name]}
    unasked = sorted(query.keys() - set(kinds.ASKS[chosen["what"]]))
    if unasked:
        raise click.BadParameter(f"the report {chosen['what']} is not made by {unasked[0]}", param_hint=f"--{unasked[0]}")
    days = {"from": chosen["first"], "to": chosen["last"]} if chosen["first"] else {"period": chosen["days"]}
    try:
        return asking.read(shop, query | {name: value for name, value in days.items() if value})
    except BadPeriod as wrong:
        raise click.BadParameter(str(wrong), param_hint="--from" if chosen["first"] else "--period") from None
    except NoSuchPlace as no:
        known = f"; there are {', '.join(no.known)}" if no.known else "; there are none in the settings"
        raise click.BadParameter(f"there is no {no.kind} {no.name!r}{known}", param_hint=f"--{no.kind}") from None


def _made(form: str, what: str, shop: Shop, asked: Asked, words: Words, table: str) -> Iterable[bytes]:
    try:
        return files.made(form, what, shop, asked, words, table=table)
    except files.NoSuchTable as no:
        raise click.BadParameter(str(no), param_hint="--table") from None


def _put(body: Iterable[bytes], output: Path | None) -> None:
    """Write *body* to a file, whole or not at all, or to the terminal. Ends the command with 1 when it cannot."""
    try:
        if output is None:
            for part in body:
                sys.stdout.buffer.write(part)
            sys.stdout.buffer.flush()
            return
        # A file that is half a report must not lie where somebody expects a whole one.
        half = output.with_name(f".{output.name}.part")
        half.write_bytes(b"".join(body))
        half.replace(output)
    except OSError as wrong:
        click.echo(f"{output or 'the terminal'}: cannot be written: {wrong.strerror or wrong}.", err=True)
        sys.exit(1)


@report.command()
@click.option("--period", "days", default="7d", show_default=True, help="today, 7d, 28d, a day, or two as FIRST..LAST.")
@click.option("--zone", help="Only this zone, by its id.")
@click.option("--format", "form", type=click.Choice(["text", "json", "csv"]), default="text", show_default=True)
@click.option("--table", default="summary", show_default=True, help="Which table, for csv.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Default: the store's.")
@which_shop
def greeting(
    days: str, zone: str | None, form: str, table: str, language: str | None, settings_file: Path | None, data: Path | None
) -> None:
    """Say how soon people were greeted; its JSON holds every figure unrounded.

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
            asked = Asked(period(days, shop.hours.business_day(shop.clock())), zone)
            _put(_made("csv", kinds.FIRST, shop, asked, words, table), None)
        else:
            _text(found, words)


@report.command()
@click.option("--weekly", is_flag=True, required=True, help="The report of the last whole week, Monday to Sunday.")
@click.option("--again", is_flag=True, help="Also when it was sent already.")
@which_shop
def send(weekly: bool, again: bool, settings_file: Path | None, data: Path | None) -> None:
    """Mail the weekly report as PDF, with its summary in the text, to `[mail] to`, and the summary to `[[notify]]` that want it.

    \b
    greetline report send --weekly
    greetline report send --weekly --again

    Exit codes: 0 sent, or sent before; 1 not sent, with the reason; 3 no settings or no store.
    """
    with opened_shop(settings_file, data) as shop:
        try:
            sent = post.send_weekly(shop, post.way(shop), again=again)
        except mail.NotSent as wrong:
            click.echo(str(wrong), err=True)
            sys.exit(1)
    click.echo(sent.said)


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


def _text(found: Report, words: Words) -> None:
    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    console.print(sentences.headline(found, words), style="bold")
    visits = words.many("report.visits", found.figures.visits)
    console.print(f"{found.zone_name or found.store}, {words.days(found.period)}, {visits}. {sentences.compared(found, words)}")
    if missing := sentences.missing(found.trust, words):
        console.print(missing, style="yellow")
    console.print(_figure_table(found, words))
    if found.hours:
        console.print(_hour_table(found, words))
    if found.counters:
        console.print(_queue_table(found, words))
    console.print(sentences.watched(found.trust, words))
    for name, said in sentences.accuracies(found.trust, words):
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
