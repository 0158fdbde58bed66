"""The standards and the problem process as pages: the live numbers in five languages, shown at sign-in, read by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import pytest
from babel.support import Translations

import broker.web
from broker.desk import people, standards_page
from broker.desk.people import LANGUAGES
from broker.domain import bad_news
from broker.settings import Settings, StandardsSettings
from broker.shop import Shop
from broker.store import standards
from dashboard.app import create
from dashboard.standards import span
from dashboard.wording import Words
from tests.builders import TurnableClock, make_shop
from tests.web.parts import PIN, Visitor, person

TRANSLATIONS = Path(broker.web.__path__[0]) / "translations"
SERVICES = ({"id": "returns", "letter": "R", "name": "Returns"},)
COUNTERS = ({"id": "desk-1", "name": "Desk 1"},)
CAMERAS = ({"id": "door", "source": "scene:calm"},)


@pytest.fixture
def full(tmp_path: Path, clock: TurnableClock) -> Shop:
    folder = tmp_path / "full"
    folder.mkdir()
    return make_shop(folder, clock, services=SERVICES, counters=COUNTERS, cameras=CAMERAS)


@pytest.fixture
def served() -> Iterator[Callable[[Shop], Visitor]]:
    """A tablet of a shop; `served(shop)` opens it."""
    apps = []

    def opened(shop: Shop) -> Visitor:
        apps.append(create(shop.settings, shop=shop))
        return Visitor(apps[-1], shop).pair()

    yield opened
    for app in apps:
        app.extensions["greetline-hub"].close()
        app.extensions["greetline-stores"].close()


def text(page: str) -> str:
    body = re.sub(r"<(?:svg|script|template).*?</(?:svg|script|template)>", " ", page.partition("<body")[2], flags=re.DOTALL)
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))).replace("\u00a0", " ")


def page(visitor: Visitor, path: str = "/standards") -> str:
    answer = visitor.get(path)
    assert answer.status_code == 200
    return text(answer.get_data(as_text=True))


def moved(shop: Shop, **standards: int) -> Shop:
    chosen = shop.settings.model_copy(update={"standards": StandardsSettings(**standards)})
    return Shop(shop.db, shop.clock, Settings.model_validate(chosen.model_dump()))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_the_live_numbers_in_every_language(full: Shop, served, language: str) -> None:
    odd = moved(full, warn_seconds=17, greet_within_seconds=37, escalate_seconds=73, call_lead_seconds=3725, abandon_seconds=4000)
    here = served(odd).sign_in()
    people.speak(odd, person(odd, "Kari").id, language)
    said = page(here)
    hours = {"nb": "t", "nl": "u", "ms": "j"}.get(language, "h")
    for number in ("17 s", "37 s", "1 min 13 s", f"1 {hours} 2 min 5 s"):
        assert number in said, number
    assert "%(" not in said
    assert not re.search(r"\b(?:standards|process)\.\w", said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_says_a_number_of_its_own(language: str) -> None:
    catalogue = Translations.load(TRANSLATIONS, [language])._catalog
    ours = {key: said for key, said in catalogue.items() if str(key).startswith(("standards.", "process."))}
    assert len(ours) > 100
    assert [key for key, said in ours.items() if re.search(r"\d", said)] == []


def test_whoever_signs_in_reads_what_is_new_first_and_is_on_the_floor_with_one_tap(full: Shop, served) -> None:
    standards_page.keep(full)
    here = served(full)
    kari = person(full, "Kari")
    assert here.type_pin(kari, PIN).headers["Location"] == "/standards"
    assert "This is how we serve here" in page(here)
    assert here.post("/standards/read").headers["Location"] == "/floor"
    assert here.type_pin(kari, PIN).headers["Location"] == "/floor"
    assert "You read this on" in page(here)


def test_what_changed_since_somebody_read_it_is_said_and_marked(full: Shop, served) -> None:
    standards_page.keep(full)
    kari = person(full, "Kari")
    standards_page.acknowledge(full, kari.id)
    changed = moved(full, greet_within_seconds=20)
    standards_page.keep(changed)
    here = served(changed)
    assert here.type_pin(kari, PIN).headers["Location"] == "/standards"
    answer = here.get("/standards").get_data(as_text=True)
    assert "Our standards have changed" in answer
    assert "from 30 s to 20 s" in text(answer)
    assert answer.count("data-changed") == 1


def test_it_keeps_nobody_from_the_floor(full: Shop, served) -> None:
    standards_page.keep(full)
    here, kari = served(full), person(full, "Kari")
    here.type_pin(kari, PIN)
    assert here.get("/floor").status_code == 200, "unread or not, customers come first"
    assert here.post("/standards/later").headers["Location"] == "/floor"
    version = standards_page.current(full)
    assert version
    assert standards.reading(full.db, kari.id, version.id).put_off == 1
    assert here.type_pin(kari, PIN).headers["Location"] == "/standards", "the next sign-in asks again"


def test_managers_see_who_has_read_it_and_staff_do_not(full: Shop, served) -> None:
    standards_page.keep(full)
    kari = person(full, "Kari")
    standards_page.acknowledge(full, kari.id)
    standards_page.put_off(full, person(full, "Ola <b>Å</b>").id)
    here = served(full)
    here.sign_in("Sjef", "manager")
    said = page(here)
    assert "Who has read it" in said
    assert "put off 1×" in said
    assert "Ola <b>Å</b>" in said, "a name is a name, whatever is in it"
    here.sign_in("Kari")
    assert "Who has read it" not in page(here)


def test_a_person_acknowledges_for_themselves_alone(full: Shop, served) -> None:
    standards_page.keep(full)
    here = served(full).sign_in("Kari")
    ola = person(full, "Ola")
    here.post("/standards/read", {"person": ola.id})
    assert standards_page.to_read(full, ola.id)
    assert standards_page.to_read(full, person(full, "Kari").id) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_problem_process_is_that_of_the_rules_in_every_language(full: Shop, served, language: str) -> None:
    odd = moved(full, upset_answer_seconds=185)
    here = served(odd).sign_in()
    person(odd, "Berit", "lead")
    people.speak(odd, person(odd, "Kari").id, language)
    said, catalogue = page(here, "/standards/problems"), Translations.load(TRANSLATIONS, [language])
    assert "3 min 5 s" in said
    assert "Berit" in said
    for key in ("counter.kind_price", "counter.outcome_partly", "counter.brief_tried", "counter.call_lead", "process.calm_sorry"):
        assert str(catalogue.ugettext(key)) in said, key
    assert "%(" not in said


def test_both_pages_are_one_tap_from_the_floor_and_the_counter(full: Shop, served) -> None:
    here = served(full).sign_in()
    for path in ("/floor", "/counter"):
        opened = here.get(path).get_data(as_text=True)
        assert 'href="/standards"' in opened
        assert 'href="/standards/problems"' in opened


def test_a_stranger_sees_neither(full: Shop, served) -> None:
    here = served(full)
    for path in ("/standards", "/standards/problems"):
        assert here.get(path).headers["Location"] == "/signin"


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (30, "30 s"), (60, "1 min"), (90, "1 min 30 s"), (3600, "1 h"), (5430, "1 h 30 min 30 s")]
)
def test_a_promise_is_written_to_the_second(full: Shop, seconds: int, said: str) -> None:
    app = create(full.settings, shop=full)
    with app.test_request_context("/"):
        assert span(seconds, Words.of("en", full.settings.store.zone)).replace("\u00a0", " ") == said
    app.extensions["greetline-stores"].close()


def test_staff_read_the_calm_card_and_no_customer_does() -> None:
    assert not any(key.startswith(("process.", "standards.")) for key in bad_news.BAD_NEWS)
    templates = (Path(broker.web.__path__[0]).parents[1] / "kiosk").rglob("*.html")
    assert not any("calm" in template.read_text(encoding="utf-8") and "process." in template.read_text() for template in templates)


def test_days_with_hours_of_their_own_stand_beside_the_week(tmp_path: Path, clock: TurnableClock, served) -> None:
    opening = {
        "mon": ["10:00-20:00"],
        "special": {"2020-12-24": ["08:00-09:00"], "2099-12-24": ["10:00-14:00", "16:00-18:00"], "2099-12-25": []},
    }
    shop = make_shop(tmp_path, clock, opening=opening)
    said = page(served(shop).sign_in())
    assert "Days with hours of their own" in said
    assert re.search(r"24 December.*10:00–14:00 and 16:00–18:00.*25 December 2099 closed", said)
    assert "08:00–09:00" not in said, "a day that is over"
    assert "Change the hours" not in said, "staff cannot change them"


def test_whoever_may_change_the_hours_is_led_to_them(tmp_path: Path, clock: TurnableClock) -> None:
    shop = make_shop(tmp_path, clock, opening={"mon": ["10:00-20:00"]})
    app = create(shop.settings, shop=shop)
    office = Visitor(app, shop).pair("manager").sign_in("Mia", "manager")
    answer = office.get("/standards").get_data(as_text=True)
    assert 'href="/admin/opening"' in answer.partition("<main")[2]
    assert "Days with hours of their own" not in answer
    app.extensions["greetline-hub"].close()
    app.extensions["greetline-stores"].close()
