"""The wire: what is said can be read back, and what is not of the contract is refused with a reason."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.contract.boards import Display, Queue, ServiceLine, WallCall
from broker.contract.codec import BadMessage, TooLarge, decode, encode, topic_of
from broker.contract.messages import (
    BODIES,
    MAX_ACK_IDS,
    MAX_BYTES,
    MAX_MOMENTS,
    MAX_STILL_PARTS,
    STILL_PART_CHARACTERS,
    Ack,
    Answer,
    AreaCount,
    Ask,
    Body,
    Command,
    Counting,
    Crossing,
    Direction,
    Kind,
    Light,
    LineCount,
    LineTrial,
    Message,
    Outcome,
    Press,
    Refused,
    Seen,
    Shown,
    Status,
    StillPart,
    Take,
    Trial,
    UniformSeen,
    Watch,
    ZoneCount,
    ZoneKind,
    ZoneStay,
    message,
    offline,
)
from broker.contract.plan import Area, Line, Plan, StaffSigns
from broker.contract.topics import BadTopic, Channel, Topic, everything

AT = datetime(2026, 11, 21, 13, 4, 31, 250000, tzinfo=UTC)
DOOR = Line(zone="entrance", points=((0.1, 0.5), (0.9, 0.5)), inside="down")
TILL = Area(id="till", kind=ZoneKind.QUEUE, points=((0.1, 0.1), (0.4, 0.1), (0.4, 0.9)))
PLAN = Plan(version=3, view="angled", lines=(DOOR,), areas=(TILL,), staff=StaffSigns(badges=True, uniform=(7,) * 64))
EACH: list[Body] = [
    Crossing(line="door", zone="entrance", direction=Direction.IN, party="ab-1"),
    ZoneCount(zone="till", kind=ZoneKind.QUEUE, people=4),
    ZoneStay(zone="till", area="till-line", kind=ZoneKind.QUEUE, seconds=12.3, outcome=Outcome.SERVED),
    Press(zone="entrance"),
    Seen(zone="entrance", party="ab-1"),
    Status(watch=Watch.WATCHING, since=AT, zones=("entrance",)),
    Ack(ids=("ab-1", "ab-2")),
    Command(name=Ask.PLAN, plan=PLAN),
    Shown(request="q-1", plan=PLAN),
    StillPart(request="q-1", part=1, parts=2, width=640, height=360, content="/9j/"),
    Trial(request="q-1", seconds=3600, lines=(LineTrial(line="door", ins=42, outs=39, turned=5, ins_ago=(3, 60)),)),
    Counting(request="q-1", seconds=4, lines=(LineCount(line="door", ins=1, outs=0),), areas=(AreaCount(area="till", people=2),)),
    UniformSeen(request="q-1", uniform=(0,) * 64),
    Refused(request="q-1", reason="there is no picture yet; the camera is lost"),
    Queue(open=True, services=(ServiceLine(service="returns", letter="R", open=True, waiting=3, oldest=AT, counters=1),)),
    Display(
        open=True, waiting=3, calls=(WallCall(call=7, shown="R\u00a0047", counter="desk-1", at=AT, again=True, state="calling"),)
    ),
    Light(state="overdue", waiting=2, since=AT, longest=31),
    Take(zone="door"),
]


def said(body: Body) -> Message:
    to = "door" if isinstance(body, Ack | Command | Light | Take) else None
    return message(body, id="ab-1", store="oslo-city", device="service" if to else "door", time=AT, to=to)


@pytest.mark.parametrize("body", EACH, ids=lambda body: type(body).__name__)
def test_every_message_comes_back_as_it_was_said(body: Body) -> None:
    there = said(body)
    assert str(topic_of(there)) == f"greetline/1/oslo-city/door/{there.channel}"
    assert decode(str(topic_of(there)), encode(there)) == there


def test_every_kind_of_message_is_tried_here() -> None:
    assert {type(body) for body in EACH} == set(BODIES.values())


def changed(**what: Any) -> bytes:
    values = json.loads(encode(said(EACH[0])))
    data = what.pop("data", {})
    values["data"] |= data
    return json.dumps(values | what).encode()


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        pytest.param(b"", "JSON", id="nothing"),
        pytest.param(b"\xff\xfe{}", "JSON", id="not text"),
        pytest.param(b"[]", "payload", id="not an object"),
        pytest.param(changed(type="greetline.coupon"), "type", id="a kind that is not ours"),
        pytest.param(changed(id="../../etc"), "id", id="an id that is not one"),
        pytest.param(changed(time="yesterday"), "time", id="a time that is not one"),
        pytest.param(changed(time="2026-11-21T13:04:31"), "time", id="a time without its zone"),
        pytest.param(changed(data={"direction": "sideways"}), "direction", id="a value that is not allowed"),
        pytest.param(changed(data={"face": "base64"}), "face", id="a field too many"),
        pytest.param(changed(source="/oslo-city/other"), "was said on", id="in another's name"),
        pytest.param(b" " * (MAX_BYTES + 1), "at most", id="too large"),
    ],
)
def test_what_is_not_of_the_contract_is_refused_with_a_reason(payload: bytes, reason: str) -> None:
    with pytest.raises(BadMessage, match=reason):
        decode("greetline/1/oslo-city/door/event", payload)


@pytest.mark.parametrize(
    "topic",
    ["", "greetline", "greetline/2/oslo-city/door/event", "greetline/1/Oslo/door/event", "greetline/1/oslo-city/door/shout",
              "greetline/1/oslo-city/+/event", "greetline/1/oslo-city/door/event/more"],
)  # fmt: skip
def test_a_topic_that_is_not_ours_is_refused(topic: str) -> None:
    with pytest.raises(BadTopic):
        Topic.parse(topic)
    with pytest.raises(BadMessage):
        decode(topic, encode(said(EACH[0])))


def test_a_body_cannot_pass_for_another_kind() -> None:
    with pytest.raises(ValueError, match="does not carry"):
        Message(id="ab-1", source="/s/d", type=Kind.ACK, time=AT, data=Press(zone="entrance"))


def test_a_message_that_would_not_fit_is_never_sent() -> None:
    ids = tuple(f"{'x' * 58}{i % 10}" for i in range(MAX_ACK_IDS))
    assert len(encode(message(Ack(ids=ids), id="a", store="s" * 32, device="d" * 32, time=AT, to="d" * 32))) <= MAX_BYTES
    with pytest.raises(TooLarge):
        encode(said(Status(watch=Watch.LOST, since=AT, zones=("z",))).model_copy(update={"source": "/s/" + "d" * MAX_BYTES}))


def test_the_largest_answers_fit_on_the_wire() -> None:
    name, fields = "d" * 32, {"request": "q" * 60}
    moments = (3599,) * MAX_MOMENTS
    lines = tuple(LineTrial(line=name, ins=99999, outs=99999, turned=99999, ins_ago=moments, outs_ago=moments) for _ in range(8))
    still = StillPart(
        **fields, part=MAX_STILL_PARTS, parts=MAX_STILL_PARTS, width=9999, height=9999, content="A" * STILL_PART_CHARACTERS
    )
    for body in (still, Trial(**fields, seconds=3600, lines=lines), UniformSeen(**fields, uniform=(255,) * 64)):
        assert len(encode(message(body, id="i" * 60, store="s" * 32, device=name, time=AT))) <= MAX_BYTES


@pytest.mark.parametrize(
    "asked",
    [
        {"name": "plan"},
        {"name": "try", "request": "q-1"},
        {"name": "still"},
        {"name": "uniform", "request": "q-1"},
        {"name": "dance"},
    ],
    ids=str,
)
def test_a_command_that_lacks_what_it_needs_is_refused(asked: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        Command.model_validate(asked)


def test_two_lines_of_one_name_are_no_plan() -> None:
    with pytest.raises(ValueError, match="two lines are named door"):
        Plan(lines=(DOOR, DOOR))


def test_half_a_uniform_is_none() -> None:
    with pytest.raises(ValueError, match="64 numbers"):
        StaffSigns(uniform=(1, 2, 3))


def test_answers_are_said_on_a_channel_of_their_own() -> None:
    for body in EACH:
        assert (said(body).channel is Channel.ANSWER) == isinstance(body, Answer)


def test_the_last_will_says_that_the_device_is_gone() -> None:
    will = offline(store="oslo-city", device="door", at=AT)
    assert (will.channel, will.data.watch) == (Channel.STATUS, Watch.OFFLINE)  # type: ignore[union-attr]


def test_one_subscription_hears_every_device_of_a_store_and_no_other_store() -> None:
    assert everything("oslo-city", Channel.EVENT) == "greetline/1/oslo-city/+/event"
    assert everything("x", Channel.ACK) == "greetline/1/x/+/ack"


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_no_bytes_make_the_reader_fall_over(payload: bytes) -> None:
    with pytest.raises(BadMessage):
        decode("greetline/1/oslo-city/door/event", payload)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(["id", "source", "type", "time", "data", "specversion", "subject"]), json_values)
def test_no_value_in_any_field_makes_the_reader_fall_over(field: str, value: Any) -> None:
    payload = changed(**({field: value} if field != "data" else {"data": {"line": value}}))
    with contextlib.suppress(BadMessage):
        assert decode("greetline/1/oslo-city/door/event", payload).device == "door"
