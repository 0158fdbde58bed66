"""What a camera box costs with 1, 2, 8 and 20 cameras (768 x 432, 10 frames a second) in one process, and whether it grows.

Each camera is a measuring clip in H.264, played by a reader process of its own; the box
speaks to a real MQTT broker, and what it says in its statuses is read there. Memory is the proportional set size (what
is shared is divided) and the resident size (what is shared is counted in each process) of the box, the parent of the
readers and the readers together. The clip lies beside the checkout (or in GREETLINE_SHARED); for a long run `ffmpeg` repeats it.
Run: `python -m benchmarks.box [--cameras 1,2,8,20] [--model NAME.onnx] [--seconds N] [--soak MINUTES] [--json]`
"""

from __future__ import annotations

import argparse
import json
import queue
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import tomlkit

from benchmarks.eyes import SHARED
from broker.contract.codec import decode
from broker.contract.messages import Status
from broker.contract.topics import Channel, everything
from broker.link import Link
from tests.service.parts import STORE, own_broker

CLIP = "counter_one_by_one.mp4"
CLIP_S = 135.0
CAMERAS = "1,2,8,20"
WARM_S = 12.0
"""Loading, connecting and learning the background; what comes after is measured."""
SPARE_S = 30.0
"""A clip is at least so much longer than a run."""
SAMPLE_S = 15.0
GOAL_FIRST_MB = 130.0
GOAL_FURTHER_MB = 25.0
GOAL_AGE_MS = 300.0
GOAL_AGE_CAMERAS = 8
GOAL_GROWTH_MB = 5.0
"""More than this in half an hour is growth, less is noise."""


def main() -> int:
    """Measure and print; 0 when every goal is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cameras", default=CAMERAS, help="how many, one run each")
    parser.add_argument("--model", help="a model of the shared models instead of blobs")
    parser.add_argument("--fps", type=float, default=10.0, help="frames looked at in a second")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of a run, after warming up")
    parser.add_argument("--soak", type=float, metavar="MINUTES", help="one run with 4 cameras and the memory over time instead")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    told = parser.parse_args()
    if not (SHARED / "footage" / CLIP).is_file():
        sys.exit(f"there is no {CLIP} in {SHARED}/footage: set GREETLINE_SHARED")
    if (told.soak or WARM_S + told.seconds + SPARE_S > CLIP_S) and not shutil.which("ffmpeg"):
        sys.exit("a run that is longer than the clip needs ffmpeg, which repeats it")
    with tempfile.TemporaryDirectory() as folder:
        if told.soak:
            return soak(Path(folder), told)
        rows = [run(Path(folder), count, told) for count in map(int, told.cameras.split(","))]
    found = {"rows": rows, "further_mb": further(rows)}
    print(json.dumps(found) if told.json else in_words(found))
    return 0 if goals_met(found) else 1


def run(folder: Path, count: int, told: argparse.Namespace) -> dict:
    """Watch *count* cameras for a while; return the row of the table."""
    with box(folder, count, told, WARM_S + told.seconds + SPARE_S) as (process, statuses):
        time.sleep(WARM_S)
        busy = _cpu(process)
        before = _newest(statuses)
        began = time.monotonic()
        time.sleep(told.seconds)
        seconds = time.monotonic() - began
        after, memory, cpu = _newest(statuses), memory_of(process), (_cpu(process) - busy) / seconds
    said = list(after.values())
    fps = [status.frames_per_second or 0.0 for status in said]
    dropped = sum((now.dropped or 0) - (before[name].dropped or 0 if name in before else 0) for name, now in after.items())
    return {
        "cameras": count,
        "said": len(said),
        "pss_mb": memory["pss"],
        "rss_mb": memory["rss"],
        "box_rss_mb": memory["box_rss"],
        "cores": round(cpu, 2),
        "fps_least": round(min(fps, default=0.0), 1),
        "fps_most": round(max(fps, default=0.0), 1),
        "age_p99_ms": round(max((status.decided_age or 0.0 for status in said), default=0.0) * 1000),
        "dropped_share": round(dropped / max(1.0, dropped + sum(fps) * told.seconds), 3),
    }


def soak(folder: Path, told: argparse.Namespace) -> int:
    """Watch four cameras for so many minutes and print the memory as it goes; 0 when it does not grow."""
    curve: list[tuple[float, float]] = []
    with box(folder, 4, told, told.soak * 60 + 60) as (process, _):
        began = time.monotonic()
        while (seconds := time.monotonic() - began) < told.soak * 60:
            time.sleep(SAMPLE_S)
            memory = memory_of(process)
            # What is shared with other programs is divided by how many of them run: only our own can grow.
            curve.append((round(seconds / 60, 1), memory["own"]))
            print(f"{curve[-1][0]:6.1f} min {memory['own']:8.1f} MB of our own, the box alone {memory['box_rss']:.1f}", flush=True)
    settled = [mb for minute, mb in curve if minute >= 2]
    third = max(1, len(settled) // 3)
    growth = statistics.median(settled[-third:]) - statistics.median(settled[:third]) if settled else 0.0
    print(f"growth from the first third (after 2 min) to the last: {growth:+.1f} MB in {told.soak:g} min")
    return 0 if growth < GOAL_GROWTH_MB else 1


@contextmanager
def box(folder: Path, count: int, told: argparse.Namespace, seconds: float):
    """Run a box with *count* cameras; yield its process and a function that returns the newest status of each."""
    film = looped(folder, seconds)
    with own_broker(folder) as mqtt:
        line = {"zone": "entrance", "points": [[0.1, 0.5], [0.9, 0.5]], "inside": "up"}
        looks = {"view": "angled", "model": str(SHARED / "models" / told.model)} if told.model else {}
        one = {"source": str(film), "frames_per_second": told.fps, "lines": [line], **looks}
        path = folder / "edge.toml"
        reach = {"host": mqtt.host, "port": mqtt.port, "username": mqtt.username, "password_file": str(mqtt.password_file)}
        path.write_text(
            tomlkit.dumps(
                {
                    "store": {"id": STORE, "data": f"var-{count}"},
                    "mqtt": {key: value for key, value in reach.items() if value not in (None, "None")},
                    "cameras": [{"id": f"c{number}", **one} for number in range(count)],
                }
            )
        )
        link = Link(mqtt, client_id="bench", subscriptions=[everything(STORE, Channel.STATUS)])
        command = [sys.executable, "-m", "edge", "run", "--settings", str(path)]
        (folder / f"var-{count}").mkdir(exist_ok=True)
        with link, subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            try:
                yield psutil.Process(process.pid), link.inbox
            finally:
                process.terminate()


def looped(folder: Path, seconds: float) -> Path:
    """Return the clip, repeated until it lasts *seconds* at least."""
    if seconds <= CLIP_S:
        return SHARED / "footage" / CLIP
    film = folder / f"loop-{seconds:.0f}.mp4"
    if not film.exists():
        source = ["-stream_loop", "-1", "-i", str(SHARED / "footage" / CLIP), "-t", f"{seconds:.0f}"]
        subprocess.run(["ffmpeg", "-v", "error", "-y", *source, "-an", "-c", "copy", str(film)], check=True)
    return film


def memory_of(process: psutil.Process) -> dict[str, float]:
    """Return megabytes of the box and everything it has begun."""
    everybody = [process, *process.children(recursive=True)]
    found = [one.memory_full_info() for one in everybody]
    # Shared pictures are nobody's own, so they are in `pss` and not in `own`; they are of a fixed size.
    sums = {"pss": sum(one.pss for one in found), "rss": sum(one.rss for one in found), "own": sum(one.uss for one in found)}
    return {name: round(size / 1e6, 1) for name, size in {**sums, "box_rss": found[0].rss}.items()}


def further(rows: list[dict]) -> float | None:
    """Return the megabytes of each further camera, from the first run to the largest."""
    first, last = rows[0], rows[-1]
    more = last["cameras"] - first["cameras"]
    return round((last["pss_mb"] - first["pss_mb"]) / more, 1) if more else None


def goals_met(found: dict) -> bool:
    """Whether each goal that was measured is met."""
    rows = found["rows"]
    first = [row["pss_mb"] <= GOAL_FIRST_MB for row in rows if row["cameras"] == 1]
    ages = [row["age_p99_ms"] <= GOAL_AGE_MS for row in rows if row["cameras"] <= GOAL_AGE_CAMERAS]
    return all((*first, *ages, found["further_mb"] is None or found["further_mb"] <= GOAL_FURTHER_MB))


def in_words(found: dict) -> str:
    """Return the table."""
    rows = found["rows"]
    lines = ["| " + " | ".join(rows[0]) + " |", "|" + "--|" * len(rows[0])]
    lines += ["| " + " | ".join(str(value) for value in row.values()) + " |" for row in rows]
    lines.append(f"first camera: {rows[0]['pss_mb']} MB (goal {GOAL_FIRST_MB:g}); each further: {found['further_mb']} MB")
    lines.append(f"goals: each further {GOAL_FURTHER_MB:g} MB; age {GOAL_AGE_MS:g} ms with {GOAL_AGE_CAMERAS} cameras")
    return "\n".join(lines)


def _newest(inbox: queue.SimpleQueue) -> dict[str, Status]:
    found: dict[str, Status] = {}
    while not inbox.empty():
        incoming = inbox.get()
        said = decode(incoming.topic, incoming.payload)
        if isinstance(said.data, Status):
            found[said.device] = said.data
    return found


def _cpu(process: psutil.Process) -> float:
    everybody = [process, *process.children(recursive=True)]
    return sum(sum(one.cpu_times()[:2]) for one in everybody)


if __name__ == "__main__":
    sys.exit(main())
