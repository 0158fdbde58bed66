"""From the wish to the paper: asked for once, printed once, dropped when it is too late, and told to whoever can help."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from broker.desk import prints, tickets
from broker.domain.alerts import AlertKind, AlertState
from broker.domain.moves import IllegalMove
from broker.domain.printing import ENDED, LEASE, MOST_TRIES, MOVES, Job, Move, State, Trouble
from broker.domain.ticket import Move as TicketMove
from broker.settings import PrinterSettings, Settings
from broker.shop import Shop
from broker.store import alerts as alert_rows
from broker.store import prints as rows
from kiosk.printing.remedies import remedy
from tests.browser.kiosk_parts import LANGUAGES
from tests.builders import NOON, TurnableClock, later
from tests.kiosk.parts import Screen

JOB = Job(id="j", ticket="t", language="en", ahead=0, queued_at=NOON, due_at=NOON)
DUMMY = {"kind": "dummy"}
SOON = {"on_delay_seconds": 0, "off_delay_seconds": 0}


@pytest.fixture
def kiosk(made: Callable[..., Screen]) -> Screen:
    """A touch screen in a shop with a printer of which nobody has heard yet."""
    return made(printer=DUMMY, alerts=SOON)


def asked(screen: Screen, service: str = "returns") -> Job:
    return prints.ask(screen.shop, screen.someone_takes(service), "en")


def claimed(shop: Shop, by: str = "one") -> Job:
    job = prints.claim(shop, by=by)
    assert job is not None
    return job


def told(shop: Shop) -> list[tuple[str, AlertState]]:
    return [(alert.detail, alert.state) for alert in alert_rows.live(shop.db, kind=AlertKind.DEVICE)]


# ---- the machine
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("move", Move)
def test_a_job_makes_the_moves_of_the_table_and_no_others(state: State, move: Move) -> None:
    job = Job(id="j", ticket="t", language="en", ahead=0, queued_at=NOON, state=state)
    if (state, move) in MOVES:
        assert job.after(move, NOON).state is MOVES[state, move]
    else:
        with pytest.raises(IllegalMove, match="print job"):
            job.after(move, NOON)


@given(st.lists(st.sampled_from([Move.FAIL, Move.LOSE, Move.FINISH]), max_size=8))
def test_whatever_goes_wrong_a_job_ends_after_three_tries_at_most(ends: list[Move]) -> None:
    job, at = JOB, NOON
    for end in ends:
        if job.state in ENDED:
            break
        at += timedelta(seconds=10)
        job = job.after(Move.CLAIM, at, by="one").after(end, at)
        assert (job.due_at is not None) is (job.state is State.QUEUED)
        assert job.claimed_by == ""
    assert job.tries <= MOST_TRIES
    assert job.lost <= 2
    assert (job.ended_at is not None) is (job.state in ENDED)


# ---- the wish
def test_the_same_wish_twice_is_one_and_a_wish_that_came_true_is_not_doubled(kiosk: Screen) -> None:
    ticket = kiosk.someone_takes()
    first = prints.ask(kiosk.shop, ticket, "lv")
    assert prints.ask(kiosk.shop, ticket, "lv") == first
    job = claimed(kiosk.shop)
    assert prints.ask(kiosk.shop, ticket, "lv").id == first.id
    prints.finish(kiosk.shop, job)
    assert prints.ask(kiosk.shop, ticket, "lv").state is State.DONE
    assert prints.claim(kiosk.shop, by="one") is None


def test_a_ticket_may_be_tried_again_but_not_for_ever(kiosk: Screen, clock: TurnableClock) -> None:
    ticket = kiosk.someone_takes()
    for _ in range(prints.MOST_ASKED):
        prints.ask(kiosk.shop, ticket, "en")
        for _ in range(MOST_TRIES):
            prints.fail(kiosk.shop, claimed(kiosk.shop), Trouble.STALLED, "it stopped")
            clock.turn(seconds=10)
    with pytest.raises(prints.TooMany):
        prints.ask(kiosk.shop, ticket, "en")


def test_the_people_ahead_are_those_of_when_it_was_asked_for(kiosk: Screen) -> None:
    kiosk.someone_takes()
    assert asked(kiosk).ahead == 1
    kiosk.call()
    assert claimed(kiosk.shop).ahead == 1


# ---- the spool
def test_the_printer_is_one_persons_at_a_time(kiosk: Screen) -> None:
    asked(kiosk)
    asked(kiosk)
    first = claimed(kiosk.shop)
    assert prints.claim(kiosk.shop, by="two") is None
    assert prints.claim_look(kiosk.shop, by="two") is False
    prints.finish(kiosk.shop, first)
    assert claimed(kiosk.shop, by="two").id != first.id


def test_a_printer_that_was_held_before_the_clock_was_set_back_is_free(kiosk: Screen, clock: TurnableClock) -> None:
    first = asked(kiosk)
    claimed(kiosk.shop)
    clock.turn(seconds=-3600)
    job = claimed(kiosk.shop, by="two")
    assert job.id == first.id, "whoever held it was never heard of again"
    prints.fail(kiosk.shop, job, Trouble.NO_PAPER, "it has no paper")
    clock.turn(seconds=-3600)
    assert prints.claim_look(kiosk.shop, by="two"), "it is asked whether it is well again"
    clock.turn(seconds=-3600)
    assert prints.take(kiosk.shop, by="three")


def test_a_failed_try_waits_a_little_and_another_ticket_goes_first(kiosk: Screen, clock: TurnableClock) -> None:
    first = asked(kiosk)
    prints.fail(kiosk.shop, claimed(kiosk.shop), Trouble.STALLED, "it stopped")
    clock.turn(seconds=1)
    second = asked(kiosk)
    assert claimed(kiosk.shop).id == second.id
    prints.finish(kiosk.shop, rows.find(kiosk.shop.db, second.id))  # type: ignore[arg-type]
    clock.turn(seconds=1)
    again = claimed(kiosk.shop)
    assert (again.id, again.tries) == (first.id, 2)
    assert again.error == "it stopped"


def test_a_number_that_is_too_old_helps_nobody_and_is_dropped(
    kiosk: Screen, clock: TurnableClock, caplog: pytest.LogCaptureFixture
) -> None:
    job = asked(kiosk)
    clock.turn(seconds=181)
    assert prints.claim(kiosk.shop, by="one") is None
    found = rows.find(kiosk.shop.db, job.id)
    assert found
    assert found.state is State.DROPPED
    assert "too old to help anybody" in caplog.text


def test_who_was_killed_while_printing_is_followed_once_and_then_no_more(kiosk: Screen, clock: TurnableClock) -> None:
    job = asked(kiosk)
    claimed(kiosk.shop, by="killed")
    clock.turn(seconds=LEASE.total_seconds() - 1)
    assert prints.claim(kiosk.shop, by="two") is None
    clock.turn(seconds=1)
    assert claimed(kiosk.shop, by="killed too").id == job.id
    clock.turn(seconds=LEASE.total_seconds())
    assert prints.claim(kiosk.shop, by="three") is None
    found = rows.find(kiosk.shop.db, job.id)
    assert found
    assert found.state is State.FAILED
    assert "never heard of again" in found.error


def test_who_comes_back_after_the_lease_changes_nothing(kiosk: Screen, clock: TurnableClock) -> None:
    asked(kiosk)
    slow = claimed(kiosk.shop, by="slow")
    clock.turn(seconds=LEASE.total_seconds())
    other = claimed(kiosk.shop, by="other")
    prints.fail(kiosk.shop, slow, Trouble.STALLED, "it stopped")
    assert told(kiosk.shop) == []
    prints.finish(kiosk.shop, other)
    assert rows.find(kiosk.shop.db, slow.id).state is State.DONE  # type: ignore[union-attr]


def test_a_job_is_deleted_a_quarter_of_an_hour_after_it_ended(kiosk: Screen, clock: TurnableClock) -> None:
    job = asked(kiosk)
    prints.finish(kiosk.shop, claimed(kiosk.shop))
    clock.turn(seconds=901)
    assert rows.find(kiosk.shop.db, job.id)
    assert prints.claim_look(kiosk.shop, by="one")
    assert rows.find(kiosk.shop.db, job.id) is None


# ---- who is told
def test_staff_are_told_of_a_printer_and_told_when_it_is_well(made: Callable[..., Screen], clock: TurnableClock) -> None:
    kiosk = made(printer=DUMMY)
    asked(kiosk)
    prints.fail(kiosk.shop, claimed(kiosk.shop), Trouble.NO_PAPER, "it said so")
    assert told(kiosk.shop) == [("no_paper", AlertState.PENDING)], "what passes within five seconds is told to nobody"
    assert not prints.offered(kiosk.shop)
    clock.turn(seconds=5)
    from broker.desk import alerts

    alerts.run_due(kiosk.shop)
    assert told(kiosk.shop) == [("no_paper", AlertState.RAISED)]
    assert prints.claim_look(kiosk.shop, by="one")
    prints.looked(kiosk.shop, None, by="one")
    clock.turn(seconds=5)
    alerts.run_due(kiosk.shop)
    assert told(kiosk.shop) == []
    assert prints.offered(kiosk.shop)


def test_another_trouble_is_another_word_of_the_same_alert(kiosk: Screen) -> None:
    prints.looked(kiosk.shop, Trouble.PAPER_LOW, by="one")
    prints.looked(kiosk.shop, Trouble.NO_PAPER, by="one")
    assert told(kiosk.shop) == [("no_paper", AlertState.RAISED)]


def test_a_shop_may_not_want_to_hear_of_little_paper(made: Callable[..., Screen]) -> None:
    kiosk = made(printer=DUMMY | {"paper_near_end": False}, alerts=SOON)
    prints.looked(kiosk.shop, Trouble.PAPER_LOW, by="one")
    assert told(kiosk.shop) == []


def test_nobody_is_called_to_a_printer_at_night_but_in_the_morning(made: Callable[..., Screen], clock: TurnableClock) -> None:
    kiosk = made(printer=DUMMY, alerts=SOON, opening={"sat": ["13:00-18:00"]})
    prints.looked(kiosk.shop, Trouble.NO_PAPER, by="one")
    assert told(kiosk.shop) == []
    clock.turn(seconds=3600)
    prints.looked(kiosk.shop, Trouble.NO_PAPER, by="one")
    assert told(kiosk.shop) == [("no_paper", AlertState.RAISED)]


def test_a_shop_that_gave_its_printer_away_is_called_to_none(kiosk: Screen, clock: TurnableClock) -> None:
    job, printing = asked(kiosk), asked(kiosk)
    prints.fail(kiosk.shop, claimed(kiosk.shop), Trouble.STALLED, "it stopped")
    claimed(kiosk.shop)
    prints.retire(kiosk.shop)
    assert told(kiosk.shop) == []
    assert {rows.find(kiosk.shop.db, each.id).state for each in (job, printing)} == {State.DROPPED}  # type: ignore[union-attr]
    assert prints.state(kiosk.shop) is None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("trouble", Trouble)
def test_every_trouble_has_its_sentence_and_its_remedy_in_every_language(trouble: Trouble, language: str) -> None:
    says, do = remedy(trouble, language)
    assert "print_" not in says + do
    assert says.endswith(".")
    assert do.endswith(".")
    if language == "en" and trouble is Trouble.NO_PAPER:
        assert do == "Load a roll, then press the feed button."


# ---- the page
def test_without_a_printer_the_page_offers_a_photo_and_no_paper(made: Callable[..., Screen]) -> None:
    kiosk = made()
    page = kiosk.page(kiosk.take().location)
    assert "Print my number" not in page
    assert "You can take a photo of your number." in page


def test_a_touch_asks_for_paper_and_the_page_says_how_it_went(kiosk: Screen) -> None:
    ticket = kiosk.someone_takes()
    address = f"/kiosk/tickets/{ticket.id}"
    page = kiosk.page(address)
    assert "Print my number" in page
    assert "No paper, thanks" in page
    answer = kiosk.post(f"{address}/paper", {"lang": "lv"}, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json) == (202, {"state": "going"})
    job = claimed(kiosk.shop)
    assert (job.ticket, job.language) == (ticket.id, "lv")
    prints.finish(kiosk.shop, job)
    assert kiosk.get(f"{address}/paper").json == {"state": "done"}
    page = kiosk.page(address)
    assert "Print my number" not in page
    assert _shown(page) == ["done"]


def _shown(page: str) -> list[str]:
    import re

    return [state for state, hidden in re.findall(r'data-says="(\w+)"( hidden)?', page) if not hidden]


def test_after_three_seconds_nobody_is_left_before_being_printed(kiosk: Screen, clock: TurnableClock) -> None:
    ticket = kiosk.someone_takes()
    prints.ask(kiosk.shop, ticket, "en")
    assert _shown(kiosk.page(f"/kiosk/tickets/{ticket.id}")) == ["going"]
    clock.turn(seconds=3)
    assert _shown(kiosk.page(f"/kiosk/tickets/{ticket.id}")) == ["failed"]
    prints.finish(kiosk.shop, claimed(kiosk.shop))
    assert _shown(kiosk.page(f"/kiosk/tickets/{ticket.id}")) == ["done"], "late, and said all the same"


def test_a_first_try_that_failed_is_said_at_once(kiosk: Screen) -> None:
    ticket = kiosk.someone_takes()
    prints.ask(kiosk.shop, ticket, "en")
    prints.fail(kiosk.shop, claimed(kiosk.shop), Trouble.STALLED, "it stopped")
    assert kiosk.get(f"/kiosk/tickets/{ticket.id}/paper").json == {"state": "failed"}


def test_no_paper_thanks_leaves_the_number_and_the_photo(kiosk: Screen) -> None:
    ticket = kiosk.someone_takes()
    page = kiosk.page(f"/kiosk/tickets/{ticket.id}?paper=no")
    assert "Print my number" not in page
    assert "R\u00a0001" in page
    assert "You can take a photo" in page


def test_a_printer_that_is_known_to_be_out_of_order_is_not_offered_and_who_asks_is_told(kiosk: Screen) -> None:
    ticket = kiosk.someone_takes()
    prints.looked(kiosk.shop, Trouble.NO_PAPER, by="one")
    assert "Print my number" not in kiosk.page(f"/kiosk/tickets/{ticket.id}")
    stale = kiosk.post(f"/kiosk/tickets/{ticket.id}/paper")
    assert stale.status_code == 303
    assert _shown(kiosk.page(stale.location)) == ["failed"]
    assert prints.newest(kiosk.shop, ticket.id) is None


@pytest.mark.parametrize("ticket", ["nobody", "x" * 900, "%00", "../x"])
def test_a_ticket_that_is_not_there_is_not_printed(kiosk: Screen, ticket: str) -> None:
    answer = kiosk.post(f"/kiosk/tickets/{ticket}/paper", headers={"Accept": "application/json"})
    assert answer.status_code in (200, 404)
    assert rows.open_ones(kiosk.shop.db) == []


def test_a_number_that_is_called_or_old_is_not_put_on_paper(kiosk: Screen, clock: TurnableClock) -> None:
    called, old = kiosk.someone_takes(), kiosk.someone_takes("collect")
    kiosk.call()
    clock.turn(seconds=901)
    for ticket in (called, old):
        kiosk.post(f"/kiosk/tickets/{ticket.id}/paper")
        assert prints.newest(kiosk.shop, ticket.id) is None


def test_a_ticket_that_ended_meanwhile_does_not_trouble_the_printer(kiosk: Screen) -> None:
    ticket = kiosk.someone_takes()
    prints.ask(kiosk.shop, ticket, "en")
    tickets.move(kiosk.shop, ticket.id, TicketMove.CANCEL)
    assert claimed(kiosk.shop).ticket == ticket.id, "the paper is on its way: it says when it was taken"


# ---- the settings
@pytest.mark.parametrize(
    ("printer", "says"),
    [({"kind": "network"}, "needs host"), ({"kind": "file"}, "needs device"), ({"kind": "usb", "vendor": "4b8"}, "vendor"),
     ({"kind": "lpt"}, "kind"), ({"dots": 300}, "dots")],
)  # fmt: skip
def test_a_printer_that_cannot_be_found_ends_the_start(printer: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Settings.model_validate({"printer": printer})


def test_the_printer_says_where_it_is() -> None:
    assert PrinterSettings(kind="network", host="10.0.0.9").where == "10.0.0.9:9100"
    assert PrinterSettings(kind="usb", vendor="04b8").where == "USB 04b8:any"
    assert not PrinterSettings().spooled
    assert later(1) > NOON
