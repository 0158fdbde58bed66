"""Whatever stands in a file of rows: good ones are taken, bad ones listed with their lines, and the store stays sound."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.shop import Shop
from broker.store import upkeep
from deploy import rows
from tests.builders import TurnableClock, make_shop
from tests.dashboard.program import COUNTERS, SERVICES, brought_to
from tests.fuzz.parts import DEEP, spoilt, tried
from tests.history import fill

ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
FORMS = ("csv", "jsonl")
TURNS = count()


def a_shop(folder: Path) -> Shop:
    return make_shop(folder, TurnableClock(), services=SERVICES, counters=COUNTERS)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """A few rows of each kind as a shop wrote them, ended ones only."""
    from broker.domain.ticket import State

    shop = a_shop(tmp_path_factory.mktemp("from"))
    fill(shop, 3, a_day=40)
    for number, state in enumerate((State.FINISHED, State.CANCELLED, State.EXPIRED), start=1):
        brought_to(shop, state, f"desk-{number}")
    found = {what: list(rows.export(shop, what, *ALWAYS)) for what in ("visits", "tickets", "alerts")}
    shop.db.conn.close()
    return {
        what: [row for row in some if row["ended_at" if what != "alerts" else "resolved_at"] is not None][:4]
        for what, some in found.items()
    }


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = a_shop(tmp_path_factory.mktemp("to"))
    yield made
    made.db.conn.close()


def written(lines: list[Any], form: str) -> bytes:
    """*lines* as a file: rows by `rows.write`, and whatever is none as it stands."""
    out = io.StringIO()
    head: list[str] = []
    for line in lines:
        if form == "jsonl":
            out.write(json.dumps(line) + "\n")
        elif not isinstance(line, dict):
            out.write(f"{line!r}\n")
        else:
            if not head:
                head = list(line)
                csv.writer(out, lineterminator="\n").writerow(head)
            cells = [line.get(name, "") for name in head]
            csv.writer(out, lineterminator="\n").writerow(
                [json.dumps(cell) if isinstance(cell, list | dict) else cell for cell in cells]
            )
    return out.getvalue().encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("what", ["visits", "tickets", "alerts"])
def test_bad_rows_are_listed_and_good_ones_before_and_after_them_taken(
    shop: Shop, exported: dict[str, list[dict[str, Any]]], tmp_path: Path, what: str, form: str
) -> None:
    first, *others, last = exported[what]
    file = tmp_path / f"rows.{form}"

    @tried(20)
    @given(bad=st.lists(spoilt(others or [first]), min_size=1, max_size=3))
    def asked(bad: list[Any]) -> None:
        number = 1_000 + 2 * next(TURNS)
        goods = [named(row, what, f"{what}-{form}-{number + n}", number + n) for n, row in enumerate((first, last))]
        file.write_bytes(written([goods[0], *bad, goods[1]], form))
        try:
            done = rows.take(shop, file)
        except rows.Unreadable:
            with pytest.raises(UnicodeDecodeError):
                file.read_text(encoding="utf-8")
            return
        assert done.taken + done.known + len(done.bad) + done.more_bad == len(bad) + 2 - blank(bad, form)
        for row in goods:
            assert shop.db.execute(f"SELECT 1 FROM {what} WHERE id = ?", [row["id"]]).fetchone(), (done, bad)

    asked()
    found = upkeep.check(shop.db, deep=True)
    assert not found.damage
    assert set(found.broken) <= {"a merged visit's keeper is there"}, found.broken


def named(row: dict[str, Any], what: str, id: str, number: int) -> dict[str, Any]:
    """*row* under another id, so that it is nobody's yet."""
    if what == "tickets":
        return {**row, "id": id, "number": number, "moves": [{**move, "ticket": id} for move in row["moves"]]}
    return {**row, "id": id}


def blank(bad: list[Any], form: str) -> int:
    """Lines of nothing, which are no rows."""
    return sum(1 for line in bad if form == "csv" and isinstance(line, dict) and not line)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b'{"own_t0":' * DEEP, id="nested without an end"),
        pytest.param(b'{"own_t0": 1}\n' + b'{"own_t0":' * DEEP + b"\n", id="nested in the second line"),
        pytest.param(b"own_t0,id\n" + b'"' + b"x" * 200_000 + b'",1\n2,3\n', id="a cell without an end"),
        pytest.param(b'own_t0,id\n"a\x00b",1\n2,3\n', id="a nought"),
        pytest.param(b'{"own_t0": 1}\n\xff\xfe\n', id="not text further on"),
        pytest.param(b"\x00" * 1000, id="noughts"),
    ],
)
def test_a_file_to_fall_over_is_refused_or_its_rows_listed(shop: Shop, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "rows"
    file.write_bytes(content)
    try:
        done = rows.take(shop, file)
    except rows.Unreadable:
        return
    assert (done.taken, len(done.bad) > 0) == (0, True)


@tried(60)
@given(content=st.binary(max_size=300) | st.text(max_size=300).map(lambda text: b"own_t0,id\n" + text.encode("utf-8", "replace")))
def test_any_file_is_read_to_its_end_or_refused(shop: Shop, tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "any"
    file.write_bytes(content)
    with suppress(rows.Unreadable):
        assert rows.take(shop, file).taken == 0
