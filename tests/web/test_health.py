"""What programs that watch the shop read: alive, ready, which version, and figures without a name of anybody."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from broker.desk import arrivals, devices, health, people, visits
from broker.desk import tickets as desk_tickets
from broker.settings import CounterSettings, HealthSettings, ServiceSettings
from broker.shop import STORE_FILE, Shop
from broker.store import room
from broker.store import visits as stored
from broker.store.database import change
from broker.store.room import RoomState
from dashboard.app import create
from kiosk.app import create as create_kiosk
from tests.builders import TurnableClock, crossed, make_shop

DASHBOARD = Path(__file__).resolve().parents[2] / "deploy/grafana/greetline.json"


@pytest.fixture
def shop(tmp_path: Path, clock: TurnableClock) -> Iterator[Shop]:
    services = (ServiceSettings(id="returns", letter="A", name="Returns"),)
    made = make_shop(
        tmp_path, clock, services=services, counters=(CounterSettings(id="one", name="Desk 1"),),
        health=HealthSettings(free_megabytes=20),
    )  # fmt: skip
    yield made
    made.db.conn.close()


@pytest.fixture
def runs(shop: Shop) -> Callable[[], None]:
    """The service says that it runs, and how."""

    def say(**figures: Any) -> None:
        said = {"mqtt": True, "events_taken": 7, "messages_rejected": 1} | figures
        devices.heard(shop, devices.SERVICE, kind="service", watch="watching", since=shop.clock(), figures=said)

    say()
    return say


def camera(shop: Shop, name: str, watch: str = "watching", **figures: float) -> None:
    devices.heard(shop, name, watch=watch, since=shop.clock(), zones=("entrance",), figures=figures)


def parts(app: Flask, status: int = 200) -> dict[str, str]:
    answer = app.test_client().get("/readyz")
    assert answer.status_code == status, answer.get_data(as_text=True)
    return {part["name"]: part["state"] for part in answer.get_json()["parts"]}


def figures(app: Flask, **more: Any) -> dict[str, float]:
    answer = app.test_client().get("/metrics", **more)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return {
        sample.name + "".join(f"[{value}]" for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.get_data(as_text=True))
        for sample in family.samples
    }


def test_a_process_that_answers_is_alive_and_says_its_version(app: Flask) -> None:
    assert app.test_client().get("/healthz").get_json() == {"status": "ok"}
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", app.test_client().get("/version").get_json()["greetline"])


def test_each_part_is_named_with_how_it_is(app: Flask, shop: Shop, runs: Callable[[], None]) -> None:
    camera(shop, "door")
    assert parts(app) == dict.fromkeys(health.PARTS, "ok")
    assert app.test_client().get("/readyz").get_json()["status"] == "ok"


def test_a_shop_without_its_service_is_not_ready(app: Flask, shop: Shop, clock: TurnableClock) -> None:
    assert parts(app, 503)["service"] == "down"
    devices.heard(shop, devices.SERVICE, kind="service", watch="watching", since=clock(), figures={"mqtt": True})
    assert parts(app)["service"] == "ok"
    heard = clock()
    clock.turn(seconds=6)
    answer = app.test_client().get("/readyz")
    [service] = [part for part in answer.get_json()["parts"] if part["name"] == "service"]
    assert (answer.status_code, service["state"], datetime.fromisoformat(service["since"])) == (503, "down", heard)


def test_what_the_shop_can_do_without_is_degraded_and_no_503(app: Flask, shop: Shop, runs: Callable[..., None]) -> None:
    camera(shop, "door")
    camera(shop, "back", "blind")
    runs(mqtt=False)
    found = parts(app)
    assert (found["cameras"], found["mqtt"], found["store"]) == ("degraded", "down", "ok")
    assert app.test_client().get("/readyz").get_json()["status"] == "degraded"
    camera(shop, "door", "blind")
    assert parts(app)["cameras"] == "down"


def test_a_full_disk_is_down_and_little_room_is_degraded(app: Flask, shop: Shop, tmp_path: Path, runs: Callable[[], None]) -> None:
    room.mark(tmp_path, RoomState.FULL, shop.clock())
    found = parts(app, 503)
    assert (found["disk"], found["store"]) == ("down", "down")
    room.mark(tmp_path, RoomState.ENOUGH, shop.clock())
    assert parts(app)["disk"] == "ok"
    wanted = shop.settings.health.model_copy(update={"free_megabytes": 10**9})
    tight = replace(shop, settings=shop.settings.model_copy(update={"health": wanted}))
    assert {look.name: look.state for look in health.looks(tight)}["disk"] == health.State.DEGRADED


def test_a_store_that_cannot_be_read_is_said_and_not_an_error(app: Flask, shop: Shop, tmp_path: Path) -> None:
    app.extensions["greetline-stores"].close()
    (tmp_path / STORE_FILE).rename(tmp_path / "elsewhere")
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.get_json()["parts"][0]["name"]) == (503, "store")
    assert app.test_client().get("/healthz").status_code == 200
    (tmp_path / "elsewhere").rename(tmp_path / STORE_FILE)


def test_the_figures_are_those_of_the_shop(app: Flask, shop: Shop, clock: TurnableClock, runs: Callable[[], None]) -> None:
    figures(app)
    camera(shop, "door", newest_frame_age=0.4, spooled=3)
    arrivals.take(shop, [crossed(1), crossed(2)])
    ticket = desk_tickets.issue(shop, desk_tickets.Wish(service="returns"), by="test")
    clock.turn(seconds=12)
    visits.greet(shop, stored.open_ones(shop.db)[0].id, by="kari")
    clock.turn(seconds=40)
    visits.run_due(shop)
    found = figures(app)
    assert found["greetline_visits_open"] == 2
    assert found["greetline_visits_overdue"] == 1
    assert (found["greetline_tickets_waiting[returns]"], found["greetline_tickets_oldest_wait_seconds[returns]"]) == (1, 52)
    assert (found["greetline_tickets_issued_total"], found["greetline_calls_total"]) == (1, 0)
    assert (found["greetline_greet_seconds_count"], found["greetline_greet_seconds_sum"]) == (1, 12)
    assert (found["greetline_greet_seconds_bucket[10]"], found["greetline_greet_seconds_bucket[15]"]) == (0, 1)
    assert (found["greetline_events_taken_total"], found["greetline_messages_rejected_total"]) == (7, 1)
    assert (found["greetline_camera_frame_age_seconds[door]"], found["greetline_camera_spooled_events[door]"]) == (0.4, 3)
    assert found["greetline_part_ok[service]"] == 0, "it has not been heard for 52 s"
    assert found["greetline_store_bytes"] == (shop.settings.store.data / STORE_FILE).stat().st_size
    assert found["process_resident_memory_bytes"] > 1e6
    desk_tickets.call(shop, ticket.id, "one", by="test")
    assert figures(app)["greetline_calls_total"] == 1


def test_no_name_of_anybody_is_in_the_figures(app: Flask, shop: Shop, runs: Callable[[], None]) -> None:
    kari = people.add(shop, "Kari Nordmann", role="staff", pin="4711", by="test")
    figures(app)
    arrivals.take(shop, [crossed(1)])
    visits.greet(shop, stored.open_ones(shop.db)[0].id, by=kari.id)
    page = app.test_client().get("/metrics").get_data(as_text=True)
    labels = set(re.findall(r'[{,](\w+)="', page))
    assert labels == {"part", "picture", "service", "le", "version"}, "labels are sets that cannot grow"
    assert "Kari" not in page
    assert kari.id not in page


def test_only_this_machine_may_read_the_figures_without_a_token(app: Flask) -> None:
    away = {"environ_base": {"REMOTE_ADDR": "192.168.1.20"}}
    assert app.test_client().get("/metrics", **away).status_code == 403
    proxied = {"headers": {"X-Forwarded-For": "192.168.1.20"}}
    assert app.test_client().get("/metrics", **proxied).status_code == 403, "a proxy on this machine asks for somebody else"
    assert app.test_client().get("/metrics").status_code == 200


def test_with_a_token_it_is_the_token_that_counts(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "token"
    chosen = shop.settings.model_copy(update={"health": HealthSettings(metrics_token_file=file)})
    app = create(chosen, shop=replace(shop, settings=chosen))
    client, away = app.test_client(), {"REMOTE_ADDR": "192.168.1.20"}

    def asked(token: str = "") -> int:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return client.get("/metrics", headers=headers, environ_base=away).status_code

    assert client.get("/metrics").status_code == 403, "also from here, and while the file is not there"
    file.write_text("short\n")
    assert asked("short") == 403, "a token that can be guessed is none"
    file.write_text("a-token-of-enough-letters\n")
    assert (asked(), asked("a-token-of-enough-letterz"), asked("a-token-of-enough-letters")) == (403, 403, 200)
    app.extensions["greetline-stores"].close()


def test_the_customers_screens_say_the_same_of_themselves(shop: Shop, runs: Callable[[], None]) -> None:
    app = create_kiosk(shop.settings, shop=shop)
    assert parts(app)["service"] == "ok"
    assert figures(app)["greetline_streams[board]"] == 0
    app.extensions["greetline-stores"].close()


def test_the_dashboard_for_grafana_asks_only_for_figures_that_exist(app: Flask, shop: Shop, runs: Callable[[], None]) -> None:
    camera(shop, "door", newest_frame_age=0.4, spooled=0)
    there = {name.partition("[")[0] for name in figures(app)}
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    queries = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    queries += [variable["query"] for variable in board["templating"]["list"] if variable["type"] == "query"]
    asked = {name for query in queries for name in re.findall(r"\b(?:greetline|process)_\w+", query)}
    assert asked <= there, asked - there
    shown = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked}
    ours = {re.sub(r"_(bucket|sum|count)$", "", name) for name in there if name.startswith("greetline_")}
    assert ours - shown == set(), "a figure that nobody looks at"


def test_a_scrape_after_a_long_time_does_not_read_a_year(app: Flask, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from broker.desk import gauges
    from broker.domain.facts import Fact, FactKind
    from broker.store import journal

    tallied = gauges.Tallied()
    tallied.follow(shop)
    monkeypatch.setattr(gauges, "CATCH_UP_FACTS", 10)
    with change(shop.db):
        journal.append(shop.db, *(Fact(kind=FactKind.TICKET_ISSUED, subject="t", at=shop.clock()) for _ in range(25)))
    tallied.follow(shop)
    assert tallied.issued == 10
