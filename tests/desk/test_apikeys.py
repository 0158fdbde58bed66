"""Keys of programs: shown once, kept as a digest, opened by nothing that was read from the store."""

from __future__ import annotations

import json

import pytest

from broker.desk import apikeys
from broker.desk.apikeys import MAX_KEYS, MOST_A_MINUTE, PREFIX, USED_EVERY
from broker.desk.roles import Refused
from broker.domain.facts import FactKind
from broker.shop import Shop
from broker.store import apikeys as stored
from broker.store import journal
from tests.builders import NOON, TurnableClock


def a_key(shop: Shop, name: str = "web-shop") -> tuple[apikeys.ApiKey, str]:
    return apikeys.add(shop, name, ["tickets.take"], by="test")


def test_a_key_is_256_bits_behind_its_prefix_and_the_store_has_only_its_digest(shop: Shop) -> None:
    key, secret = a_key(shop)
    assert secret.startswith(PREFIX)
    assert len(secret) == len(PREFIX) + 43, "32 bytes in base64"
    dump = "\n".join(shop.db.conn.iterdump())
    assert secret not in dump
    assert secret.removeprefix(PREFIX) not in dump
    assert apikeys.recognised(shop, secret) == key
    assert apikeys.recognised(shop, key.digest) is None
    assert apikeys.recognised(shop, PREFIX + key.digest) is None


@pytest.mark.parametrize("secret", ["", "x", PREFIX, "glk_" + "A" * 43, "æ" * 47, PREFIX + "0" * 100_000])
def test_what_is_no_key_opens_nothing(shop: Shop, secret: str) -> None:
    a_key(shop)
    assert apikeys.recognised(shop, secret) is None


def test_a_revoked_key_opens_nothing_and_its_name_is_free_again(shop: Shop) -> None:
    _, secret = a_key(shop)
    apikeys.revoke(shop, "web-shop", by="test")
    assert apikeys.recognised(shop, secret) is None
    _, again = a_key(shop)
    assert apikeys.recognised(shop, again)
    assert sorted(bool(key.revoked_at) for key in apikeys.every(shop, revoked=True)) == [False, True]
    with pytest.raises(Refused, match="no key called nobody"):
        apikeys.revoke(shop, "nobody", by="test")


@pytest.mark.parametrize(
    ("name", "scopes", "a_minute", "why"),
    [
        ("Web Shop", ["tickets.take"], 600, "name"), ("", ["tickets.take"], 600, "name"), ("a" * 33, ["tickets.take"], 600, "name"),
        ("web", [], 600, "scope"), ("web", ["people.change"], 600, "scope"), ("web", ["tickets.take"], 0, "pace"),
        ("web", ["tickets.take"], MOST_A_MINUTE + 1, "pace"), ("web-shop", ["tickets.read"], 600, "taken"),
    ],
)  # fmt: skip
def test_a_key_that_cannot_be_is_refused_and_nothing_is_kept(
    shop: Shop, name: str, scopes: list[str], a_minute: int, why: str
) -> None:
    a_key(shop)
    with pytest.raises(Refused) as refused:
        apikeys.add(shop, name, scopes, a_minute=a_minute, by="test")
    assert refused.value.why == why
    assert [key.name for key in apikeys.every(shop)] == ["web-shop"]


def test_its_last_use_is_written_down_once_a_minute_at_most(shop: Shop, clock: TurnableClock) -> None:
    key, secret = a_key(shop)
    for seconds, seen in ((0, NOON), (30, NOON), (USED_EVERY.total_seconds(), None)):
        clock.at = NOON
        at = clock.turn(seconds=seconds)
        apikeys.recognised(shop, secret)
        assert apikeys.every(shop)[0].used_at == (seen or at)
    clock.at = NOON
    assert apikeys.recognised(shop, secret), "a clock that goes back locks nobody out"
    assert stored.of_digest(shop.db, key.digest)


def test_there_are_so_many_keys_and_no_more(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apikeys, "MAX_KEYS", 3)
    monkeypatch.setattr(stored, "KEPT_REVOKED", 2)
    for n in range(3):
        a_key(shop, f"k{n}")
    with pytest.raises(Refused, match="revoke one"):
        a_key(shop, "k3")
    for n in range(3):
        apikeys.revoke(shop, f"k{n}", by="test")
    assert len(apikeys.every(shop, revoked=True)) == 2
    assert MAX_KEYS == 100


def test_who_made_and_revoked_it_is_in_the_journal_without_its_secret(shop: Shop) -> None:
    key, secret = a_key(shop)
    apikeys.revoke(shop, key.name, by="test")
    facts = journal.about(shop.db, key.id)
    assert [(fact.kind, fact.by, fact.body["what"]) for fact in facts] == [
        (FactKind.API_KEY, "test", "added"), (FactKind.API_KEY, "test", "revoked")
    ]  # fmt: skip
    assert secret not in json.dumps([dict(fact.body) for fact in facts])
