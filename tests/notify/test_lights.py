"""Lights and buzzers of others, Home Assistant, and the button beside a light: real MQTT brokers, and a clock that is turned."""

from __future__ import annotations

import json
import queue
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import jinja2
import pytest

from broker.contract.codec import BadMessage, decode
from broker.contract.messages import Light, Message, Take, message
from broker.contract.topics import Channel, Topic
from broker.desk import alerts, lights, screens, visits
from broker.desk.lights import CALM, ESCALATED, OVERDUE, WAITING, Lit
from broker.domain.alerts import AlertKind, AlertState
from broker.domain.visit import State
from broker.link import Link
from broker.notify.home_assistant import Announcer, discovery
from broker.notify.lights import AGAIN_SECONDS, LOOK_SECONDS, Lights
from broker.service.translate import TAKE_SECONDS, check_take
from broker.settings import HomeAssistantSettings, MqttSettings, Settings, ZoneSettings, read
from broker.shop import Shop, open_shop
from broker.store import alerts as stored_alerts
from broker.store import deliveries
from broker.store import visits as stored_visits
from broker.store.database import change
from tests.builders import NOON, TurnableClock, a_visit, make_shop
from tests.service.conftest import mqtt as mqtt
from tests.service.parts import PATIENCE_S, STORE, read_store, service, settings_file, wait_until

ZONES = '[[zones]]\nid = "entrance"\nname = "Entrance"\n[[zones]]\nid = "shoes"\nname = "Shoes"\n'
AT_HOME = "[home_assistant]\nenabled = true\n"


def come_in(shop: Shop, zone: str = "entrance", id: str = "") -> str:
    name = id or visits.new_id()
    with change(shop.db):
        visits.open_(shop, a_visit(id=name, t0=shop.clock(), zone=zone), shop.clock(), by="door")
    return name


def run(shop: Shop, clock: TurnableClock, seconds: float) -> None:
    for _ in range(int(seconds)):
        clock.turn(seconds=1)
        visits.run_due(shop)
        alerts.run_due(shop)


def test_a_light_goes_from_calm_to_escalated_and_back(shop: Shop, clock: TurnableClock) -> None:
    assert lights.lit(shop) == dict.fromkeys(("entrance", "shoes", "kids"), Lit(CALM))
    visit = come_in(shop)
    assert lights.lit(shop)["entrance"] == Lit(WAITING, 1, NOON)
    run(shop, clock, 31)
    assert lights.lit(shop)["entrance"].state == OVERDUE
    run(shop, clock, 30)
    assert lights.lit(shop)["entrance"].state == ESCALATED
    assert lights.lit(shop)["shoes"] == Lit(CALM)
    visits.claim(shop, visit, by="kari")
    assert lights.lit(shop)["entrance"].state == WAITING, "somebody is on the way"
    visits.greet(shop, visit, by="kari")
    assert lights.lit(shop)["entrance"] == Lit(CALM)


@pytest.mark.parametrize(
    ("kind", "state"),
    [(AlertKind.HELP, ESCALATED), (AlertKind.QUEUE_OVER, OVERDUE), (AlertKind.HOLD_OVERDUE, OVERDUE), (AlertKind.DEVICE, CALM)],
)
def test_calls_light_it_and_devices_do_not(shop: Shop, clock: TurnableClock, kind: AlertKind, state: str) -> None:
    with change(shop.db):
        alerts.raise_(shop, kind, "x", "shoes", since=clock(), at=clock())
    clock.turn(seconds=10)
    alerts.run_due(shop)
    assert lights.lit(shop)["shoes"].state == state


class Lamp:
    """Hears lights as if it were an MQTT broker; it can be deaf."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Light]] = []
        self.deaf = False

    def __call__(self, zone: str, light: Light) -> bool:
        if not self.deaf:
            self.heard.append((zone, light))
        return not self.deaf


def ticking(clock: TurnableClock) -> Callable[[], float]:
    return lambda: (clock() - NOON).total_seconds()


def test_it_is_said_when_it_changes_and_every_ten_seconds_while_somebody_waits(shop: Shop, clock: TurnableClock) -> None:
    following, lamp = Lights(shop, ticking(clock)), Lamp()
    following.turn(1, lamp)
    assert [(zone, light.state) for zone, light in lamp.heard] == [(zone, CALM) for zone in ("entrance", "shoes", "kids")]
    for _ in range(40):
        clock.turn(seconds=1)
        following.turn(1, lamp)
    assert len(lamp.heard) == 3, "a calm shop says nothing"
    come_in(shop, "shoes")
    lamp.heard.clear()
    for _ in range(25):
        clock.turn(seconds=1)
        following.turn(1, lamp)
    assert {zone for zone, _ in lamp.heard} == {"shoes"}
    longest = [light.longest for _, light in lamp.heard]
    assert longest[0] == 1
    assert [later - sooner for sooner, later in pairwise(longest[1:])] == [AGAIN_SECONDS]
    lamp.heard.clear()
    clock.turn(seconds=LOOK_SECONDS)
    following.turn(2, lamp)
    assert len(lamp.heard) == 3, "a new connection is told all of it"


def test_what_was_not_taken_is_said_again(shop: Shop, clock: TurnableClock) -> None:
    following, lamp = Lights(shop, ticking(clock)), Lamp()
    lamp.deaf = True
    following.turn(1, lamp)
    lamp.deaf = False
    clock.turn(seconds=1)
    following.turn(1, lamp)
    assert len(lamp.heard) == 3


def test_the_button_takes_the_oldest_alert_of_its_zone_and_of_no_other(shop: Shop, clock: TurnableClock) -> None:
    other = come_in(shop, "shoes")
    clock.turn(seconds=1)
    first = come_in(shop)
    clock.turn(seconds=1)
    second = come_in(shop)
    assert lights.take(shop, "entrance", by="home-assistant", key="k0") is None, "nothing calls yet"
    run(shop, clock, 33)
    taken = lights.take(shop, "entrance", by="home-assistant", key="k1")
    assert taken is not None
    assert (taken.subject, taken.state, taken.acknowledged_by) == (first, AlertState.ACKNOWLEDGED, "home-assistant")
    assert lights.take(shop, "entrance", by="home-assistant", key="k1") is None, "the same press comes twice and counts once"
    assert [visits.find(shop, name).state for name in (other, first, second)] == [State.OVERDUE, State.CLAIMED, State.OVERDUE]
    assert lights.take(shop, "kids", by="home-assistant", key="k2") is None
    assert json.dumps(screens.floor(shop)), "a screen shows who, though it is nobody"
    run(shop, clock, 21)
    assert visits.find(shop, first).state in (State.OVERDUE, State.ESCALATED), "nobody went: it calls again"


def test_the_button_answers_a_call_for_help(shop: Shop, clock: TurnableClock) -> None:
    with change(shop.db):
        call = alerts.raise_(shop, AlertKind.HELP, "kiosk", "shoes", since=clock(), at=clock())
    lights.take(shop, "shoes", by="home-assistant", key="k1")
    found = stored_alerts.find(shop.db, call.id)
    assert found is not None
    assert found.state is AlertState.ACKNOWLEDGED


@pytest.mark.parametrize(
    ("zone", "ago", "says"),
    [("shoes", 0, "speaks for shoes"), ("entrance", TAKE_SECONDS + 1, "not of now"), ("entrance", -TAKE_SECONDS - 1, "not of now")],
)
def test_a_press_of_another_zone_or_time_is_not_taken(zone: str, ago: float, says: str) -> None:
    said = Take(zone=zone)
    press = message(said, id="ab-1", store=STORE, device="button", time=NOON - timedelta(seconds=ago), to="entrance")
    with pytest.raises(BadMessage, match=says):
        check_take(press, said, now=NOON)


def test_a_press_of_now_is_taken() -> None:
    said = Take(zone="entrance")
    check_take(message(said, id="ab-1", store=STORE, device="button", time=NOON, to="entrance"), said, now=NOON)


# The options that Home Assistant documents for each of these, and no others; it refuses a device with one it does not know.
SHARED = {"platform", "name", "unique_id", "device_class", "icon", "qos", "entity_category"}
OPTIONS = {
    "binary_sensor": SHARED | {"state_topic", "value_template", "json_attributes_topic", "json_attributes_template", "payload_on"},
    "sensor": SHARED | {"state_topic", "value_template", "unit_of_measurement", "state_class", "json_attributes_topic"},
    "button": SHARED | {"command_topic", "command_template", "payload_press", "retain"},
}
NEEDED = {"binary_sensor": {"state_topic"}, "sensor": {"state_topic"}, "button": {"command_topic"}}


def settings_at_home(**more: object) -> Settings:
    zones = (ZoneSettings(id="entrance", name="Entrance"), ZoneSettings(id="back-door", name='"Bakdør" {{ 1 }}'))
    given = {"store": {"id": STORE, "name": "Oslo City"}, "zones": zones, "home_assistant": HomeAssistantSettings(enabled=True)}
    return Settings.model_validate(given | more)


def rendered(template: str, **values: Any) -> str:
    now = datetime.now(UTC)
    known = {"now": lambda: now, "utcnow": lambda: now, "as_timestamp": lambda moment: moment.timestamp()}
    return jinja2.Environment(autoescape=False).from_string(template).render(**known, **values)


def test_home_assistant_is_told_in_the_form_it_documents() -> None:
    told = discovery(settings_at_home())
    assert list(told) == [f"homeassistant/device/greetline_oslo-city_{zone}/config" for zone in ("entrance", "back-door")]
    unique = []
    for payload in told.values():
        device = json.loads(payload)
        assert set(device) == {"device", "origin", "availability", "qos", "components"}
        assert device["device"]["identifiers"]
        assert device["origin"]["name"]
        for part in device["components"].values():
            assert NEEDED[part["platform"]] <= set(part) <= OPTIONS[part["platform"]]
            unique.append(part["unique_id"])
    assert len(unique) == len(set(unique)) == 6


def test_what_home_assistant_reads_and_sends_is_of_our_contract() -> None:
    device = json.loads(discovery(settings_at_home())["homeassistant/device/greetline_oslo-city_entrance/config"])
    parts = device["components"]
    for state, on in ((CALM, "OFF"), (WAITING, "ON"), (ESCALATED, "ON")):
        light = Light.model_validate({"state": state, "waiting": 2, "since": NOON, "longest": 41})
        said = json.loads(message(light, id="a-1", store=STORE, device="service", time=NOON, to="entrance").model_dump_json())
        assert rendered(parts["waiting"]["value_template"], value_json=said) == on
        assert rendered(parts["longest"]["value_template"], value_json=said) == "41"
        assert json.loads(rendered(parts["waiting"]["json_attributes_template"], value_json=said)) == {"state": state, "waiting": 2}
    pressed = rendered(parts["acknowledge"]["command_template"], value="PRESS")
    press = decode(parts["acknowledge"]["command_topic"], pressed.encode())
    assert isinstance(press.data, Take)
    check_take(press, press.data, now=datetime.now(UTC))
    there = device["availability"][0]
    assert rendered(there["value_template"], value_json={"data": {"watch": "watching"}}) == "online"
    assert rendered(there["value_template"], value_json={"data": {"watch": "offline"}}) == "offline"


def test_a_zone_that_is_gone_and_a_home_that_is_off_are_taken_back(tmp_path: Path, clock: TurnableClock) -> None:
    kept: dict[str, bytes] = {}

    def keep(topic: str, payload: bytes) -> bool:
        kept[topic] = payload
        return True

    here = {"home_assistant": {"enabled": True}}
    with closing(make_shop(tmp_path, clock, **here).db.conn):
        shop = make_shop(tmp_path, clock, **here)
        announcer = Announcer(shop)
        announcer.turn(1, keep)
        announcer.turn(1, lambda *_: pytest.fail("once a connection"))
        shop.db.conn.close()
    fewer = make_shop(tmp_path, clock, zones=(ZoneSettings(id="shoes", name="Shoes"),), **here)
    Announcer(fewer).turn(1, lambda *_: False)
    Announcer(fewer).turn(1, keep)
    assert [topic for topic, payload in kept.items() if payload] == ["homeassistant/device/greetline_oslo-city_shoes/config"]
    fewer.db.conn.close()
    off = make_shop(tmp_path, clock)
    Announcer(off).turn(1, keep)
    assert not any(kept.values())
    assert deliveries.announced(off.db) == set()
    off.db.conn.close()


class Home:
    """Somebody else's lamp, button and home: an MQTT client that knows the contract, or only bytes."""

    def __init__(self, mqtt: MqttSettings) -> None:
        topics = [f"greetline/1/{STORE}/+/light", "homeassistant/#"]
        self.link = Link(mqtt, client_id="test-home", subscriptions=topics)
        self.lights: dict[str, Light] = {}
        self.states: dict[str, list[str]] = defaultdict(list)
        self.told: dict[str, bytes] = {}

    def __enter__(self) -> Home:
        self.link.start()
        assert self.link.wait_connected(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.link.stop()

    def light(self, zone: str) -> str:
        self.listen()
        return self.lights[zone].state if zone in self.lights else ""

    def listen(self) -> None:
        while True:
            try:
                incoming = self.link.inbox.get_nowait()
            except queue.Empty:
                return
            if incoming.topic.startswith("homeassistant/"):
                self.told[incoming.topic] = incoming.payload
                continue
            said = decode(incoming.topic, incoming.payload)
            # amqtt hands a client that comes late more of what it keeps than was asked for.
            if isinstance(said.data, Light):
                self.lights[said.device] = said.data
                self.states[said.device].append(said.data.state)

    def say(self, press: Message) -> None:
        wait_until(lambda: self.link.publish(press))


def written(folder: Path, mqtt: MqttSettings, more: str) -> Path:
    path = settings_file(folder, mqtt, standards="warn_seconds = 1\ngreet_within_seconds = 4\n")
    path.write_text(path.read_text() + more)
    return path


def test_a_real_lamp_follows_the_shop_and_its_button_answers(mqtt: MqttSettings, tmp_path: Path) -> None:
    settings = written(tmp_path, mqtt, AT_HOME + ZONES)
    with service(settings), Home(mqtt) as home:
        wait_until(lambda: home.light("entrance") == home.light("shoes") == CALM, "both are calm")
        wait_until(lambda: home.light("shoes") and len(home.told) == 2, "Home Assistant knows both zones")
        shop = open_shop(read(Settings, settings))
        with closing(shop.db.conn):
            visits.add(shop, zone="entrance", by="test")
            wait_until(lambda: home.light("entrance") == OVERDUE, "for too long")
            assert WAITING in home.states["entrance"], "before that, somebody waits"
            wrong = Take(zone="shoes")
            home.say(message(wrong, id="ab-1", store=STORE, device="button", time=datetime.now(UTC), to="entrance"))
            wait_until(lambda: read_store(tmp_path, "SELECT reason FROM rejected WHERE topic LIKE '%take'"), "it is refused")
            assert home.light("entrance") == OVERDUE
            part = json.loads(home.told[f"homeassistant/device/greetline_{STORE}_entrance/config"])["components"]["acknowledge"]
            topic, sent = part["command_topic"], rendered(part["command_template"], value="PRESS")
            assert home.link._hand(topic, sent.encode(), retain=False, qos=1)
            wait_until(lambda: home.light("entrance") == WAITING, "somebody is on the way")
            assert [visit.claimed_by for visit in stored_visits.waiting(shop.db)] == ["home-assistant"]
    with Home(mqtt) as late:
        wait_until(lambda: late.light("entrance") == WAITING, "kept for those who come late")


def test_a_button_is_not_heard_unless_home_assistant_is_enabled(mqtt: MqttSettings, tmp_path: Path) -> None:
    settings = written(tmp_path, mqtt, ZONES)
    with service(settings), Home(mqtt) as home:
        shop = open_shop(read(Settings, settings))
        with closing(shop.db.conn):
            visits.add(shop, zone="entrance", by="test")
            wait_until(lambda: home.light("entrance") == OVERDUE, "it calls")
            take = Take(zone="entrance")
            home.say(message(take, id="ab-1", store=STORE, device="button", time=datetime.now(UTC), to="entrance"))
            # What is said after it and is heard shows that it was passed over.
            home.link._hand(str(Topic(STORE, "cam", Channel.EVENT)), b"junk", retain=False, qos=1)
            wait_until(lambda: read_store(tmp_path, "SELECT 1 FROM rejected"), "the next one is heard")
            assert home.light("entrance") == OVERDUE
            assert home.told == {}
