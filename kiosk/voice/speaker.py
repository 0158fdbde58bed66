"""The voice of a shop: what may be said, by which way it is said, and where it is kept.

Only what the server itself wrote is ever spoken: `offer` takes a phrase and returns its address, and an address that was
not offered has no sound. Which phrases were offered is kept in memory; a sound that was made is on the disk.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from broker.settings import Settings
from kiosk.voice import sounds
from kiosk.voice.clips import Clips
from kiosk.voice.phrases import Phrase
from kiosk.voice.shelf import Shelf
from kiosk.voice.sounds import Sound
from kiosk.voice.ways import Library, Mute, Program, Way

OFFERED: Final = 4_000
"""Phrases whose address is known; the oldest go first. A page has about forty."""
WARMED: Final = 24
"""Phrases that wait to be spoken ahead of time; more are spoken when they are asked for."""
FOLDER: Final = "voice"
MEGABYTE: Final = 1_000_000

log = logging.getLogger(__name__)


class Voice:
    """Speaks for one shop. One of a web process; safe to use from many threads."""

    def __init__(self, settings: Settings, ways: Iterable[Way] | None = None) -> None:
        """Speak as `[sound]` says, in one of *ways*: the first that can."""
        sound = settings.sound
        self.languages = frozenset(sound.languages)
        self.clips = Clips(sound.clips) if sound.clips is not None and sound.voice in ("auto", "clips") else None
        self.ways: tuple[Way, ...] = (
            tuple(ways) if ways is not None else (Library(), Program()) if sound.voice in ("auto", "espeak") else ()
        )
        self.way = next((way for way in self.ways if not way.why_not()), None)
        """The way that makes speech of any text, or None."""
        self._shelf = Shelf(settings.store.data / FOLDER, sound.cache_megabytes * MEGABYTE)
        self._offered: OrderedDict[str, Phrase] = OrderedDict()
        self._lock = threading.Lock()
        self._warm: OrderedDict[str, None] = OrderedDict()
        self._warmer: threading.Thread | None = None
        self._told: set[str] = set()

    @property
    def reads(self) -> bool:
        """Whether any text can be spoken, not only calls that were recorded."""
        return self.way is not None

    @property
    def speaks(self) -> bool:
        """Whether there is anything but the chime."""
        return self.reads or self.clips is not None

    def offer(self, phrase: Phrase) -> str | None:
        """Return the digest under which *phrase* can be heard from now on, or None when it cannot be spoken here."""
        if phrase.language not in self.languages or not phrase.text.strip():
            return None
        if not self.reads and not (self.clips and phrase.pieces):
            return None
        digest = self._digest(phrase)
        with self._lock:
            self._offered[digest] = phrase
            self._offered.move_to_end(digest)
            while len(self._offered) > OFFERED:
                self._offered.popitem(last=False)
        return digest

    def kept(self, digest: str) -> bytes | None:
        """Return the WAV of *digest* if it was made before."""
        return self._shelf.get(digest)

    def made(self, digest: str) -> bytes:
        """Return the WAV of a phrase that was offered. Raises KeyError for any other, Mute when it cannot be spoken now."""
        with self._lock:
            phrase = self._offered[digest]
        found = self._shelf.get(digest)
        if found is None:
            found = self._shelf.put(digest, sounds.written(self.spoken(phrase)))
        return found

    def spoken(self, phrase: Phrase) -> Sound:
        """Return *phrase* as sound, by the first way that can. Raises Mute."""
        if self.clips and phrase.pieces:
            try:
                return self.clips.speak(phrase.language, phrase.pieces)
            except Mute as wrong:
                self._tell_once(str(wrong))
        if self.way is None:
            raise Mute("there is no voice")
        sound = sounds.levelled(sounds.trimmed(self.way.speak(phrase.language, phrase.text)))
        if not sound.samples:
            raise Mute("nothing was heard")
        return sound

    def warm(self, digests: Iterable[str]) -> None:
        """Speak what was offered as *digests* ahead of time, behind whoever asks now."""
        with self._lock:
            self._warm.update(dict.fromkeys(digest for digest in digests if len(self._warm) < WARMED))
            if self._warm and self._warmer is None:
                self._warmer = threading.Thread(target=self._warm_up, name="voice", daemon=True)
                self._warmer.start()

    def close(self) -> None:
        """End what the ways started."""
        with self._lock:
            self._warm.clear()
            warmer = self._warmer
        if warmer:
            warmer.join()
        for way in self.ways:
            way.close()

    def _warm_up(self) -> None:
        while True:
            with self._lock:
                if not self._warm:
                    self._warmer = None
                    return
                digest, _ = self._warm.popitem(last=False)
            try:
                self.made(digest)
            except (KeyError, Mute) as wrong:
                log.info("not spoken ahead of time: %s", wrong)

    def _digest(self, phrase: Phrase) -> str:
        recorded = self.clips.version(phrase.language) if self.clips and phrase.pieces else ""
        version = self.way.version if self.way else ""
        whole = "\0".join((phrase.language, phrase.text, *phrase.pieces, recorded, version))
        return hashlib.sha256(whole.encode()).hexdigest()[:32]

    def _tell_once(self, trouble: str) -> None:
        if trouble not in self._told and len(self._told) < OFFERED:
            self._told.add(trouble)
            log.warning("a call is spoken without the recordings: %s", trouble)
