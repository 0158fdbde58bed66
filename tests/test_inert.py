"""What is written is what is meant: words of others are no format, no header, no property and no second value."""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broker.settings.reports import MailSettings
from dashboard import mail

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("broker", "edge", "kiosk", "dashboard", "deploy")
SCRIPTS = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.js"))]
FORMATS = {"broker/store/finished.py": 1, "broker/store/rejected.py": 2, "broker/web/languages.py": 1, "dashboard/wording.py": 1}
"""Where a format is no constant, and at how many places: SQL of our own, and texts of the catalogues, of which a test sees
in five languages that they ask for what they are given."""
KEPT = {
    "HEARD", '"greetline.quiet"', '"greetline.zone"', '"greetline.counter"', "KEY", "CALLED", "`${mine} ${name}`",
}  # fmt: skip
"""Names under which a browser keeps something beside its cookies."""


def formats(tree: ast.AST) -> list[int]:
    """The lines at which something that is no constant is used as a format, by `format` or by `%`."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("format", "format_map"):
            found += [] if _ours(node.func.value) else [node.lineno]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and _values(node.right):
            found += [] if _ours(node.left) else [node.lineno]
    return found


def _ours(text: ast.expr) -> bool:
    """Return whether *text* is written down here: a constant, or the method of a class above."""
    named = isinstance(text, ast.Name) and text.id.isupper()
    return named or isinstance(text, ast.Constant) or ast.unparse(text) == "super()"


def _values(right: ast.expr) -> bool:
    return isinstance(right, ast.Dict | ast.Tuple) or (isinstance(right, ast.BinOp) and isinstance(right.op, ast.BitOr))


def test_nobodys_words_are_a_format() -> None:
    there = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            lines = formats(ast.parse(path.read_text(encoding="utf-8")))
            if lines:
                there[str(path.relative_to(ROOT))] = len(lines)
    assert there == FORMATS


BCC = "Bcc: thief@example.org"


@pytest.mark.parametrize("hidden", [f"\r\n{BCC}", f"\n{BCC}\n\nbody", f"\x0b{BCC}", f"\u2028{BCC}"])
def test_no_word_of_a_mail_begins_a_header_of_its_own(hidden: str) -> None:
    settings = MailSettings(host="mail", sender="shop@example.org", to=("mia@example.org",))
    at = datetime(2026, 11, 21, tzinfo=UTC)
    made = mail.message(settings, subject=f"Oslo{hidden}", text=f"Hello{hidden}", at=at, attached=("week.pdf", b"%PDF"))
    assert mail.message(settings, subject="Oslo", text="Hello", at=at, attached=("week.pdf", b"%PDF")).keys() == made.keys()
    assert made["Bcc"] is None
    head = made.as_bytes().split(b"\n\n", 1)[0]
    assert not re.search(rb"(?im)^bcc:", head)
    for wrong in (f"a@b.c{hidden}", f"{hidden}@b.c"):
        with pytest.raises(ValueError):
            MailSettings(host="mail", sender=wrong, to=("mia@example.org",))
    with pytest.raises(ValueError):
        mail.message(settings.model_copy(update={"to": (f"mia@example.org{hidden[:3]}",)}), subject="x", text="x", at=at)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_script_gives_a_thing_a_property_that_somebody_else_named(script: Path) -> None:
    written = script.read_text(encoding="utf-8")
    assert not re.search(r"__proto__|\.prototype\b|\bfor \((?:const|let|var) \w+ in\b", written)
    assert not re.search(r"[\w)\]]\[[^\]\"'`\n]*[a-z][^\]\n]*\]\s*(?:\?\?|\|\||[-+])?=[^=>]", written), "a Map has no prototype"


def test_a_browser_keeps_only_what_is_named_here() -> None:
    found = {name for path in SCRIPTS for name in re.findall(r"Storage\.setItem\(([^,]+),", path.read_text(encoding="utf-8"))}
    assert found == KEPT
    pages = "".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
    assert set(re.findall(r"indexedDB\.open\(([^,)]+)", pages)) == {'"greetline"'}, "answers that wait for the network"
    assert not re.search(r"document\.cookie", pages)
