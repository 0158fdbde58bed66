"""Little room, no room, room again: the floor hears of it in time, and that it is over."""

from __future__ import annotations

import resource
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from broker.contract.messages import Watch
from broker.desk import devices, screens
from broker.service.room import LOOK_SECONDS, MEGABYTE, RoomWatch
from broker.settings import HealthSettings, MqttSettings, Settings, StoreSettings
from broker.shop import Shop, open_shop
from broker.store.line_file import LINE_BYTES
from broker.store.room import RoomState, look, mark
from tests.builders import TurnableClock, make_shop
from tests.faults.test_disk import small_disk
from tests.service.parts import STORE, Device, own_broker, service, settings_file, wait_until

pytestmark = pytest.mark.fault

TOLD_WITHIN = 5.0


@pytest.fixture
def mqtt(tmp_path: Path) -> Iterator[MqttSettings]:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    with own_broker(folder) as settings:
        yield settings


def a_floor(data: Path, least: int = 20) -> Shop:
    chosen = {"store": StoreSettings(id=STORE, name="Oslo City", data=data), "health": HealthSettings(free_megabytes=least)}
    return open_shop(Settings.model_validate(chosen), create=False)


def screens_room(shop: Shop) -> RoomState:
    return look(shop.settings.store.data, shop.settings.health.free_megabytes * MEGABYTE).state


def told(shop: Shop) -> str:
    row = screens.service(shop)
    assert row
    return str(row["room"])


def seconds_until(shop: Shop, state: str) -> float:
    began = time.monotonic()
    wait_until(lambda: told(shop) == state, f"the floor is told {state}")
    return time.monotonic() - began


def test_a_full_disk_is_on_the_floor_within_seconds_and_goes_by_itself(mqtt: MqttSettings, tmp_path: Path) -> None:
    data = tmp_path / "small"
    data.mkdir()
    with small_disk(data), service(settings_file(data, mqtt, health="free_megabytes = 20")), Device(mqtt) as camera:
        camera.say(camera.crossing("before"))
        camera.wait_acknowledged("before")
        shop = a_floor(data)
        assert told(shop) == "low", "16 MB are less than the least that can be set"
        with (data / "ballast").open("wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(b"x" * 4096)
            except OSError:
                pass
        full = seconds_until(shop, "full")
        (data / "ballast").unlink()
        again = seconds_until(shop, "low")
        print(f"\nfull disk: on the floor after {full:.1f} s, gone {again:.1f} s after there was room")
        assert max(full, again) <= TOLD_WITHIN
        camera.say(camera.crossing("after"))
        camera.wait_acknowledged("after")
        shop.db.conn.close()


def test_a_write_that_fails_while_there_seems_to_be_room_is_told_too(mqtt: MqttSettings, tmp_path: Path) -> None:
    with service(settings_file(tmp_path, mqtt, health="free_megabytes = 20")) as process, Device(mqtt) as camera:
        camera.say(camera.crossing("before"))
        camera.wait_acknowledged("before")
        shop = a_floor(tmp_path)
        wait_until(lambda: told(shop) == "enough")
        largest = max(path.stat().st_size for path in tmp_path.glob("greetline.db*"))
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
        began = time.monotonic()
        names = (f"ab-{n}" for n in range(2_000))
        while told(shop) != "full" and time.monotonic() - began < 20:
            camera.say(camera.crossing(next(names)))
        process.wait_for("THE STORE CANNOT BE WRITTEN")
        assert seconds_until(shop, "full") <= TOLD_WITHIN
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert seconds_until(shop, "enough") <= TOLD_WITHIN
        shop.db.conn.close()


@pytest.mark.parametrize("started_anew", [False, True], ids=["seen by one service", "seen by the next"])
def test_a_disk_that_was_full_while_every_write_still_worked_is_over_by_itself(
    tmp_path: Path, clock: TurnableClock, monkeypatch: pytest.MonkeyPatch, started_anew: bool
) -> None:
    shop, free, now = make_shop(tmp_path, clock), [0], [0.0]
    monkeypatch.setattr("broker.store.room.shutil.disk_usage", lambda _: SimpleNamespace(free=free[0]))
    watch = RoomWatch(shop, lambda: now[0])
    assert screens_room(shop) is RoomState.FULL
    free[0] = 10**12
    if started_anew:
        watch = RoomWatch(shop, lambda: now[0])
    now[0] += LOOK_SECONDS
    watch.turn()
    assert screens_room(shop) is RoomState.ENOUGH


def test_a_write_that_failed_is_over_by_itself_though_the_clock_was_set_back_since(tmp_path: Path, clock: TurnableClock) -> None:
    shop, now = make_shop(tmp_path, clock), [0.0]
    watch = RoomWatch(shop, lambda: now[0])
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL
    watch.failed(full)
    assert screens_room(shop) is RoomState.FULL
    clock.turn(seconds=-3600)
    for _ in range(2):
        clock.turn(seconds=1)
        now[0] += LOOK_SECONDS
        watch.turn()
        devices.heard(shop, devices.SERVICE, kind="service", watch=Watch.WATCHING, since=shop.clock())
    clock.turn(seconds=1)
    now[0] += LOOK_SECONDS
    watch.turn()
    assert screens_room(shop) is not RoomState.FULL


def test_a_mark_that_was_refused_is_made_as_soon_as_it_can_be(
    tmp_path: Path, clock: TurnableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, now = make_shop(tmp_path, clock), [0.0]
    watch = RoomWatch(shop, lambda: now[0])
    data = shop.settings.store.data
    (data / "room").unlink()
    (data / "room").mkdir()
    monkeypatch.setattr("broker.store.room.shutil.disk_usage", lambda _: SimpleNamespace(free=0))
    for refused in (True, False):
        if not refused:
            (data / "room").rmdir()
        now[0] += LOOK_SECONDS
        watch.turn()
        assert (data / "room").is_dir() == refused
    assert (data / "room").read_text().startswith("full ")


def test_the_mark_is_written_over_and_never_grows(tmp_path: Path, clock: object) -> None:
    shop = open_shop(Settings.model_validate({"store": {"data": tmp_path}}))
    for state in RoomState:
        mark(tmp_path, state, shop.clock())
        assert (tmp_path / "room").stat().st_size == LINE_BYTES
    assert look(tmp_path, 0).state is RoomState.FULL
    (tmp_path / "room").write_text("junk")
    assert look(tmp_path, 0).state is RoomState.ENOUGH, "a mark that cannot be read says nothing"
    (tmp_path / "room").unlink()
    assert look(tmp_path, 10**18).state is RoomState.LOW
    assert look(tmp_path / "nowhere", 0).state is RoomState.FULL
    shop.db.conn.close()
