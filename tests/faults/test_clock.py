"""Clocks that are wrong: nobody is called for nothing, nobody is left waiting because of it, and staff are told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from broker.contract.codec import encode, topic_of
from broker.contract.messages import Message, Status, Watch, message
from broker.desk import health, screens
from broker.link import Incoming, Link
from broker.service.deadlines import Deadlines
from broker.service.inbox import Inbox
from broker.service.jumps import Jumps
from broker.settings import MqttSettings
from tests.builders import NOON, TurnableClock, make_shop
from tests.faults import stand
from tests.faults.rows import Row
from tests.service.parts import STORE, Device, own_broker, read_store, service, settings_file, wait_until

pytestmark = pytest.mark.fault

FLAGGED_WITHIN = 3.0
"""Seconds until the screens say that a clock is wrong."""


@pytest.fixture
def mqtt(tmp_path: Path) -> Iterator[MqttSettings]:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    with own_broker(folder) as settings:
        yield settings


def a_status(camera: Device, number: int, off: timedelta) -> Message:
    said = datetime.now(UTC) + off
    body = Status(watch=Watch.WATCHING, since=said, zones=("entrance",))
    return message(body, id=f"s-{number}", store=STORE, device=camera.name, time=said)


@pytest.mark.parametrize("hours", [1.0, -1.0, 0.002], ids=["ahead", "behind", "seven seconds"])
def test_a_camera_whose_clock_jumps_is_flagged_and_its_customers_are_greeted_in_time(
    mqtt: MqttSettings, tmp_path: Path, found: Callable[..., Row], hours: float
) -> None:
    off = timedelta(hours=hours)
    settings = settings_file(tmp_path, mqtt, standards=stand.STANDARDS, alerts="on_delay_seconds = 0")
    with service(settings), Device(mqtt) as camera:
        camera.say(a_status(camera, 1, timedelta(0)))
        camera.say(camera.crossing("before"))
        camera.wait_acknowledged("before")
        began = time.monotonic()
        camera.commands.clear()
        camera.say(a_status(camera, 2, off))

        def asked() -> bool:
            camera.listen()
            return "report" in camera.commands

        wait_until(asked, "the camera is asked how it is")
        camera.say(a_status(camera, 3, off))
        shop = stand.a_shop(tmp_path)
        wait_until(lambda: abs(screens.cameras(shop, shop.clock())[0]["skew"] or 0) > 2, "the screens say that its clock is wrong")
        flagged = time.monotonic() - began
        [look] = [look for look in health.looks(shop) if look.name == "cameras"]
        came = datetime.now(UTC)
        camera.say(camera.crossing("after", at=came + off))
        camera.wait_acknowledged("after")
        stand.wait_for_the_lead(tmp_path, 2)
        shop.db.close()
    rows = read_store(tmp_path, "SELECT t0, late, overdue_at FROM visits ORDER BY party DESC")
    false = read_store(tmp_path, "SELECT count(*) FROM alerts WHERE kind <> 'waiting'")[0][0]
    found("skew", lost=2 - len(rows), doubled=max(0, len(rows) - 2), recovery=flagged)
    assert (look.state, look.why) == (health.State.DEGRADED, "clock")
    t0, late, overdue = datetime.fromisoformat(rows[1][0]), rows[1][1], datetime.fromisoformat(rows[1][2])
    assert not late
    assert abs((t0 - came).total_seconds()) < 1, "it is known when they came in"
    assert (overdue - t0).total_seconds() == pytest.approx(stand.GREET_WITHIN, abs=0.002)
    assert false == 0, "a camera that watches is not called dark for its clock"
    assert flagged < FLAGGED_WITHIN


class Camera:
    """A camera with a clock that is right, heard by a service whose clock may not be."""

    def __init__(self, link: Link) -> None:
        self.true = TurnableClock()
        self._link = link
        self._device = Device(MqttSettings(host="127.0.0.1"))
        self._said = 0

    def speak(self, said: Message) -> None:
        self._said += 1
        arrived = Incoming(str(topic_of(said)), encode(said), retain=False, mid=self._said, connection=1, qos=1)
        self._link.inbox.put(arrived)

    def status(self) -> None:
        body = Status(watch=Watch.WATCHING, since=NOON, zones=("entrance",))
        self.speak(message(body, id=f"s-{self._said}", store=STORE, device="cam-door", time=self.true()))

    def crossing(self, name: str) -> None:
        self.speak(self._device.crossing(name, at=self.true()))


@pytest.mark.parametrize("jump", [3600, -3600], ids=["ahead", "back"])
def test_who_waits_or_comes_in_when_the_shops_own_clock_jumps_is_told_of_in_time(
    tmp_path: Path, clock: TurnableClock, found: Callable[..., Row], jump: int
) -> None:
    shop = make_shop(tmp_path, clock)
    link = Link(MqttSettings(host="127.0.0.1"), client_id="still")
    inbox, camera = Inbox(shop, link), Camera(link)
    jumps = Jumps(shop, ticks=lambda: (camera.true() - NOON).total_seconds())

    def live(seconds: int) -> None:
        for second in range(seconds):
            if second % 10 == 0:
                camera.status()
            jumps.turn()
            Deadlines(shop).turn()
            inbox.turn(0.0)
            for one in (clock, camera.true):
                one.turn(seconds=1)

    live(15)
    for name, by in (("there", jump), ("back", -jump)):
        camera.crossing(f"waits-{name}")
        live(5)
        clock.turn(seconds=by)
        live(11)
        camera.crossing(name)
        came = clock()
        live(95)
        [(t0, late, overdue)] = shop.db.execute("SELECT t0, late, overdue_at FROM visits WHERE party = ?", [name]).fetchall()
        assert (datetime.fromisoformat(t0), late) == (came, 0)
        assert datetime.fromisoformat(overdue) == came + timedelta(seconds=shop.standards.greet_within)
        told = shop.db.execute(
            "SELECT level, (julianday(raised_at) - julianday(t0)) * 86400 FROM alerts JOIN visits ON visits.id = subject "
            "WHERE alerts.kind = 'waiting' AND subject LIKE ?", [f"%{name}"]
        ).fetchall()  # fmt: skip
        assert [level for level, _ in told] == [stand.LEAD] * 2, "everybody was called to both, once, up to the lead"
        assert [after for _, after in told] == [pytest.approx(shop.standards.greet_within, abs=0.01)] * 2
    assert shop.db.execute("SELECT count(*) FROM alerts WHERE kind = 'device' AND raised_at IS NOT NULL").fetchone() == (0,)
    rows = shop.db.execute("SELECT count(*) FROM crossings").fetchone()[0]
    found("clock", lost=max(0, 4 - rows), doubled=max(0, rows - 4))
    assert rows == 4
    shop.db.conn.close()
