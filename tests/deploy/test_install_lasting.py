"""What was installed outlasts a power cut a moment later, can be used by our accounts, and goes when another order lacks it."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import pytest

from deploy.install import job, program
from deploy.install.plan import SCREEN, UNITS
from deploy.install.record import RECORD, Record
from tests.deploy.machines import PAGE, a_bare_debian, a_release, installed


@pytest.fixture
def on_disk(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Every place that the kernel was asked to write down, with its size then, in order; "" for all there is."""
    asked: list[tuple[str, int]] = []

    def one(handle: int) -> None:
        asked.append((str(Path(f"/proc/self/fd/{handle}").readlink()), os.fstat(handle).st_size))

    monkeypatch.setattr(os, "fsync", one)
    monkeypatch.setattr(os, "sync", lambda: asked.append(("", 0)))
    return asked


def make(source: Path, locks: list[str], version: Path, scratch: Path, say: object) -> None:
    """A version that is a link to the Python of the tests."""
    (version / "bin").mkdir(parents=True)
    (version / "bin/python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (version / "bin/python").chmod(0o755)


def test_a_file_is_on_the_disk_before_it_takes_its_name_and_then_its_name_is(
    tmp_path: Path, on_disk: list[tuple[str, int]]
) -> None:
    root = a_bare_debian(tmp_path)
    installed(root)
    for path in (UNITS / "greetline.target", RECORD):
        place = root / path.relative_to("/")
        size = place.stat().st_size
        written = [n for n, (each, had) in enumerate(on_disk) if Path(each).parent == place.parent and had == size]
        named = [n for n, (each, _) in enumerate(on_disk) if Path(each) == place.parent]
        assert written, place
        assert any(n > written[0] for n in named), place


def test_a_version_is_called_whole_once_all_of_it_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_disk: list[tuple[str, int]]
) -> None:
    whole: list[bool] = []
    seen = os.sync

    def look() -> None:
        whole.extend(each.joinpath(program.WHOLE).exists() for each in (tmp_path / "opt" / program.VERSIONS).iterdir())
        seen()

    monkeypatch.setattr(os, "sync", look)
    monkeypatch.setattr(program, "_make", make)
    version = program.put(a_release(tmp_path / "release"), ("shop.lock",), tmp_path / "opt")
    assert whole == [False]
    after = [Path(each) for each, _ in on_disk[on_disk.index(("", 0)) :] if each]
    assert [each for each in after if each.parent == version and each.name.startswith(program.WHOLE)]
    assert version in after
    assert program.locks_of(version) == ("shop.lock",)


def test_folders_of_a_careful_root_are_opened_for_our_accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "_make", make)
    prefix = tmp_path / "opt"
    folders = (prefix, prefix / program.VERSIONS)
    for folder in folders:
        folder.mkdir(mode=0o700)
    release = a_release(tmp_path / "release")
    program.put(release, ("shop.lock",), prefix)
    for _ in ("made", "there already"):
        assert [folder.stat().st_mode & 0o777 for folder in folders] == [0o755, 0o755]
        for folder in folders:
            folder.chmod(0o700)
        program.put(release, ("shop.lock",), prefix)


def test_a_version_that_cannot_be_put_in_use_is_said_in_a_sentence_and_the_one_of_before_stays(tmp_path: Path) -> None:
    first = tmp_path / program.VERSIONS / "1"
    first.mkdir(parents=True)
    program.switch(first, tmp_path)
    (tmp_path / f".{program.CURRENT}-{os.getpid()}").mkdir()
    with pytest.raises(program.Unfit, match="2 could not be put in use"):
        program.switch(tmp_path / program.VERSIONS / "2", tmp_path)
    assert program.current(tmp_path) == first


def test_a_screen_waits_for_a_network_only_where_its_page_comes_from_elsewhere(tmp_path: Path) -> None:
    root = a_bare_debian(tmp_path)
    # On the shop's own machine it would stay dark after a power cut until the router is there.
    waits = root / f"etc/systemd/system/{SCREEN}.d/network.conf"
    for page, there in ((job.PAGE, False), (PAGE, True), ("http://localhost:8090/display", False), (PAGE, True)):
        installed(root, "screen", page=page)
        assert waits.exists() is there, page
    assert "network-online.target" in waits.read_text()
    job.uninstall(root, purge=True, dry_run=False, say=lambda _: None)
    assert not waits.parent.exists()


def test_what_an_earlier_version_laid_beside_a_unit_goes_and_what_somebody_laid_there_stays(tmp_path: Path) -> None:
    root = a_bare_debian(tmp_path)
    installed(root, "screen")
    beside = root / f"etc/systemd/system/{SCREEN}.d"
    beside.mkdir()
    for name in ("patience.conf", "own.conf"):
        (beside / name).write_text("[Service]\nRestartSteps=5\n")
    record = Record.read(root / RECORD.relative_to("/"))
    record.files[f"/etc/systemd/system/{SCREEN}.d/patience.conf"] = hashlib.sha256(b"[Service]\nRestartSteps=5\n").hexdigest()
    record.write(root / RECORD.relative_to("/"))
    installed(root, "screen", files=True)
    assert [path.name for path in beside.iterdir()] == ["own.conf"]
    assert "patience" not in (root / RECORD.relative_to("/")).read_text()
