"""Another version is put in use, and one that does not work is taken back with nothing lost."""

from __future__ import annotations

import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from broker.settings import MqttSettings, Settings, read
from broker.shop import STORE_FILE
from deploy import kept, premises, upgrade
from deploy.fault import Fault
from deploy.install import program
from deploy.install.program import Unfit
from deploy.kept import Store
from deploy.upgrade import Place, WentBack
from tests.deploy.versions import BACKED_UP, Recorded, versions
from tests.service.parts import free_port, settings_file

CHANGES = """
import sqlite3
db = sqlite3.connect("{store}")
db.execute("INSERT INTO _sqlite_migrations(migration_set, name) VALUES ('greetline', 'm999_later')")
db.execute("DELETE FROM journal")
db.commit()
"""


def script(first: str = "") -> str:
    """A `greetline` that does *first* and is then as ours."""
    return f'#!/bin/sh\n{first}\nexec {sys.executable} -m deploy "$@"\n'


GOOD = script()
DEAF = script('[ "$1" = dashboard ] && exit 1')
"""Its screens do not come up."""
PICKY = script('[ "$1" = config ] && { echo "warn_seconds is not a setting" >&2; exit 3; }')
FORGETFUL = script('[ "$1" = backup ] && { echo "the disk is full" >&2; exit 3; }')
LATER = script(f'[ "$1" = check ] && exec {sys.executable} -c {shlex.quote(CHANGES)}\n[ "$1" = dashboard ] && exit 1')
"""It changes the store in a way that the version of before does not know, and then does not come up."""


class Processes:
    """The programs of one shop, as systemd would start them."""

    def __init__(self, settings: Path) -> None:
        self.settings = settings
        self.running: list[subprocess.Popen[bytes]] = []
        self.started: list[str] = []

    def check(self, new: Path) -> None:
        assert new.exists()

    def stop(self) -> None:
        for process in self.running:
            process.terminate()
        for process in self.running:
            process.wait(20)
        self.running = []

    def start(self, version: Path) -> None:
        self.started.append(version.name)
        for words in (["broker", "run"], ["dashboard"]):
            command = [str(version / "bin/greetline"), *words, "--settings", str(self.settings)]
            self.running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))


class Installed:
    """A shop that is installed in a folder and runs its version 1."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        # A kiosk of somebody else on this machine would count as this shop being open.
        screens = {"dashboard": f"port = {port}", "kiosk": f"port = {free_port()}"}
        settings = settings_file(folder, MqttSettings(host="127.0.0.1", port=free_port()), **screens)
        self.folder, self.store = folder, folder / STORE_FILE
        self.settings = read(Settings, settings)
        self.place = Place(folder / "opt", (Store(settings),))
        self.units = Processes(settings)
        self.said: list[str] = []
        self.old = self.version("1", GOOD)
        program.switch(self.old, self.place.prefix)
        self.units.start(self.old)
        upgrade._need_ready(self.place, self.ready)

    def version(self, name: str, text: str) -> Path:
        made = self.place.prefix / program.VERSIONS / name
        (made / "bin").mkdir(parents=True)
        (made / "bin/greetline").write_text(text.replace("{store}", str(self.store)))
        (made / "bin/greetline").chmod(0o755)
        return made

    def ready(self) -> bool:
        return premises.answers(self.settings, path="/readyz")

    def upgrade(self, new: Path) -> None:
        upgrade.upgrade(self.place, new, self.units, self.ready, self.said.append)

    def facts(self) -> int:
        with closing(sqlite3.connect(self.store)) as db:
            return int(db.execute("SELECT count(*) FROM journal").fetchone()[0])

    @property
    def in_use(self) -> Path | None:
        return program.current(self.place.prefix)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installed]:
    monkeypatch.setattr(upgrade, "STEADY_SECONDS", 0.5)
    installed = Installed(tmp_path)
    monkeypatch.setattr(upgrade, "READY_SECONDS", 20.0)
    yield installed
    installed.units.stop()


@pytest.mark.slow
def test_a_version_that_works_is_in_use_afterwards_and_a_backup_was_made(shop: Installed) -> None:
    new = shop.version("2", GOOD)
    shop.upgrade(new)
    assert shop.in_use == new
    assert shop.ready()
    assert list((shop.folder / "backups").glob("greetline-*.tar.gz"))
    shop.upgrade(new)
    assert "in use already" in shop.said[-1]
    assert shop.ready()
    assert shop.units.started == ["1", "2", "2"]


@pytest.mark.slow
def test_an_upgrade_that_a_power_cut_ended_is_seen_through_by_the_same_command(shop: Installed) -> None:
    new, deaf = shop.version("2", GOOD), shop.version("3", DEAF)
    shop.units.stop()
    program.switch(new, shop.place.prefix)
    shop.units.start(new)
    shop.upgrade(new)
    assert shop.units.started == ["1", "2", "2"], "the units of the new version are laid down and started, though it runs"
    assert shop.ready()
    shop.units.stop()
    program.switch(deaf, shop.place.prefix)
    with pytest.raises(Fault, match=r"3 is in use\..*An upgrade that was cut off"):
        shop.upgrade(deaf)
    before = shop.facts()
    shop.upgrade(shop.old)
    assert shop.in_use == shop.old
    assert shop.ready()
    assert shop.facts() >= before, "the way back that the page says first: nothing is lost by it"


@pytest.mark.slow
def test_what_a_power_cut_left_of_a_bad_upgrade_is_undone_as_the_page_says(shop: Installed) -> None:
    before, later = shop.facts(), shop.version("2", LATER)
    (store,) = shop.place.kept
    backup = store.save(shop.old, shop.said.append)
    shop.units.stop()
    program.switch(later, shop.place.prefix)
    store.renew(later, shop.said.append)
    with pytest.raises(Fault, match="is in use"):
        shop.upgrade(later)
    with pytest.raises((Fault, Unfit)):
        shop.upgrade(shop.old)
    shop.units.stop()
    back = [str(shop.old / "bin/greetline"), "restore", backup, "--settings", str(shop.units.settings)]
    subprocess.run(back, check=True, capture_output=True, timeout=60)
    shop.upgrade(shop.old)
    assert shop.in_use == shop.old
    assert shop.ready()
    assert shop.facts() >= before > 0


@pytest.mark.slow
def test_a_version_whose_screens_do_not_come_up_is_taken_back_and_the_store_stays(shop: Installed) -> None:
    before = shop.facts()
    with pytest.raises(WentBack, match="Not well"):
        shop.upgrade(shop.version("2", DEAF))
    assert shop.in_use == shop.old
    assert shop.ready()
    assert shop.facts() >= before
    assert not (shop.folder / "replaced").exists(), "what was entered meanwhile would be gone"


@pytest.mark.slow
def test_a_store_that_the_version_of_before_cannot_read_any_more_is_put_back_too(shop: Installed) -> None:
    before = shop.facts()
    with pytest.raises(WentBack):
        shop.upgrade(shop.version("2", LATER))
    assert shop.in_use == shop.old
    assert shop.ready()
    assert shop.facts() >= before > 0
    assert (shop.folder / "replaced").exists(), "the changed store is kept to be looked at"


@pytest.mark.slow
def test_what_refuses_the_settings_is_not_begun_and_the_shop_does_not_stop(shop: Installed) -> None:
    with pytest.raises(Unfit, match="warn_seconds is not a setting"):
        shop.upgrade(shop.version("2", PICKY))
    assert shop.in_use == shop.old
    assert shop.units.started == ["1"]
    assert shop.ready()


@pytest.mark.slow
def test_without_a_backup_nothing_is_changed_and_the_shop_runs_again(shop: Installed) -> None:
    shutil.rmtree(shop.old)
    old = shop.version("1", FORGETFUL)
    with pytest.raises(Unfit, match="the disk is full"):
        shop.upgrade(shop.version("2", GOOD))
    assert shop.in_use == old
    upgrade._need_ready(shop.place, shop.ready)


def test_a_shop_that_could_neither_be_laid_by_nor_started_again_is_told_the_way_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The power went on the way back from a version that had changed the store: the version of before is in use and cannot read it.
    place, new = versions(tmp_path, '#!/bin/sh\n[ "$1" = backup ] && { echo "a later Greetline" >&2; exit 3; }\n', BACKED_UP)
    units = Recorded()

    def lame(version: Path) -> None:
        raise Unfit("`systemctl start` failed")

    monkeypatch.setattr(units, "start", lame)
    with pytest.raises(Fault, match=r"a later Greetline.* 1 does not start any more: .*An upgrade that was cut off"):
        upgrade.upgrade(place, new, units, lambda: True, lambda _: None)
    assert program.current(place.prefix) != new


def test_a_version_that_cannot_be_put_in_use_leaves_a_shop_that_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upgrade, "STEADY_SECONDS", 0.0)
    place, new = versions(tmp_path, BACKED_UP, BACKED_UP)
    units, replace = Recorded(), Path.replace

    def full(self: Path, target: Path) -> Path:
        if self.is_symlink() and self.readlink().name == new.name:
            raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(WentBack, match="No space left"):
        upgrade.upgrade(place, new, units, lambda: True, lambda _: None)
    assert (program.current(place.prefix) or new).name == "1"
    assert units.did == ["stop", "stop", "start 1"]


SLOW = '#!/bin/sh\n[ "$1" = check ] && exec sleep 30\nexit 0\n'
"""Bringing the store up to date takes longer than anybody waits."""
GONE = '#!/bin/sh\nrm "$0"\n'
"""It can be run once, to judge the settings."""


@pytest.mark.parametrize(
    ("old", "stuck"),
    [(BACKED_UP, Unfit("a camera does not end")), ("#!/bin/sh\necho done\n", None)],
    ids=["a program that does not stop", "a backup that nobody finds"],
)
def test_a_shop_that_was_stopped_for_nothing_is_started_again(tmp_path: Path, old: str, stuck: Exception | None) -> None:
    place, new = versions(tmp_path, old, BACKED_UP)
    units = Recorded(stuck)
    with pytest.raises(Unfit):
        upgrade.upgrade(place, new, units, lambda: True, lambda _: None)
    assert units.did == ["stop", "start 1"]


LEFT_ALONE = """#!/bin/sh\n[ "$1" = check ] && kill -INT $PPID && kill -HUP $PPID && exit {}\nexit 0\n"""
"""While it is tried somebody presses Ctrl-C, and the connection to their terminal breaks."""


@pytest.mark.parametrize(("works", "in_use"), [(0, "2"), (1, "1")], ids=["a version that works", "one that does not"])
def test_whoever_goes_away_in_the_middle_finds_a_shop_that_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, works: int, in_use: str
) -> None:
    monkeypatch.setattr(upgrade, "STEADY_SECONDS", 0.0)
    place, new = versions(tmp_path, BACKED_UP, LEFT_ALONE.format(works))
    units, before = Recorded(), [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGHUP)]

    def gone(line: str) -> None:
        if "backup:" in line or "going back" in line:
            raise OSError("there is no terminal any more")

    with suppress(WentBack):
        upgrade.upgrade(place, new, units, lambda: True, gone)
    assert (program.current(place.prefix) or new).name == in_use
    assert units.did[-1] == f"start {in_use}"
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGHUP)] == before


@pytest.mark.parametrize("script_of_new", [SLOW, GONE], ids=["never ends", "cannot be run"])
def test_a_version_that_is_stuck_on_the_store_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script_of_new: str
) -> None:
    monkeypatch.setattr(kept, "STEP_SECONDS", 1)
    monkeypatch.setattr(upgrade, "STEADY_SECONDS", 0.0)
    place, new = versions(tmp_path, BACKED_UP, script_of_new)
    units = Recorded()
    with pytest.raises(WentBack):
        upgrade.upgrade(place, new, units, lambda: True, lambda _: None)
    assert (program.current(place.prefix) or new).name == "1"
    assert units.did == ["stop", "stop", "start 1"]
