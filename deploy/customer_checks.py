"""The looks of `greetline doctor` at what customers meet: the kiosk and its numbers, the printer, the voice."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

from broker.domain.printing import PRINTS_STILL
from broker.settings import Settings
from deploy import premises
from deploy.finding import Finding, State


def kiosk(settings: Settings) -> Iterator[Finding]:
    """Look whether customers could take a number: services, counters, a free port, and a code that phones can open."""
    if not settings.services:
        yield Finding("kiosk", State.OK, "no [[services]]: no numbers are given")
        return
    host, port = settings.kiosk.host, settings.kiosk.port
    trouble = premises.port_trouble(host, port)
    if trouble and not premises.answers(settings, settings.kiosk):
        yield Finding(
            "kiosk", State.MISSING, f"{host}:{port}: {trouble}", "Set another port in [kiosk], or stop the other program."
        )
    else:
        yield Finding("kiosk", State.OK, f"{host}:{port} {'answers' if trouble else 'is free'}; {len(settings.services)} services")
    served = {service for counter in settings.counters for service in counter.services or [each.id for each in settings.services]}
    if alone := [service.id for service in settings.services if service.id not in served]:
        says = f"no counter serves {', '.join(alone)}"
        yield Finding("counters", State.WARN, says, "Add [[counters]], or the service to one: nobody could ever be called.")
    if settings.kiosk.public_base_url is None:
        says = "no address that customers' phones reach: no QR code is shown"
        yield Finding("phones", State.WARN, says, "Set public_base_url in [kiosk] when phones can reach this machine.")
        if settings.join.enabled:
            says = "enabled, but without public_base_url no phone can take a number: the poster has no code"
            yield Finding("join", State.WARN, says, "Set public_base_url in [kiosk], or enabled = false in [join].")


def printer(settings: Settings) -> Iterator[Finding]:
    """Look whether the printer for numbers is there and well, and its font has the letters of this shop."""
    chosen = settings.printer
    if not chosen.spooled or importlib.util.find_spec("escpos") is None:
        return
    from broker.desk.people import LANGUAGES
    from kiosk.printing import printer as press
    from kiosk.printing.fonts import BadFont, Fonts
    from kiosk.printing.remedies import remedy

    try:
        names = [service.called(language) for service in settings.services for language in LANGUAGES]
        if lacking := Fonts.of(chosen).lacking("".join((settings.store.name, *names))):
            yield Finding("font", State.WARN, f"it has no {lacking}", "Set font in [printer] to one that has.")
    except BadFont as wrong:
        yield Finding("font", State.MISSING, str(wrong), "")
    seen = press.look(chosen)
    if seen.trouble:
        says, advice = remedy(seen.trouble)
        state = State.WARN if seen.trouble in PRINTS_STILL else State.MISSING
        yield Finding("printer", state, f"{chosen.where}: {says} {seen.seen}".rstrip(), advice)
    else:
        yield Finding("printer", State.OK, f"{chosen.where}{'' if seen.answers else ', which says nothing of its paper'}")


def voice(settings: Settings) -> Iterator[Finding]:
    """Look who would read the calls of the wall aloud, and why nobody would."""
    if not settings.services or importlib.util.find_spec("flask_babel") is None:
        return
    from kiosk.voice.cli import report
    from kiosk.voice.speaker import Voice

    row = report(settings, Voice(settings))
    if settings.sound.voice == "none":
        yield Finding("voice", State.OK, "none, as the settings say: calls are chimed and shown")
    elif row["way"] or (row["recordings"] and not row["missing"]):
        ways = [*(["recordings"] if row["recordings"] else []), *([row["way"]] if row["way"] else [])]
        yield Finding("voice", State.OK, ", then ".join(ways))
    else:
        says = "nobody speaks: " + "; ".join(f"{name}: {why}" for name, why in row["why_not"].items())
        yield Finding("voice", State.WARN, says.rstrip(": "), "pip install 'greetline[voice]', or record the calls: docs/kiosk.md.")
    if row["missing"]:
        says = f"{len(row['missing'])} recordings are not right; {row['missing'][0]}"
        yield Finding("recordings", State.WARN, says, "`greetline say --check` names them all.")
