"""Words of which passwords are made that are tried first, in the languages of the screens, and rows of keys.

Most passwords of at least twelve letters that lists of the most common ones have are one or two of these with digits and signs
around them, or repeat themselves. The rows of keys have beside Latin ones what Cyrillic words come to on a Latin keyboard.
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
_LIKED: Final = """
    adventure alone avril bieber blood bond boobies boobs boy brother bustin business butter captain chicken cloud combat cookie
    corporate counter crawler cry cyber dad daddy dead death devil dirty down entourage ericsson evil family fantasy fast father
    final finger fire for free fuck fucking fuckyou ghost girl girlie green hammer hard heart hell hot jack jackson james jonas
    justin knight kombat lantern lavigne lady leave lie life light little living lost master masterbating masterbaiting
    masturbating masturbation may me metal metallica mind mine minecraft mom moms monster moon mortal my need needforspeed net new
    night nokia not online outside panther papa peanut people pink playboy playstation pornographic porno power private project
    punks real resident respect rock rocker royal running sister school sea see sex sexy sexual skate skater slip snow solutions
    sony speed stanley stick sticky stinky strike stratocaster street student superstar sweet system teddy this thunder touch
    trust under version virgin war warhammer water wave web whos who wild wing wolf women worms young yourself
    alexander alexandra andrea andreas andrew angela anna anthony barbara benjamin carolina catherine cavaliers charles
    christian christina christine christopher claudia cristina dominic elena elizabeth emily emma erika eva fernando frederic
    gabriel gabriela guillermo isabella jacob jackie jasmine jeffrey joe john johnny jonathan joseph joshua juan julia julian karen
    kevin kristina laura lisa louis luis magdalena manuel margaret maria marie marina marlboro marta martin martina massimiliano
    matthew maximilian melissa mike monica nathan nicholas nicola nicolas olivia oliver patricia patrick paul peter petra philip
    rachel rebecca richard roberta roberto rodrigo sandra sara sarah sebastian sofia sophia sophie stephanie stephen steven
    susanna tatiana valentina valeria veronica victor victoria vincent vladimir vladimirovna william
    america american argentina australia barcelona berlin boston bavaria brazil britain california canada chelsea chicago china
    columbia copenhagen denmark dublin england europe finland florida france francisco frederiksberg germany greece houston
    hungary ireland italia italy kuala lumpur juventus liverpool london madrid manchester mexico milano moscow newcastle
    pakistan paris poland portugal real rotterdam russia san scotland singapore spain sweden sydney texas tokyo toronto turkey
    ukraine united utrecht washington bergen trondheim stavanger eindhoven penang johor jelgava daugavpils liepaja
    bach blume ficken fussball herz ich katze liebe meine mutter passwort schatz schalke sonne sonnenschein weihnachten
    weihnachtsbaum winter chouette amour azerty bonjour doudou jetaime maman motdepasse soleil amore ciao francesco giuseppe
    mamma amigos amor contrasena familia hola mariposa tequiero teamo kocham haslo polska
"""
"""Names of people, places, games and what people like, of which long common passwords are made."""
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
    qsdfghjklm wxcvbn aa bb cc xx xxx zz qwer wert erty asdfg zxcvb xsw xswq xsz qazxsw qazxswedc xswedc vfr bgt nhy edcvfr zaq
    zaqwsx zaqxsw wsxcde cde cdevfr cderfv rfvbgt qawsed qawsedrf qawsedrftg rftgyh waszx qwaszx erdfcv qwaszxerdfcv zse ytrewq
    trewq ewq rewq ytr dsa fdsa gfdsa vcxz bvcxz xswzaq poi lkj mnb iop jkl bnm tyu yui ghj cvb vbn
    ghjcnj gfhjkm ghbdtn rfrltkf flvby dkflbvbh fktrcfylh ghjdthrf yfnfif vfvf ljgjkybn
"""

WORDS: Final = frozenset(f"{_ENGLISH} {_LIKED} {_OTHERS} {_KEYS}".split())
