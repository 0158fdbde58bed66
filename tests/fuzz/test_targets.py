"""What is fuzzed by branches (`make fuzz`) is tried here a little: each target takes its seeds, and what was found once."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.fuzz import guided
from tests.fuzz.parts import tried
from tests.fuzz.targets import TARGETS, Ask

CURVE: Final = (
    b"r-----BEGIN CERTIFICATE REQUEST-----\nMIHOMHYCAQAwFDESMBAGA1UEAwwJb3Nsbzpkb29yMFkwEwYHKoZIzj0CAQYIKoZI\n"
    b"zj0DzQcDQgAERgRSWq34F8tsUPVfqUcz2WOQGluRNafFOr0z0nS9b9lM9uWV+zzg\n75ysVSnm9ViQ2aBrFfv1nqei5vqqiuM9LKAAMAoGCCqGSM49"
    b"BAMCA0gAMEUCIQC3\n7/xGVOco21qSiTBxvg9gfUvVgLwN/XkSSVwxQ3l9cAIgavzTCHWIGllrZAgozPjg\nzx7L9stMbnHB3+esMxNOD6c=\n"
    b"-----END CERTIFICATE REQUEST-----\n"
)
"""A box's request with a curve that nobody knows."""
VERSION: Final = (
    b"r-----BEGIN CERTIFICATE REQUEST-----\nMIHPMHYCASAwFDESMBAGA1UEAwwJb3Nsbzpkb29yMFkwEwYHKoZIzj0CAQYIKoZI\n"
    b"zj0DAQcDQgAEyglB+uppw4D2/SfZMHyrDGXRCiJ9aGchgokp/s5a8FkJqe8wKTk9\nF2PYaycKn5y2GQRRZaVj6L3CkXZAAuTTsaAAMAoGCCqGSM49"
    b"BAMCA0kAMEYCIQCW\neTxvmJqsYKk2oL7gDKOaKjROiVri6TZJTTI59L746gIhAI9oJhk0BBGyXpqwGe8W\nNXL2LM/zXDFHiLwhEdlWvdPt\n"
    b"-----END CERTIFICATE REQUEST-----\n"
)
"""A box's request of a version that there is not."""
NO_TEXT: Final = (
    b"s"
    b"\x00\x00\x01\x00\x24\x00\xa6\xa6\xa6\xa6\xa6\xa6\xa6\xa6\xa6\xa6\xa6\xa6\xa6\xa6\xa6\xa6\x9f\xa6\xa6\x21\xa6\xa6"
    b"\xa6\xa7\xa6\xa6\xa6\x01\x00\x00\x00\xa6\xa6\xa6\xa6\xa6\xa6\xa6\xa6\xa6\xa6\xa6\xa6\xa6\xa6\xa6\xa6\xa6\xa6\xa6"
    b"\xa6\xa6\xa6\xa6\xa6\xa6\xa6\xa6\xa6\xa6\x02"
)
"""A store in which the name of a migration is no text."""
SOME: Final = {"archive": 4, "bodies": 30, "table": 10, "cookies": 10}
"""Inputs of those that take long; others get more."""
WITHIN_S: Final = 60 + guided.GRACE_SECONDS
"""To be led for a minute, and to begin."""


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Each target, opened when it is first asked for."""
    there: dict[str, tuple[Any, Ask, list[bytes]]] = {}

    def one(name: str) -> tuple[Ask, list[bytes]]:
        if name not in there:
            folder = tmp_path_factory.mktemp(name)
            seeds = TARGETS[name].seeds(folder / "seeds")
            context = TARGETS[name].opened(folder)
            there[name] = (context, context.__enter__(), seeds)
        return there[name][1:]

    yield one
    for context, _, _ in there.values():
        context.__exit__(None, None, None)


@pytest.mark.parametrize("name", TARGETS)
def test_every_example_of_ours_is_one_that_a_target_takes(opened: Any, name: str) -> None:
    ask, seeds = opened(name)
    assert seeds
    for seed in seeds:
        assert len(seed) <= TARGETS[name].most
        ask(seed)


@example(name="words", content=CURVE)
@example(name="words", content=VERSION)
@example(name="archive", content=NO_TEXT)
@tried(1)
@given(name=st.just("words"), content=st.just(b""))
def test_what_was_found_once_is_refused_in_our_words(opened: Any, name: str, content: bytes) -> None:
    opened(name)[0](content)


@pytest.mark.parametrize("name", TARGETS)
def test_a_seed_that_was_torn_somewhere_is_taken_or_refused(opened: Any, name: str) -> None:
    ask, seeds = opened(name)

    @tried(SOME.get(name, 60))
    @given(seed=st.sampled_from(seeds), at=st.integers(0, 10_000), gone=st.integers(0, 20), new=st.binary(max_size=8))
    def asked(seed: bytes, at: int, gone: int, new: bytes) -> None:
        place = at % (len(seed) + 1)
        ask(seed[:place] + new + seed[place + gone :])

    asked()


def test_the_names_that_can_be_asked_for_are_those_of_the_targets() -> None:
    assert tuple(TARGETS) == guided.NAMES


def test_what_is_found_is_kept_as_a_file_and_as_an_example_of_a_test(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "wire.raw-crash-1").write_bytes(b"\xff\n'\"")
    (tmp_path / "wire.log").write_text("#3 DONE cov: 1 ft: 7\nstat::number_of_executed_units: 3\n", encoding="utf-8")
    assert guided.told_of("wire", tmp_path, 77) == guided.FOUND
    [line] = [file.read_text(encoding="utf-8") for file in tmp_path.glob("wire-*.example")]
    assert eval(line.strip().replace("@example", "dict")) == {"name": "wire", "content": b"\xff\n'\""}
    assert line.strip() in capsys.readouterr().out


def test_a_target_that_ended_by_itself_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "wire.log").write_text("it fell over before it began\n", encoding="utf-8")
    assert guided.told_of("wire", tmp_path, 1) == guided.NOT_RUN


def test_an_input_that_a_library_never_came_back_from_is_kept_too(tmp_path: Path) -> None:
    asked: list[bytes] = []
    ask = guided.noted(asked.append, tmp_path / "wire.now", 16)
    for content in (b"a longer one", b"short"):
        ask(content)
    guided.stuck("wire", tmp_path)
    assert (tmp_path / "wire.raw-stuck").read_bytes() == b"short"
    assert asked == [b"a longer one", b"short"]


def test_without_atheris_it_says_so_and_is_no_failure() -> None:
    hidden = (
        "import sys, importlib.util as u; u.find_spec = lambda name: None; from tests.fuzz.guided import main; sys.exit(main([]))"
    )
    done = subprocess.run([sys.executable, "-c", hidden], cwd=guided.ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert "atheris is not here" in done.stdout


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is built for Linux on x86 only")
def test_a_planted_mistake_behind_four_letters_is_found(tmp_path: Path) -> None:
    planted = (
        "import sys, atheris\n"
        "from contextlib import contextmanager\n"
        "from pathlib import Path\n"
        "from tests.fuzz import guided, targets\n"
        "@contextmanager\n"
        "def planted(folder):\n"
        "    @atheris.instrument_func\n"
        "    def ask(content):\n"
        "        if content[:1] == b'G':\n"
        "            if content[1:2] == b'r':\n"
        "                if content[2:3] == b'e':\n"
        "                    if content[3:4] == b'!': raise ValueError('planted')\n"
        "    yield ask\n"
        "targets.TARGETS['wire'] = targets.Target(planted, lambda folder: [b'hello'], 16)\n"
        f"guided.alone('wire', Path({str(tmp_path)!r}), 60)\n"
    )
    with (tmp_path / "wire.log").open("wb") as log:
        done = subprocess.run(
            [sys.executable, "-c", planted], cwd=guided.ROOT, stdout=log, stderr=log, timeout=60 + guided.GRACE_SECONDS, check=False
        )
    assert guided.told_of("wire", tmp_path, done.returncode) == guided.FOUND
    [found] = [file for file in tmp_path.glob("wire-*") if not file.name.endswith(".example")]
    assert found.read_bytes().startswith(b"Gre!")
