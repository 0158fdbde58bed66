"""Power is cut at any instruction: what was acknowledged by then is in the files, and they are sound."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from broker.settings import MqttSettings
from broker.store import upkeep
from broker.store.database import open_store
from tests.faults.rows import Row
from tests.service.parts import Device, own_broker, service, settings_file, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.fault]

CUTS = 12
SEED = 20261122
FILES = ("greetline.db", "greetline.db-wal")
"""What a disk keeps. The third file is shared memory and dies with the power."""


@pytest.fixture
def mqtt(tmp_path: Path) -> Iterator[MqttSettings]:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    with own_broker(folder) as settings:
        yield settings


def test_a_copy_of_the_files_in_the_middle_of_a_write_has_all_that_was_acknowledged(
    mqtt: MqttSettings, tmp_path: Path, found: Callable[..., Row]
) -> None:
    dice, cuts = random.Random(SEED), tmp_path / "cuts"
    promised: list[set[str]] = []
    on_its_way = 0
    with service(settings_file(tmp_path, mqtt)) as process, Device(mqtt) as camera:
        number = 0
        for cut in range(CUTS):
            for _ in range(150):
                camera.say(camera.crossing(f"c-{number}"))
                number += 1
            until = time.monotonic() + dice.uniform(0.01, 0.1)
            wait_until(lambda until=until: time.monotonic() >= until)
            # Stopped between two instructions, wherever it is: the files are as a power cut would leave them at best.
            os.kill(process.pid, signal.SIGSTOP)
            try:
                camera.listen()
                promised.append(set(camera.acknowledged))
                on_its_way += len(promised[-1]) < number
                (cuts / str(cut)).mkdir(parents=True)
                for name in FILES:
                    shutil.copyfile(tmp_path / name, cuts / str(cut) / name)
            finally:
                os.kill(process.pid, signal.SIGCONT)
        camera.wait_acknowledged(*(f"c-{n}" for n in range(number)))
    assert on_its_way, "it was cut while something was on its way"
    lost = doubled = 0
    slowest = 0.0
    for cut, names in enumerate(promised):
        began = time.monotonic()
        kept, rows = opened_elsewhere(cuts / str(cut) / FILES[0])
        slowest = max(slowest, time.monotonic() - began)
        lost, doubled = lost + len(names - kept), doubled + rows - len(kept)
    found("copy", lost=lost, doubled=doubled, recovery=slowest)
    assert (lost, doubled) == (0, 0)


def opened_elsewhere(path: Path) -> tuple[set[str], int]:
    """Return the events that the store at *path* knows and how many crossings it counts; it must be sound."""
    db = open_store(path, create=False)
    try:
        kept = {event for (event,) in db.execute("SELECT event FROM seen").fetchall()}
        rows = db.execute("SELECT count(*) FROM crossings").fetchone()[0]
        sound = upkeep.check(db, deep=True)
    finally:
        db.close()
    assert sound.sound, sound
    return kept, int(rows)
