"""`python -m tests.fuzz.guided [TARGET ...] --seconds N`: each target for so long, led by the branches that its bytes take.

Needs atheris, which is built for Linux on x86 only; without it this is said, and the exit code is 0. What was found stands in
the folder as `<target>-<digest>` and, beside it, as the line `@example(...)` that goes to `tests/fuzz/test_targets.py`.
Exit codes: 0 nothing was found; 1 something was; 2 a target did not run.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import mmap
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / ".venv" / "fuzz"
OURS: Final = ("broker", "dashboard", "kiosk", "deploy", "edge", "tomllib")
SECONDS: Final = 60
MOST_MEGABYTES: Final = 1_536
MOST_SECONDS_EACH: Final = 20
"""One input may take no longer."""
GRACE_SECONDS: Final = 600
"""To open a target, and to end: on a machine that does much else, following every branch of ours takes minutes to begin."""
NAMES: Final = ("wire", "settings", "table", "archive", "bodies", "cookies", "words")
"""The targets, by the names that `tests.fuzz.targets` gives them: they are not imported before what follows their branches."""
FOUND, NOT_RUN = 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Run what is asked for; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(NAMES)}; all of them without one")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="for each target")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="what was found, and the inputs that led somewhere new")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    wrong = [name for name in asked.targets if name not in NAMES]
    if wrong:
        parser.error(f"there is no target {wrong[0]}; there is: {', '.join(NAMES)}")
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not here (it is built for Linux on x86): only what hypothesis tries was tried.")
        return 0
    if asked.alone:
        return alone(asked.targets[0], asked.folder, asked.seconds)
    return max(_in_turn(name, asked.folder.resolve(), asked.seconds) for name in asked.targets or NAMES)


def _in_turn(name: str, folder: Path, seconds: int) -> int:
    """Run one target in a program of its own; libFuzzer ends the program that it runs in."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{name}.log"
    command = [sys.executable, "-m", "tests.fuzz.guided", name, "--alone", "--seconds", str(seconds), "--folder", str(folder)]
    # libFuzzer ends its program without a goodbye: what it leaves in a folder goes with the folder.
    with log.open("wb") as told, tempfile.TemporaryDirectory(prefix="greetline-fuzz-", ignore_cleanup_errors=True) as scratch:
        there = {**os.environ, "TMPDIR": scratch}
        running = subprocess.Popen(command, cwd=ROOT, stdout=told, stderr=subprocess.STDOUT, env=there)
        try:
            code = running.wait(seconds + GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
            code = -1
            stuck(name, folder)
    return told_of(name, folder, code)


def stuck(name: str, folder: Path) -> None:
    """Keep the input at which a program stood that had to be ended: a library of C hears no clock."""
    content = (folder / f"{name}.now").read_bytes()
    size = int.from_bytes(content[:4], "big")
    (folder / f"{name}.raw-stuck").write_bytes(content[4 : 4 + size])


def noted(ask: Callable[[bytes], None], at: Path, most: int) -> Callable[[bytes], None]:
    """Return *ask* that leaves each input of at most *most* bytes in the file *at* before it is asked."""
    at.write_bytes(bytes(4 + most))
    with at.open("r+b") as file:
        now = mmap.mmap(file.fileno(), 4 + most)

    def asked(content: bytes) -> None:
        now[:4], now[4 : 4 + len(content)] = len(content).to_bytes(4, "big"), content
        ask(content)

    return asked


def told_of(name: str, folder: Path, code: int) -> int:
    """Say how a run of *name* ended, keep what it found as a file and an example, and return the exit code."""
    said = (folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")
    tries = re.findall(r"number_of_executed_units: (\d+)|Done (\d+) runs", said)
    ways = re.findall(r"ft: (\d+)", said)
    number = int(next(filter(None, tries[-1]))) if tries else 0
    found = [keep(crash, name, folder) for crash in sorted(folder.glob(f"{name}.raw-*"))]
    ended = f"{len(found)} found" if found else "nothing found" if code == 0 else "it did not run to its end"
    print(f"{name}: {number:,} inputs, {ways[-1] if ways else 0} branches and values; {ended}", flush=True)
    for file in found:
        print(f"  {file}\n  {file.with_name(f'{file.name}.example').read_text(encoding='utf-8').strip()}", flush=True)
    if code and not found:
        print("  " + "\n  ".join(said.splitlines()[-12:]), flush=True)
    return FOUND if found else NOT_RUN if code else 0


def keep(crash: Path, name: str, folder: Path) -> Path:
    """Give what libFuzzer left at *crash* its name, and write beside it the line that makes a test of it."""
    content = crash.read_bytes()
    named = folder / f"{name}-{hashlib.sha256(content).hexdigest()[:12]}"
    named.with_name(f"{named.name}.example").write_text(f"@example(name={name!r}, content={content!r})\n", encoding="utf-8")
    return crash.replace(named)


def alone(name: str, folder: Path, seconds: int) -> int:
    """Lead *name* for *seconds*. Never returns when something was found: libFuzzer ends the program."""
    import atheris

    with atheris.instrument_imports(include=list(OURS)):
        from tests.fuzz.targets import TARGETS
    target = TARGETS[name]
    corpus = folder / f"{name}.corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="greetline-fuzz-"))
    for number, seed in enumerate(target.seeds(scratch / "seeds")):
        (corpus / f"seed-{number:03d}").write_bytes(seed)
    opened = target.opened(scratch)
    ask = noted(opened.__enter__(), folder / f"{name}.now", target.most)
    options = [
        f"-max_total_time={seconds}", f"-rss_limit_mb={MOST_MEGABYTES}", f"-timeout={MOST_SECONDS_EACH}",
        f"-max_len={target.most}", f"-artifact_prefix={folder}/{name}.raw-", "-print_final_stats=1", "-use_value_profile=1",
    ]  # fmt: skip
    # What is asked must not speak: one sentence of a log for each input fills a disk.
    import logging

    logging.disable(logging.CRITICAL)
    atheris.Setup([sys.argv[0], *options, str(corpus)], ask)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
