"""How this shop speaks: kindly, honestly, and beginning with what is possible. Pure rules for words in five languages.

What is refused is a way of saying something, never the fact itself: bad news says what is so and what happens next
(`bad_news` has the table). Rules from plain customer-service practice; the wording rules of the project list them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LANGUAGES: Final = ("en", "nb", "nl", "ms", "lv")


class Fault(StrEnum):
    """What can be wrong with a way of saying something."""

    NEGATIVE_OPENING = "begins with what is not possible"
    BLAME = "says that the customer did something wrong"
    PATIENCE = "asks for patience"
    NOUGHT_MINUTES = "tells a wait of nought minutes"
    FALSE_PROMISE = "promises what nobody can keep"
    SHOUT = "shouts bad news"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: the words that were found, and what to say instead."""

    fault: Fault
    found: str
    instead: str


_OPENING_INSTEAD: Final = "begin with what is so or what happens next; the fact may follow"
_BLAME_INSTEAD: Final = "say what happened to the number or the page, and what to do now"
_PATIENCE_INSTEAD: Final = "say what happens next, and when"
_NOUGHT_INSTEAD: Final = "say that it is less than a minute"
_PROMISE_INSTEAD: Final = "say a range you know, or what happens next"
_SHOUT_INSTEAD: Final = "end with a full stop"

Phrases = Mapping[str, tuple[str, ...]]
"""Language to the ways of saying it, as regular expressions."""

_WHO: Final[Mapping[str, str]] = {
    "en": r"(?:(?:sorry|unfortunately),? )?(?:(?:we|you|i|it|this|that|they) )?(?:are |is |am )?",
    "nb": r"(?:beklager,? )?(?:(?:vi|du|jeg|det|den|de) )?(?:kan dessverre |kan )?",
    "nl": r"(?:(?:sorry|helaas),? )?(?:(?:we|wij|u|ik|het|dit|dat|ze|de \w+) )?",
    "ms": r"(?:maaf,? )?(?:(?:kami|anda|saya|ia|ini|itu) )?",
    "lv": r"(?:diemžēl,? )?(?:(?:mēs|jūs|es|tas|to) )?(?:šobrīd )?",
}
"""Who or what a sentence may begin with before it says no."""
_OPENINGS: Final[Phrases] = {
    "en": (
        "can['’]t",
        "cannot",
        "can not",
        "won['’]t",
        "will not",
        "unable to",
        "not able to",
        "impossible",
        "not possible",
        "unfortunately",
    ),
    "nb": (
        "ikke mulig",
        "er ikke mulig",
        "(?<=kan )(?:ikke|aldri)",
        "klarer ikke",
        "går ikke",
        "dessverre",
        "kan (?:vi|du|jeg) ikke",
    ),
    "nl": (r"(?:kan|kunt|kunnen|gaat|lukt) (?:\w+ ){0,4}niet", "helaas", "niet mogelijk", "is niet mogelijk", "onmogelijk"),
    "ms": ("tidak (?:boleh|dapat|mungkin)", "tak (?:boleh|dapat)", "mustahil", "malangnya"),
    "lv": ("nevar", "nevaram", "nevarat", "nevaru", "nav iespējam[sa]", "neiespējami", "diemžēl"),
}
_BLAMES: Final[Phrases] = {
    "en": (
        "you(?: have|['’]ve)? (?:missed|forgot|forgotten|failed)",
        "you (?:did not|didn['’]t|should have|were too late)",
        "your (?:fault|mistake|error)",
    ),
    "nb": (
        "du (?:gikk glipp|glemte|har glemt|mistet|kom for sent|skulle ha|kom ikke|møtte ikke|svarte ikke)",
        "din (?:feil|skyld)",
    ),
    "nl": (
        r"u (?:hebt|heeft)(?: \w+){0,3} (?:gemist|vergeten|verzuimd)",
        "u (?:was te laat|miste|had moeten)",
        "uw (?:schuld|fout)",
    ),
    "ms": (
        "anda (?:telah )?(?:terlepas|terlupa|lupa|gagal|terlewat|datang lewat|sepatutnya)",
        "(?:salah|kesilapan|kesalahan) anda",
    ),
    "lv": (
        "jūs (?:nokavējāt|palaidāt garām|aizmirsāt|neatnācāt|neieradāties)",
        "jums (?:bija|vajadzēja)",
        "jūsu (?:vaina|kļūda)",
    ),
}
_PATIENCES: Final[Phrases] = {
    "en": ("(?:be|remain|stay) patient", "(?:ask|appreciate|need) (?:for )?your patience", "wait patiently", "bear with us"),
    "nb": ("vær(?: så snill å være)? tålmodig", "ha tålmodighet", "vent tålmodig", "smør deg med tålmodighet"),
    "nl": ("(?:even|nog even|een ogenblik|heb) geduld", r"geduld a\.?u\.?b", "wees geduldig", "wacht geduldig"),
    "ms": ("(?:sila|harap|mohon) bersabar", "bersabarlah", "tunggu dengan sabar"),
    "lv": (r"esiet pacietīg\w*", r"lūdzam? (?:jūs )?(?:būt pacietīg\w*|paciet\w*)", "apbruņojieties ar pacietību"),
}
_PROMISES: Final[Phrases] = {
    "en": (
        "in no time", "any (?:second|minute|moment) now", "guarantee[ds]?", "no waiting", "never wait", "without (?:any )?waiting",
        "instantly",
    ),
    "nb": ("garantert?", "i løpet av null komma niks", "helt uten ventetid", "ingen ventetid", "aldri vente"),
    "nl": ("gegarandeerd", "garanderen", "in een mum van tijd", "zonder (?:te )?wachten", "geen wachttijd", "nooit wachten"),
    "ms": ("dijamin", "jaminan", "sekelip mata", "tanpa menunggu", "tiada masa menunggu"),
    "lv": (r"garantē\w*", "vienā mirklī", "acumirklī", "bez gaidīšanas", "nekad nav jāgaida"),
}  # fmt: skip
_NOUGHT: Final = re.compile(r"(?<![\w.,:%])0[\s\u00a0]*(?:[-–][\s\u00a0]*0[\s\u00a0]*)?min(?:\b|ut|ū|it)", re.IGNORECASE)


def findings(text: str, language: str, *, bad_news: bool = False) -> list[Finding]:
    """Return what is wrong with the way *text* says it in *language*; nothing for words that may stand on a screen.

    *bad_news* also refuses an exclamation mark. A text of another language than LANGUAGES is only looked at for marks
    and nought minutes, since nobody here knows its words.
    """
    return list(_findings(text, language, bad_news))


def _findings(text: str, language: str, bad_news: bool) -> Iterator[Finding]:
    plain = " ".join(text.split())
    # What opens a text may stand behind a quotation mark.
    opening = rf"[\W_]*({_WHO.get(language, '')}{_either(_OPENINGS, language)})"
    if found := re.match(opening, plain, re.IGNORECASE):
        yield Finding(Fault.NEGATIVE_OPENING, found[1], _OPENING_INSTEAD)
    for rules, fault, instead in (
        (_BLAMES, Fault.BLAME, _BLAME_INSTEAD),
        (_PATIENCES, Fault.PATIENCE, _PATIENCE_INSTEAD),
        (_PROMISES, Fault.FALSE_PROMISE, _PROMISE_INSTEAD),
    ):
        if found := re.search(_either(rules, language), plain, re.IGNORECASE):
            yield Finding(fault, found[0], instead)
    if nought := _NOUGHT.search(plain):
        yield Finding(Fault.NOUGHT_MINUTES, nought[0], _NOUGHT_INSTEAD)
    if bad_news and "!" in plain:
        yield Finding(Fault.SHOUT, "!", _SHOUT_INSTEAD)


def _either(rules: Phrases, language: str) -> str:
    """Return one expression for all the ways of saying it in *language*; one that never fits for an unknown language."""
    return rf"(?:\b(?:{'|'.join(rules[language])})\b)" if language in rules else r"(?!)"
