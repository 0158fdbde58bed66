"""The program itself on a machine: versions side by side, and a link to the one in use, so that there is a way back.

/opt/greetline/versions/0.1.0-1f3a09c2/    a virtual environment; `.whole` in it once it is complete
/opt/greetline/current -> versions/0.1.0-1f3a09c2
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from broker.disk import to_disk

PREFIX: Final = Path("/opt/greetline")
VERSIONS: Final = "versions"
CURRENT: Final = "current"
WHOLE: Final = ".whole"
BEFORE: Final = ".before"
"""Ends the name of a version while it is made anew."""
KEPT_VERSIONS: Final = 3
"""Versions that stay on the disk; each takes about 300 MB."""
PACKAGES: Final = ("broker", "edge", "kiosk", "dashboard", "deploy")
BESIDE: Final = ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE")
"""What of a release is needed to build it, besides its packages."""
LOCKS: Final = Path("deploy/install/locks")
BUILD_LOCK: Final = "build.lock"
TOOLS: Final = "tools"
SCRATCH: Final = "scratch-"
"""Begins the name of a folder beside the versions for what is only needed to make one: of some systems /tmp is memory."""
FORSAKEN_SECONDS: Final = 24 * 3600
START_SECONDS: Final = 60
INSTALL_SECONDS: Final = 1800
"""A small machine on a slow line."""
ALL_READ: Final = 0o022
"""What is kept from others while we write: that they write."""
ALL_ENTER: Final = 0o005
OPEN: Final = 0o755
LEFT_OUT: Final = frozenset({"__pycache__"})
COMPILED: Final = ".mo"

Say = Callable[[str], None]


class Unfit(Exception):
    """The release or the machine does not allow it. The text says what is wrong and what to do."""


def put(source: Path, locks: Sequence[str], prefix: Path = PREFIX, say: Say = print) -> Path:
    """Make the release in *source*, with the packages of its files *locks*, a version below *prefix*; return its directory.

    A version that is there, whole and fit to run gets what it lacks. Raises Unfit; then nothing of a new one is left.
    """
    need_release(source)
    version = prefix / VERSIONS / name_of(source)
    _open_the_way(version)
    before = version.with_name(f"{version.name}{BEFORE}")
    if before.exists():  # Something ended in the middle of making it anew.
        shutil.rmtree(version, ignore_errors=True)
        before.rename(version)
    if (version / WHOLE).exists():
        if runs(version) and _open_to_all(version):
            with readable():
                _complete(source, locks, version, say)
            return version
        say("this version does not start with the Python that the machine has now, or not for our accounts: it is made anew")
        locks = list(dict.fromkeys([*locks_of(version), *locks]))
        version.rename(before)
    shutil.rmtree(version, ignore_errors=True)
    try:
        with readable(), _scratch(version) as scratch:
            _make(source, locks, version, scratch, say)
        _say_whole(version, locks)
    except BaseException:
        shutil.rmtree(version, ignore_errors=True)
        if before.exists():
            before.rename(version)
        raise
    shutil.rmtree(before, ignore_errors=True)
    return version


def runs(version: Path) -> bool:
    """Return whether *version* still starts: the next release of the system has another Python, without our packages.

    Raises Unfit where nobody knows: a machine that is too busy, or out of memory.
    """
    asked = [str(version / "bin/python"), "-I", "-c", "import broker.settings"]
    try:
        return subprocess.run(asked, capture_output=True, timeout=START_SECONDS, check=False).returncode == 0
    except FileNotFoundError:
        return False
    except (OSError, subprocess.TimeoutExpired) as wrong:
        raise Unfit(f"{version}: whether it starts could not be seen: {wrong}. Nothing was changed; try again.") from None


def _open_the_way(version: Path) -> None:
    """Make the folders above *version*, for everybody to enter: what stood there may be of a root who lets nobody look."""
    version.parent.mkdir(parents=True, exist_ok=True)
    for folder in (version.parent.parent, version.parent):
        folder.chmod(OPEN)


def _say_whole(version: Path, locks: Sequence[str]) -> None:
    """Say that *version* is complete, with the packages of *locks*: once all of it is on the disk, for nobody looks again."""
    os.sync()
    fresh = version / f"{WHOLE}.fresh"
    fresh.write_text("\n".join(locks) + "\n", encoding="utf-8")
    to_disk(fresh)
    fresh.replace(version / WHOLE)
    to_disk(version)


def _open_to_all(version: Path) -> bool:
    """Whether accounts that are not root's may use *version*: it may have been made by a root who lets nobody look."""
    return version.stat().st_mode & ALL_ENTER == ALL_ENTER


@contextmanager
def readable() -> Iterator[None]:
    """Let what is made meanwhile be read by all, however careful the terminal of whoever installs is.

    Our accounts run the program, and Chromium goes without rules that its account cannot read.
    """
    before = os.umask(ALL_READ)
    try:
        yield
    finally:
        os.umask(before)


def locks_of(version: Path) -> tuple[str, ...]:
    """Return the files whose packages are in *version*."""
    return tuple((version / WHOLE).read_text(encoding="utf-8").split())


def need_release(source: Path) -> None:
    """Raise Unfit unless *source* is the folder of an unpacked release."""
    lacking = [each for each in (*PACKAGES, *BESIDE, str(LOCKS)) if not (source / each).exists()]
    if lacking:
        raise Unfit(f"{source}: this is not an unpacked release of Greetline: {lacking[0]} is missing. Give the folder of one.")


def name_of(source: Path) -> str:
    """Return what the version made of *source* is called: its number, and eight digits of what its files hold."""
    number = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    digest = hashlib.sha256()
    for file in _files(source):
        digest.update(f"{file.relative_to(source)}\0{file.stat().st_size}\0".encode())
        digest.update(file.read_bytes())
    return f"{number}-{digest.hexdigest()[:8]}"


def switch(version: Path, prefix: Path = PREFIX) -> Path | None:
    """Put *version* in use, in one step; return the one that was in use before. Raises Unfit."""
    before, fresh = current(prefix), prefix / f".{CURRENT}-{os.getpid()}"
    try:
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(version.relative_to(prefix))
        fresh.replace(prefix / CURRENT)
        to_disk(prefix)
    except OSError as wrong:
        raise Unfit(f"{version.name} could not be put in use: {wrong}") from None
    return before


def current(prefix: Path = PREFIX) -> Path | None:
    """Return the directory of the version in use, if there is one."""
    link = prefix / CURRENT
    return prefix / link.readlink() if link.is_symlink() else None


def forget_old(prefix: Path = PREFIX, *, spare: tuple[Path | None, ...] = ()) -> list[Path]:
    """Delete all but the newest KEPT_VERSIONS, never the one in use or *spare*; return those deleted."""
    made = sorted((prefix / VERSIONS).iterdir(), key=lambda each: each.stat().st_mtime, reverse=True)
    gone = [each for each in made[KEPT_VERSIONS:] if each not in (current(prefix), *spare)]
    for each in gone:
        shutil.rmtree(each)
    return gone


@contextmanager
def _scratch(version: Path) -> Iterator[Path]:
    """A folder for what is only needed to make *version*."""
    prefix = version.parent.parent
    for old in prefix.glob(f"{SCRATCH}*"):  # Of one that was cut off.
        if time.time() - old.stat().st_mtime > FORSAKEN_SECONDS:
            shutil.rmtree(old, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=prefix) as scratch:
        yield Path(scratch)


def _complete(source: Path, locks: Sequence[str], version: Path, say: Say) -> None:
    there = locks_of(version)
    lacking = [lock for lock in locks if lock not in there]
    if not lacking:
        say(f"{version} is there")
        return
    with _scratch(version) as scratch:
        _tools(source, version, scratch)
        _packages(source, lacking, version, scratch, say)
    _say_whole(version, [*there, *lacking])


def _make(source: Path, locks: Sequence[str], version: Path, scratch: Path, say: Say) -> None:
    say(f"making {version}")
    # By its full name (python3.11): with the system's next release /usr/bin/python3 is another, and the old one often stays.
    python = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    _run([str(python), "-m", "venv", str(version)], {})
    _tools(source, version, scratch)
    _packages(source, locks, version, scratch, say)
    # A copy: what is built leaves compiled texts behind, and the release may be somebody's own folder.
    _copy(source, scratch / "release")
    _install(version, _built(version, scratch, "own", [str(scratch / "release")]))


def _tools(source: Path, version: Path, scratch: Path) -> None:
    """Bring what builds packages, beside the version and not into it."""
    _run(
        [*_pip(version, "install"), "--require-hashes", "--target", str(scratch / TOOLS), "-r", str(source / LOCKS / BUILD_LOCK)],
        {"TMPDIR": str(scratch)},
    )


def _packages(source: Path, locks: Sequence[str], version: Path, scratch: Path, say: Say) -> None:
    for lock in locks:
        say(f"installing the packages of {lock}, each checked against its digest")
        _install(version, _built(version, scratch, lock, ["--require-hashes", "-r", str(source / LOCKS / lock)]))


def _built(version: Path, scratch: Path, name: str, what: list[str]) -> list[str]:
    """Return the wheels of *what*. Those that must be built are built by our tools: else pip would fetch its own, unchecked."""
    beside = {"PYTHONPATH": str(scratch / TOOLS), "TMPDIR": str(scratch)}
    _run([*_pip(version, "wheel"), "--no-build-isolation", "-w", str(scratch / name), *what], beside)
    return [str(wheel) for wheel in sorted((scratch / name).glob("*.whl"))]


def _install(version: Path, wheels: list[str]) -> None:
    _run([*_pip(version, "install"), "--no-index", *wheels], {})


def _pip(version: Path, verb: str) -> list[str]:
    return [str(version / "bin/python"), "-m", "pip", verb, "--quiet", "--disable-pip-version-check", "--no-deps"]


def _run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
    )
    if done.returncode:
        last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-5:])
        raise Unfit(f"`{' '.join(command[:5])} ...` failed:\n{last}")


def _copy(source: Path, target: Path) -> None:
    for file in _files(source):
        place = target / file.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)


def _files(source: Path) -> Iterator[Path]:
    """Yield the files that make a release, always in the same order."""
    for name in (*BESIDE, *PACKAGES):
        below = sorted((source / name).rglob("*")) if (source / name).is_dir() else [source / name]
        for file in below:
            if file.is_file() and file.suffix != COMPILED and not LEFT_OUT & set(file.parts):
                yield file
