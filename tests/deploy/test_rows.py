"""Rows go out and come back the same; bad ones are named by their line and harm nobody."""

from __future__ import annotations

import csv
import json
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broker.desk import arrivals, tickets, visits
from broker.domain.ticket import Move, Outcome, Said
from broker.settings import CounterSettings, ServiceSettings
from broker.shop import Shop
from broker.store import tickets as stored_tickets
from broker.store import upkeep
from broker.store import visits as stored_visits
from broker.store.database import change
from deploy import rows
from tests.builders import TurnableClock, crossed, make_shop
from tests.history import fill

ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def a_shop(folder: Path, clock: TurnableClock) -> Shop:
    folder.mkdir()
    services = (ServiceSettings(id="returns", letter="A", name="Returns"),)
    return make_shop(folder, clock, services=services, counters=(CounterSettings(id="one", name="Desk 1"),))


@pytest.fixture
def full(tmp_path: Path, clock: TurnableClock) -> Shop:
    shop = a_shop(tmp_path / "full", clock)
    fill(shop, 3, a_day=40)
    for _ in range(3):
        ticket = tickets.issue(shop, tickets.Wish(service="returns"), by="=cmd|' /C calc'!A0")
        tickets.call(shop, ticket.id, "one", by="kari", reason="in a hurry")
        tickets.move(shop, ticket.id, Move.START, Said(by="kari"))
        clock.turn(seconds=60)
        tickets.finish(shop, ticket.id, Outcome.SOLVED, by="kari")
    return shop


def written(shop: Shop, what: str, form: str, file: Path) -> Path:
    with file.open("w", encoding="utf-8", newline="") as out:
        rows.write(rows.export(shop, what, *ALWAYS), out, form)
    return file


def everything(shop: Shop, what: str) -> list[dict[str, object]]:
    return list(rows.export(shop, what, *ALWAYS))


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize("what", ["visits", "tickets", "alerts"])
def test_what_goes_out_comes_back_the_same_and_only_once(
    full: Shop, tmp_path: Path, clock: TurnableClock, what: str, form: str
) -> None:
    file = written(full, what, form, tmp_path / f"{what}.{form}")
    other = a_shop(tmp_path / "other", clock)
    tried = rows.take(other, file, dry_run=True)
    assert (tried.taken, tried.bad, everything(other, what)) == (len(everything(full, what)), [], [])
    done = rows.take(other, file)
    assert (done.taken, done.known, done.bad) == (tried.taken, 0, [])
    assert everything(other, what) == everything(full, what)
    again = rows.take(other, file)
    assert (again.taken, again.known) == (0, tried.taken)
    found = upkeep.check(other.db, deep=True)
    broken = set(found.broken) - {"a merged visit's keeper is there"}
    assert broken == set(), "the made-up past merges into a visit that never was"
    other.db.conn.close()


def test_good_rows_are_taken_and_bad_ones_named_by_their_line(full: Shop, tmp_path: Path, clock: TurnableClock) -> None:
    file = written(full, "visits", "csv", tmp_path / "v.csv")
    lines = list(csv.reader(file.open(encoding="utf-8", newline="")))
    state, t0, size, ended = (lines[0].index(name) for name in ("state", "t0", "size", "ended_at"))
    lines[2][state], lines[3][t0], lines[4][size], lines[5][ended] = "dancing", "yesterday", "many", ""
    lines[6] = lines[6][:-1]
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(lines)
    other = a_shop(tmp_path / "other", clock)
    done = rows.take(other, file)
    assert [line for line, _ in done.bad] == [3, 4, 5, 6, 7]
    assert [why.split(":")[0] for _, why in done.bad][:3] == ["state", "t0", "size"]
    assert "has not ended" in done.bad[3][1]
    assert "cells" in done.bad[4][1]
    assert done.taken == len(lines) - 1 - 5
    other.db.conn.close()


def test_a_number_that_another_ticket_has_here_is_refused(full: Shop, tmp_path: Path, clock: TurnableClock) -> None:
    file = written(full, "tickets", "jsonl", tmp_path / "t.jsonl")
    other = a_shop(tmp_path / "other", clock)
    mine = tickets.issue(other, tickets.Wish(service="returns"), by="test")
    done = rows.take(other, file)
    assert (done.taken, len(done.bad)) == (2, 1)
    assert "is another ticket here" in done.bad[0][1]
    assert stored_tickets.get(other.db, mine.id) == mine
    other.db.conn.close()


def test_no_formula_runs_in_a_spreadsheet_and_no_page_of_a_customer_can_be_opened(full: Shop, tmp_path: Path) -> None:
    with change(full.db):
        odd = replace(stored_visits.between(full.db, *ALWAYS)[0], zone="=1+1", dismissed_as="'quoted")
        stored_visits.save(full.db, odd)
    page = written(full, "visits", "csv", tmp_path / "v.csv").read_text()
    assert ",=1+1," not in page
    assert ",'=1+1," in page
    token = full.db.execute("SELECT token FROM tickets LIMIT 1").fetchone()[0]
    assert token not in written(full, "tickets", "jsonl", tmp_path / "t.jsonl").read_text()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no row"), (b"id,name\n1,2\n", "none of visits"), (b"\xff\xfe\x00\x01", "UTF-8"),
        (b'{"id":1,"at":"x","kind":"k","subject":"s","zone":"","by":"","body":"{}"}\n', "only goes out"),
        (b"{broken\n", "none of visits"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_of_ours_is_refused_in_a_sentence(full: Shop, tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "odd"
    file.write_bytes(content)
    with pytest.raises(rows.Unreadable, match=said):
        rows.take(full, file)


def test_one_day_is_one_business_day(full: Shop, clock: TurnableClock) -> None:
    day = full.hours.business_day(clock())
    begin, end = full.hours.day_begins(day), full.hours.day_ends(day)
    found = list(rows.export(full, "visits", begin, end))
    assert len(found) == len(stored_visits.between(full.db, begin, end)) > 0
    assert len(found) < len(everything(full, "visits"))


def test_the_commands_say_how_many_and_end_with_1_for_bad_rows(full: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.deploy.test_backup import greetline

    del monkeypatch
    arrivals.take(full, [crossed(1, at=full.clock())])
    visits.run_due(full)
    (tmp_path / "greetline.toml").write_text(f'[store]\nid = "oslo-city"\ndata = "{tmp_path / "full"}"\n')
    full.db.conn.close()
    done = greetline("export", "--what", "visits", "--format", "jsonl", "-o", "v.jsonl", "--json", folder=tmp_path)
    number = json.loads(done.stdout)["rows"]
    assert (done.returncode, len((tmp_path / "v.jsonl").read_text().splitlines())) == (0, number)
    taken = greetline("import", "v.jsonl", "--json", folder=tmp_path)
    said = json.loads(taken.stdout)
    assert (taken.returncode, said["taken"], said["known"], said["bad"]) == (1, 0, number - 1, 1), "one has not ended"
    assert greetline("export", "--what", "journal", "--from", "2026-12-01", "--to", "2026-11-01", folder=tmp_path).returncode == 2
    refused = greetline("import", "greetline.toml", folder=tmp_path)
    assert (refused.returncode, "none of visits" in refused.stderr) == (3, True)
    with closing(rows_file := (tmp_path / "v.jsonl").open()):
        assert json.loads(rows_file.readline())["id"]
