"""How this shop serves, in plain words and the numbers of its settings; who has read it; and how a problem is solved here."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, redirect, render_template
from flask.typing import ResponseReturnValue

from broker.desk import cases, people, standards_page
from broker.desk.people import Person
from broker.desk.roles import Role
from broker.desk.standards_page import DAYS, ZONE, Difference, Rule, Value
from broker.shop import Shop
from broker.web import languages
from broker.web.access import current_person, may, needs
from broker.web.languages import say
from broker.web.stores import current_shop
from dashboard.wording import NBSP, Words, words_here

bp = Blueprint("standards", __name__, template_folder="templates")

WITHOUT_PROMISE: Final = frozenset({"sound", "flood", "blind", ZONE, "hours"})
"""Rules that are about the screens alone: they say what to do, and promise customers nothing of their own."""
BUTTONS: Final = {
    "going": "floor.going", "next": "counter.call_next", "noshow": "counter.no_show", "back": "counter.back_in_line",
    "lead": "counter.call_lead",
}  # fmt: skip
"""Buttons that the rules name: their words are those of the button, whatever they are today."""
NAMED: Final = {"claim": ("going",), "sound": ("going",), "fair": ("next",), "call": ("noshow",), "away": ("back",)}
SHOWN_DAYS: Final = 20
"""Days to come with hours of their own that the page lists."""
SHOWN_CHANGES: Final = 20
"""Newest changes that the page lists."""
STEPS: Final = ("hear", "own", "act", "promise", "tell", "close", "lead")
CALM: Final = ("listen", "say", "sorry", "next", "pause", "lead")
BRIEF: Final = ("happened", "tried", "wanted")


@bp.get("/standards")
@needs("floor.see")
def page() -> str:
    """Show the standards as they stand, and what is to be read and acknowledged."""
    shop, person, words = current_shop(), current_person(), words_here(current_shop().settings.store.zone)
    changed = standards_page.news(shop, person.id)
    unread = standards_page.to_read(shop, person.id)
    rules = {difference.rule for difference in changed}
    parts = [(part.name, [_shown(shop, rule, words, rules) for rule in part.rules]) for part in standards_page.parts(shop)]
    return render_template(
        "standards.html", parts=parts,
        days=_days(shop, words), special=_special(shop, words), changes_hours=may("settings.change"),
        unread=unread is not None, news=_lines(shop, changed, words), read=_read_at(shop, person),
        log=_log(shop, words), since=_since(shop), readers=_readers(shop) if Role(person.role).reaches(Role.MANAGER) else [],
    )  # fmt: skip


@bp.post("/standards/read")
@needs("floor.see")
def read() -> ResponseReturnValue:
    """Note by name that the standards were read, and lead to the floor."""
    standards_page.acknowledge(current_shop(), current_person().id)
    return redirect("/floor", HTTPStatus.SEE_OTHER)


@bp.post("/standards/later")
@needs("floor.see")
def later() -> ResponseReturnValue:
    """Note that they are read at the next sign-in, and lead to the floor: customers come first."""
    standards_page.put_off(current_shop(), current_person().id)
    return redirect("/floor", HTTPStatus.SEE_OTHER)


@bp.get("/standards/problems")
@needs("floor.see")
def problems() -> str:
    """Show how a problem is solved here, and the calm card."""
    shop, words = current_shop(), words_here(current_shop().settings.store.zone)
    values = {
        "yes": say("counter.yes_right"),
        "kinds": words.listed([say(f"counter.kind_{kind}") for kind in cases.KINDS]),
        "outcomes": words.listed([say(f"counter.outcome_{outcome}") for outcome in cases.OUTCOMES]),
        "brief": words.listed([say(f"counter.brief_{part}") for part in BRIEF]),
        "update": span(shop.promises.hold_update, words),
        "answer": span(shop.standards.upset_answer, words),
        "lead": say(BUTTONS["lead"]),
    }
    leads = [person.name for person in people.everybody(shop) if person.role == Role.LEAD]
    return render_template(
        "problem_process.html", leads=words.listed(leads),
        steps=[(say(f"process.{step}"), say(f"process.{step}_how", **values)) for step in STEPS],
        calm=[(say(f"process.calm_{step}"), say(f"process.calm_{step}_how", **values)) for step in CALM],
    )  # fmt: skip


def _shown(shop: Shop, rule: Rule, words: Words, changed: set[str]) -> dict[str, Any]:
    """Return one rule as the page shows it, with each number in this language."""
    values: dict[str, str] = {name: written(value, words) for name, value in rule.numbers.items()}
    values |= {name: say(BUTTONS[name]) for name in NAMED.get(rule.words, ())}
    promise = "" if rule.words in WITHOUT_PROMISE else say(_promise(rule), **values)
    return {
        "name": rule.words, "title": title(shop, rule.name), "promise": promise,
        "you": say(f"standards.{rule.words}_you", **values), "changed": rule.name in changed,
    }  # fmt: skip


def _promise(rule: Rule) -> str:
    if rule.words == "night":
        return "standards.night_kept" if rule.numbers["kept"][1] else "standards.night_today"
    return f"standards.{rule.words}_says"


def title(shop: Shop, rule: str) -> str:
    """Return what the page calls *rule*."""
    name, _, zone = rule.partition(":")
    return say(f"standards.{name}", zone=shop.zones.get(zone, zone))


def _days(shop: Shop, words: Words) -> list[tuple[str, str]]:
    """Return the week's hours, a row a day; nothing for a shop that never closes."""
    hours = next(rule for part in standards_page.parts(shop) for rule in part.rules if rule.words == "hours")
    return [(words.weekday(number), written(hours.numbers[day], words)) for number, day in enumerate(DAYS) if day in hours.numbers]


def _special(shop: Shop, words: Words) -> list[tuple[str, str]]:
    """Return the days from today on that have hours of their own, the nearest first: on those the week does not hold."""
    today = shop.hours.business_day(shop.clock())
    to_come = [day for day in sorted(shop.hours.special) if day >= today][:SHOWN_DAYS]
    return [(words.day(day), written(standards_page.hours_of(shop.hours.special[day]), words)) for day in to_come]


def written(value: Value, words: Words) -> str:
    """Return one number of the standards as it is written in this language."""
    unit, number = value
    if unit == "s":
        return span(number, words)
    if unit == "min":
        return span(number * 60, words)
    if unit == "%":
        return f"{words.number(number * 100)}{NBSP}%"
    if unit == "yes":
        return say("standards.yes" if number else "standards.no")
    if unit == "hours":
        return words.listed(number) or say("standards.closed")
    return words.number(number)


def span(seconds: float, words: Words) -> str:
    """Return a length of time to the second, such as 1 h 30 min: a promise is not rounded."""
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    said = [say("report.n_hours", h=words.number(hours))] if hours else []
    said += [say("report.minutes", m=minutes)] if minutes else []
    said += [f"{left} s"] if left or not said else []
    return " ".join(said).replace(" ", NBSP)


def _lines(shop: Shop, differences: Sequence[Difference], words: Words) -> list[tuple[str, str]]:
    """Return what changed as rows of a rule's name and its numbers. A rule that this version does not know is left out."""
    known = {rule.words for part in standards_page.parts(shop) for rule in part.rules}
    rows: dict[str, list[str]] = {}
    for each in differences:
        if each.rule.partition(":")[0] in known:
            rows.setdefault(title(shop, each.rule), []).append(_difference(each, words))
    return [(title, words.listed(said)) for title, said in rows.items()]


def _difference(each: Difference, words: Words) -> str:
    day = f"{words.weekday(DAYS.index(each.number))}: " if each.number in DAYS else ""
    if each.was is None and each.became is not None:
        return day + say("standards.is_new", became=written(each.became, words))
    if each.became is None and each.was is not None:
        return day + say("standards.is_gone", was=written(each.was, words))
    assert each.was is not None
    assert each.became is not None
    return day + say("standards.was_now", was=written(each.was, words), became=written(each.became, words))


def _log(shop: Shop, words: Words) -> list[tuple[str, list[tuple[str, str]]]]:
    found = standards_page.changes(shop)[:SHOWN_CHANGES]
    rows = [(f"{languages.day(each.at)}, {words.clock(each.at)}", _lines(shop, each.differences, words)) for each in found]
    return [(when, lines) for when, lines in rows if lines]


def _since(shop: Shop) -> str:
    version = standards_page.current(shop)
    return languages.day(version.at, weekday=False) if version else ""


def _read_at(shop: Shop, person: Person) -> str:
    reading = standards_page.reading_of(shop, person.id)
    if reading is None or reading.read_at is None:
        return ""
    day, time = languages.day(reading.read_at), languages.clock_time(reading.read_at)
    return say("standards.read_on", day=day, time=time)


def _readers(shop: Shop) -> list[dict[str, Any]]:
    return [
        {
            "name": person.name,
            "read": f"{languages.day(at, weekday=False)}, {languages.clock_time(at)}" if (at := reading.read_at) else "",
            "put_off": reading.put_off,
        }
        for person, reading in standards_page.readers(shop)
    ]
