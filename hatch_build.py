"""Compile the translations when the package is built, so that a plain `pip install .` has them; a missing text ends the build.

`faults(root)` says what is wrong with the catalogues and with what the code says of them: a key that one language lacks, an
empty text, placeholders or plural forms that differ, a key the code says and no catalogue has, a key that nobody says.
"""

from __future__ import annotations

import os
import re
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CATALOGUES: Final = "broker/web/translations/*/LC_MESSAGES/messages.po"
SPEAKING: Final = ("broker", "dashboard", "kiosk", "deploy")
"""Folders whose Python, templates and scripts say keys."""

_KEY: Final = r"[a-z][a-z0-9]*\.[a-z0-9_]+"
_PLACEHOLDER: Final = re.compile(r"%\(\w+\)[a-z]")
_SAID: Final = re.compile(rf"\b(?:_|say|say_many|gettext|ngettext|words|many)\(\s*[\"']({_KEY}(?<!_))[\"']")
"""A key that is certainly said: it stands in a call that says it."""
_QUOTED: Final = re.compile(rf"[\"'`]({_KEY}(?<!_))[\"'`]")
_MADE: Final = re.compile(r"[\"'`]([a-z][a-z0-9]*\.[a-z0-9_]*(?:\$?\{[^}\n]*\}[a-z0-9_]*)+)[\"'`]")
"""A key that the code puts together: f"admin.no_{why}", `wait.${kind}_short`."""
_JOINED: Final = re.compile(r"[\"']([a-z][a-z0-9]*\.[a-z0-9_]*)[\"']\s*[~+]\s*[\w.]+(?:\s*[~+]\s*[\"'](\w+)[\"'])?")
"""The same in a template: "web.nav_" ~ page."""
_HANDED: Final = re.compile(r"\btexts\(\s*[\"']([a-z][a-z0-9]*)\.[\"']\s*\)")
"""A whole part of the catalogue that a page hands to its scripts, which then leave out the part's name."""
_NAME: Final = re.compile(r"[\"'`]([a-z0-9_][a-z0-9_ -]*)[\"'`]")
_NAME_MADE: Final = re.compile(r"`([a-z][a-z0-9_]*\$\{[^}`]*\}[a-z0-9_]*)`")
_SCRIPT_SAYS: Final = re.compile(r"\btn?\(\s*[\"']([a-z][a-z0-9_.]*)[\"']")
_HOLE: Final = re.compile(r"\$?\{[^}]*\}")


class BadCatalogues(Exception):
    """The texts are not whole; the message lists every fault with key, language and place."""


class _Code:
    """What the code says of the catalogues: whole keys, to the place where they stand, and keys with holes in them."""

    def __init__(self) -> None:
        """Begin with nothing said."""
        self.said: dict[str, str] = {}
        self.quoted: set[str] = set()
        self.made: set[str] = set()
        self.handed: set[str] = set()
        self.names: set[str] = set()
        """Every short string anywhere in the code: what may fill a hole."""
        self.in_scripts: set[str] = set()
        self.script_says: dict[str, str] = {}

    def unknown(self, known: Container[str]) -> Iterator[str]:
        """Yield what is said and not *known*."""
        yield from (f"{place}: says {key}, which no catalogue has" for key, place in self.said.items() if key not in known)
        for name, place in self.script_says.items():
            if name not in known and not any(f"{section}.{name}" in known for section in self.handed):
                yield f"{place}: says {name}, which no catalogue has in a part that is handed to scripts"

    def says(self, key: str) -> bool:
        """Return whether anything says *key*: whole, put together, or by what a script says of a part it was handed."""
        section, _, name = key.partition(".")
        if key in self.said or key in self.quoted or any(self._fits(key, made) for made in self.made):
            return True
        return section in self.handed and (name in self.in_scripts or any(self._fits(name, made) for made in self.in_scripts))

    def _fits(self, key: str, made: str) -> bool:
        """Return whether *made* becomes *key* when its holes are filled with names that the code has, or with numbers."""
        if not _HOLE.search(made):
            return False
        found = re.fullmatch("(.*)".join(re.escape(part) for part in _HOLE.split(made)), key)
        return found is not None and all(not filled or filled.isdigit() or filled in self.names for filled in found.groups())


def faults(root: Path) -> list[str]:
    """Return what is wrong with the texts of the checkout at *root*, a sentence each, with key, language and file."""
    files = {path.parents[1].name: path for path in sorted(root.glob(CATALOGUES))}
    catalogues = {language: _read(path) for language, path in files.items()}
    places = {language: path.relative_to(root) for language, path in files.items()}
    found = list(_between(catalogues, places))
    code = _code(root)
    english = _messages(catalogues["en"]) if "en" in catalogues else {}
    found += code.unknown(english)
    found += [
        f"{places['en']}:{message.lineno}: {key} is said nowhere; say it, or take it out of every language"
        for key, message in english.items()
        if not code.says(key)
    ]
    return sorted(found)


def _between(catalogues: Mapping[str, Catalog], places: Mapping[str, Path]) -> Iterator[str]:
    every: dict[str, Message] = {}
    for language in sorted(catalogues, key=lambda each: each != "en"):
        every = _messages(catalogues[language]) | every
    for language, catalogue in catalogues.items():
        here = _messages(catalogue)
        for key, model in every.items():
            if key not in here:
                yield f"{places[language]}: {key} is missing in {language}"
            else:
                at = f"{places[language]}:{here[key].lineno}"
                yield from (f"{at}: {key} in {language}: {what}" for what in _wrong(here[key], model, catalogue))


def _wrong(message: Message, model: Message, catalogue: Catalog) -> Iterator[str]:
    forms, wanted = _forms(message), _placeholders(model)
    if not all(form.strip() for form in forms):
        yield "has no text"
        return
    if message.fuzzy:
        yield "is marked as fuzzy"
    if bool(message.pluralizable) != bool(model.pluralizable):
        yield "has plural forms in one language and none in another"
    elif message.pluralizable and len(forms) != catalogue.num_plurals:
        yield f"has {len(forms)} plural forms, the language has {catalogue.num_plurals}"
    for form in forms:
        here = set(_PLACEHOLDER.findall(form))
        # "one visit" may do without its number; nothing may ask for what is not given.
        spare = {"%(n)d", "%(n)s"} if message.pluralizable else set()
        if odd := sorted((here - wanted) | (wanted - here - spare)):
            yield f"does not have the same placeholders as elsewhere: {', '.join(odd)}"


def _messages(catalogue: Catalog) -> dict[str, Message]:
    return {message.id if isinstance(message.id, str) else message.id[0]: message for message in catalogue if message.id}


def _forms(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def _placeholders(message: Message) -> set[str]:
    return {found for form in _forms(message) for found in _PLACEHOLDER.findall(form)}


def _code(root: Path) -> _Code:
    code = _Code()
    for path in _sources(root):
        text = path.read_text(encoding="utf-8")
        code.names.update(re.sub(r"[ -]", "_", name) for name in _NAME.findall(text))
        if path.parent == root / "broker" / "domain":
            continue  # the rules say nothing to anybody; what they are called may fill a hole
        for said, rule in ((code.said, _SAID), (code.script_says, _SCRIPT_SAYS))[: 2 if path.suffix == ".js" else 1]:
            for found in rule.finditer(text):
                line = text.count("\n", 0, found.start()) + 1
                said.setdefault(found[1], f"{path.relative_to(root)}:{line}")
        code.quoted.update(_QUOTED.findall(text))
        code.made.update(_MADE.findall(text))
        code.made.update(f"{begin}{{}}{end}" for begin, end in _JOINED.findall(text))
        code.handed.update(_HANDED.findall(text))
        if path.suffix == ".js":
            code.in_scripts.update(_NAME.findall(text))
            code.in_scripts.update(_NAME_MADE.findall(text))
    return code


def _sources(root: Path) -> Iterator[Path]:
    for folder in SPEAKING:
        yield from (path for path in sorted((root / folder).rglob("*")) if path.suffix in (".py", ".html", ".js"))


def _read(path: Path) -> Catalog:
    with path.open("rb") as po:
        return read_po(po, locale=path.parents[1].name, abort_invalid=True)


def refuse_gaps(root: Path) -> None:
    """Raise BadCatalogues when the texts of *root* are not whole."""
    found = faults(root)
    if found:
        raise BadCatalogues("The texts are not whole, so nothing is built:\n  " + "\n  ".join(found))


def compile_translations(root: Path) -> list[Path]:
    """Write a `messages.mo` beside every `messages.po` below *root* and return the written paths."""
    written = []
    for source in sorted(root.glob(CATALOGUES)):
        target = source.with_suffix(".mo")
        # Two test runs compile at once, and a server may be reading: nobody must meet half a file.
        half = target.with_suffix(f".{os.getpid()}.half")
        with half.open("wb") as mo:
            write_mo(mo, _read(source))
        half.replace(target)
        written.append(target)
    return written


class TranslationsHook(BuildHookInterface):
    """Runs before every wheel, editable ones too."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Refuse texts that are not whole, then compile them; *version* and *build_data* are hatchling's."""
        refuse_gaps(Path(self.root))
        compile_translations(Path(self.root))
