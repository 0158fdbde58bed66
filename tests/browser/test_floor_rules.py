"""Rules of the screen that hold for any floor: nobody is hidden, cards keep their places, ages and times are right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page

from tests.browser.floor_parts import tablet
from tests.browser.house import House, Watch

pytestmark = pytest.mark.browser

MANY_FLOORS = """async ({ floors, seed }) => {
  const { Arrangement, sorted, cardsOf } = await import("/dashboard-static/floor/arrange.js");
  let state = seed; // a small generator of its own, so that a failure can be seen again
  const random = (n) => ((state = (state * 1103515245 + 12345) % 2147483648), Math.floor((state / 2147483648) * n));
  const pick = (all) => all[random(all.length)];
  const standards = { warn: 15, greet_within: 30, escalate: 60 };
  const wrong = [];
  for (let floor = 0; floor < floors; floor += 1) {
    const arrangement = new Arrangement();
    const visits = new Map();
    let now = 1_000_000, clock = 0, entered = 0, keys = [];
    for (let step = 0; step < 40; step += 1) {
      now += 300; clock += 300;
      const roll = random(10);
      if (roll < 4) {
        entered += 1;
        const id = `v${entered}`;
        const t0 = new Date(now - random(90) * 1000).toISOString();
        const alert = random(5) ? null : { level: random(3) };
        visits.set(id, { id, zone: pick(["a", "b", "c"]), t0, state: "entered", size: 1, late: random(20) === 0, alert });
      } else if (visits.size && roll < 6) visits.delete(pick([...visits.keys()]));
      else if (visits.size && roll < 8) {
        const change = { state: pick(["claimed", "due", "overdue"]), claimed_by: pick(["me", "other"]) };
        Object.assign(visits.get(pick([...visits.keys()])), change);
      } else if (visits.size && roll < 9) visits.get(pick([...visits.keys()])).zone = pick(["a", "b", "c"]);
      if (random(3) === 0) arrangement.touch(clock);
      const zone = pick(["", "", "a"]), flood = random(6) === 0;
      const split = sorted([...visits.values()], { zone, me: "me", now, standards });
      const cards = arrangement.cards(split.shown, flood, clock);
      const onCards = cards.flatMap((card) => card.visits.map((visit) => visit.id));
      const everywhere = [...onCards, ...split.elsewhere.map((visit) => visit.id)].sort().join();
      if (everywhere !== [...visits.keys()].sort().join()) wrong.push(["lost or doubled", floor, step, everywhere]);
      if (!zone && split.elsewhere.length) wrong.push(["hidden on a screen for all zones", floor, step]);
      const called = split.elsewhere.filter((visit) => (visit.alert?.level ?? 0) >= 1);
      if (called.length) wrong.push(["everybody is called but it is hidden", floor, step]);
      const ideal = cardsOf(split.shown, flood).map((card) => card.key).join();
      const shown = cards.map((card) => card.key);
      const kept = keys.length && shown.slice(0, keys.length).join() === keys.join();
      if (!kept && shown.join() !== ideal)
        wrong.push(["neither in place nor in order", floor, step, shown.join(), ideal]);
      if (new Set(shown).size !== shown.length) wrong.push(["a card twice", floor, step]);
      keys = shown;
    }
  }
  return wrong.slice(0, 5);
}"""


@pytest.fixture
def page(floor_house: House, eyes: Watch) -> Iterator[Page]:
    return tablet(floor_house, eyes)  # type: ignore[return-value]


@pytest.mark.parametrize("seed", [1, 20, 300])
def test_every_open_visit_is_on_a_card_or_counted_elsewhere_and_cards_keep_their_places(page: Page, seed: int) -> None:
    assert page.evaluate(MANY_FLOORS, {"floors": 120, "seed": seed}) == []


def test_nothing_moves_for_two_seconds_after_a_touch_and_then_all_is_in_order(page: Page) -> None:
    orders = page.evaluate("""async () => {
      const { Arrangement } = await import("/dashboard-static/floor/arrange.js");
      const at = (seconds) => new Date(seconds * 1000).toISOString();
      const visit = (id, t0) => ({ id, zone: id, t0: at(t0), state: "entered", late: false, alert: null });
      const young = visit("young", 50), old = visit("old", 10), mid = visit("mid", 30);
      const list = new Arrangement();
      const byAge = (visits) => [...visits].sort((a, b) => (a.t0 < b.t0 ? -1 : 1));
      const named = (card) => card.key + (card.ghost ? "?" : "");
      const keys = (visits, now) => list.cards(byAge(visits), false, now).map(named).join(" ");
      const seen = [keys([young, mid], 0)];
      list.touch(100);
      seen.push(keys([young, mid, old], 200));
      list.touch(2150);
      seen.push(keys([young, mid, old], 2300), keys([young, old], 3000), keys([young, old], 4100), keys([young, old], 4200));
      return seen;
    }""")
    assert orders == ["mid young", "mid young old", "mid young old", "mid? young old", "mid? young old", "old young"]


def test_a_flood_is_one_card_a_zone_and_late_news_stays_apart(page: Page) -> None:
    cards = page.evaluate("""async () => {
      const { cardsOf } = await import("/dashboard-static/floor/arrange.js");
      const visit = (id, zone, more = {}) => ({ id, zone, t0: new Date(0).toISOString(), state: "due", late: false, ...more });
      const floor = [visit("a1", "a"), visit("a2", "a"), visit("b1", "b")];
      floor.push(visit("a3", "a", { state: "claimed" }), visit("a4", "a", { late: true }));
      const told = (flood) => cardsOf(floor, flood).map((card) => `${card.key}:${card.visits.length}`).join(" ");
      return [told(false), told(true)];
    }""")
    assert cards == ["a1:1 a2:1 b1:1 a3:1 a4:1", "zone:a:2 b1:1 a3:1 a4:1"]


def test_ages_and_times_read_as_people_say_them(floor_house: House, page: Page) -> None:
    read = page.evaluate("""async () => {
      const { stopwatch, age, left, hms } = await import("/dashboard-static/floor/time.js");
      const noon = "2026-11-21T11:00:00.000Z", t = Date.parse(noon);
      const ages = [age(noon, t + 41_900), age("2026-11-21T11:00:02.000Z", t), left("2026-11-21T11:00:12.000Z", t + 100)];
      return [...[0, 9, 60, 83, 3599, 3729].map(stopwatch), ...ages, hms("2026-11-21T11:04:31.000Z")];
    }""")
    here = datetime(2026, 11, 21, 11, 4, 31, tzinfo=UTC).astimezone(floor_house.settings.store.zone)
    assert read == ["0:00", "0:09", "1:00", "1:23", "59:59", "1:02:09", 41, 0, 12, f"{here:%H:%M:%S}"]


def test_older_news_of_a_visit_is_ignored(page: Page) -> None:
    states = page.evaluate("""async () => {
      const { Floor } = await import("/dashboard-static/floor/state.js");
      const floor = new Floor();
      const v = { id: "v", t0: new Date(0).toISOString(), zone: "a" };
      const row = (version, state, waiting = true) => ({ ...v, version, state, waiting });
      const seen = [];
      const see = (kept) => seen.push(`${kept} ${floor.visits.get("v")?.state ?? "gone"}`);
      see(floor.visit(row(1, "entered")));
      see(floor.visit(row(3, "acknowledged", false)));
      see(floor.visit(row(2, "due")));
      see(floor.visit(row(4, "due")));
      return seen;
    }""")
    assert states == ["true entered", "true gone", "false gone", "true due"]


def test_tones_are_for_the_zone_until_everybody_is_called_and_never_two_at_once(page: Page) -> None:
    told = page.evaluate("""async () => {
      const { Sound } = await import("/dashboard-static/floor/sound.js");
      const told = [];
      document.addEventListener("greetline:tone", (tone) => told.push(tone.detail.kind));
      const sound = new Sound(document.getElementById("edge"));
      const since = (ms) => ({ raised_at: new Date(ms).toISOString() });
      const first = { kind: "waiting", sounding: true, ...since(0) };
      const alert = (id, zone, level, more = {}) => ({ ...first, id, zone, level, ...more });
      const tick = (alarms, now, zone = "kids", flood = false) => {
        const before = told.length;
        const alone = alarms.map((one) => ({ alert: one, group: null }));
        sound.tick(alone, { now, zone, flood, sound: { every: 15, times: 4 } });
        return told.slice(before).join() || "-";
      };
      return {
        elsewhere: tick([alert("a", "shoes", 0)], 100),
        everybody: tick([alert("b", "shoes", 1)], 200),
        twice: tick([alert("b", "shoes", 1)], 450),
        together: tick([alert("c", "kids", 0), alert("d", "kids", 0)], 900),
        again: tick([alert("c", "kids", 0)], 15_100),
        fourth: tick([alert("c", "kids", 0)], 45_100),
        fifth: tick([alert("c", "kids", 0)], 60_100),
        missed: tick([alert("e", "kids", 0)], 65_000),
        answered: tick([alert("f", "kids", 0, { sounding: false })], 100),
        help: tick([alert("g", "kids", 1, { kind: "help", ...since(90_000) })], 90_100),
        flood: tick(["h", "i"].map((id) => alert(id, "kids", 0, since(120_000))), 120_100, "kids", true),
      };
    }""")
    assert told == {
        "elsewhere": "-", "everybody": "overdue", "twice": "-", "together": "-", "again": "overdue", "fourth": "overdue",
        "fifth": "-", "missed": "-", "answered": "-", "help": "help", "flood": "flood",
    }  # fmt: skip
