"""What could not be taken is kept for whoever has to find out: not for ever, and not of one device alone."""

from __future__ import annotations

from broker.shop import Shop
from broker.store import rejected
from broker.store.database import change
from tests.builders import NOON


def keep(shop: Shop, topic: str, number: int) -> None:
    with change(shop.db):
        rejected.keep(shop.db, [(NOON, topic, "nonsense", b"%d" % n) for n in range(number)])


def test_a_device_that_talks_nonsense_does_not_push_out_what_others_said(shop: Shop) -> None:
    keep(shop, "greetline/1/oslo-city/good/event", 3)
    for _ in range(5):
        keep(shop, "greetline/1/oslo-city/mad/event", 500)
    kept = rejected.newest(shop.db)
    assert [one.payload for one in kept if "good" in one.topic] == [b"2", b"1", b"0"]
    assert [one.payload for one in kept if "mad" in one.topic] == [b"%d" % n for n in range(499, 499 - rejected.KEPT_OF_ONE, -1)]


def test_the_last_thousand_are_kept_whoever_said_them(shop: Shop) -> None:
    for device in range(6):
        keep(shop, f"greetline/1/oslo-city/cam-{device}/event", 200)
    kept = rejected.newest(shop.db, limit=5_000)
    assert len(kept) == rejected.KEPT_MESSAGES
    assert not any("cam-0" in one.topic for one in kept), "the oldest go"
