"""`greetline doctor`: what is missing on this machine, and what to do about it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from broker.settings import BadSettings, Settings, read
from deploy import archive_checks, checks, customer_checks, tls_checks
from deploy.config import SETTINGS_FILE, here, settings_option
from deploy.fault import EXIT_FAULT, faults_said
from deploy.finding import Finding, State

_COLOURS = {State.OK: "green", State.WARN: "yellow", State.MISSING: "red"}


@click.command()
@settings_option
@click.option("--alarms", is_flag=True, help="Instead: were there more alarms in four weeks than people can hear?")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def doctor(path: Path | None, alarms: bool, as_json: bool) -> None:
    """Say what is there and what is missing. Exit code 3 when something is missing, 0 when nothing is but advice.

    \b
    greetline doctor
    greetline doctor --alarms
    """
    if alarms:
        _alarms(here(path), as_json)
        return
    findings = []
    for finding in examine(here(path)):
        findings.append(finding)
        if not as_json:
            _print(finding)
    sound = all(finding.state is not State.MISSING for finding in findings)
    if as_json:
        click.echo(json.dumps({"sound": sound, "findings": [asdict(finding) for finding in findings]}, indent=2))
    sys.exit(0 if sound else EXIT_FAULT)


def _alarms(path: Path | None, as_json: bool) -> None:
    from deploy import alarms
    from deploy.up import shop_of

    with faults_said():
        settings = read(Settings, path)
    with shop_of(settings) as shop:
        found = alarms.alarms(shop)
    if as_json:
        click.echo(json.dumps(asdict(found)))
        return
    click.echo(f"{found.alarms:,} alarms in {alarms.DAYS} days, {found.person_hours:,.1f} hours of people on shift.")
    if found.an_hour_each is None:
        click.echo("Nobody was on shift for an hour: nothing can be said of each.")
        return
    click.echo(f"{found.an_hour_each:.1f} an hour and person; above {alarms.LIMIT:g} people stop hearing them.")
    if found.busiest is not None:
        click.echo(f"Most of them come from {found.busiest:02d}:00 on.")
    if found.propose is not None:
        click.echo(f"greet_within_seconds = {found.propose} in [standards], instead of {found.greet_within}, would have left")
        click.echo(f"{found.left:,} of those about somebody who waits. Or have one more person on the floor at that time.")
    elif found.an_hour_each > alarms.LIMIT:
        click.echo("No longer promise would do: have more people on the floor at that time.")


def examine(path: Path | None) -> Iterator[Finding]:
    """Yield what is found on this machine for the shop of the file at *path*, quick things first. Changes nothing."""
    yield checks.python()
    yield from checks.extras()
    yield checks.mosquitto()
    try:
        settings = read(Settings, path)
    except BadSettings as wrong:
        yield Finding("settings", State.MISSING, str(wrong), "Put it right in the file; `greetline config show` prints the others.")
        return
    yield _settings(path, settings)
    yield from checks.words(settings)
    yield checks.disk(settings)
    yield from archive_checks.archive(settings)
    yield checks.clock(settings)
    yield from checks.time_server()
    yield checks.dashboard_port(settings)
    yield from customer_checks.kiosk(settings)
    yield from customer_checks.voice(settings)
    yield from customer_checks.printer(settings)
    yield checks.mqtt(settings)
    yield from tls_checks.certificates(settings)
    yield from checks.cameras(settings)
    yield from checks.people(settings)
    yield checks.tablets(settings)


def _settings(path: Path | None, settings: Settings) -> Finding:
    if path is None:
        return Finding(
            "settings", State.WARN, f"there is no {SETTINGS_FILE} here; all defaults", f"greetline config show > {SETTINGS_FILE}"
        )
    if not settings.cameras:
        return Finding("settings", State.WARN, f"{path} has no camera", "Add [[cameras]]; `greetline config show` has an example.")
    return Finding("settings", State.OK, f"{path}: {len(settings.cameras)} cameras, {len(settings.zones)} zones")


def _print(finding: Finding) -> None:
    state = click.style(f"{finding.state:<8}", fg=_COLOURS[finding.state])
    click.echo(f"{state} {finding.about:<10} {finding.says}")
    if finding.advice:
        click.echo(f"{'':<19} -> {finding.advice}")
