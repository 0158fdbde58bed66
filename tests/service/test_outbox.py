"""A plan that was drawn reaches its camera: at once, or when it is back, and again until it says so."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import count, pairwise
from pathlib import Path

from broker.contract.codec import decode
from broker.contract.messages import Ask, Command, Status, Watch, message
from broker.contract.plan import Line, Plan
from broker.desk import devices as desk
from broker.desk import plans
from broker.link import Link
from broker.service.outbox import FIRST_AGAIN_SECONDS, LAST_AGAIN_SECONDS, Outbox
from broker.settings import MqttSettings, Settings, read
from broker.shop import Shop, open_shop
from broker.store import devices
from tests.builders import NOON, TurnableClock, make_shop
from tests.service.parts import PATIENCE_S, STORE, Device, in_quiet, service, settings_file, wait_until

CAMERA = "cam-door"


def plan(y: float) -> Plan:
    return Plan(lines=(Line(zone="entrance", points=((0.1, y), (0.9, y)), inside="up"),))


def says(camera: Device, version: int | None, watch: Watch = Watch.WATCHING) -> None:
    now = datetime.now(UTC)
    status = Status(watch=watch, since=now, zones=("entrance",), plan=version)
    camera.say(message(status, id=f"s-{time.monotonic_ns()}", store=STORE, device=camera.name, time=now))


def told(camera: Device) -> list[Plan]:
    """The plans that have arrived since this was asked last."""
    return [plan for plan, _ in arrived(camera)]


def arrived(camera: Device) -> list[tuple[Plan, datetime]]:
    """The plans that have arrived since this was asked last, and when they were sent."""
    found = []
    while True:
        try:
            incoming = camera.link.inbox.get_nowait()
        except queue.Empty:
            return found
        said = decode(incoming.topic, incoming.payload)
        if isinstance(said.data, Command) and said.data.plan and said.data.name is Ask.PLAN:
            found.append((said.data.plan, said.time))


@contextmanager
def a_shop(settings: Path) -> Iterator[Shop]:
    """The shop as a web process of its own opens it."""
    shop = open_shop(read(Settings, settings))
    try:
        yield shop
    finally:
        shop.db.close()


def test_a_plan_is_on_its_way_within_a_second_of_being_saved_whoever_saved_it(mqtt: MqttSettings, tmp_path: Path) -> None:
    settings = settings_file(tmp_path, mqtt)
    with service(settings), Device(mqtt) as camera, a_shop(settings) as one, a_shop(settings) as other:
        says(camera, 0)
        wait_until(lambda: devices.find(one.db, CAMERA), "the camera is known")
        bases = count()

        def is_on_its_way(shop: Shop) -> None:
            begin, base = time.monotonic(), next(bases)
            saved = plans.save(shop, CAMERA, plan(0.3 + base / 20), "anna", base=base)
            assert wait_until(lambda: told(camera), "the plan") == [saved]
            late = time.monotonic() - begin
            says(camera, saved.version)
            wait_until(lambda: _figure(shop) == saved.version, "the camera's word is taken")
            told(camera)
            assert late < 1.0

        for shop in (one, other):
            in_quiet(partial(is_on_its_way, shop))


def test_a_plan_drawn_while_the_camera_was_away_arrives_when_it_is_back(mqtt: MqttSettings, tmp_path: Path) -> None:
    settings = settings_file(tmp_path, mqtt)
    with a_shop(settings) as shop:
        with service(settings):
            with Device(mqtt) as camera:
                says(camera, 0)
                wait_until(lambda: devices.find(shop.db, CAMERA), "the camera is known")
                says(camera, None, Watch.OFFLINE)
            saved = plans.save(shop, CAMERA, plan(0.3), "anna", base=0)
            with Device(mqtt) as camera:
                says(camera, 0)
                assert wait_until(lambda: told(camera), "the plan") == [saved]
        # And when the service was away as well, and has forgotten what it had sent.
        with service(settings), Device(mqtt) as camera:
            says(camera, 0)
            assert wait_until(lambda: told(camera), "the plan") == [saved]
            says(camera, saved.version)
            wait_until(lambda: _figure(shop) == saved.version, "the camera's word is taken")
            told(camera)
            plans.save(shop, CAMERA, plan(0.4), "anna", base=saved.version)
            assert [one.version for one in wait_until(lambda: told(camera), "the next")] == [saved.version + 1]


def _figure(shop: Shop) -> object:
    device = devices.find(shop.db, CAMERA)
    return device.figures.get("plan") if device else None


def test_a_camera_that_does_not_take_its_plan_is_told_again_ever_more_seldom(
    any_mqtt: MqttSettings, tmp_path: Path, clock: TurnableClock
) -> None:
    shop = make_shop(tmp_path, clock, store={"id": STORE, "data": tmp_path})
    _heard(shop, plan=0)
    plans.save(shop, CAMERA, plan(0.3), "anna", base=0)
    with Device(any_mqtt) as camera, Link(any_mqtt, client_id="outbox") as link:
        assert link.wait_connected(PATIENCE_S)
        outbox = Outbox(shop, link, lambda: (clock() - NOON).total_seconds())
        for _ in range(190):
            outbox.turn()
            clock.turn(seconds=1)
        said: list[datetime] = []
        wait_until(lambda: said.extend(at for _, at in arrived(camera)) or len(said) >= 6, "six times")
        assert [(b - a).total_seconds() for a, b in pairwise(said)] == [FIRST_AGAIN_SECONDS, 10, 20, 40, LAST_AGAIN_SECONDS]
        _heard(shop, plan=1)
        for _ in range(100):
            clock.turn(seconds=1)
            outbox.turn()
        assert told(camera) == [], "it looks by it now"


def _is_told(camera: Device) -> list[Plan]:
    return wait_until(lambda: told(camera), "the plan that was sent")


def _heard(shop: Shop, *, plan: int) -> None:
    desk.heard(shop, CAMERA, watch="watching", since=shop.clock(), figures={"plan": plan})


def test_who_is_away_or_knows_nothing_of_plans_is_told_nothing(
    any_mqtt: MqttSettings, tmp_path: Path, clock: TurnableClock
) -> None:
    shop = make_shop(tmp_path, clock, store={"id": STORE, "data": tmp_path})
    desk.heard(shop, CAMERA, watch="watching", since=shop.clock(), figures={})
    plans.save(shop, CAMERA, plan(0.3), "anna", base=0)
    with Device(any_mqtt) as camera, Link(any_mqtt, client_id="outbox") as link:
        assert link.wait_connected(PATIENCE_S)
        ticks = [0.0]
        outbox = Outbox(shop, link, lambda: ticks[0])
        for figures, watch in (({}, "watching"), ({"plan": 0}, "offline"), ({"plan": 1}, "watching")):
            desk.heard(shop, CAMERA, watch=watch, since=shop.clock(), figures=figures)
            ticks[0] += 10
            outbox.turn()
        desk.heard(shop, CAMERA, watch="watching", since=shop.clock(), figures={"plan": 0})
        ticks[0] += 10
        outbox.turn()
        assert [one.version for one in _is_told(camera)] == [1], "only to the one that is there and looks by another"


def test_a_camera_ahead_of_the_store_is_brought_back_to_the_settings_file(
    any_mqtt: MqttSettings, tmp_path: Path, clock: TurnableClock
) -> None:
    """A store that was lost and made anew knows of no drawing; the shop is what its settings say."""
    line = {"zone": "entrance", "points": ((0.1, 0.5), (0.9, 0.5)), "inside": "up"}
    cameras = [{"id": CAMERA, "source": "scene:door", "lines": [line]}]
    shop = make_shop(tmp_path, clock, store={"id": STORE, "data": tmp_path}, cameras=cameras)
    _heard(shop, plan=7)
    with Device(any_mqtt) as camera, Link(any_mqtt, client_id="outbox") as link:
        assert link.wait_connected(PATIENCE_S)
        Outbox(shop, link, lambda: 10.0).turn()
        [sent] = _is_told(camera)
    assert (sent.version, sent.lines[0].points) == (0, line["points"])
