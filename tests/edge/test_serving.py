"""Setting a camera up over a real MQTT broker: a running camera box is asked, answers, and keeps what it was told."""

from __future__ import annotations

import base64
import contextlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from broker import inquiry
from broker.contract.codec import decode
from broker.contract.messages import (
    MAX_STILL_PARTS,
    STILL_PART_CHARACTERS,
    Ask,
    Command,
    Counting,
    Refused,
    Status,
    Watch,
    message,
)
from broker.contract.plan import Line, Plan
from broker.contract.topics import Channel, Topic, everything
from broker.inquiry import NoAnswer, NotDone
from broker.link import Incoming, Link
from broker.settings import CameraSettings, MqttSettings, Settings, read
from edge.detectors.blobs import Blobs
from edge.pipeline import Pipeline
from edge.planfile import PlanFile
from edge.publisher import Publisher
from edge.serving import Serving
from edge.sightings import Frame
from edge.source import Condition
from edge.spool import Spool
from tests.service.parts import (
    PATIENCE_S,
    STORE,
    Process,
    free_port,
    in_quiet,
    own_broker,
    settings_file,
    shop_settings,
    wait_until,
)

CAMERA = "cam-door"
OWN = '{ id = "door", zone = "entrance", points = [[0.08, 0.56], [0.92, 0.56]], inside = "up" }'


def plan(y: float, *, version: int = 0, inside: str = "up", x: tuple[float, float] = (0.08, 0.92)) -> Plan:
    line = Line.model_validate({"id": "door", "zone": "entrance", "points": ((x[0], y), (x[1], y)), "inside": inside})
    return Plan(version=version, lines=(line,))


class Camera:
    """A camera box as a process, and the settings by which it is asked."""

    def __init__(self, folder: Path, mqtt: MqttSettings, source: str = "scene:door?seed=3&busy=2") -> None:
        self.folder = folder
        table = f'id = "{CAMERA}"\nsource = "{source}"\nlines = [{OWN}]'
        self.file = settings_file(folder, mqtt, **{"[cameras]": table})
        self.settings = read(Settings, self.file)
        self.process = self._start()

    def _start(self) -> Process:
        self.began = datetime.now(UTC)
        return Process(sys.executable, "-m", "edge", "run", "--settings", str(self.file))

    def start_again(self) -> None:
        self.process.kill()
        self.process = self._start()
        self.wait()

    def wait(self) -> None:
        """Until it has looked at a picture."""
        self.wait_for(Watch.WATCHING)
        wait_until(self._tried, "it has looked")

    def wait_for(self, *watch: Watch) -> None:
        """Until it says on the wire that it is so."""
        ears = [str(Topic(STORE, CAMERA, Channel.STATUS))]
        with Link(self.settings.mqtt, client_id="waiting", subscriptions=ears) as link:
            while not self._is(link.inbox.get(timeout=PATIENCE_S), watch):
                assert self.process.alive, self.process.said

    def _is(self, incoming: Incoming, watch: tuple[Watch, ...]) -> bool:
        status = decode(incoming.topic, incoming.payload).data
        # Kept by the MQTT broker, it may be the word of a box that was killed since.
        return status.watch in watch and status.since > self.began

    def shown(self) -> Plan:
        return inquiry.shown(self.settings, CAMERA)

    def _tried(self) -> bool:
        try:
            return inquiry.trial(self.settings, CAMERA, plan(0.5)).seconds > 0
        except (NoAnswer, NotDone):
            return False

    def say(self, command: Command, *, store: str = STORE, to: str = CAMERA, topic: str = "") -> list[object]:
        """Say *command* and return what is answered to its request, or what the status says, until either has come."""
        ears = [str(Topic(STORE, CAMERA, channel)) for channel in (Channel.ANSWER, Channel.STATUS)]
        with Link(self.settings.mqtt, client_id="somebody", subscriptions=ears) as link:
            assert link.wait_connected(PATIENCE_S)
            said = message(command, id="m-1", store=store, device="somebody", time=datetime.now(UTC), to=to)
            assert link.publish(said)
            heard: list[object] = []
            while True:
                incoming = link.inbox.get(timeout=PATIENCE_S)
                heard.append(decode(incoming.topic, incoming.payload).data)
                if getattr(heard[-1], "request", None) == command.request and command.request:
                    return heard
                if isinstance(heard[-1], Status) and not incoming.retain and not command.request:
                    return heard


@contextmanager
def camera(folder: Path, mqtt: MqttSettings, source: str = "scene:door?seed=3&busy=2") -> Iterator[Camera]:
    running = Camera(folder, mqtt, source)
    try:
        yield running
    finally:
        running.process.stop()


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Camera]:
    """One camera box for all who only ask."""
    folder = tmp_path_factory.mktemp("door")
    with own_broker(folder) as mqtt, camera(folder, mqtt, "scene:door?seed=3&busy=4") as running:
        running.wait()
        yield running


def pixels(jpeg: bytes) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture


def test_a_still_arrives_whole_and_is_kept_nowhere(mqtt: MqttSettings, tmp_path: Path) -> None:
    with camera(tmp_path, mqtt) as door:
        door.wait()
        still = inquiry.still(door.settings, CAMERA)
        with pytest.raises(NotDone, match="Wait two seconds"):
            inquiry.still(door.settings, CAMERA)
        assert (still.width, still.height) == (640, 360)
        assert pixels(still.jpeg).shape == (360, 640, 3)
        assert pixels(still.jpeg).std() > 10, "it shows something"
        with Link(mqtt, client_id="late", subscriptions=[everything(STORE, channel) for channel in Channel]) as late:
            assert late.wait_connected(PATIENCE_S)
            door.shown()
            wait_until(lambda: not late.inbox.empty(), "what is kept, and what was asked just now")
            topics = {late.inbox.get().topic.rsplit("/", 1)[-1] for _ in range(late.inbox.qsize())}
            assert "status" in topics
    pieces = [still.jpeg[len(still.jpeg) // 2 :][:40], base64.b64encode(still.jpeg)[4000:4040]]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    for path in files:
        kept = path.read_bytes()
        assert not any(piece in kept for piece in pieces), f"{path} holds the picture"
        assert b"JFIF" not in kept, f"{path} holds a picture"


@pytest.mark.slow
def test_a_drawn_plan_is_in_force_at_once_and_outlives_kill_9(any_mqtt: MqttSettings, tmp_path: Path) -> None:
    with camera(tmp_path, any_mqtt) as door:
        door.wait()
        assert door.shown().version == 0
        drawn = plan(0.4, version=3)
        said = [one for one in door.say(Command(name=Ask.PLAN, plan=drawn)) if isinstance(one, Status)]
        assert said[-1].plan == 3, "the first word after it says so"
        assert door.shown() == drawn
        door.start_again()
        assert door.shown() == drawn
        assert any("goes before the settings file's" in line for line in door.process.lines)
        (tmp_path / f"plan-{CAMERA}.json").write_text("{ half a pl")
        door.start_again()
        assert door.shown().version == 0, "the service sees that and sends it again"


def test_a_plan_that_cannot_be_used_is_refused_with_a_sentence_and_changes_nothing(door: Camera) -> None:
    along = plan(0.5, version=4, inside="left")
    heard = door.say(Command(name=Ask.PLAN, plan=along, request="r-1"))
    assert [one.reason for one in heard if isinstance(one, Refused)] == [
        "line 'door' runs left: its inside must lie across it. Say up or down."
    ]
    reasons = [one.reason for one in door.say(Command(name=Ask.REPORT)) if isinstance(one, Status)]
    assert "plan 4 is not used: line 'door' runs left" in reasons[-1]
    assert door.shown().version == 0
    with pytest.raises(NotDone, match="runs left"):
        inquiry.trial(door.settings, CAMERA, along)
    with pytest.raises(NotDone, match="runs left"):
        list(inquiry.counting(door.settings, CAMERA, along))
    view = plan(0.5, version=5).model_copy(update={"view": "angled"})
    with pytest.raises(NotDone, match="needs a model"):
        raise NotDone(next(one.reason for one in door.say(_with(view, "r-2")) if isinstance(one, Refused)))


def _with(plan: Plan, request: str) -> Command:
    return Command(name=Ask.PLAN, plan=plan, request=request)


def test_what_is_meant_for_somebody_else_changes_nothing(door: Camera) -> None:
    with Link(door.settings.mqtt, client_id="stranger") as stranger:
        assert stranger.wait_connected(PATIENCE_S)
        body, now = Command(name=Ask.PLAN, plan=plan(0.3, version=9)), datetime.now(UTC)
        for store, to in (("another-store", CAMERA), (STORE, "cam-till")):
            said = message(body, id="x-1", store=store, device="stranger", time=now, to=to)
            assert stranger.publish(said)
            live = stranger._live
            assert live
            live[1].publish(str(Topic(STORE, CAMERA, Channel.COMMAND)), said.model_dump_json().encode(), qos=1)
        assert door.shown().version == 0
        assert not (door.folder / f"plan-{CAMERA}.json").exists()


def test_a_line_is_tried_over_what_was_and_watched_over_what_is(door: Camera) -> None:
    def says_so_every_second() -> Iterator[Counting]:
        words = inquiry.counting(door.settings, CAMERA, plan(0.56))
        said = [next(words) for _ in range(3)]
        assert not any(word.last for word in said)
        assert [round(word.seconds) for word in said] == [1, 2, 3]
        return words

    first = in_quiet(says_so_every_second)
    second = inquiry.counting(door.settings, CAMERA, plan(0.3), seconds=2)
    assert next(second).lines[0].line == "door"
    assert next(word for word in first if word.last), "there is one at a time; the first hears that it is over"
    assert [word.seconds >= 2 for word in second][-1]
    wait_until(lambda: inquiry.trial(door.settings, CAMERA, plan(0.56)).lines[0].ins > 0, "somebody comes in")
    told = inquiry.trial(door.settings, CAMERA, plan(0.56))
    assert 3 < told.seconds < (datetime.now(UTC) - door.began).total_seconds()
    assert max(told.lines[0].ins_ago) <= told.seconds + 1


def test_the_uniform_is_read_from_the_last_still(door: Camera) -> None:
    box = ((0.2, 0.2), (0.8, 0.8))
    with pytest.raises(NotDone, match="Ask for a new one"):
        inquiry.uniform(door.settings, CAMERA, box)
    inquiry.still(door.settings, CAMERA)
    with contextlib.suppress(NotDone):
        assert len(inquiry.uniform(door.settings, CAMERA, box)) == 64


def test_a_camera_without_a_picture_says_so_instead_of_leaving_one_waiting(any_mqtt: MqttSettings, tmp_path: Path) -> None:
    with camera(tmp_path, any_mqtt, f"rtsp://127.0.0.1:{free_port()}/door") as door:
        door.wait_for(Watch.STARTING, Watch.LOST)
        with pytest.raises(NotDone, match="gives no picture"):
            inquiry.still(door.settings, CAMERA)
        with pytest.raises(NotDone, match="gives no picture"):
            inquiry.trial(door.settings, CAMERA, plan(0.5))


def _is_there(door: Camera) -> bool:
    try:
        return door.shown().version == 0
    except NoAnswer:
        return False


def test_somebody_who_asks_without_end_is_refused_and_the_camera_goes_on(door: Camera) -> None:
    with Link(door.settings.mqtt, client_id="flood") as flood:
        assert flood.wait_connected(PATIENCE_S)
        for number in range(300):
            command = Command(name=list(Ask)[number % 6 + 1], request=f"f-{number}", plan=plan(0.5), box=((0, 0), (1, 1)))
            said = message(command, id=f"f-{number}", store=STORE, device="flood", time=datetime.now(UTC), to=CAMERA)
            flood.publish(said)
        wait_until(lambda: _is_there(door), "it still answers")
        assert "more are passed over" in door.process.said

        def goes_on() -> None:
            status = [one for one in door.say(Command(name=Ask.REPORT)) if isinstance(one, Status)][-1]
            assert status.newest_frame_age is not None
            assert status.newest_frame_age < 1.0

        in_quiet(goes_on)


def test_the_largest_picture_there_can_be_arrives_whole(mqtt: MqttSettings, tmp_path: Path) -> None:
    settings = shop_settings(tmp_path, mqtt=mqtt)
    publisher = Publisher(mqtt, Spool(tmp_path / "spool.db"), store=STORE, device=CAMERA)
    camera = CameraSettings(id=CAMERA, source="scene:door")
    serve = Serving(camera, publisher, PlanFile(tmp_path / "plan.json"))
    eyes = Pipeline(camera, Blobs(), party_seconds=2.0)
    stop = threading.Event()

    def look() -> None:
        noise = np.random.default_rng(1)
        while not stop.wait(0.1):
            frame = Frame(0, datetime.now(UTC), noise.integers(0, 255, (720, 1280, 3), dtype=np.uint8))
            serve.looked(frame, eyes)
            serve.turn(Condition(Watch.WATCHING), eyes)

    looking = threading.Thread(target=look, daemon=True)
    publisher.start()
    looking.start()
    try:
        still = wait_until(lambda: _still(settings), "the picture")
    finally:
        stop.set()
        looking.join(10)
        publisher.stop()
    assert len(still.jpeg) > MAX_STILL_PARTS // 2 * STILL_PART_CHARACTERS * 3 // 4, "more than half of what may be"
    assert pixels(still.jpeg).shape == (720, 1280, 3)


def _still(settings: Settings) -> inquiry.Still | None:
    try:
        return inquiry.still(settings, CAMERA)
    except (NoAnswer, NotDone):
        return None
