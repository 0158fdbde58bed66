"""`greetline restore --at`: the shop as it was at a moment, said in the shop's own time, or why not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from broker.lock import held
from broker.service import archiving
from broker.settings import Settings
from broker.shop import STORE_FILE, Shop, open_shop
from broker.store import archive
from deploy import backup
from deploy.archive_checks import archive as doctor_says
from deploy.cli import main
from deploy.fault import Fault
from deploy.finding import State
from deploy.restore_at import moment_of
from tests.store.archives import Kept

OSLO = ZoneInfo("Europe/Oslo")
TOML = '[store]\nid = "oslo"\n[backup]\narchive_to = "stick"\n[dashboard]\nport = {}\n[kiosk]\nport = {}\n'


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    from tests.service.parts import free_port

    (tmp_path / "stick").mkdir()
    (tmp_path / "greetline.toml").write_text(TOML.format(free_port(), free_port()), encoding="utf-8")
    settings = Settings.model_validate(
        {"store": {"id": "oslo", "data": tmp_path / "var"}, "backup": {"archive_to": tmp_path / "stick"}}
    )
    shop = open_shop(settings)
    yield shop
    shop.db.conn.close()


@pytest.fixture
def moments(shop: Shop, tmp_path: Path) -> list[str]:
    """The moments at which the shop had one, two and three facts, as its people say them."""
    kept = Kept(shop.settings.store.data / STORE_FILE, tmp_path / "stick/greetline-oslo")
    kept.founded()
    found = []
    for n in range(3):
        shop.db.conn.execute(
            "INSERT INTO journal (at, kind, subject, zone, by, body) VALUES ('2026-11-22T11:00:00.000Z', 'x', ?, '', '', '{}')",
            [f"{n}"],
        )
        found.append(f"{archive.as_moment(kept.turn()).astimezone(OSLO):%Y-%m-%d %H:%M:%S}")
    kept.end()
    shop.db.conn.close()
    return found


def greetline(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["restore", "--settings", str(folder / "greetline.toml"), *words])


def facts(folder: Path) -> int:
    shop = open_shop(Settings.model_validate({"store": {"data": folder / "var"}}), create=False)
    try:
        return int(shop.db.execute("SELECT count(*) FROM journal").fetchone()[0])
    finally:
        shop.db.conn.close()


def test_the_shop_goes_back_to_a_moment_and_on_again_to_a_later_one(tmp_path: Path, moments: list[str]) -> None:
    assert facts(tmp_path) == 3
    done = greetline(tmp_path, "--at", moments[0], "--dry-run")
    assert done.exit_code == 0, done.output
    assert f"Could be restored: oslo as of {moments[0]}" in done.output
    assert facts(tmp_path) == 3
    for n, moment in ((1, moments[0]), (3, moments[2]), (2, moments[1])):
        said = json.loads(greetline(tmp_path, "--at", moment, "--json").stdout)
        assert (facts(tmp_path), said["counts"]["journal"], len(said["kept"])) == (n, n, 1)


def test_the_list_says_which_moments_there_are(tmp_path: Path, moments: list[str]) -> None:
    (span,) = json.loads(greetline(tmp_path, "--list", "--json").stdout)["spans"]
    assert datetime.fromisoformat(span["to"]) == moment_of(moments[2], OSLO)
    assert moments[2] in greetline(tmp_path, "--list").output
    elsewhere = greetline(tmp_path, "--list", "--json", "--archive", str(tmp_path / "stick/greetline-oslo"))
    assert json.loads(elsewhere.stdout)["spans"] == [span]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--at", "2026-11-22 03:00"), 3, "it begins at"), (("--at", "2036-11-22 03:00"), 3, "it ends at"),
        (("--at", "at five"), 3, "is no moment"), (("--list", "--at", "2026-11-22 03:00"), 2, "or --at"), ((), 2, "or --at"),
        (("--list", "--archive", "nowhere"), 3, "there is no archive here"),
        (("--list", "--archive", "x" * 300), 3, "name too long. Is it there, and may you use it?"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_and_nothing_is_changed(
    tmp_path: Path, moments: list[str], words: tuple[str, ...], code: int, says: str
) -> None:
    done = greetline(tmp_path, *words)
    assert (done.exit_code, says in done.output) == (code, True), done.output
    assert facts(tmp_path) == 3


def test_while_the_archive_is_kept_nothing_is_put_in_the_place_of_the_store(tmp_path: Path, moments: list[str]) -> None:
    with held(tmp_path / "var" / archiving.LOCK_FILE):
        done = greetline(tmp_path, "--at", moments[0])
    assert (done.exit_code, "the shop is open" in done.output) == (3, True)


def test_a_moment_is_said_in_the_time_of_the_shop() -> None:
    assert moment_of("2026-11-22 14:05", OSLO) == datetime(2026, 11, 22, 13, 5, tzinfo=UTC)
    assert moment_of("2026-11-22T14:05:07.5+03:00", OSLO) == datetime(2026, 11, 22, 11, 5, 7, 500_000, tzinfo=UTC)
    for said, why in (("2026-10-25 02:30", "it was twice"), ("2026-03-29 02:30", "no such time")):
        with pytest.raises(Fault, match=why):
            moment_of(said, OSLO)


def test_the_archive_beside_the_store_is_in_no_backup(shop: Shop, tmp_path: Path) -> None:
    inside = tmp_path / "var/kept"
    settings = Settings.model_validate(shop.settings.model_dump() | {"backup": {"archive_to": inside}})
    (inside / "greetline-oslo").mkdir(parents=True)
    (inside / "greetline-oslo" / "20261122140001000-000001.log").write_text("much")
    _, manifest = backup.make(settings, None, tmp_path / "elsewhere", secrets=True)
    assert not [name for name in manifest.files if "greetline-oslo" in name]


def test_the_doctor_says_how_the_archive_is(shop: Shop, tmp_path: Path) -> None:
    said = list(doctor_says(shop.settings))
    assert [finding.state for finding in said] == [State.WARN, State.WARN]
    assert "on the disk of the store" in said[0].says
    assert list(doctor_says(Settings())) == []
    unseen = Settings.model_validate({"backup": {"archive_to": tmp_path / ("x" * 300)}})
    assert ["not there or cannot be written" in finding.says for finding in doctor_says(unseen)] == [True]
