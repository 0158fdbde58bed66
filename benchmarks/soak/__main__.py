"""A whole shop under load while everything goes wrong: kills at random and at named points, a spoiled network, a full disk,
a camera whose clock jumps, screens that read too slowly. At the end one table; by itself, and with it everything it started.

    python -m benchmarks.soak [--minutes 30] [--warm-minutes 1] [--seed N] [--json]

The first ten minutes are trouble, what is left is not, twenty minutes at most and what --warm-minutes adds: only there can memory
be looked at. Programs have just begun when trouble ends, and whatever begins grows: with --minutes 40 --warm-minutes 10 the last
twenty minutes are looked at, of programs that have served for ten. Exit code 1: something was lost, doubled or falsely alarmed.
Other goals are printed beside their figures.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.soak.crowd import Crowd
from benchmarks.soak.premises import CAMERAS, GREET_WITHIN, Premises, small_disk, wait
from benchmarks.soak.troubles import Span, Troubles
from benchmarks.soak.verdict import GOALS, Verdict, judge, told_others, unlike
from broker.failpoints import POINTS
from broker.shop import open_shop
from broker.store import archive
from hatch_build import compile_translations
from tests.notify.sink import a_sink

TROUBLE_S, LAST_CALM_S, MOST_CALM_S = 600.0, 20.0, 1200.0
"""Ten minutes of trouble, and then up to twenty without."""
LEAST_CALM_S = 600.0
"""Memory over a shorter time says nothing about an hour."""
SAMPLE_S = 5.0
SETTLE_S = 20.0
MANY = 200

Sample = dict[str, tuple[int, float]]


def main() -> int:
    """Soak, print, and return 0 when nothing was lost, doubled or falsely alarmed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--warm-minutes", type=float, default=1.0, help="calm minutes before memory is looked at")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--keep", type=Path, help="keep the store, the spools and the log in this empty folder")
    asked = parser.parse_args()
    compile_translations(Path(__file__).parents[2])
    with tempfile.TemporaryDirectory(prefix="greetline-soak-") as scratch:
        found, verdict = soak(asked.keep or Path(scratch), asked.minutes * 60, asked.seed, asked.warm_minutes * 60)
    print(json.dumps(found) if asked.json else in_words(found))
    return 0 if verdict.good else 1


def soak(folder: Path, seconds: float, seed: int, warm: float = 60.0) -> tuple[dict[str, Any], Verdict]:
    """Soak a shop in *folder* for *seconds*; return the figures of the table and the verdict.

    Memory is looked at after *warm* seconds of calm.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with small_disk(folder / "data") as disk, a_sink() as sink:
        here = Premises(folder, sink)
        shop = open_shop(here.settings)
        try:
            return _soaked(here, shop, seconds, seed, warm, disk=disk)
        finally:
            here.stop()
            shop.db.close()
            shutil.copytree(here.data, folder / "kept", ignore=shutil.ignore_patterns("ballast"))


def _soaked(here: Premises, shop: Any, seconds: float, seed: int, warm: float, *, disk: bool) -> tuple[dict[str, Any], Verdict]:
    for name in ("mosquitto", "service", "dashboard", "kiosk", "archive"):
        here.start(name)
    here.line.start()
    here.wait_served()
    crowd = Crowd(shop, here.web_port, here.kiosk_port, seed)
    for camera in [name for name in here.commands if name.startswith("cam-")]:
        here.start(camera)
    crowd.start()
    began, calm = time.monotonic(), min(MOST_CALM_S + warm, max(LAST_CALM_S, seconds - TROUBLE_S))
    troubles = Troubles(here, crowd, seed, disk=disk)
    troubles.run(began + seconds - calm)
    samples = _watched(here, began + seconds)
    _write(samples, here.folder / "memory.csv")
    ended, gone = time.time(), here.ended()
    here.empty_spools()
    # The cameras are switched off, and that is told after a while.
    troubles.found.spans.append(Span(ended, time.time(), frozenset(CAMERAS)))
    crowd.leave_staff()
    # Whoever came in last is overdue only now: before, a missed alarm could not be told from one to come.
    time.sleep(GREET_WITHIN + 1)
    wait(lambda: not _due(here), "what is due is done", within=SETTLE_S * 3, every=0.2)
    wait(lambda: told_others(here, shop), "the webhook is told everything", within=SETTLE_S * 3, every=0.5)
    other = _screens_agree(shop, crowd)
    crowd.leave()
    ended_at = time.time_ns() // 1_000_000
    wait(lambda: archive.seen(here.archive)[1] > ended_at, "everything is in the archive", within=SETTLE_S * 3, every=0.5)
    verdict = judge(here, shop, crowd, troubles.found)
    verdict.odd += other + [f"{name} has ended by itself" for name in gone]
    found = troubles.found
    return {
        "minutes": round(seconds / 60, 1), "seed": seed, "disk": disk, "lost": verdict.lost[:20], "doubled": verdict.doubled[:20],
        "wrong_alarms": verdict.wrong_alarms[:20], "odd": verdict.odd[:20], "slowest_ticket_s": round(crowd.told.slowest, 2),
        "seconds": {
            "next commit": found.next_commit, "network": found.network, "screens": found.screens, "disk alarm": found.disk_alarm,
            "disk over": found.disk_over, "archive": found.archive, "webhook": found.webhook, "red": verdict.red,
        },
        "memory": growth(samples, warm), "tried": dict(sorted(found.tried.items())),
        "points": len(POINTS), "points_missed": troubles.points.missed, "points_tried": troubles.points.tries,
        "points_reached": troubles.points.reached.total(), **verdict.figures,
    }, verdict  # fmt: skip


def _watched(here: Premises, until: float) -> list[tuple[float, Sample]]:
    samples = []
    while time.monotonic() < until:
        samples.append((time.monotonic(), here.memory()))
        time.sleep(min(SAMPLE_S, max(0.1, until - time.monotonic())))
    return samples


def _write(samples: list[tuple[float, Sample]], file: Path) -> None:
    lines = [f"{at - samples[0][0]:.0f},{name},{megabytes:.3f}" for at, each in samples for name, (_, megabytes) in each.items()]
    file.write_text("\n".join(["second,part,megabytes", *lines]) + "\n")


def _due(here: Premises) -> bool:
    late = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 seconds')"
    return bool(
        here.ask(f"SELECT 1 FROM visits WHERE due_at < {late} UNION ALL SELECT 1 FROM alerts WHERE due_at < {late} LIMIT 1")
    )


def _screens_agree(shop: Any, crowd: Crowd) -> list[str]:
    """Nobody comes any more; visits still end by the clock, so it is looked at until it fits."""
    try:
        wait(lambda: not unlike(shop, crowd), "the screens show the shop", within=SETTLE_S, every=0.1)
    except TimeoutError:
        return unlike(shop, crowd)
    return []


def growth(samples: list[tuple[float, Sample]], warm: float) -> dict[str, float]:
    """Return megabytes an hour of each process by the line of least squares through its samples after the first *warm* seconds."""
    if not samples or samples[-1][0] - samples[0][0] < LEAST_CALM_S - SAMPLE_S + warm:
        return {}
    found = {}
    for name in samples[-1][1]:
        points = [(at, each[name][1]) for at, each in samples if name in each and at > samples[0][0] + warm]
        if len(points) > 2:
            middle_x, middle_y = (sum(values) / len(points) for values in zip(*points, strict=True))
            slope = sum((x - middle_x) * (y - middle_y) for x, y in points) / sum((x - middle_x) ** 2 for x, _ in points)
            found[name] = round(slope * 3600, 2)
    return found


def _in_short(times: list[float]) -> str:
    """Return median, and of many also the 99th of a hundred, and the longest of *times*, which are in order."""
    p99 = f"{times[int(len(times) * 0.99)]:.2f} s 99 of 100, " if len(times) >= MANY else ""
    return f"{times[len(times) // 2]:.2f} s median, {p99}{times[-1]:.2f} s at most of {len(times):,}"


def in_words(found: dict[str, Any]) -> str:
    """Return the table as a person reads it."""
    did = (
        f"{found['minutes']} minutes, seed {found['seed']}: {found['events']} events, {found['visits']} visits in time, "
        f"{found['alarms']} alarms, {found['greetings']} greetings, {found['tickets']} tickets, {found['calls']} calls, "
        f"{found['requests made again']} requests made again, the slowest ticket {found['slowest_ticket_s']} s, "
        f"{found['pauses']} pauses, {found['told by webhook']} told by webhook, {found['seconds that can be had']} s in "
        f"{found['spans of the archive']} spans of the archive"
    )
    lines = [did, "", "| what | figure | goal |", "|---|---|---|"]
    for name in ("lost", "doubled", "wrong_alarms", "odd"):
        lines.append(
            f"| {name.replace('_', ' ')} | {len(found[name])}{': ' + '; '.join(found[name][:3]) if found[name] else ''} | 0 |"
        )
    says = {
        "next commit": "next commit after a kill", "network": "every camera heard after the network is mended",
        "screens": "screens correct after their server is back",
        "disk alarm": "disk full: alarm", "disk over": "disk full: all as before",
        "archive": "archive goes on after its end", "webhook": "webhook told again after it refused",
        "red": "red on a tablet after the moment to greet by",
    }  # fmt: skip
    for name, said in says.items():
        times = sorted(found["seconds"][name])
        told = _in_short(times) if times else "not tried"
        lines.append(f"| {said} | {told} | {GOALS[name]:g} s |")
    reached, missed = found["points"] - len(found["points_missed"]), ", ".join(found["points_missed"])
    tries = f"{reached} in {found['points_reached']} of {found['points_tried']} tries"
    lines.append(f"| named points at which a part ended | {tries}{f', not {missed}' if missed else ''} | {found['points']} |")
    lines.append(f"| slow screens that were told to begin anew | {found['resyncs']} times | |")
    lines.append(f"| red visits that a tablet showed | {found['seen red']} of {found['stood red']} | all |")
    memory = ", ".join(f"{name} {mb:+g}" for name, mb in found["memory"].items()) or f"needs {LEAST_CALM_S / 60:g} calm minutes"
    lines.append(f"| memory, MB an hour | {memory} | {GOALS['memory']:g} |")
    tried = ", ".join(f"{name} {times}" for name, times in found["tried"].items())
    return "\n".join([*lines, "", f"Tried: {tried}."])


if __name__ == "__main__":
    sys.exit(main())
