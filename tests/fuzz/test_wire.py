"""Whatever is said on the bus: it is taken or kept with its reason, the next good message is taken, and the store stays sound."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.contract.codec import BadMessage, decode, encode, topic_of
from broker.contract.messages import Message
from broker.contract.topics import BadTopic, Topic
from broker.desk import board, screens
from broker.link import Incoming
from broker.service.deadlines import Deadlines
from broker.service.inbox import Inbox
from broker.shop import Shop, open_shop
from broker.store import upkeep
from tests.contract.test_messages import EACH, said
from tests.fuzz.parts import DEEP, refusal, spoilt, tried
from tests.service.parts import STORE, shop_settings
from tests.service.test_inbox import StillLink, _crossing

WHOLE = [(str(topic_of(said(body))), json.loads(encode(said(body)))) for body in EACH]
TOPICS = st.one_of(
    st.sampled_from([topic for topic, _ in WHOLE]),
    st.lists(st.text(max_size=12) | st.sampled_from(("greetline", "1", STORE, "door", "event", "+", "#")), max_size=7).map(
        "/".join
    ),
)


def written(value: Any) -> bytes:
    """JSON as a careless program writes it: with lone surrogates, NaN and numbers without an end."""
    return json.dumps(value).encode()


SPOILT = spoilt([there for _, there in WHOLE]).map(written)
PAYLOADS = st.one_of(SPOILT, SPOILT, st.binary(max_size=200), st.sampled_from((b"[" * DEEP, b'{"data":' * DEEP)))
HEARD = [topic for topic, _ in WHOLE if topic.endswith(("event", "status", "take"))]
SAID = spoilt([there for topic, there in WHOLE if topic in HEARD]).map(written)
"""What the service listens to."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = open_shop(shop_settings(tmp_path_factory.mktemp("wire")))
    yield made
    made.db.close()


@tried(400)
@given(topic=TOPICS, payload=PAYLOADS)
def test_bytes_are_a_message_or_refused_with_a_reason(topic: str, payload: bytes) -> None:
    no = refusal(lambda: decode(topic, payload), BadMessage)
    if no is None:
        there = decode(topic, payload)
        assert decode(str(topic_of(there)), encode(there)) == there
    else:
        assert no.isprintable()
        assert no


@tried(200)
@given(topic=TOPICS | st.text(max_size=80))
def test_a_topic_is_one_of_ours_and_comes_back_the_same_or_is_refused(topic: str) -> None:
    try:
        there = Topic.parse(topic)
    except BadTopic:
        return
    assert str(there) == topic


@tried(80)
@given(batch=st.lists(st.tuples(st.sampled_from(HEARD), SAID | PAYLOADS, st.booleans()), min_size=1, max_size=6))
def test_the_service_takes_or_keeps_what_is_said_and_the_next_good_word_as_well(
    shop: Shop, batch: list[tuple[str, bytes, bool]]
) -> None:
    link, faults = StillLink(), _Faults()
    inbox, deadlines = Inbox(shop, link), Deadlines(shop)
    for number, (topic, payload, retain) in enumerate(batch):
        link.inbox.put(Incoming(_topic_of(payload) or topic, payload, retain=retain, mid=number, connection=1, qos=1))
    good = f"good-{datetime.now(UTC).timestamp():.6f}"
    event = f"greetline/1/{STORE}/cam-door/event"
    link.inbox.put(Incoming(event, _crossing(good).encode(), retain=False, mid=len(batch), connection=1, qos=1))
    with faults:
        while not link.inbox.empty():
            inbox.turn(0.0)
        deadlines.turn()
        json.dumps([screens.floor(shop), board.display(shop)])
    assert faults.said == []
    assert sorted(link.done) == list(range(len(batch) + 1)), "each is acknowledged, once"
    assert shop.db.execute("SELECT count(*) FROM crossings WHERE event = ?", [good]).fetchone() == (1,)


def _topic_of(payload: bytes) -> str:
    """Return the topic that fits, where the message is still whole enough to have one: else it only tries the reader."""
    try:
        there = Message.model_validate_json(payload)
        return str(topic_of(there))
    except ValueError:
        return ""


def test_the_store_is_sound_after_all_of_it(shop: Shop) -> None:
    found = upkeep.check(shop.db, deep=True)
    assert found.sound, found
    assert found.counts["rejected"] <= 1_000


class _Faults(logging.Handler):
    """Gathers what the programs log as mistakes of ours."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(f"{record.getMessage()} {record.exc_info[1]!r}" if record.exc_info else record.getMessage())

    def __enter__(self) -> _Faults:
        logging.getLogger("broker").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("broker").removeHandler(self)


def test_what_is_spoilt_here_is_mostly_still_json_and_sometimes_still_ours() -> None:
    taken = refused = 0

    @tried(200)
    @given(there=st.sampled_from(WHOLE).flatmap(lambda one: st.tuples(st.just(one[0]), spoilt([one[1]]))))
    def asked(there: tuple[str, Any]) -> None:
        nonlocal taken, refused
        try:
            decode(there[0], written(there[1]))
        except BadMessage:
            refused += 1
        else:
            taken += 1

    asked()
    assert taken > 5, "else only the outermost reader is tried"
    assert refused > 50
