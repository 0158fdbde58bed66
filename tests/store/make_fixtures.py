"""Writes tests/store/fixtures/*.sql: a small store as each earlier schema made it. Run for the one that has just become earlier.

    python -m tests.store.make_fixtures NAME...

Each NAME is the last migration of that schema. The rows are those of a shop that lived with the newest schema, through its
desks, as far as the earlier one had their tables and columns.
"""

from __future__ import annotations

import sys
from contextlib import closing, suppress
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import sqlite_utils

from broker.contract.plan import Line, Plan
from broker.desk import (
    alerts,
    apikeys,
    arrivals,
    audit,
    boxes,
    cases,
    counters,
    devices,
    finished,
    keeping,
    pairing,
    passwords,
    people,
    plans,
    prints,
    prospects,
    settings_changes,
    shifts,
    standards_page,
    tallies,
    tickets,
    trials,
    visits,
    vouching,
    webhooks,
    zones,
)
from broker.desk.tickets import Wish
from broker.desk.vouching import Vouched
from broker.desk.webhooks import Tried
from broker.domain.arrivals import Counted, Stayed
from broker.domain.printing import Job, Trouble
from broker.domain.ticket import Move, Outcome, Said
from broker.shop import STORE_FILE, Shop
from broker.store import begun, deliveries, rejected, subscriptions
from broker.store.begun import Begun
from broker.store.database import change
from broker.store.deliveries import Delivery
from broker.store.schema import migrations
from broker.store.subscriptions import Subscription
from broker.store.tallies import Tap
from tests.builders import NOON, TurnableClock, crossed, later, make_shop

NAMES = tuple(migration.name for migration in migrations.pending(sqlite_utils.Database(memory=True)))
"""Every migration, in the order in which they are made; they came together from several hands, so not in that of their numbers."""
EARLIER: Final = NAMES[:-1]
"""The last migration of each earlier schema."""
FIXTURES = Path(__file__).parent / "fixtures"
AUDIT_KEY: Final = bytes(range(32))
"""What the audit logs of the fixtures are sealed with: they are verified with it beside them."""

DAY: Final = 24 * 3600
DAYS: Final = 40
PIN: Final = "2580"
LINE: Final = {"id": "door", "zone": "entrance", "points": ((0.1, 0.5), (0.9, 0.5)), "inside": "up"}
SERVICES: Final = (
    {"id": "returns", "letter": "R", "name": "Returns", "zone": "shoes"}, {"id": "collect", "letter": "C", "name": "Collect"},
)  # fmt: skip
SETTINGS: Final = {
    "services": SERVICES,
    "counters": ({"id": "d1", "name": "Desk 1"}, {"id": "d2", "name": "Desk 2"}),
    "cameras": ({"id": "door", "source": "scene:door", "lines": (LINE,)},),
    "retention": {"journal_days": 2, "audit_days": 30, "seen_days": 90},
}


def _people(shop: Shop, clock: TurnableClock) -> None:
    for name, role in (("Ada", "admin"), ("Kari Ærlig", "lead"), ("Ola", "staff")):
        people.add(shop, name, role=role, pin=PIN, by="terminal", language="nb")
    ada, kari, ola = people.everybody(shop)
    passwords.make(shop, ada, by="terminal")
    vouching.person(shop, Vouched(issuer="https://house.example", subject="eva", name="Eva", role="manager"))
    pairing.make_entrance(shop, reusable=True, name="Office", role="manager", zone="shoes")
    gone, _ = pairing.enter(shop, pairing.make_entrance(shop, reusable=False, name="Old", role="staff", zone="shoes"))
    pairing.revoke(shop, gone.id, by=ada.id)
    tablet = pairing.approve(shop, pairing.ask(shop)[0], name="Tablet", role="staff", zone="", by=ada.id)
    audit.coming_from(screen=tablet.id, address="10.0.0.7")
    with suppress(shifts.MustWait):
        while True:
            with suppress(shifts.WrongPin):
                shifts.sign_in(shop, tablet, ola.id, "9630")
    audit.coming_from()
    shifts.sign_out(shop, shifts.begin(shop, kari, tablet, shifts.Proof.PIN))
    shift = shifts.whose(shop, shifts.begin(shop, ada, tablet, shifts.Proof.PASSWORD), tablet, touch=True)
    assert shift
    vouching.begin(shop, tablet.id, session=shift.session.id)
    keys = {"endpoint": "https://push.example/1", "p256dh": "a point", "auth": "a secret"}
    with change(shop.db):
        subscriptions.save(shop.db, Subscription(id="s1", person=kari.id, screen=tablet.id, made_at=clock(), **keys))


def _office(shop: Shop, clock: TurnableClock) -> None:
    standards_page.keep(shop)
    standards_page.acknowledge(shop, people.everybody(shop)[0].id)
    apikeys.recognised(shop, apikeys.add(shop, "wall", ["display.read"], by="ada")[1])
    apikeys.add(shop, "old-wall", ["display.read"], by="ada")
    apikeys.revoke(shop, "old-wall", by="ada")
    plans.save(shop, "door", Plan(lines=(Line(**LINE | {"inside": "down"}),)), "ada", base=0)
    boxes.invite(shop, "till", by="ada")
    trials.finish(shop, trials.ask(shop, "voice", "nb", by="ada"), says="Returns", sound=b"RIFF\x00")
    trials.finish(shop, trials.ask(shop, "paper", "nb", by="ada"), why="no_paper")
    file = shop.settings.store.data / "greetline.toml"
    for name in ("Oslo City", "Oslo Øst"):
        file.write_text(f'[store]\nname = "{name}"\n', encoding="utf-8")
        settings_changes.note(shop, file)
    with change(shop.db):
        begun.save(shop.db, Begun(what="settings", key="a digest", at=clock(), by="ada", body={"was": "another", "kind": "saved"}))


def _door(shop: Shop, clock: TurnableClock) -> None:
    for watch in ("watching", "blind", "watching", "blind"):
        devices.heard(shop, "door", watch=watch, since=clock(), zones=("entrance",), reason="dark", said_at=clock())
        clock.turn(seconds=30)
    arrivals.take(shop, [crossed(n, at=clock()) for n in range(1, 7)])
    clock.turn(seconds=20)
    visits.greet(shop, "door.ab-1", by="kari", key="tapped-once")
    visits.close(shop, "door.ab-1", by="kari")
    visits.reopen(shop, "door.ab-1", by="kari")
    visits.dismiss(shop, "door.ab-3", by="kari", reason="courier")
    visits.merge(shop, "door.ab-6", into="door.ab-5", by="kari")
    clock.turn(seconds=60)
    visits.run_due(shop)
    alerts.run_due(shop)
    visits.claim(shop, "door.ab-2", by="ola")
    visits.greet(shop, "door.ab-4", by="kari")
    visits.raise_upset(shop, "door.ab-4", by="kari")
    visits.brief(shop, "door.ab-4", happened="a", tried="b", wanted="c", by="kari")
    visits.take_over(shop, "door.ab-4", by="maria")
    alerts.acknowledge(shop, alerts.ask_help(shop, "kiosk", "shoes", by="").id, by="ola")
    arrivals.take(shop, [crossed(7, at=clock(), inward=False)])
    for zone in ("kids", "entrance"):
        zones.pause(shop, zone, minutes=5, reason="delivery", by="kari")
    zones.resume(shop, "entrance", by="kari")
    with change(shop.db):
        rejected.keep(shop.db, [(clock(), "greetline/1/x", "not JSON", b"{\xff")])


def _areas(shop: Shop, clock: TurnableClock) -> None:
    seen = {"device": "till", "area": "line"}
    arrivals.take(shop, [Stayed(event="s-1", zone="shoes", at=clock(), seconds=12.5, outcome="served", **seen)])
    for n, some in enumerate((9, 1)):
        arrivals.take(shop, [Counted(event=f"c-{n}", zone="shoes", at=clock(), people=some, longest=40.0, **seen)])
        clock.turn(seconds=20)
    for id_ in ("0123456789abcdef", "0123456789abcdee"):
        tally = tallies.begin(shop, "door", line="door", minutes=10, by="maria", id=id_)
        tallies.tap(shop, tally.id, [Tap(key="in-000000000001", at=clock(), inward=True)], by="maria")
        if id_.endswith("f"):
            tallies.finish(shop, tally.id, by="maria", at=clock.turn(seconds=600))


def _queue(shop: Shop, clock: TurnableClock) -> None:
    # So much later that the steps of the visits have gone from the journal: the fixtures are smaller for it.
    clock.turn(seconds=2 * DAY)
    counters.resume(shop, "returns", by="kari")
    counters.pause(shop, "collect", minutes=15, reason="till is down", by="kari")
    for counter in ("d1", "d2"):
        counters.open_(shop, counter, by="kari")
    counters.close(shop, "d2", by="kari")
    took = [_issued(shop, clock) for _ in range(3)]
    for ticket, then in zip(took[:2], (_case, _hold), strict=True):
        assert tickets.call_next(shop, "d1", by="kari")
        clock.turn(seconds=30)
        tickets.move(shop, ticket, Move.START, Said(by="kari"))
        then(shop, ticket)
    tickets.move(shop, took[2], Move.STEP_AWAY, Said(until=later(300, since=clock())))
    prints.finish(shop, _printing(shop, took[0]))
    prints.fail(shop, _printing(shop, took[1]), Trouble.NO_PAPER, "no paper")
    _printing(shop, took[2])


def _issued(shop: Shop, clock: TurnableClock) -> str:
    clock.turn(seconds=1)
    return tickets.issue(shop, Wish(service="returns", told=(60.0, 240.0)), key=f"take-{clock():%S}").id


def _case(shop: Shop, ticket: str) -> None:
    cases.write_recap(shop, ticket, heard="a shoe came apart", has="the receipt", tried="glue", next_="a new pair", by="kari")
    cases.confirm_recap(shop, ticket, said_yes=True, by="kari")
    cases.call_lead(shop, ticket, happened="a", tried="b", wanted="c", by="kari")
    cases.answer_lead(shop, ticket, by="maria")
    tickets.finish(shop, ticket, Outcome.SOLVED, by="kari")
    cases.give_feedback(shop, ticket, "good")
    problem = cases.open_problem(
        shop, kind="product", heard="glue", owner="maria", action="call", by="kari", ticket=ticket, promised_by=shop.clock()
    )
    cases.tell_customer(shop, problem.id, by="kari")
    cases.close_problem(shop, problem.id, outcome="solved", by="maria")


def _hold(shop: Shop, ticket: str) -> None:
    for move in (Move.HOLD, Move.UPDATE):
        tickets.move(shop, ticket, move, Said(by="kari", reason="the stock room", until=later(600, since=shop.clock())))


def _printing(shop: Shop, ticket: str) -> Job:
    prints.ask(shop, tickets.find(shop, ticket), "nb")
    job = prints.claim(shop, by="kiosk")
    assert job
    return job


def _outside(shop: Shop, clock: TurnableClock) -> None:
    for name, how in (("till", Tried(status=500, wrong="it said 500")), ("gone", Tried(status=410, wrong="it is gone", gone=True))):
        webhooks.known(shop, name)
        made = Delivery(target=name, fact=1, event="visit.opened", at=clock(), body='{"n": 1}', due_at=clock())
        webhooks.take(shop, name, [made], read_to=2)
        webhooks.tried(shop, deliveries.newest(shop.db, name, limit=1)[0], how)
    with change(shop.db):
        deliveries.announce(shop.db, ["homeassistant/sensor/oslo/config"], clock())


def _what_time_made(shop: Shop, clock: TurnableClock) -> None:
    """Hours and a month are summed up, one of them is touched again, estimates are learnt, and what is old has gone."""
    clock.turn(seconds=6 * 3600)
    finished.finish_all(shop)
    arrivals.take(shop, [crossed(2, at=clock() - timedelta(hours=5), device="late")])
    clock.turn(seconds=DAY)
    prospects.learn(shop)
    keeping.prune(shop, rest=lambda _: False)


PARTS: Final = (_people, _office, _door, _areas, _queue, _outside, _what_time_made)


@cache
def lived() -> bytes:
    """Return the file of a store in which a shop has lived for some weeks, with its audit log sealed by AUDIT_KEY."""
    with TemporaryDirectory() as folder:
        data, clock = Path(folder), TurnableClock()
        (data / audit.KEY_FILE).write_bytes(AUDIT_KEY)
        clock.turn(seconds=-DAYS * DAY)
        shop = make_shop(data, clock, **SETTINGS)
        with closing(shop.db.conn):
            arrivals.take(shop, [crossed(1, at=clock(), device="old")])
            counters.pause(shop, "returns", minutes=5, reason="lunch", by="kari")
            clock.at = NOON
            for part in PARTS:
                part(shop, clock)
            shop.db.execute("PRAGMA journal_mode=DELETE")
        return (data / STORE_FILE).read_bytes()


def made(last: str) -> sqlite_utils.Database:
    """Return a store in memory whose newest migration is *last*, with the rows of the shop that lived that fit it."""
    db = sqlite_utils.Database(memory=True)
    migrations.apply(db, stop_before=_next(last))
    newest = sqlite_utils.Database(memory=True)
    newest.conn.deserialize(lived())
    # In the order in which they were made: hours are finished after the rows they are made of, or those would touch them.
    for table in tables(db):
        columns = [column.name for column in db[table].columns if column.name in newest[table].columns_dict]
        rows = newest.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
        marks = ", ".join("?" * len(columns))
        db.conn.executemany(f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)
    db.conn.commit()
    newest.conn.close()
    return db


def tables(db: sqlite_utils.Database) -> list[str]:
    """Return the tables of a store that are ours, in the order in which they were made."""
    return [table.name for table in db.tables if not table.name.startswith(("sqlite_", "_sqlite"))]


def _next(last: str) -> str | None:
    place = NAMES.index(last) + 1
    return NAMES[place] if place < len(NAMES) else None


def main(names: list[str]) -> None:
    """Write the stores of *names*, or of every earlier schema."""
    FIXTURES.mkdir(exist_ok=True)
    for name in names or EARLIER:
        script = "\n".join(made(name).conn.iterdump())
        (FIXTURES / f"{name}.sql").write_text(script + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
