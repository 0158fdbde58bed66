"""What goes wrong, one thing after the other and at random, and how soon all was as before."""

from __future__ import annotations

import http.client
import json
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.soak.crowd import Crowd, Screen
from benchmarks.soak.points import FOUNDING, Points
from benchmarks.soak.premises import CAMERAS, STOP_S, Premises, wait
from broker.store import archive
from tests.notify.sink import FINE
from tests.service.parts import listens

FAILPOINT_S = 8.0
"""So long a part may take until it stands at its point."""
FAILPOINTS = Counter({"service": 4, "dashboard": 2, CAMERAS[0]: 2, "archive": 2})
"""So many points of each part in one round of everything: together some forty in ten minutes."""
JUMP_S = 3600
SPOILT = ("cut", "black hole", "half open", "late", "dripping")
KILLED = ("mosquitto", "service", "dashboard", "kiosk", "archive")
REFUSED = 503
DEAF_S = 4.0
"""The other side of the webhook takes nothing for at most so long: less than until the second try, after which minutes pass."""
DRIP_BYTES = 600
"""What a bad line lets pass in a second: less than half of what a camera says."""


@dataclass(frozen=True)
class Span:
    """One trouble, in seconds of the epoch, and the parts that could not do their work then."""

    began: float
    ended: float
    parts: frozenset[str]


@dataclass
class Found:
    """What was tried how often, and in seconds how long each recovery took."""

    tried: Counter[str] = field(default_factory=Counter)
    next_commit: list[float] = field(default_factory=list)
    network: list[float] = field(default_factory=list)
    screens: list[float] = field(default_factory=list)
    disk_alarm: list[float] = field(default_factory=list)
    disk_over: list[float] = field(default_factory=list)
    archive: list[float] = field(default_factory=list)
    webhook: list[float] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)


class Troubles:
    """Makes trouble for *premises* until it is told to stop."""

    def __init__(self, premises: Premises, crowd: Crowd, seed: int, *, disk: bool) -> None:
        """Get ready; *disk* says whether there is a small disk to fill."""
        self._here, self._crowd, self._dice = premises, crowd, random.Random(seed)
        self.found, self.points = Found(), Points(self._dice)
        self._kinds: list[tuple[str, Callable[[], tuple[str, ...]]]] = [
            *((f"kill -9 {name}", lambda name=name: self._kill(name)) for name in KILLED),
            ("kill -9 camera", lambda: self._kill(self._dice.choice(CAMERAS))),
            *((f"failpoint in {name}", lambda name=name: self._failpoint(name)) for name in FAILPOINTS.elements()),
            *((f"network {what}", lambda what=what: self._network(what)) for what in SPOILT),
            ("clock of a camera an hour wrong", self._clock),
            ("webhook refused", self._webhook),
            *([("full disk", self._disk)] if disk else []),
        ]  # fmt: skip

    def run(self, until: float) -> None:
        """Make trouble until *until*, a time of `time.monotonic`: each kind as often as the others, in no order."""
        while True:
            for name, make in self._dice.sample(self._kinds, len(self._kinds)):
                if time.monotonic() >= until:
                    return
                began = time.time()
                parts = frozenset(make())
                self.found.tried[name] += 1
                self.found.spans.append(Span(began, time.time(), parts))
                time.sleep(self._dice.uniform(0.5, 2.0))

    def _kill(self, name: str) -> tuple[str, ...]:
        self._end(name)
        began = time.monotonic()
        self._here.start(name)
        self._recovered(name, began)
        return (name,)

    def _end(self, name: str) -> None:
        # A part that had ended by itself would hide behind the kill.
        if self._here.ended():
            raise RuntimeError(f"{', '.join(self._here.ended())} had ended by itself")
        self._here.kill(name)

    def _failpoint(self, name: str) -> tuple[str, ...]:
        point = self.points.next(name)
        self._end(name)
        if point in FOUNDING:
            self._here.renew_log()
        self._here.start(name, failpoint=self.points.armed(point))
        with suppress(subprocess.TimeoutExpired):
            if (code := self._here.parts[name].wait(FAILPOINT_S)) != -signal.SIGKILL:
                raise RuntimeError(f"{name} had ended by itself with {code} before {point}")
            self.points.reached[point] += 1
        self._here.kill(name)
        began = time.monotonic()
        self._here.start(name)
        self._recovered(name, began)
        return (name,)

    def _recovered(self, name: str, began: float) -> None:
        if name in ("service", "mosquitto"):
            if name == "mosquitto":
                # What the service still held of the one before is no sign of this one.
                wait(lambda: listens(self._here.mqtt_port), "the MQTT broker listens")
            taken = self._taken()
            wait(lambda: self._taken() > taken, f"a commit after the end of {name}")
            self.found.next_commit.append(time.monotonic() - began)
            self._heard_again()
        if name == "dashboard":
            self._shown_again(self._here.web_port, self._crowd.screens)
        if name == "archive":
            killed = time.time_ns() // 1_000_000
            wait(lambda: archive.seen(self._here.archive)[1] > killed, "the archive goes on", every=0.1)
            self.found.archive.append(time.monotonic() - began)
        if name == "kiosk":
            self._shown_again(self._here.kiosk_port, self._crowd.walls)

    def _shown_again(self, port: int, screens: list[Screen]) -> None:
        gone = time.monotonic()
        wait(lambda: listens(port), "the screens are served")
        back = time.monotonic()
        wait(lambda: all(screen.snapshot_at > gone for screen in screens), "every screen shows the shop again")
        self.found.screens.append(time.monotonic() - back)

    def _network(self, what: str) -> tuple[str, ...]:
        line = self._here.line
        {
            "cut": line.refuse, "black hole": line.black_hole, "half open": line.half_open, "late": lambda: line.delay(0.4),
            "dripping": lambda: line.drip(DRIP_BYTES),
        }[what]()  # fmt: skip
        if what == "half open":
            # Who connects anew gets through at once, and nothing is to be mended but what the other side still believes.
            self.found.network.append(self._heard_again())
        time.sleep(self._dice.uniform(1.0, 7.0))
        line.mend()
        if what != "half open":
            self.found.network.append(self._heard_again())
        return CAMERAS

    def _clock(self) -> tuple[str, ...]:
        camera = self._dice.choice(CAMERAS)
        file, wrong = self._here.clock(camera), self._dice.choice((JUMP_S, -JUMP_S))
        for said in (wrong, 0):
            file.write_text(str(said))
            wait(
                lambda said=said: abs(self._skew(camera) + said) < JUMP_S / 2, f"the service knows the clock of {camera}", every=0.1
            )
            time.sleep(self._dice.uniform(1.0, 4.0))
        return (camera,)

    def _skew(self, camera: str) -> float:
        return float(self._here.ask("SELECT coalesce(skew, 0) FROM devices WHERE id = ?", camera)[0][0])

    def _webhook(self) -> tuple[str, ...]:
        sink = self._here.sink
        before, sink.then = len(sink.heard), REFUSED
        wait(lambda: any(heard.answer == REFUSED for heard in sink.heard[before:]), "the webhook is refused")
        time.sleep(self._dice.uniform(0.0, DEAF_S))
        sink.then, heard = FINE, len(sink.taken())
        self.found.webhook.append(wait(lambda: len(sink.taken()) > heard, "the webhook is told again", every=0.1))
        return ()

    def _disk(self) -> tuple[str, ...]:
        ballast = self._here.data / "ballast"
        with self._full(ballast):
            began = time.monotonic()
            wait(lambda: self._disk_said() == "down", "the alarm of the full disk", every=0.1)
            self.found.disk_alarm.append(time.monotonic() - began)
            wait(self._crowd.floor_is_shown, "the floor on a full disk")
            time.sleep(self._dice.uniform(1.0, 4.0))
        began, taken = time.monotonic(), self._taken()
        wait(lambda: self._taken() > taken and self._disk_said() == "ok", "the end of the full disk", every=0.1)
        self.found.disk_over.append(time.monotonic() - began)
        return ("service", "dashboard", "kiosk", *CAMERAS)

    @contextmanager
    def _full(self, ballast: Path) -> Iterator[None]:
        try:
            with ballast.open("wb", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(b"x" * 65_536)
            with ballast.open("ab", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(b"x" * 512)
            yield
        finally:
            ballast.unlink(missing_ok=True)

    def _disk_said(self) -> str:
        line = http.client.HTTPConnection("127.0.0.1", self._here.web_port, timeout=STOP_S)
        try:
            line.request("GET", "/readyz")
            parts = {part["name"]: part["state"] for part in json.loads(line.getresponse().read())["parts"]}
        except (OSError, http.client.HTTPException, ValueError):
            return ""
        finally:
            line.close()
        states = {parts.get("disk"), parts.get("store")}
        return "down" if "down" in states else "ok" if states <= {"ok", "green"} else "degraded"

    def _heard_again(self) -> float:
        """Return the seconds until something new was heard of every camera. Else one trouble would be taken for the next."""
        before = self._newest()
        return wait(
            lambda: all(last > before.get(name, 0) for name, last in self._newest().items()), "every camera is heard", every=0.1
        )

    def _newest(self) -> dict[str, int]:
        return dict(self._here.ask("SELECT device, max(id) FROM crossings GROUP BY device"))

    def _taken(self) -> int:
        return int(self._here.ask("SELECT coalesce(max(id), 0) FROM crossings")[0][0])
