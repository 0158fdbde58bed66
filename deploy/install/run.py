"""Does what a plan says, writes down what it did, and takes exactly that away again.

Each action looks first whether the machine is already so: an installation that is run twice, or that was cut short, ends in
the same place. The record has a row for everything that was made, written before the next thing is begun.
"""

from __future__ import annotations

import errno
import grp
import hashlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterable, Set
from pathlib import Path
from typing import Final

from broker.disk import to_disk
from deploy.install import program
from deploy.install.plan import (
    ACCOUNT,
    OWED,
    SERVES,
    TLS,
    UNITS,
    VAR,
    Account,
    Action,
    Begin,
    Certify,
    File,
    Folder,
    Off,
    On,
    Packages,
    Program,
    described,
)  # fmt: skip
from deploy.install.program import Say, Unfit
from deploy.install.record import RECORD, Record

TIMERS: Final = Path("/var/lib/systemd/timers")
"""Where systemd remembers when each timer was last due."""
KEPT_BESIDE: Final = ".before-greetline"
COMMAND_SECONDS: Final = 900


class Machinist:
    """Works on the machine whose files are below *root*; elsewhere than on "/", it writes files and runs nothing."""

    def __init__(self, root: Path = Path("/"), *, source: Path | None = None, say: Say = print) -> None:
        """*source* is the release that Program makes a version of; None: one is in use already."""
        self._root, self._source, self._say = root, source, say
        self._here = root == Path("/")
        self._systemd = self._here and Path("/run/systemd/system").is_dir()
        self.record = Record.read(self._at(RECORD))

    def do(self, actions: Iterable[Action]) -> None:
        """Do *actions* in their order. Raises Unfit where one cannot be done; what was done is in the record."""
        actions = tuple(actions)
        self._take_what_is_no_more({action.path for action in actions if isinstance(action, File)})
        for action in actions:
            self._say(described(action))
            self._do(action)
            self.record.write(self._at(RECORD))

    def _take_what_is_no_more(self, laid: Set[Path]) -> None:
        """Take away what another version, or another order, laid beside the units that are *laid* now."""
        beside = {path.with_name(f"{path.name}.d") for path in laid if path.parent == UNITS}
        for path, wrote in list(self.record.files.items()):
            if Path(path).parent in beside and Path(path) not in laid:
                self._take_file(Path(path), wrote, purge=False)
                del self.record.files[path]

    def _do(self, action: Action) -> None:
        match action:
            case File():
                self._write(action)
            case Folder():
                self._make_folder(action)
            case _ if not self._here:
                self._say(f"  left out below {self._root}")
            case _:
                self._change(action)

    def _change(self, action: Action) -> None:
        """Do what changes more than a file."""
        match action:
            case Packages(names):
                self._install(names)
            case Account():
                self._make_account(action)
            case Off(unit):
                self._switch_off(unit)
            case Program(locks):
                self._put(locks)
            case Certify(settings, files):
                if said := self._run([*_ours("deploy.install.certify"), str(settings)]):
                    self._say(f"  {said}")
                self.record.files |= {str(path): "" for path in files}
            case Begin(settings):
                self._run([*_ours("deploy.install.first"), str(settings)], account=ACCOUNT)
            case On(units):
                self._switch_on(units)

    @property
    def _now(self) -> list[str]:
        return ["--now"] if self._systemd else []

    def _at(self, path: Path) -> Path:
        return self._root / path.relative_to("/")

    def _write(self, file: File) -> None:
        place, wrote = self._at(file.path), self.record.files.get(str(file.path))
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            there = _digest(place.read_bytes())
            if not file.ours:
                self._own_what_lies_at(place, file)
                return
            if there not in (wrote, _digest(file.text.encode())):
                self._keep(place, self._at(file.aside) if file.aside else place.parent)
        fresh = place.with_name(f".{place.name}.fresh")
        fresh.unlink(missing_ok=True)
        with fresh.open("x", encoding="utf-8") as opened:
            os.fchmod(opened.fileno(), 0o600)
            opened.write(file.text)
            opened.flush()
            self._own(opened.fileno(), file.owner, file.mode)
            os.fsync(opened.fileno())
        fresh.replace(place)
        to_disk(place.parent)
        self.record.files[str(file.path)] = _digest(file.text.encode()) if file.ours else ""

    def _keep(self, place: Path, folder: Path) -> None:
        """Copy what somebody has changed by hand into *folder*."""
        folder.mkdir(parents=True, exist_ok=True)
        kept = folder / f"{place.name}{KEPT_BESIDE}"
        shutil.copy2(place, kept)
        to_disk(kept)
        self._say(f"  it was changed by hand: kept as {kept.name if folder == place.parent else kept}")

    def _make_folder(self, folder: Folder) -> None:
        place = self._at(folder.path)
        if not place.exists():
            place.mkdir(parents=True)
            self.record.folders.append(str(folder.path))
        self._own(place, folder.owner, folder.mode)

    def _own_what_lies_at(self, place: Path, file: File) -> None:
        """Give a file away, but nothing that a link leads to.

        The settings' folder is the shop's own. Whoever broke into a program of the shop could lay a link there, and would be
        given a file of root's by the next installation.
        """
        try:
            handle = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as wrong:
            if wrong.errno != errno.ELOOP:
                raise
            self._say(f"  {place.name} is a link: what it leads to stays as it is")
            return
        try:
            if os.fstat(handle).st_nlink == 1:
                self._own(handle, file.owner, file.mode)
        finally:
            os.close(handle)

    def _own(self, place: Path | int, owner: str, mode: int) -> None:
        os.chmod(place, mode)  # noqa: PTH101 - of an open file too
        if self._here:
            who = pwd.getpwnam(owner)
            os.chown(place, who.pw_uid, who.pw_gid)

    def _install(self, names: tuple[str, ...]) -> None:
        lacking = [name for name in names if not _has_package(name)]
        if not lacking:
            return
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        self._run(["apt-get", "update", "-qq"], environment=quiet)
        self._run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *lacking], environment=quiet)

    def _make_account(self, account: Account) -> None:
        if _known(account.name):
            return
        self._run(
            ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", str(account.home),
             "--shell", "/usr/sbin/nologin", account.name]
        )  # fmt: skip
        self.record.accounts.append(account.name)

    def _put(self, locks: tuple[str, ...]) -> None:
        if self._source is None:
            if program.current() is None:
                raise Unfit("Give --from with the folder of an unpacked release: no version is installed here.")
            return
        version, used = program.put(self._source, locks, say=self._say), program.current()
        if self.record.on and used not in (None, version):
            if not program.runs(used):
                raise Unfit(
                    f"{used} is in use here and does not start on this system. Install its release once more, then upgrade."
                )
            raise Unfit(
                f"{used} is in use here. `greetline upgrade --from {self._source}` changes to another, and back if it fails."
            )
        program.switch(version)

    def _switch_off(self, unit: str) -> None:
        if shutil.which("systemctl") and _systemctl("is-enabled", "--quiet", unit) == 0:
            self._run(["systemctl", "disable", *self._now, "--quiet", unit])
            self.record.off.append(unit)

    def _switch_on(self, units: tuple[str, ...]) -> None:
        self.record.on = [*dict.fromkeys([*self.record.on, *units])]
        if self._systemd:
            self._run(["systemctl", "daemon-reload"])
        else:
            self._say("  systemd does not run here: they start when it does")
        if shutil.which("systemctl"):
            self._run(["systemctl", "enable", "--quiet", *units])
        if self._systemd:
            # What runs already must take up the new version; what did not is begun. A unit with nothing to do ends by itself.
            self._run(["systemctl", "restart", *units])
        if {*SERVES.values()} & {*units}:  # By that they have taken up what was certified anew, and the night needs not.
            self._at(TLS / OWED).unlink(missing_ok=True)

    def _run(self, command: list[str], *, account: str = "", environment: dict[str, str] | None = None) -> str:
        home = {"HOME": str(VAR)} if account else {}
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False, cwd="/",
                user=account or None, group=account or None, extra_groups=[] if account else None, umask=0o077 if account else -1,
                env={**os.environ, "PYTHONSAFEPATH": "1", **home, **(environment or {})},
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as wrong:
            raise Unfit(f"`{' '.join(command)}` could not be run: {wrong}") from None
        if done.returncode:
            last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-5:])
            raise Unfit(f"`{' '.join(command)}` failed:\n{last}")
        return done.stdout.strip()

    def undo(self, *, purge: bool) -> None:
        """Take away what the record says was made; with *purge* also the shop's own settings, store and accounts.

        The record itself goes last, or is left with what was kept: cut short anywhere, it is finished by doing it again.
        """
        self._end_units()
        for path, wrote in self.record.files.items():
            self._take_file(Path(path), wrote, purge=purge)
        for folder in reversed(self.record.folders):
            self._take_folder(self._at(Path(folder)), purge=purge)
        if purge and self._here:
            for account in self.record.accounts:
                if _known(account):
                    self._run(["userdel", account])
        self._take_program(purge=purge)
        if self._systemd:
            _systemctl("daemon-reload")

    def _end_units(self) -> None:
        # Those whose file is gone were ended by a try before this one, and systemd refuses a name that it does not know.
        # Those whose start failed are in no list of the record, but may be switched on and run.
        laid = (Path(path).name for path in self.record.files if Path(path).parent == UNITS)
        there = [unit for unit in dict.fromkeys([*self.record.on, *laid]) if self._at(UNITS / unit).exists()]
        if self._here and there and shutil.which("systemctl"):
            self._run(["systemctl", "disable", *self._now, "--quiet", *there])
            # Those that were started by others: by a path, a timer, the target.
            if self._systemd:
                self._run(["systemctl", "stop", "greetline*"])
        if self._here and shutil.which("systemctl"):
            for unit in self.record.off:
                # Whether it starts is its own affair, and no reason to stop in the middle of going.
                if _systemctl("enable", *self._now, "--no-block", "--quiet", unit):
                    self._say(f"{unit} could not be switched on again")
        for stamp in self._at(TIMERS).glob("stamp-greetline-*"):
            stamp.unlink()

    def _take_file(self, path: Path, wrote: str, *, purge: bool) -> None:
        place = self._at(path)
        if not place.exists() or (not wrote and not purge):
            return
        if wrote and _digest(place.read_bytes()) != wrote and not purge:
            self._say(f"{path} was changed by hand and is kept")
            return
        place.unlink()
        self._say(f"removed {path}")
        # A folder of our own beside a unit, such as greetline-edge.service.d, goes with the last of its files.
        if place.parent.suffix == ".d" and place.parent.name.startswith("greetline") and not any(place.parent.iterdir()):
            place.parent.rmdir()

    def _take_folder(self, place: Path, *, purge: bool) -> None:
        if purge:
            shutil.rmtree(place, ignore_errors=True)
        elif place.is_dir() and not any(place.iterdir()):
            place.rmdir()
        elif place.exists():
            self._say(f"kept {place}: what is in it is the shop's own (--purge takes it too)")

    def _take_program(self, *, purge: bool) -> None:
        """Remove the versions, then the record; what was kept stays in it, so that a later `--purge` finds it."""
        prefix, record = self._at(program.PREFIX), self._at(RECORD)
        # By their names the link to the one in use is first: cut short after it, any release can be installed.
        for each in sorted(prefix.iterdir()) if prefix.is_dir() else ():
            if each.is_dir() and not each.is_symlink():
                shutil.rmtree(each, ignore_errors=True)
            elif each != record:
                each.unlink()
        kept = Record(
            files={path: wrote for path, wrote in self.record.files.items() if self._at(Path(path)).exists()},
            folders=[folder for folder in self.record.folders if self._at(Path(folder)).exists()],
            accounts=[] if purge else self.record.accounts,
        )
        self.record = kept
        if kept.files or kept.folders or kept.accounts:
            kept.write(record)
        else:
            shutil.rmtree(prefix, ignore_errors=True)


def _ours(module: str) -> list[str]:
    return [str(program.PREFIX / program.CURRENT / "bin/python"), "-m", module]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _known(account: str) -> bool:
    try:
        pwd.getpwnam(account)
        grp.getgrnam(account)
    except KeyError:
        return False
    return True


def _has_package(name: str) -> bool:
    said = subprocess.run(["dpkg-query", "-W", "-f", "${Status}", name], capture_output=True, text=True, timeout=60, check=False)
    return said.stdout == "install ok installed"


def _systemctl(*words: str) -> int:
    return subprocess.run(["systemctl", *words], capture_output=True, timeout=60, check=False).returncode
