"""`greetline up`: a whole shop from one file, and every way in which it must refuse to start."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import sqlite3
import subprocess
import tarfile
import time
from pathlib import Path

import psutil
import pytest

from broker.shop import STORE_FILE
from broker.store.database import is_older
from deploy import premises
from deploy.fault import Fault
from tests.deploy.running import Running, greetline, outlived, wait_until
from tests.deploy.shops import camera, settings_of, shop_file
from tests.service.parts import free_port, in_quiet
from tests.store.make_fixtures import FIXTURES
from tests.store.test_migrations import an_old_store, contents

OPEN = "Oslo City is open"


def part_of(running: Running, *words: str) -> psutil.Process | None:
    for process in running.descendants():
        try:
            line = process.cmdline()
        except psutil.Error:
            continue
        if all(word in line for word in words):
            return process
    return None


def get(address: str) -> int:
    host, _, path = address.removeprefix("http://").partition("/")
    line = http.client.HTTPConnection(host, timeout=10)
    try:
        line.request("GET", f"/{path}")
        return line.getresponse().status
    finally:
        line.close()


def test_a_shop_opens_says_where_and_stops_within_five_seconds(tmp_path: Path) -> None:
    shop_file(tmp_path, cameras=[camera("scene:door")])
    in_quiet(lambda: _opens_and_stops(tmp_path))


def _opens_and_stops(folder: Path) -> None:
    with greetline("up", cwd=folder) as running:
        address = running.wait_for(OPEN).split()[-1]
        entrance = running.wait_for("/enter/").split()[-1]
        assert get(address) in (200, 302)
        assert get(entrance) == 200
        wait_until(lambda: part_of(running, "edge"), "the eyes", running)
        children = running.descendants()
        began = time.monotonic()
        running.process.send_signal(signal.SIGINT)
        assert running.ends() == 0
        assert time.monotonic() - began < 5
        assert not any(child.is_running() for child in children)
        assert "did not stop by itself" not in running.said


def test_a_store_of_an_earlier_version_is_backed_up_as_it_was_before_it_is_brought_up_to_date(tmp_path: Path) -> None:
    shop_file(tmp_path)
    (tmp_path / "var").mkdir()
    store = an_old_store(tmp_path / "var", sorted(FIXTURES.glob("*.sql"))[0])
    before = contents(store)
    said = _opened_once(tmp_path)
    file = Path(next(line for line in said.splitlines() if "a backup was made, " in line).split("made, ")[1])
    assert [file] == list((tmp_path / "var" / "backups").iterdir())
    assert not is_older(store)
    with tarfile.open(file) as tar:
        tar.extract(STORE_FILE, tmp_path / "copy", filter="data")
    assert contents(tmp_path / "copy" / STORE_FILE) == before
    assert "a backup was made" not in _opened_once(tmp_path)


def _opened_once(folder: Path) -> str:
    with greetline("up", cwd=folder) as running:
        running.wait_for(OPEN)
        running.process.send_signal(signal.SIGINT)
        assert running.ends() == 0
        return running.said


@pytest.mark.slow
def test_every_part_that_dies_is_started_again_and_the_camera_watches_on(tmp_path: Path) -> None:
    settings = settings_of(shop_file(tmp_path, cameras=[camera("scene:door")]))
    with greetline("up", cwd=tmp_path) as running:
        running.wait_for(OPEN)
        for words in (("dashboard",), ("broker", "run"), ("broker.embedded",), ("edge",)):
            process = wait_until(lambda words=words: part_of(running, *words), words, running)
            process.kill()
            wait_until(lambda words=words, old=process: (new := part_of(running, *words)) and new.pid != old.pid, words, running)
        wait_until(lambda: premises.answers(settings) or None, "the screens", running)
        watching = "SELECT 1 FROM devices WHERE id = 'door' AND watch = 'watching'"
        wait_until(lambda: rows(settings.store.data, watching) or None, "a camera that watches", running)
        assert running.process.poll() is None


def rows(data: Path, question: str) -> list[tuple[object, ...]]:
    db = sqlite3.connect(f"file:{data / STORE_FILE}?mode=ro", uri=True)
    try:
        return db.execute(question).fetchall()
    finally:
        db.close()


@pytest.mark.slow
def test_nothing_is_left_after_kill_9_and_the_next_start_finds_everything(tmp_path: Path) -> None:
    shop_file(tmp_path, cameras=[camera("scene:door")])
    with greetline("up", cwd=tmp_path) as running:
        running.wait_for(OPEN)
        wait_until(lambda: part_of(running, "edge"), "the eyes", running)
        family = running.descendants()
        assert len(family) >= 4
        running.process.kill()
        assert not outlived(family)
    with greetline("up", cwd=tmp_path) as running:
        running.wait_for(OPEN)


@pytest.mark.slow
def test_a_second_up_on_the_same_store_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    settings = settings_of(shop_file(tmp_path))
    with greetline("up", cwd=tmp_path) as first:
        first.wait_for(OPEN)
        with greetline("up", cwd=tmp_path) as second:
            assert second.ends() == 3
            assert f"already runs this shop (process {first.process.pid})" in second.said
        assert premises.answers(settings)


@pytest.mark.parametrize("section", ["dashboard", "mqtt"])
def test_a_port_in_use_is_said_before_anything_is_started(tmp_path: Path, section: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        shop_file(tmp_path, **{section: {"port": port}})
        with greetline("up", cwd=tmp_path) as running:
            assert running.ends() == 3
            assert f"127.0.0.1:{port} cannot be listened on: another program uses it" in running.said
            assert f"[{section}]" in running.said
    assert not (tmp_path / "var" / STORE_FILE).exists()


def test_an_unknown_key_ends_the_start_with_file_key_and_the_nearest_right_key(tmp_path: Path) -> None:
    path = shop_file(tmp_path)
    path.write_text(path.read_text() + "\n[standards]\ngreet_within_second = 30\n")
    with greetline("up", cwd=tmp_path) as running:
        assert running.ends() == 3
    for word in ("greetline.toml", "standards.greet_within_second", "Did you mean greet_within_seconds?"):
        assert word in running.said
    assert not (tmp_path / "var").exists()


def test_without_a_settings_file_it_is_said_how_to_begin(tmp_path: Path) -> None:
    with greetline("up", cwd=tmp_path) as running:
        assert running.ends() == 3
    assert "greetline config show" in running.said


def test_a_camera_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    shop_file(tmp_path, cameras=[camera("door.mp4")])
    with greetline("up", cwd=tmp_path) as running:
        assert running.ends() == 3
    assert re.search(r"camera door: there is no file \S*door\.mp4", running.said)
    with pytest.raises(Fault, match="that may be read here"):
        premises.need_films(settings_of(shop_file(tmp_path, cameras=[camera(f"{'x' * 300}.mp4")])), tmp_path)


@pytest.mark.slow
def test_a_camera_that_is_not_a_video_is_said_and_the_rest_of_the_shop_stays_open(tmp_path: Path) -> None:
    (tmp_path / "door.mp4").write_bytes(b"no video at all")
    settings = settings_of(shop_file(tmp_path, cameras=[camera("door.mp4")]))
    with greetline("up", cwd=tmp_path) as running:
        running.wait_for(OPEN)
        running.wait_for("edge cannot work: camera door: ")
        assert premises.answers(settings)


@pytest.mark.slow
def test_one_process_watches_all_cameras_and_the_trouble_of_one_is_said_and_not_shared(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    there = [camera("scene:door"), camera("empty.mp4", id="back"), camera("scene:door", id="side", points=[[0.5, 0.5], [0.5, 0.5]])]
    settings = settings_of(shop_file(tmp_path, cameras=there))
    with greetline("up", cwd=tmp_path) as running:
        running.wait_for(OPEN)
        running.wait_for("camera back: ")
        running.wait_for("camera side: line 'door' has no length")
        state = "SELECT id, watch, reason FROM devices WHERE id IN ('back', 'door', 'side') ORDER BY id"
        wait_until(lambda: len(found := rows(settings.store.data, state)) == 3 and "starting" not in str(found), state, running)
        (back, front, side) = rows(settings.store.data, state)
        assert front[:2] == ("door", "watching")
        assert (back[1], side[1]) == ("lost", "lost")
        assert "not a video" in str(back[2])
        assert "Give two different places" in str(side[2])
        eyes = [one for one in running.descendants() if {"edge", "run"} <= set(one.cmdline())]
        assert len(eyes) == 1


def test_a_store_that_is_no_store_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    shop_file(tmp_path)
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / STORE_FILE).write_bytes(b"something else entirely" * 100)
    with greetline("up", cwd=tmp_path) as running:
        assert running.ends() == 3
    assert "the store cannot be opened" in running.said
    assert (tmp_path / "var" / STORE_FILE).read_bytes() == b"something else entirely" * 100


def test_a_disk_that_is_nearly_full_is_said_with_what_is_free(tmp_path: Path) -> None:
    with pytest.raises(Fault, match=r"the disk is full: \d+ MB are free and \d+ MB are needed"):
        premises.make_room(tmp_path, needed=2**60)


@pytest.mark.fault
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small file system")
def test_up_on_a_full_disk_is_refused_and_the_store_stays_sound(tmp_path: Path) -> None:
    data = tmp_path / "var"
    data.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(data)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount")
    try:
        shop_file(tmp_path)
        with greetline("up", cwd=tmp_path) as running:
            assert running.ends() == 3
        assert "the disk is full" in running.said
        assert not list(data.iterdir())
    finally:
        subprocess.run(["umount", str(data)], check=True)


def test_a_directory_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file where a directory should be: not even root can write below it")
    with pytest.raises(Fault, match="cannot be written"):
        premises.make_room(tmp_path / "var" / "data")


@pytest.mark.slow
def test_a_folder_of_the_shop_that_is_called_edge_is_not_taken_for_ours(tmp_path: Path) -> None:
    shop_file(tmp_path, cameras=[camera("scene:door")])
    (tmp_path / "edge").mkdir()
    (tmp_path / "edge" / "__init__.py").write_text("raise SystemExit('the wrong edge')")
    (tmp_path / "broker.py").write_text("raise SystemExit('the wrong broker')")
    with greetline("up", cwd=tmp_path, environment={"PYTHONSAFEPATH": "1"}) as running:
        running.wait_for(OPEN)
        wait_until(lambda: part_of(running, "edge"), "the eyes", running)
        assert "wrong" not in running.said


def test_a_shop_with_services_also_serves_the_screens_of_the_customers(tmp_path: Path) -> None:
    services = [{"id": "returns", "letter": "R", "name": "Returns"}]
    settings = settings_of(shop_file(tmp_path, services=services, kiosk={"port": free_port()}))  # type: ignore[arg-type]
    with greetline("up", cwd=tmp_path) as running:
        address = re.findall(r"http\S+", running.wait_for("Customers take a number at"))[0]
        assert address == f"{premises.address(settings, settings.kiosk)}/"
        assert get(address) == 302
        process = wait_until(lambda: part_of(running, "kiosk"), "the kiosk", running)
        process.kill()
        wait_until(lambda: (new := part_of(running, "kiosk")) and new.pid != process.pid, "the kiosk again", running)
        wait_until(lambda: premises.answers(settings, settings.kiosk) or None, "its screens", running)


def test_a_port_of_the_kiosk_in_use_is_said_before_anything_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        services = [{"id": "returns", "letter": "R", "name": "Returns"}]
        shop_file(tmp_path, services=services, kiosk={"port": port})  # type: ignore[arg-type]
        with greetline("up", cwd=tmp_path) as running:
            assert running.ends() == 3
            assert "[kiosk]" in running.said


SLOWLY_S = 120.0


@pytest.mark.slow
def test_a_changed_file_is_taken_up_by_every_part_that_it_concerns_and_by_no_other(tmp_path: Path) -> None:
    path = shop_file(tmp_path, cameras=[camera("scene:door")])
    settings, text = settings_of(path), path.read_text(encoding="utf-8")
    with greetline("up", cwd=tmp_path) as running:
        hears(running, OPEN)
        eyes = wait_until(lambda: part_of(running, "edge"), "the eyes", running, SLOWLY_S).pid
        since = len(running.lines)
        save(path, text + "\n[alerts]\nsound_times = 3\n")
        for part in ("dashboard", "service"):
            hears(running, f"{part} begins anew with the changed settings", since=since)
        wait_until(lambda: premises.answers(settings) or None, "the screens", running, SLOWLY_S)
        assert part_of(running, "edge").pid == eyes

        since = len(running.lines)
        save(path, "this is [not TOML")
        hears(running, "this goes on with the last good ones", since=since)
        assert premises.answers(settings)

        since = len(running.lines)
        save(path, text + f'\n[kiosk]\nport = {free_port()}\n[[services]]\nid = "a"\nletter = "A"\nname = "Returns"\n')
        hears(running, "kiosk is started: the settings ask for it now", since=since)
        wait_until(lambda: premises.answers(settings_of(path), settings_of(path).kiosk) or None, "the kiosk", running, SLOWLY_S)

        since = len(running.lines)
        save(path, text)
        hears(running, "kiosk was stopped: the settings no longer ask for it", since=since)
        assert wait_until(lambda: part_of(running, "edge"), "the eyes", running, SLOWLY_S).pid == eyes
        assert "ended (" not in running.said


def hears(running: Running, text: str, *, since: int = 0) -> None:
    """Five programs begin anew at once here: a busy machine is given its time."""
    wait_until(lambda: any(text in line for line in running.lines[since:]) or None, text, running, SLOWLY_S)


def save(path: Path, text: str) -> None:
    """As an editor does: aside, then under its name."""
    aside = path.with_suffix(".new")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)
