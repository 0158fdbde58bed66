"""Words of which passwords are made that are tried first, in the languages of the screens, and rows of keys.

A password of at least twelve letters that is on any list of the most common ones is one or two of these with digits and
signs around them, or repeats itself.
"""

from __future__ import annotations

from typing import Final

_ENGLISH: Final = """
    a admin administrator all amazing and angel apple april august autumn baby ball banana baseball basketball batman beautiful
    big black blue boss butterfly buy change charlie chocolate christmas class come computer cookie cool daniel day december
    default demo dog dragon easter eagle family february first flower football forever forget friday friend friends game george
    ginger girl go god golf good green guest happy hannah harley heaven hello hockey home honey house hunter i ice in internet
    is it january jennifer jessica jesus jordan july june just key king late let letmein life live local login london lord love
    lovely lover lucky magic manager march master matrix maverick may me mercedes merry michael michelle monday money monkey
    mother music my mypassword never new nicole not november now number october of office ok one orange orders out over pass
    passphrase password passwd pepper phone please pokemon princess purple qwerty rainbow ranger red robert root samantha
    samsung saturday secret september server service shadow shop shopping silver sky soccer spring staff star starwars store
    strong summer sun sunday sunflower sunshine super superman system temp temporary test tester testing the this thomas
    thursday tiger time to trust trustno tuesday two unlock user very wednesday welcome whatever white winter wizard word work
    world year yellow you your zero
"""
_OTHERS: Final = """
    adgangskode butikk butikken danskebank geheim glemt hei heisann hemmelig jeg jeger kjaerlighet kontor kontoret norge oslo
    passord passordet sjokolade sol sommer sommerfugl velkommen vinter hoest ansatt sjef hjem amsterdam feyenoord hallo hoi
    holland ik kantoor lekker liefde mijn nederland schat snoopje verkoop wachtwoord welkom winkel zomer ajax zonnebloem aku
    awak cinta dunia kata katalaluan kedai laluan malaysia pejabat rahsia sayang saya selamat datang suka latvija labdien mans
    mana mani mila milestiba parole parolite pasaule riga saule sveiki veikals birojs ziema vasara greet greetline greeting
    greetings queue ticket tablet kiosk
"""
_KEYS: Final = """
    qwertyuiop qwertyuio qwertyui qwertyu qwert qwertz qwertzuiop asdfghjkl asdfghjk asdfgh asdfg asdf zxcvbnm zxcvbn zxcvb zxcv
    yxcvbnm qazwsxedc qazwsxedcrfv qazwsx qaz wsx edc rfv tgb qwe asd zxc qweasdzxc qweasd abc abcd abcde abcdef abcdefg
    abcdefgh abcdefghi abcdefghij abcdefghijk abcdefghijkl poiuytrewq lkjhgfdsa mnbvcxz azerty azertyuiop azertyuiopqs
    qsdfghjklm wxcvbn aa bb cc xx xxx zz
"""

WORDS: Final = frozenset(f"{_ENGLISH} {_OTHERS} {_KEYS}".split())
