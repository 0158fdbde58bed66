"""A missing text ends the build: every way in which the catalogues and the code can fall apart is found and named."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from hatch_build import BadCatalogues, TranslationsHook, faults, refuse_gaps

ROOT = Path(__file__).resolve().parents[1]
SPEAKING = ("*.py", "*.html", "*.js", "*.po")
BUILD_SECONDS = 120


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The parts of the checkout that speak, to be broken."""
    for folder in ("broker", "dashboard", "kiosk"):
        for pattern in SPEAKING:
            for path in (ROOT / folder).rglob(pattern):
                target = tmp_path / path.relative_to(ROOT)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
    return tmp_path


@cache
def here() -> frozenset[str]:
    return frozenset(faults(ROOT))


def catalogue(root: Path, language: str) -> Path:
    return root / f"broker/web/translations/{language}/LC_MESSAGES/messages.po"


def change(path: Path, was: str, becomes: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert was in text, was
    path.write_text(text.replace(was, becomes, 1), encoding="utf-8")


def without(key: str) -> Callable[[str], str]:
    """Takes one message out of a catalogue."""
    message = re.compile(rf'(?:#.*\n)*msgid "{re.escape(key)}"\n(?:msg.*\n(?:".*"\n)*)+')
    return lambda text: message.sub("", text, count=1)


def rewrite(path: Path, by: Callable[[str], str]) -> None:
    text = path.read_text(encoding="utf-8")
    assert by(text) != text
    path.write_text(by(text), encoding="utf-8")


def told(root: Path, *parts: str) -> None:
    """A fault is found that this checkout does not have, and it has all *parts*."""
    new = set(faults(root)) - here()
    assert any(all(part in fault for part in parts) for fault in new), new


def test_the_texts_of_this_checkout_are_whole() -> None:
    assert faults(ROOT) == []


@pytest.mark.parametrize("language", ["en", "nb", "nl", "ms", "lv"])
def test_a_key_that_one_language_lacks_is_named(copy: Path, language: str) -> None:
    rewrite(catalogue(copy, language), without("ticket.thanks"))
    told(copy, "ticket.thanks", f"missing in {language}")


def test_an_empty_text_is_named_with_its_line(copy: Path) -> None:
    change(catalogue(copy, "lv"), 'msgstr "Jūsu numurs"', 'msgstr ""')
    told(copy, "ticket.yours", "lv", "has no text", "messages.po:")


def test_a_placeholder_that_got_lost_or_was_invented_is_named(copy: Path) -> None:
    change(catalogue(copy, "nl"), "%(desk)s", "%(balie)s")
    told(copy, "nl", "placeholders", "%(balie)s", "%(desk)s")


def test_a_plural_form_too_few_is_named(copy: Path) -> None:
    rewrite(
        catalogue(copy, "lv"),
        lambda text: re.sub(r'(msgid_plural "queue.ahead"\n(?:msgstr\[[01]\].*\n)+)msgstr\[2\].*\n', r"\1", text),
    )
    told(copy, "queue.ahead", "lv")


def test_a_plural_that_is_none_elsewhere_is_named(copy: Path) -> None:
    singular = without("queue.ahead")
    rewrite(catalogue(copy, "ms"), lambda text: singular(text) + '\n#, python-format\nmsgid "queue.ahead"\nmsgstr "%(n)d orang"\n')
    told(copy, "queue.ahead", "ms", "plural")


@pytest.mark.parametrize(
    ("file", "was", "becomes"),
    [
        pytest.param("kiosk/templates/kiosk/start.html", '_("kiosk.welcome")', '_("kiosk.wellcome")', id="template"),
        pytest.param("kiosk/touch.py", 'say("kiosk.paused")', 'say("kiosk.pawsed")', id="python"),
        pytest.param("dashboard/floor.py", 'say("floor.no_visit")', 'say("floor.no_wisit")', id="python of staff"),
    ],
)
def test_a_key_that_the_code_says_and_nobody_wrote_is_named_with_its_line(copy: Path, file: str, was: str, becomes: str) -> None:
    change(copy / file, was, becomes)
    told(copy, file, re.search(r'"(.+)"', becomes)[1], "no catalogue has")  # type: ignore[index]


def test_a_key_that_a_script_says_and_nobody_wrote_is_named(copy: Path) -> None:
    script = copy / "dashboard/static/floor/cards.js"
    script.write_text(
        script.read_text(encoding="utf-8") + '\nexport const lost = () => t("word_nobody_wrote");\n', encoding="utf-8"
    )
    told(copy, "floor/cards.js", "word_nobody_wrote", "no catalogue has")


def test_a_text_that_nobody_says_is_named(copy: Path) -> None:
    for language in ("en", "nb", "nl", "ms", "lv"):
        with catalogue(copy, language).open("a", encoding="utf-8") as file:
            file.write('\nmsgid "shop.forgotten"\nmsgstr "…"\n')
    told(copy, "shop.forgotten", "said nowhere")


def test_an_ending_that_the_code_no_longer_has_makes_its_text_idle(copy: Path) -> None:
    """Keys that are put together are looked at too: the name that fills the hole must be in the code."""
    change(copy / "broker/desk/standards_page.py", '"slip"', '"slap"')
    told(copy, "standards.slip_you", "said nowhere")


def test_the_build_says_everything_at_once_and_stops(copy: Path) -> None:
    rewrite(catalogue(copy, "ms"), without("ticket.thanks"))
    rewrite(catalogue(copy, "nb"), without("ticket.yours"))
    with pytest.raises(BadCatalogues, match=r"(?s)ticket\.\w+ is missing in \w+.*ticket\.\w+ is missing in \w+"):
        refuse_gaps(copy)


def test_a_wheel_of_a_broken_copy_is_not_built(copy: Path, tmp_path: Path) -> None:
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copyfile(ROOT / name, copy / name)
    rewrite(catalogue(copy, "lv"), without("ticket.thanks"))
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "built")]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=BUILD_SECONDS)
    assert done.returncode != 0
    assert "ticket.thanks is missing in lv" in done.stderr + done.stdout
    assert not list((tmp_path / "built").glob("*.whl"))
    assert not catalogue(copy, "lv").with_suffix(".mo").exists(), "nothing is compiled of texts that are not whole"


def test_the_hook_is_what_the_package_is_built_with() -> None:
    assert 'path = "hatch_build.py"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert TranslationsHook.initialize.__doc__
