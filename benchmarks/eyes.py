"""How rightly the eyes count, and what they cost: the measuring clips beside the goals.

The clips, their truth and the models lie beside the checkout (or in GREETLINE_SHARED) and are no part of the project.
Right, false and missed are those of `greetline edge audit`, which tells view and model itself. "Decoding" gets the same
pictures and does nothing with them. Many cameras at a time are measured by `python -m benchmarks.box`.
Run: `python -m benchmarks.eyes [--fps N] [--json]`, or `make bench-eyes`
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import cv2

from broker.settings import CameraSettings
from edge import audit, counting, viewing

SHARED = Path(os.environ.get("GREETLINE_SHARED", Path(__file__).resolve().parents[2] / "shared"))
YOLOX, LWPD = "yolox_nano_416.onnx", "lwpd_192.onnx"
STREAM = "counter_one_by_one.mp4"
"""432p at 10 frames a second, as the goals are."""
MOVING = "checkout_queue.mp4"
"""432p at 25, and the whole picture moves all the time."""
CORES: tuple[tuple[str, str | None, float, int], ...] = (
    ("blobs", None, 10, 20),
    ("lwpd", LWPD, 5, 20),
    ("yolox-nano", YOLOX, 5, 8),
)
"""Detector, its model, frames looked at in a second, and how many cameras a core should watch."""
RUNS = 3
"""So often is a cost measured."""
GOAL_RATIO = 1.5
GOAL_MB = 130


def camera(name: str, model: str | None, fps: float) -> CameraSettings:
    """Return the camera that shows clip *name*, with a line across its middle."""
    clip = str(SHARED / "footage" / name)
    return CameraSettings(
        id="clip", source=clip, lines=(counting.line_in_pixels(clip, None, None),), frames_per_second=fps,
        view="angled" if model else "overhead", model=SHARED / "models" / model if model else None,
    )  # fmt: skip


def cost(name: str, model: str | None, fps: float) -> tuple[float, float]:
    """Return how many cameras like clip *name* one core can watch, and the CPU time beside that of decoding alone."""
    runs = [counting.count(camera(name, model, fps)) for _ in range(RUNS)]
    # The least of several: what others do on the machine only ever adds.
    all_of_it, decoding = min(run.cpu_seconds for run in runs), min(run.decode_cpu_seconds for run in runs)
    return runs[0].seconds_of_video / all_of_it, all_of_it / decoding


def memory(*options: str) -> float:
    """Return the peak resident memory, in MB, of `edge run` and its readers after ten seconds."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "edge", "run", "--data", folder, "--mqtt-port", "9", *options]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as eyes:
            time.sleep(10)
            shares = [_shared_fairly(pid) for pid in (eyes.pid, *_children(eyes.pid))]
            eyes.terminate()
        return sum(shares)


def _children(pid: int) -> list[int]:
    direct = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return direct + [child for one in direct for child in _children(one)]


def _shared_fairly(pid: int) -> float:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(next(line for line in rollup.splitlines() if line.startswith("Pss:")).split()[1]) / 1024


class Row(NamedTuple):
    """A figure, what was measured, the goal ("" without one), and whether it is met."""

    figure: str
    measured: str
    goal: str = ""
    met: bool = True


def rows(fps: float) -> list[Row]:
    """Return what was measured."""
    model, why = viewing.model_in(SHARED / "models")
    truths = sorted((SHARED / "footage").glob("*.json"))
    audited = [audit.audit(truth, audit.How(model=model, no_model=why, fps=fps)) for truth in truths]
    found = [_clip(one.as_json()) for one in audited] + _sums(audit.totals(audited))
    for name, wanted, looks, goal in CORES:
        cameras, _ = cost(STREAM, wanted, looks)
        figure = f"cameras a core, 432p10, {name} at {looks:g} a second"
        found.append(Row(figure, f"{cameras:.0f}", f">= {goal}", cameras >= goal))
    for name in (STREAM, MOVING):
        ratio = cost(name, None, 10)[1]
        found.append(Row(f"blobs beside decoding, {name}", f"{ratio:.2f}", f"<= {GOAL_RATIO}", ratio <= GOAL_RATIO))
    source = str(SHARED / "footage" / STREAM)
    angled = ("--camera", source, "--view", "angled", "--model", str(SHARED / "models" / YOLOX))
    for name, options in (("blobs", ("--camera", source)), ("yolox-nano", angled)):
        megabytes = memory(*options)
        figure = f"memory, first camera, {name}"
        found.append(Row(figure, f"{megabytes:.0f} MB", f"<= {GOAL_MB} MB", megabytes <= GOAL_MB))
    return found


def _sums(sums: dict) -> list[Row]:
    all_there = sums["visits"] == sums["visits_truth"]
    worst, length = sums["worst_dwell_error_s"], sums["queue_length_right"]
    return [
        Row("line clips together, right", f"{sums['right']} of {sums['truth']}", ">= 95 %", sums["right"] >= 0.95 * sums["truth"]),
        Row("line clips together, false", str(sums["false"]), "<= 2 %", sums["false"] <= 0.02 * sums["truth"]),
        Row("visits", f"{sums['visits']} of {sums['visits_truth']}", "all", all_there),
        Row("worst dwell error", f"{worst} s", "<= 0.5 s", worst is not None and worst <= 0.5),
        Row("queue length right", f"{length:.1%}", ">= 95 %", length >= 0.95),
    ]


def _clip(one: dict) -> Row:
    if "error" in one:
        return Row(one["clip"], one["error"], met=False)
    names = ("right", "false", "missed") if "right" in one else ("visits", "visits_truth", "dwell_error_s", "queue_length_right")
    told = ", ".join(f"{name.replace('_', ' ')} {one[name]}" for name in names if one[name] is not None)
    return Row(f"{one['clip']} ({one['view']}, {one['detector']})", told)


def main() -> int:
    """Measure and print; 0 when every goal is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fps", type=float, default=10.0, help="frames looked at in a second")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    told = parser.parse_args()
    if not (SHARED / "footage").is_dir():
        sys.exit(f"there is no footage in {SHARED}: set GREETLINE_SHARED")
    cv2.setNumThreads(1)
    found = rows(told.fps)
    if told.json:
        print(json.dumps([row._asdict() for row in found]))
    else:
        print("| figure | measured | goal | |\n|--|--|--|--|")
        for row in found:
            print(f"| {row.figure} | {row.measured} | {row.goal} | {'' if row.met else 'missed'} |")
    return 0 if all(row.met for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())
