"""The other shops of a chain, which `[reports] stores` names by their settings files: opened to read and never to write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from broker.settings import BadSettings, Settings, read
from broker.shop import STORE_FILE, Shop
from broker.store.database import StoreError
from broker.store.foreign import open_to_read


class NoSuchStore(KeyError):
    """There is no such store in the chain. `known` are the ids of those there are."""

    def __init__(self, store: str, known: list[str]) -> None:
        super().__init__(store)
        self.store, self.known = store, known


@dataclass(frozen=True, slots=True)
class Missing:
    """A store that cannot be read now: what it is called, as far as that is known, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Chain:
    """Every store that can be read, this shop's own first, and those that cannot."""

    shops: tuple[Shop, ...]
    missing: tuple[Missing, ...] = ()


def names(shop: Shop) -> dict[str, str]:
    """Return the stores of the chain by id, this shop's own first; only those whose settings can be read."""
    own = shop.settings.store
    return {own.id: own.name} | {settings.store.id: settings.store.name for settings in _others(shop)[0]}


def another(shop: Shop, store: str) -> Shop:
    """Open the other *store* of the chain; the caller closes it. Raises NoSuchStore and StoreError."""
    others, _ = _others(shop)
    for settings in others:
        if settings.store.id == store:
            return _opened(shop, settings)
    raise NoSuchStore(store, list(names(shop)))


@contextmanager
def whole(shop: Shop) -> Iterator[Chain]:
    """Open every store that can be read, for the block."""
    others, missing = _others(shop)
    with ExitStack() as open_until_the_end:
        shops = [shop]
        for settings in others:
            try:
                other = _opened(shop, settings)
            except StoreError as wrong:
                missing.append(Missing(settings.store.name, str(wrong)))
            else:
                open_until_the_end.enter_context(closing(other.db.conn))
                shops.append(other)
        yield Chain(tuple(shops), tuple(missing))


def _opened(shop: Shop, settings: Settings) -> Shop:
    return Shop(open_to_read(settings.store.data / STORE_FILE), shop.clock, settings)


def _others(shop: Shop) -> tuple[list[Settings], list[Missing]]:
    found: list[Settings] = []
    missing = []
    known = {shop.settings.store.id}
    for path in shop.settings.reports.stores:
        try:
            settings = _settings(path, path.stat().st_mtime_ns)
        except (BadSettings, OSError) as wrong:
            missing.append(Missing(path.parent.name, str(wrong)))
            continue
        if settings.store.id in known:
            missing.append(Missing(settings.store.name, f"{path}: another store has the id {settings.store.id}, too."))
            continue
        known.add(settings.store.id)
        found.append(settings)
    return found, missing


@lru_cache(maxsize=64)
def _settings(path: Path, changed: int) -> Settings:
    # What the environment lays over the settings of this shop is not meant for others.
    return read(Settings, path, environment={})
