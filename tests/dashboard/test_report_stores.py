"""Several stores side by side: exact figures, each store on its own, what cannot be read, and nobody's store written to."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import tomlkit
from click.testing import CliRunner
from openpyxl import load_workbook
from pypdf import PdfReader

from broker.desk import chain
from broker.desk.people import LANGUAGES
from broker.desk.reports import greeting_report
from broker.domain.period import period
from broker.settings import BadSettings, Settings, read
from broker.shop import STORE_FILE, Shop, StoreError, open_shop
from broker.store.database import open_store
from broker.store.foreign import open_to_read
from dashboard.cli_report import main
from dashboard.reports import asked, kinds
from dashboard.wording import Words
from tests.builders import NOON, TurnableClock
from tests.dashboard.reading import page_of, reader, rows_of, table_of, words_of
from tests.history import a_camera, fill
from tests.queue_days import COUNTERS, SERVICES, Days

NAMES = {"oslo": "Oslo City", "riga": 'Rīgas "Centrs" <b>&</b> šķūnis', "bergen": "=Bergen"}
PROMISES = {"oslo": 30, "riga": 30, "bergen": 20}
EVENING = NOON + timedelta(hours=7)


def settings_of(folder: Path, store: str, others: list[str]) -> Path:
    """Write the settings of a store that knows *others*, which lie beside it."""
    file = folder / store / "greetline.toml"
    file.parent.mkdir(exist_ok=True)
    chosen = {
        "store": {"id": store, "name": NAMES.get(store, store)},
        "reports": {"stores": [f"../{each}/greetline.toml" for each in others]},
        "standards": {"warn_seconds": 10, "greet_within_seconds": PROMISES.get(store, 30)},
        "opening": {day: ["10:00-20:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
        "zones": [{"id": "entrance", "name": f"Door of {store}"}, {"id": "shoes", "name": "Shoes"}],
        "services": list(SERVICES), "counters": list(COUNTERS),
    }  # fmt: skip
    file.write_text(tomlkit.dumps(chosen), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three stores with a week behind them; that of Oslo knows the other two."""
    folder = tmp_path_factory.mktemp("chain")
    for n, store in enumerate(NAMES):
        file = settings_of(folder, store, ["riga", "bergen"] if store == "oslo" else [])
        clock = TurnableClock(NOON - timedelta(hours=2))
        shop = open_shop(read(Settings, file, environment={}), clock=clock)
        Days(shop, clock).live(NOON - timedelta(hours=2), NOON - timedelta(hours=1), every=90)
        clock.at = EVENING
        fill(shop, 9, seed=n, a_day=30 + 10 * n)
        a_camera(shop, "Door", "entrance", gaps=((NOON, NOON + timedelta(minutes=7 * n)),) if n else ())
        shop.db.conn.close()
    return folder


@pytest.fixture
def oslo(three: Path) -> Iterator[Shop]:
    shop = open_shop(read(Settings, three / "oslo" / "greetline.toml", environment={}), clock=TurnableClock(EVENING))
    with closing(shop.db.conn):
        yield shop


def test_the_stores_stand_side_by_side_with_their_n_and_their_health(oslo: Shop) -> None:
    page = page_of(reader(oslo), what="stores")
    rows = table_of(page, "h-stores")
    assert [row[0] for row in rows[1:]] == [*NAMES.values(), "All stores"]
    with chain.whole(oslo) as found:
        days = period("7d", oslo.hours.business_day(EVENING))
        alone = [greeting_report(shop, period=days).figures for shop in found.shops]
    assert [int(row[1]) for row in rows[1:4]] == [each.visits for each in alone]
    assert int(rows[4][1]) == sum(each.visits for each in alone) > 300
    assert [row[5] for row in rows[1:]] == ["30", "30", "20", "30"], "each to its own promise, all of them to the longest"
    health = table_of(page, "h-trust")
    assert [row[2] for row in health[1:]] == ["0", "7", "14"]
    said = words_of(page)
    assert "The stores promise different times" in said
    assert "<b>" not in page.split("<main")[1].split("</main>")[0]


def test_waits_with_a_number_stand_side_by_side_on_a_page_of_their_own(oslo: Shop) -> None:
    page = page_of(reader(oslo), what="stores_waiting")
    rows = table_of(page, "h-queues")
    assert [row[0] for row in rows[1:]] == [*NAMES.values(), "All stores"]
    assert int(rows[4][1]) == sum(int(row[1]) for row in rows[1:4]) > 60
    assert table_of(page, "h-trust")[0] == ["Store", "Closed by the clock", "Still open"]


def test_its_charts_are_small_and_their_numbers_are_in_tables(oslo: Shop) -> None:
    page = page_of(reader(oslo), what="stores")
    plots = [part.split("</svg>")[0] for part in page.split('<svg class="plot')[1:]]
    assert len(plots) == 4
    assert max(len(plot.encode()) for plot in plots) < 5_000


def test_each_store_can_be_looked_at_alone_by_every_report(oslo: Shop) -> None:
    client = reader(oslo)
    for what in kinds.shown(oslo):
        page = page_of(client, "?store=bergen", what=what)
        if what not in kinds.CHAIN:
            assert "=Bergen" in words_of(page.split("<main")[1]), what
            assert 'name="store" value="bergen"' in page, "other days are asked of the same store"
            assert "store=bergen" in page.split('class="pick"')[1].split("</ul>")[0]
    assert "Door of bergen" in page_of(client, "?store=bergen")
    assert "Door of oslo" in page_of(client, "?store=oslo")
    assert client.get("/reports?store=paris").status_code == 404
    assert client.get("/reports?store=bergen&zone=moon").status_code == 404
    assert client.get("/reports/people?store=bergen").status_code == 404, "whether it says names is for each store to say"


def test_the_menu_leads_from_all_stores_to_each_and_back(oslo: Shop) -> None:
    client = reader(oslo)
    page = page_of(client, "?period=28d", what="stores")
    for link in ("/reports?period=28d", "/reports?period=28d&amp;store=bergen"):
        assert f'href="{link}"' in page
        assert client.get(link.replace("&amp;", "&")).status_code == 200
    one = page_of(client, "?period=28d&store=bergen&zone=shoes", what="waiting")
    assert 'href="/reports/stores_waiting?period=28d"' in one
    assert 'href="/reports/stores?period=28d"' in one
    assert 'href="/reports/waiting?period=28d&amp;store=bergen"' in page_of(client, "?period=28d", what="stores_waiting")


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_told_in_every_language_and_every_form(oslo: Shop, language: str) -> None:
    client = reader(oslo, language=language)
    for what in kinds.CHAIN:
        assert "chain." not in words_of(page_of(client, what=what))
    comma = "," if language in ("en", "ms") else ";"
    rows = rows_of(client, "table=stores", what="stores", delimiter=comma)
    assert [row[0] for row in rows[1:4]] == ["Oslo City", NAMES["riga"], "'=Bergen"], "a name is no formula"
    alone = rows_of(client, "store=riga&table=zones", delimiter=comma)
    assert alone[1][0] == "Door of riga"
    assert len(rows_of(client, "store=riga&table=visits&period=7d", delimiter=comma)) > 200


def test_paper_and_workbook_hold_the_names_as_they_are_written(oslo: Shop) -> None:
    client = reader(oslo, language="lv")
    paper = PdfReader(io.BytesIO(client.get("/reports/stores.pdf").data))
    assert NAMES["riga"] in " ".join(page.extract_text() for page in paper.pages).replace("\n", " ")
    book = load_workbook(io.BytesIO(client.get("/reports/stores.xlsx").data))
    names = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row]
    assert NAMES["riga"] in names


def test_a_store_that_cannot_be_read_is_named_and_the_others_are_told(three: Path, oslo: Shop, tmp_path: Path) -> None:
    for name, text in (
        ("broken", "[store\n"),
        ("doubled", '[store]\nid = "riga"\nname = "Riga again"\n'),
        ("new", '[store]\nid = "new"\n'),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "greetline.toml").write_text(text)
    stores = [
        three / "riga" / "greetline.toml",
        *(tmp_path / each / "greetline.toml" for each in ("broken", "doubled", "new", "gone")),
    ]
    reports = oslo.settings.reports.model_copy(update={"stores": tuple(stores)})
    shop = Shop(oslo.db, oslo.clock, oslo.settings.model_copy(update={"reports": reports}))
    client = reader(shop)
    said = words_of(page_of(client, what="stores"))
    assert "cannot be read now: broken, Riga again, gone and The shop" in said
    assert "2 stores" in said
    assert len(table_of(page_of(client, what="stores"), "h-trust")) == 1 + 2 + 4
    assert client.get("/reports?store=new").status_code == 503


def test_another_store_is_never_written_to(three: Path, oslo: Shop) -> None:
    file = three / "riga" / "var" / STORE_FILE
    before = file.read_bytes()
    assert page_of(reader(oslo), what="stores")
    other = chain.another(oslo, "riga")
    with closing(other.db.conn), pytest.raises(sqlite3.OperationalError, match="readonly"):
        other.db.execute("DELETE FROM visits")
    assert file.read_bytes() == before


def test_a_store_of_another_version_is_left_as_it_is(tmp_path: Path) -> None:
    early = tmp_path / STORE_FILE
    db = open_store(early)
    db.execute("DELETE FROM _sqlite_migrations WHERE name = (SELECT max(name) FROM _sqlite_migrations)")
    db.conn.close()
    with pytest.raises(StoreError, match="another version"):
        open_to_read(early)


def test_the_command_tells_of_all_stores_and_of_one(three: Path) -> None:
    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["--settings", str(three / "oslo" / "greetline.toml"), *words])
        return done.exit_code, done.output

    days = f"{NOON:%Y-%m-%d}"
    code, said = run("--store", "all", "--from", days, "--format", "json")
    told = json.loads(said)
    assert (code, told["what"]) == (0, "stores")
    assert [row[0] for row in told["tables"][0]["rows"]] == [*NAMES.values(), "All stores"]
    code, said = run("--store", "all", "--what", "waiting", "--from", days, "--format", "csv", "--table", "queues")
    assert (code, len(said.splitlines())) == (0, 5)
    code, said = run("--store", "riga", "--from", days, "--format", "json")
    assert (code, json.loads(said)["store"]) == (0, NAMES["riga"])
    for words, wrong in (
        (("--store", "paris"), "there are oslo, riga, bergen, and all"),
        (("--store", "all", "--what", "service"), "is of one store"),
    ):
        code, said = run(*words)
        assert code == 2
        assert wrong in said
    alone = CliRunner().invoke(main, ["--settings", str(three / "riga" / "greetline.toml"), "--what", "stores"])
    assert alone.exit_code == 2
    assert "[reports] stores" in alone.output


def test_a_shop_alone_has_no_stores_to_compare(three: Path) -> None:
    shop = open_shop(read(Settings, three / "riga" / "greetline.toml", environment={}), clock=TurnableClock(EVENING))
    with closing(shop.db.conn):
        client = reader(shop)
        assert "/reports/stores" not in page_of(client)
        assert client.get("/reports/stores").status_code == 404
        assert client.get("/reports?store=oslo").status_code == 404


def test_the_environment_of_this_shop_is_not_meant_for_others(oslo: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GREETLINE_STORE__NAME", "Everywhere")
    assert list(chain.names(oslo).values()) == list(NAMES.values())


def test_so_many_stores_and_no_more(tmp_path: Path) -> None:
    settings_of(tmp_path, "oslo", [f"s{n}" for n in range(51)])
    with pytest.raises(BadSettings, match="stores"):
        read(Settings, tmp_path / "oslo" / "greetline.toml", environment={})


def test_the_sheet_of_a_chain_says_when_everything_is_of_today(oslo: Shop) -> None:
    words = Words.of("en", oslo.hours.zone)
    made = kinds.made("stores", oslo, asked.read(oslo, {"period": "today"}), words)
    assert made.what == "stores"
    assert made.headline
