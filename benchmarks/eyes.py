"""How rightly the eyes count, and what they cost beside decoding alone: one row for each measuring clip.

The clips, their truth and the models lie beside the checkout (or in GREETLINE_SHARED) and are no part of the project.
"Decoding" gets the same pictures and does nothing with them; "reading" turns every frame of the clip into a picture.
Run: `python -m benchmarks.eyes [--fps N] [--json]`
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

import cv2

from broker.settings import CameraSettings
from edge import counting
from edge.source import cpu_seconds

SHARED = Path(os.environ.get("GREETLINE_SHARED", Path(__file__).resolve().parents[2] / "shared"))
YOLOX, LWPD = "yolox_nano_416.onnx", "lwpd_192.onnx"
CLIPS: tuple[tuple[str, str | None], ...] = (
    ("shopdoor_overhead.mp4", None),
    ("officedoor_a.mp4", None),
    ("hall_overhead.avi", None),
    ("stairs_up.mp4", YOLOX),
    ("stairs_up.mp4", LWPD),
    ("walkway_side.mp4", YOLOX),
    ("walkway_side.mp4", LWPD),
    ("garage_night.mp4", None),
    ("checkout_queue.mp4", None),
)
"""The last two have no line: they show the cost on a 720p and on a moving picture."""
GOAL_RATIO = 1.5
GOAL_MB = 110


def judge(counted: counting.Count, truth: dict) -> tuple[int, int, int]:
    """Return right, false and missed: right is the same direction within a second, each truth used once."""
    left = [(crossing["frame"], crossing["direction"]) for crossing in counted.crossings]
    right = 0
    for events, worth in ((truth["events"], 1), (truth.get("optional", []), 0)):
        for event in events:
            direction = "in" if event["dir"] == truth["in_dir"] else "out"
            near = [c for c in left if c[1] == direction and abs(c[0] - event["frame"]) <= truth["fps"]]
            if near:
                left.remove(min(near, key=lambda crossing: abs(crossing[0] - event["frame"])))
                right += worth
    return right, len(left), len(truth["events"]) - right


def reading(clip: Path) -> float:
    """Return the CPU seconds of turning every frame of *clip* into a picture."""
    began = cpu_seconds()
    capture = cv2.VideoCapture(str(clip), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    while capture.read()[0]:
        pass
    return cpu_seconds() - began


def measure(name: str, model: str | None, fps: float) -> dict:
    """Count one clip; return its row."""
    clip = SHARED / "footage" / name
    truth = json.loads(clip.with_suffix(".json").read_text())
    line = counting.line_in_pixels(str(clip), tuple(truth["line"]) if "line" in truth else None, truth.get("in_dir"))
    camera = CameraSettings(
        id="clip", source=str(clip), lines=(line,), frames_per_second=fps,
        view="angled" if model else "overhead", model=SHARED / "models" / model if model else None,
    )  # fmt: skip
    counted = counting.count(camera)
    right, false, missed = judge(counted, truth) if "events" in truth else (None, None, None)
    return {
        "clip": name,
        "detector": model.partition("_")[0] if model else "blobs",
        "right": right,
        "false": false,
        "missed": missed,
        "cpu_ms_a_frame": round(counted.cpu_seconds / counted.frames * 1000, 2),
        "to_decoding": round(counted.cpu_seconds / counted.decode_cpu_seconds, 2),
        "to_reading": round(counted.cpu_seconds / reading(clip), 2),
    }


def memory(*options: str) -> float:
    """Return the peak resident memory, in MB, of `edge run` after ten seconds."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "edge", "run", "--data", folder, "--mqtt-port", "9", *options]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as eyes:
            time.sleep(10)
            status = Path(f"/proc/{eyes.pid}/status").read_text()
            eyes.terminate()
        peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) / 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fps", type=float, default=10.0, help="frames looked at in a second")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    told = parser.parse_args()
    if not (SHARED / "footage").is_dir():
        sys.exit(f"there is no footage in {SHARED}: set GREETLINE_SHARED")
    cv2.setNumThreads(1)
    rows = [measure(name, model, told.fps) for name, model in CLIPS]
    stairs = str(SHARED / "footage" / "stairs_up.mp4")
    peaks = {
        "blobs, scene": memory("--camera", "scene:door"),
        "blobs, 720p file": memory("--camera", str(SHARED / "footage" / "garage_night.mp4")),
        "yolox, file": memory("--camera", stairs, "--view", "angled", "--model", str(SHARED / "models" / YOLOX)),
    }
    if told.json:
        print(json.dumps({"clips": rows, "peak_mb": {name: round(mb, 1) for name, mb in peaks.items()}}))
        return
    _print(rows, peaks)


def _print(rows: list[dict], peaks: dict[str, float]) -> None:
    print("| " + " | ".join(rows[0]) + " |\n|" + "--|" * len(rows[0]))
    for row in rows:
        print("| " + " | ".join("" if value is None else str(value) for value in row.values()) + " |")
    for kind in ("blobs", "yolox", "lwpd"):
        judged = [row for row in rows if row["detector"] == kind and row["right"] is not None]
        right, false, missed = (sum(row[key] for row in judged) for key in ("right", "false", "missed"))
        print(f"{kind}: {right} of {right + missed} right, {false} false")
    for name, mb in peaks.items():
        print(f"peak memory, {name}: {mb:.0f} MB" + (f" (goal {GOAL_MB})" if "blobs" in name else ""))
    print(f"goal: blobs at most {GOAL_RATIO} times decoding on 720p")


if __name__ == "__main__":
    main()
