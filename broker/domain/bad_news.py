"""Which texts are bad news, and what in each language carries the fact and the next step.

Facts are never softened: a rewording that loses one of these words fails the tests of the catalogues. `beside` names the
message that stands beside the text on the same screen and says the next step, where the text itself is a label.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class BadNews:
    """What one bad-news text must hold, by language: words of the fact, and of the next step unless it stands beside."""

    fact: Mapping[str, str]
    then: Mapping[str, str] | None = None
    beside: str = ""


def _words(en: str, nb: str, nl: str, ms: str, lv: str) -> Mapping[str, str]:
    return {"en": en, "nb": nb, "nl": nl, "ms": ms, "lv": lv}


_STAFF: Final = _words("staff", "ansatt", "medewerker", "staf", "darbiniek")
_SOMEONE: Final = _words("talk to someone", "ansatt", "medewerker", "staf", "darbiniek")
_TALK: Final = "help.person"
_TIME: Final = _words(*("%(time)s",) * 5)
_SORRY: Final = _words("sorry", "beklager", "spijt", "maaf", "atvainojamies")

BAD_NEWS: Final[Mapping[str, BadNews]] = {
    "wait.unknown": BadNews(
        fact=_words("not known", "ikke kjent", "niet bekend", "belum diketahui", "nav zināms"),
        then=_words("keep your place", "beholder plassen", "houdt uw plaats", "tempat anda kekal", "saglabājas"),
    ),
    "wait.unknown_short": BadNews(
        fact=_words("not known", "usikker", "onzeker", "belum pasti", "nav zināms"), beside="queue.ahead"
    ),
    "system.no_tickets": BadNews(
        fact=_words("no numbers", "ikke ut kølapper", "geen nummers", "tidak dikeluarkan", "netiek izsniegti"), then=_STAFF
    ),
    "kiosk.closed": BadNews(fact=_words("closed", "stengt", "gesloten", "tutup", "slēgti"), beside=_TALK),
    "kiosk.closed_short": BadNews(fact=_words("closed", "stengt", "gesloten", "tutup", "slēgts"), beside=_TALK),
    "display.closed": BadNews(
        fact=_words("closed", "stengt", "gesloten", "tutup", "slēgti"), then=_words(*("%(when)s",) * 5)
    ),
    "kiosk.paused": BadNews(fact=_words("paused", "pause", "gepauzeerd", "henti", "pauze"), beside=_TALK),
    "kiosk.paused_until": BadNews(fact=_words("paused", "pause", "gepauzeerd", "henti", "pauze"), then=_TIME),
    "kiosk.too_late": BadNews(fact=_words("longer", "lengre", "langer", "melebihi", "ilgāka"), beside=_TALK),
    "kiosk.just_closed": BadNews(fact=_words("stopped", "stoppet", "gestopt", "dihentikan", "apturēta"), then=_SOMEONE),
    "kiosk.no_service": BadNews(
        fact=_words("not give", "ikke", "geen", "tidak diberikan", "neizsniedzam"),
        then=_words("choose again", "velg på nytt", "kies opnieuw", "pilih semula", "izvēlieties"),
    ),
    "kiosk.stale": BadNews(
        fact=_words("too old", "for gammel", "te oud", "terlalu lama", "novecojusi"),
        then=_words("begin again", "begynn på nytt", "begin opnieuw", "mula semula", "sāciet no jauna"),
    ),
    "kiosk.too_many": BadNews(
        fact=_words("many numbers", "mange kølapper", "veel nummers", "banyak nombor", "daudz numuru"), then=_SOMEONE
    ),
    "ticket.none": BadNews(fact=_words("no number", "ingen kølapp", "geen nummer", "tiada nombor", "netika"), beside=_TALK),
    "ticket.over": BadNews(
        fact=_words("no longer", "ikke lenger", "niet meer", "tidak lagi", "vairs negaida"), then=_SOMEONE
    ),
    "display.lost": BadNews(
        fact=_words("no connection", "ingen forbindelse", "geen verbinding", "tiada sambungan", "nav savienojuma"), then=_STAFF
    ),
    "goodbye.sorry_wait": BadNews(
        fact=_words("longer than", "lenger enn", "langer", "lebih lama", "ilgāk"), then=_SORRY
    ),
    "goodbye.sorry_hold": BadNews(fact=_words("later than", "senere enn", "later", "lewat", "vēlāk"), then=_SORRY),
    "goodbye.sorry_unsolved": BadNews(
        fact=_words("not solved", "ikke er løst", "niet is opgelost", "belum selesai", "nav atrisināts"), beside="goodbye.next_lead"
    ),
    "ticket.print_failed": BadNews(
        fact=_words("not print", "ikke skrevet ut", "lukt nu niet", "tidak berjaya", "neizdevās"),
        then=_words("photo", "bilde", "foto", "gambar", "nofotografējiet"),
    ),
    "mobile.longer": BadNews(
        fact=_words("longer than we said", "lengre tid enn", "langer dan", "lebih lama", "vairāk laika, nekā"),
        then=_words(*("%(t)s",) * 5),
    ),
    "mobile.longer_unknown": BadNews(
        fact=_words("longer than we said", "lengre tid enn", "langer dan", "lebih lama", "vairāk laika, nekā"),
        then=_words("place is kept", "beholder plassen", "blijft bewaard", "tempat anda kekal", "saglabājas"),
    ),
    "mobile.held_late": BadNews(fact=_words("still on it", "fortsatt", "nog bezig", "masih", "vēl strādājam"), then=_STAFF),
    "mobile.lost_callback": BadNews(
        fact=_words("did not call you", "ikke opp", "niet opgeroepen", "tidak memanggil", "neizsaucām"), beside="mobile.back_until"
    ),
    "mobile.trouble": BadNews(
        fact=_words("not shown", "vises ikke", "niet getoond", "tidak dipaparkan", "netiek rādīta"), beside="mobile.trouble_hint"
    ),
    "mobile.unknown": BadNews(
        fact=_words("no number", "ikke noe nummer", "geen nummer", "tiada nombor", "numura nav"), beside="mobile.unknown_hint"
    ),
    "mobile.stale": BadNews(
        fact=_words("too old", "for gammel", "te oud", "terlalu lama", "pārāk veca"), beside="mobile.stale_hint"
    ),
    "mobile.not_now": BadNews(
        fact=_words("no longer possible", "ikke lenger mulig", "niet meer mogelijk", "tidak lagi boleh", "vairs nav iespējams"),
        then=_words("how it stands now", "slik står det", "zo staat het", "keadaannya sekarang", "tas ir tagad"),
    ),
    "mobile.offline": BadNews(
        fact=_words("no connection", "ingen forbindelse", "geen verbinding", "tiada sambungan", "nav savienojuma"),
        then=_words("kept", "beholder", "bewaard", "disimpan", "saglabāta"),
    ),
    "join.too_many": BadNews(
        fact=_words("many numbers", "mange kølapper", "veel nummers", "banyak nombor", "daudz numuru"), then=_STAFF
    ),
}  # fmt: skip
"""Every text that tells a customer something they would rather not hear."""
