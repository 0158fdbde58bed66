"""A program whose settings file changes ends itself, so that it is begun anew with what the file says now.

While the file cannot be used it goes on with what it read, and says once what is wrong.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from broker import lifeline
from broker.settings import BadSettings, Settings
from broker.settings.reading import understand
from broker.settings.tables import EdgeSettings

LOOK_SECONDS: Final = 0.25
"""The file is looked at so often: its size and times alone, which costs next to nothing."""
ANSWER_SECONDS: Final = 0.3
"""Between seeing a change and ending: the answer to the person who saved it is on its way."""

log = logging.getLogger(__name__)

Matters = Callable[[EdgeSettings], object]
"""Takes of the settings what a program uses; it does not end for anything else."""


def _everything(settings: EdgeSettings) -> object:
    return settings


class Watch:
    """Watches the settings file at *path*. Made before the program reads it, so that no change falls in between."""

    def __init__(
        self, path: Path | None, *, model: type[EdgeSettings] = Settings, matters: Matters = lambda settings: settings
    ) -> None:
        """Remember what the file says now; without a *path* there is nothing to watch."""
        self._path = path
        self._model = model
        self._matters = matters
        self._sign = self._signed()
        self._said = self._says(quietly=True)
        self._stop = threading.Event()
        self.changed = False
        """Whether the program was ended for a change."""

    def begin(self, end: Callable[[], None], *, anyway: bool = False) -> None:
        """Call *end* once, from a thread of its own, when the file says something else.

        A program that nobody starts again only says so; with *anyway* it is called nevertheless.
        """
        if self._path is not None:
            threading.Thread(target=self._look, args=(end, anyway), name="settings", daemon=True).start()

    def stop(self) -> None:
        """Watch no longer."""
        self._stop.set()

    def exit_code(self, code: int) -> int:
        """Return with which status the program ends that would end with *code*."""
        return lifeline.SETTINGS_CHANGED if self.changed and code == 0 else code

    def _look(self, end: Callable[[], None], anyway: bool) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            if self._has_changed():
                if not anyway and not lifeline.is_started_again():
                    log.warning("%s has changed; start this program again to use it", self._path)
                    return
                log.info("%s has changed: beginning anew", self._path)
                self._stop.wait(ANSWER_SECONDS)
                self.changed = True
                end()
                return

    def _has_changed(self) -> bool:
        sign = self._signed()
        if sign == self._sign:
            return False
        self._sign = sign
        says = self._says()
        return says is not None and says != self._said

    def _signed(self) -> tuple[int, int, int] | None:
        try:
            stands = self._path.stat() if self._path else None
        except OSError:
            return None
        return (stands.st_mtime_ns, stands.st_size, stands.st_ino) if stands else None

    def _says(self, *, quietly: bool = False) -> object:
        """Return what matters of the file, or None when it cannot be used."""
        if self._path is None:
            return None
        try:
            return self._matters(understand(self._model, self._path.read_text(encoding="utf-8"), str(self._path)))
        except (BadSettings, OSError, UnicodeDecodeError) as wrong:
            if not quietly:
                log.warning("the settings are not usable; this goes on with the last good ones: %s", wrong)
            return None
