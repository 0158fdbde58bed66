"""Setting up cameras and counting along, as the pages ask for it: who may, what is refused in which words, nothing kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from broker.contract.messages import Ask
from broker.desk import devices, people, plans, tallies
from broker.desk.tallies import Tap
from broker.settings import MqttSettings
from broker.shop import Shop
from dashboard import cameras as pages
from dashboard.app import create
from tests.browser.camera_parts import BLUE_AND_WHITE, ENTRANCE, Box, picture
from tests.builders import NOON, TurnableClock, make_shop
from tests.service.parts import free_port, own_broker
from tests.web.parts import Visitor, words

PLAN = ENTRANCE.plan.model_dump(mode="json")
ID = "0123456789abcdef"


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def make_app(tmp_path: Path, clock: TurnableClock) -> Iterator[Callable[..., tuple[Flask, Shop]]]:
    made: list[tuple[Flask, Shop]] = []

    def make(**settings: Any) -> tuple[Flask, Shop]:
        shop = make_shop(tmp_path, clock, **({"cameras": (ENTRANCE,)} | settings))
        made.append((create(shop.settings, shop=shop), shop))
        return made[-1]

    yield make
    for app, shop in made:
        app.extensions["greetline-hub"].close()
        app.extensions["greetline-stores"].close()
        shop.db.conn.close()


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MqttSettings]:
    """Our own MQTT broker, running."""
    with own_broker(Path(tmp_path_factory.mktemp("mqtt"))) as settings:
        yield settings


class Office(Visitor):
    """A manager in the office, whose page sends JSON."""

    def __init__(self, app: Flask, shop: Shop, *, role: str = "manager", screen: str = "manager") -> None:
        super().__init__(app, shop)
        self.pair(screen, name=f"{role} {screen}").sign_in(role.title(), role)
        self._csrf = self.token()

    def ask(self, path: str, body: dict[str, Any] | None = None) -> TestResponse:
        return self.client.post(path, json=body or {}, headers={"X-CSRFToken": self._csrf, "Accept": "application/json"})


@pytest.fixture
def office(make_app: Callable[..., tuple[Flask, Shop]]) -> Office:
    return Office(*make_app())


def watches(shop: Shop, camera: str = "entrance", *, plan: int = 0, watch: str = "watching") -> None:
    now = shop.clock()
    figures = {"plan": plan, "frames_per_second": 9.6}
    devices.heard(shop, camera, watch=watch, since=now, said_at=now, zones=("entrance",), figures=figures)


def moved(by: float) -> dict[str, Any]:
    [line] = PLAN["lines"]
    return PLAN | {"lines": [line | {"points": [[x, y + by] for x, y in line["points"]]}]}


# --- the list


def test_the_list_says_how_each_camera_is_and_what_it_was_measured_at(office: Office, clock: TurnableClock) -> None:
    shop = office.shop
    assert words("camera.never_heard") in office.get("/admin/cameras").text
    watches(shop)
    devices.heard(shop, "back", watch="frozen", since=NOON, said_at=NOON - timedelta(seconds=4), zones=("shoes",))
    maria = people.named(shop, "Manager")
    assert maria is not None
    plans.save(shop, "entrance", ENTRANCE.plan, maria.id, base=0)
    tally = tallies.begin(shop, "entrance", line="door", minutes=10, by=maria.id, id=ID)
    taps = [Tap(key=f"tap-{n:08}", at=NOON + timedelta(seconds=n), inward=True) for n in range(12)]
    tallies.tap(shop, tally.id, taps, by=maria.id)
    clock.turn(seconds=300)
    tallies.finish(shop, tally.id, by=maria.id, at=clock())
    page = office.get("/admin/cameras").text
    assert "Watching, 10 pictures a second" in page
    assert "Not watching since 12:00: the picture stands still" in page
    assert "4.0 s off" in page
    assert "Version 1, drawn by Manager, 12:00" in page
    assert words("camera.not_in_force") in page
    assert "by hand 12 in, 0 out; camera 0 in, 0 out" in page
    assert "0\u00a0% right on 21 Nov" in page


def test_a_camera_that_is_gone_can_be_forgotten_and_one_that_stands_in_the_settings_cannot(office: Office) -> None:
    shop = office.shop
    devices.heard(shop, "old", watch="offline", since=NOON, said_at=NOON, zones=("shoes",))
    watches(shop, watch="offline")
    page = office.get("/admin/cameras").text
    assert page.count(words("camera.forget")) == 1
    assert "/admin/cameras/old/forget" in page
    done = office.post("/admin/cameras/old/forget")
    assert "is off every screen" in done.text
    assert "/admin/cameras/old" not in done.text
    assert office.post("/admin/cameras/entrance/forget").status_code == 422
    assert office.post("/admin/cameras/moon/forget").status_code == 404


# --- who may


@pytest.mark.parametrize(
    ("role", "screen", "sets_up", "counts"),
    [
        ("lead", "manager", 403, 403),
        ("manager", "staff", 403, 200),
        ("manager", "manager", 200, 200),
        ("admin", "manager", 200, 200),
    ],
)
def test_a_manager_counts_along_on_any_tablet_and_sees_a_picture_only_in_the_office(
    make_app: Callable[..., tuple[Flask, Shop]], role: str, screen: str, sets_up: int, counts: int
) -> None:
    here = Office(*make_app(), role=role, screen=screen)
    assert here.get("/admin/cameras/entrance").status_code == sets_up
    assert here.get("/admin/cameras").status_code == counts
    assert here.get("/admin/cameras/entrance/count").status_code == counts
    if sets_up == 403:
        assert here.ask("/api/v1/cameras/entrance/still").status_code == 403
        assert ('/admin/cameras/entrance"' in here.get("/admin/cameras").text) is False


def test_there_is_no_page_for_a_camera_nobody_knows(office: Office) -> None:
    for path in ("/admin/cameras/moon", "/admin/cameras/moon/count", "/api/v1/cameras/moon"):
        assert office.get(path).status_code == 404
    for what in ("still", "trial", "shown"):
        assert office.ask(f"/api/v1/cameras/moon/{what}", {"plan": PLAN}).status_code == 404


# --- saving


def test_what_is_saved_is_the_next_version_and_the_camera_says_when_it_follows(office: Office, clock: TurnableClock) -> None:
    watches(office.shop)
    said = office.ask("/api/v1/cameras/entrance/plan", {"plan": moved(0.1), "base": 0})
    assert said.status_code == 200
    assert said.json is not None
    assert said.json["plan"]["version"] == 1
    assert said.json["standing"]["force"] == words("camera.not_in_force")
    assert [each["name"] for each in said.json["standing"]["history"]] == ["Manager"]
    clock.turn(seconds=72)
    watches(office.shop, plan=1)
    now = office.get("/api/v1/cameras/entrance").json
    assert now is not None
    assert now["force"] == "In force since 12:01:12"
    devices.heard(office.shop, "entrance", watch="offline", since=clock())
    office.ask("/api/v1/cameras/entrance/plan", {"plan": moved(0.2), "base": 1})
    assert office.get("/api/v1/cameras/entrance").json["force"] == words("camera.when_back")  # type: ignore[index]


def test_who_was_first_is_said_and_nothing_is_overwritten(office: Office) -> None:
    office.ask("/api/v1/cameras/entrance/plan", {"plan": moved(0.1), "base": 0})
    late = office.ask("/api/v1/cameras/entrance/plan", {"plan": moved(0.2), "base": 0})
    assert late.status_code == 409
    assert late.json is not None
    assert late.json["detail"].startswith("Manager saved another version at 12:00.")
    assert late.json["plan"]["version"] == 1
    assert late.json["standing"]["version"] == 1
    assert plans.current(office.shop, "entrance").lines[0].points[0][1] == 0.6  # type: ignore[union-attr]


def test_an_older_version_is_used_again_under_a_new_number(office: Office) -> None:
    for base, by in enumerate((0.1, 0.2)):
        office.ask("/api/v1/cameras/entrance/plan", {"plan": moved(by), "base": base})
    again = office.ask("/api/v1/cameras/entrance/put-back", {"version": 1, "base": 2})
    assert again.json is not None
    assert again.json["plan"]["version"] == 3
    assert again.json["plan"]["lines"] == moved(0.1)["lines"]
    assert office.ask("/api/v1/cameras/entrance/put-back", {"version": 77, "base": 3}).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {}, {"plan": PLAN}, {"base": 0}, {"plan": {"lines": [{"id": "Ä"}]}, "base": 0}, {"plan": PLAN, "base": -1},
        {"plan": PLAN | {"areas": [{"id": "a", "kind": "queue", "points": [[0, 0], [1, 1]]}]}, "base": 0},
        {"plan": PLAN | {"lines": [PLAN["lines"][0] | {"points": [[0, 0.5], [1, 7]]}]}, "base": 0},
        {"plan": PLAN | {"lines": [PLAN["lines"][0] | {"points": [[0.5, 0.5], [0.5, 0.5]]}]}, "base": 0},
        {"plan": PLAN | {"lines": [PLAN["lines"][0] | {"zone": "moon"}]}, "base": 0},
    ],
)  # fmt: skip
def test_what_is_no_plan_is_refused_with_words(office: Office, body: dict[str, Any]) -> None:
    no = office.ask("/api/v1/cameras/entrance/plan", body)
    assert no.status_code == 422
    assert no.json is not None
    assert no.json["detail"]
    assert plans.history(office.shop, "entrance") == []


def test_a_change_without_the_token_of_the_page_is_refused(office: Office) -> None:
    for path in ("plan", "still", "tallies"):
        assert office.client.post(f"/api/v1/cameras/entrance/{path}", json={"plan": PLAN, "base": 0}).status_code == 400


# --- what the box is asked


def test_nobody_answers_and_the_page_is_told_who(make_app: Callable[..., tuple[Flask, Shop]], wire: MqttSettings) -> None:
    office = Office(*make_app(mqtt=wire.model_copy(update={"port": free_port()})))
    no = office.ask("/api/v1/cameras/entrance/still")
    assert no.status_code == 502
    assert no.json is not None
    assert (no.json["why"], no.json["detail"]) == ("broker", words("camera.no_broker"))


def test_the_still_comes_once_and_is_kept_nowhere(
    make_app: Callable[..., tuple[Flask, Shop]],
    wire: MqttSettings,
    tmp_path: Path,
) -> None:
    office = Office(*make_app(mqtt=wire))
    with Box(wire) as box:
        still = office.ask("/api/v1/cameras/entrance/still")
        assert (still.status_code, still.content_type, still.data) == (200, "image/jpeg", picture())
        assert still.headers["Cache-Control"] == "no-store"
        assert still.headers["Greetline-Size"] == "1280x720"
        assert office.ask("/api/v1/cameras/entrance/uniform", {"box": [[0.1, 0.1], [0.3, 0.4]]}).json == {
            "uniform": list(BLUE_AND_WHITE)
        }
        assert office.ask("/api/v1/cameras/entrance/shown").json == {"plan": PLAN}
        box.refuses = "The still is forgotten. Ask for a new one."
        no = office.ask("/api/v1/cameras/entrance/uniform", {"box": [[0.1, 0.1], [0.3, 0.4]]})
        assert (no.status_code, no.json["reason"]) == (422, box.refuses)  # type: ignore[index]
        assert len(box.named(Ask.STILL)) == 1
    office.shop.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or b"\xff\xd8\xff" not in file.read_bytes(), file


def test_a_live_count_is_passed_on_line_by_line_and_few_at_a_time(
    make_app: Callable[..., tuple[Flask, Shop]],
    wire: MqttSettings,
) -> None:
    office = Office(*make_app(mqtt=wire))
    with Box(wire):
        stream = office.client.post(
            "/api/v1/cameras/entrance/counting", json={"plan": PLAN}, headers={"X-CSRFToken": office.token()}, buffered=False
        )
        first = next(iter(stream.response))
        assert b'"lines": [{"line": "door"' in first
        stream.close()
        for _ in range(pages.COUNTING_AT_ONCE):
            assert pages._counting.acquire(blocking=False), "a stream that ended gives its place back"
        try:
            busy = office.ask("/api/v1/cameras/entrance/counting", {"plan": PLAN})
        finally:
            for _ in range(pages.COUNTING_AT_ONCE):
                pages._counting.release()
        assert (busy.status_code, busy.json["detail"]) == (503, words("camera.no_busy"))  # type: ignore[index]


# --- counting along


def taps_of(n: int, way: str = "in", *, at: str = "2026-11-21T11:00:30Z", first: int = 0) -> dict[str, Any]:
    return {"taps": [{"key": f"{way}-{first + each:014}", "at": at, "way": way} for each in range(n)]}


def test_the_camera_is_not_heard_before_the_end(office: Office, clock: TurnableClock) -> None:
    watches(office.shop)
    begun = office.ask("/api/v1/cameras/entrance/tallies", {"id": ID, "line": "door", "minutes": 10})
    assert begun.status_code == 201
    assert office.ask(f"/api/v1/tallies/{ID}/taps", taps_of(12)).json["tally"]["in"] == 12  # type: ignore[index]
    assert office.ask(f"/api/v1/tallies/{ID}/taps", taps_of(12)).json["tally"]["in"] == 12  # type: ignore[index]
    for answer in (begun, office.get(f"/api/v1/tallies/{ID}"), office.get("/admin/cameras/entrance/count")):
        assert '"found"' not in answer.text
    short = office.ask(f"/api/v1/tallies/{ID}/finish", {"at": "2026-11-21T11:00:40Z"})
    assert (short.status_code, short.json["why"]) == (409, "short")  # type: ignore[index]
    clock.turn(seconds=600)
    done = office.ask(f"/api/v1/tallies/{ID}/finish", {"at": "2026-11-21T11:10:00Z"}).json
    assert done is not None
    found = done["tally"]["found"]
    assert (found["hand"], found["camera"]) == ("By hand: 12 in, 0 out", "Camera: 0 in, 0 out")
    assert "1 − 12 wrong / 12 by hand = 0" in found["formula"]
    assert "12:00–12:10" in office.get("/admin/cameras/entrance/count").text


def test_few_by_hand_give_counts_and_no_share(office: Office, clock: TurnableClock) -> None:
    watches(office.shop)
    office.ask("/api/v1/cameras/entrance/tallies", {"id": ID, "line": "door", "minutes": 2})
    office.ask(f"/api/v1/tallies/{ID}/taps", taps_of(9))
    clock.turn(seconds=120)
    found = office.ask(f"/api/v1/tallies/{ID}/finish", {"at": "2026-11-21T11:02:00Z"}).json["tally"]["found"]  # type: ignore[index]
    assert (found["share"], found["formula"]) == ("", "")
    assert found["why"] == "Only 9 by hand: from 10 on, a share is said."


@pytest.mark.parametrize("body", [{}, {"id": "x", "line": "door", "minutes": 10}, {"id": ID, "line": "door", "minutes": 31}])
def test_what_is_no_count_is_refused(office: Office, body: dict[str, Any]) -> None:
    assert office.ask("/api/v1/cameras/entrance/tallies", body).status_code == 422
    assert office.ask("/api/v1/cameras/moon/tallies", {"id": ID, "line": "door", "minutes": 10}).status_code == 404


def test_an_abandoned_count_is_not_there_any_more(office: Office) -> None:
    office.ask("/api/v1/cameras/entrance/tallies", {"id": ID, "line": "door", "minutes": 10})
    assert office.ask(f"/api/v1/tallies/{ID}/abandon").json == {"tally": None}
    assert office.ask(f"/api/v1/tallies/{ID}/taps", taps_of(1)).status_code == 404
    assert office.get(f"/api/v1/tallies/{ID}").status_code == 404


def test_the_report_and_its_files_say_what_was_measured(office: Office, clock: TurnableClock) -> None:
    watches(office.shop)
    office.ask("/api/v1/cameras/entrance/tallies", {"id": ID, "line": "door", "minutes": 10})
    office.ask(f"/api/v1/tallies/{ID}/taps", taps_of(12))
    clock.turn(seconds=600)
    office.ask(f"/api/v1/tallies/{ID}/finish", {"at": "2026-11-21T11:10:00Z"})
    assert "by hand 12 in, 0 out; camera 0 in, 0 out" in office.get("/reports?period=today").text
    file = office.get("/reports/greeting.csv?table=cameras&period=today").data.decode("utf-8-sig").splitlines()
    assert file[0].startswith("Camera,Line,")
    assert file[1].endswith(",2026-11-21 12:00:00,12,0,0,0,0")
    assert "Manager" not in "".join(file)
