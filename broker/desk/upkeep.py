"""What is to be looked after besides the parts that run: backup, what waits to be told, certificates, and the archive."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from broker.desk.health import Look, State
from broker.settings import Settings
from broker.shop import Shop
from broker.store import archived, copied, deliveries, devices
from broker.store.archived import ArchiveState

BACKUP_AGE: Final = timedelta(days=8)
"""A shop that makes one a week is not told of it; with an older one a broken disk would take more than a week with it."""
MANY_EVENTS: Final = 100
"""So many events that wait are more than a moment without a connection."""
ARCHIVE_BEHIND: Final = timedelta(minutes=1)
"""What was committed for longer and is not in the archive would be gone with the disk."""
ARCHIVE_COPIES: Final = timedelta(hours=1)
"""The first copy of a large store takes minutes; after so long it is stuck."""
CERTIFICATE_DAYS: Final = 30
"""They are made anew when 60 days are left. With fewer than these it did not work for a month of nights."""
CERTIFICATES: Final = ("web.crt", "mqtt.crt")
"""What the proxy in front of the screens and the MQTT broker show, in the folder of `[tls]`."""
UPKEEP: Final = ("backup", "events")
"""The names of what is looked after in every shop, in the order of `looks`; `certificates` and `archive` come behind them, where
there are any."""


def looks(shop: Shop) -> list[Look]:
    """Return how each of UPKEEP is. Raises sqlite3.Error when the store cannot be read."""
    return [_backup(shop), _events(shop), *_certificate(shop), *([_archive(shop)] if shop.settings.backup.archive_to else [])]


def may_lag(settings: Settings) -> timedelta:
    """Return how far the archive may be behind, or ahead when the clock was set back, before it does not go on."""
    return max(ARCHIVE_BEHIND, 2 * timedelta(seconds=settings.backup.archive_every_seconds))


def _backup(shop: Shop) -> Look:
    made = copied.newest(shop.settings.store.data)
    if made is None:
        return Look("backup", State.DEGRADED, "none was made yet", why="never")
    # One that is of a day to come was made while the clock was wrong: nobody knows how old it is.
    old = abs(shop.clock() - made) > BACKUP_AGE
    state = State.DEGRADED if old else State.OK
    return Look("backup", state, "the newest is old" if old else "it is fresh enough", made, why="old" if old else "ok")


def _events(shop: Shop) -> Look:
    hooks = [hook.id for hook in shop.settings.webhooks]
    off = [known for hook in hooks if (known := deliveries.target(shop.db, hook)) is not None and known.disabled_at is not None]
    spooled = [device.figures.get("spooled") for device in devices.everyone(shop.db)]
    waiting = sum(deliveries.waiting(shop.db, hook) for hook in hooks)
    waiting += sum(number for number in spooled if isinstance(number, int) and number > 0)
    if off:
        begun = min(known.disabled_at for known in off if known.disabled_at is not None)
        return Look("events", State.DEGRADED, f"{len(off)} webhooks are told nothing", begun, why="off", n=len(off))
    state = State.DEGRADED if waiting >= MANY_EVENTS else State.OK
    why = "many" if state is State.DEGRADED else "wait" if waiting else "ok"
    return Look("events", state, f"{waiting:,} wait", why=why, n=waiting)


def _certificate(shop: Shop) -> list[Look]:
    """Return how many days the one that ends first is good for; nothing where the shop has none of its own."""
    try:
        there = [file for name in CERTIFICATES if (file := shop.settings.tls.folder / name).exists()]
        if not there:
            return []
        from broker.identity.authority import expires

        days = min((expires(file.read_bytes()) - shop.clock()).days for file in there)
    except ModuleNotFoundError:  # Whoever brought certificates of another house looks after them there.
        return []
    except (OSError, ValueError):
        return [Look("certificates", State.DEGRADED, "one cannot be read", why="unread")]
    if days < 0:
        return [Look("certificates", State.DOWN, f"one ended {-days} days ago", why="over")]
    state, why = (State.DEGRADED, "soon") if days < CERTIFICATE_DAYS else (State.OK, "ok")
    return [Look("certificates", state, f"{days} days are left", why=why, n=days)]


def _archive(shop: Shop) -> Look:
    found = archived.look(shop.settings.store.data)
    if found is None:
        return Look("archive", State.DEGRADED, "nothing is in it yet", why="never")
    lasts = abs(shop.clock() - found.upto)
    if found.state is ArchiveState.GOES_ON:
        behind = int(lasts.total_seconds())
        if lasts > may_lag(shop.settings):
            return Look("archive", State.DEGRADED, f"it is {behind:,} s behind", found.upto, why="behind", n=behind)
        return Look("archive", State.OK, f"it is {behind} s behind", n=behind)
    if found.state is ArchiveState.COPYING:
        state = State.DEGRADED if lasts > ARCHIVE_COPIES else State.OK
        return Look("archive", state, "its first copy is being made", found.upto, why="copying")
    if found.state is ArchiveState.FULL:
        return Look("archive", State.DEGRADED, "there is no room for it", found.upto, why="full")
    if found.state is ArchiveState.UNSOUND:
        return Look("archive", State.DEGRADED, "the store is damaged and cannot be copied", found.upto, why="unsound")
    return Look("archive", State.DEGRADED, "its folder cannot be written", found.upto, why="refused")
