"""The counter as those who stand at it live it: real Chromium, real waitress, real store."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, Route, expect

from broker.desk import cases, holds, tickets
from broker.domain.ticket import Move, Outcome, Said, State
from broker.store import cases as stored_cases
from broker.store import tickets as stored
from tests.browser.counter_parts import HEARD, Ago, at_counter, state, take
from tests.browser.floor_parts import let_go, stands, until
from tests.browser.house import House, Watch

pytestmark = pytest.mark.browser


def button(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def choose(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).click()


def serve(page: Page) -> None:
    page.locator("[data-part=next]").click()
    page.locator("[data-part=start]").click()
    expect(page.locator("[data-part=hold]")).to_be_visible()


def test_from_the_number_to_the_other_counter_and_the_goodbye(counter_house: House, counter_eyes: Watch) -> None:
    kari, jonas = at_counter(counter_house, counter_eyes), at_counter(counter_house, counter_eyes, "Jonas", "desk-1")
    ticket = take(counter_house.shop, told=(300, 600), language="lv")
    expect(kari.locator("aside [aria-current]")).to_contain_text("Next for you")
    expect(kari.locator("aside [aria-current]")).to_contain_text("told 5–10 min")
    kari.locator("[data-part=next]").click()
    expect(kari.locator("#customer")).to_have_text("A\u00a0001")
    expect(kari.locator("[data-part=start]")).to_be_focused()
    expect(jonas.locator("aside li")).to_contain_text("at Desk 3")
    kari.locator("[data-part=start]").click()
    expect(kari.locator("[data-part=over]:visible")).to_have_text("With you now. Returns, Latviešu")

    button(kari, "Write it")
    kari.get_by_label("In the customer’s words").fill(HEARD)
    kari.get_by_label("Next (if any)").fill("Look in the stockroom")
    button(kari, "Keep it")
    expect(kari.locator(".recap q")).to_have_text(HEARD)
    button(kari, "“Yes, right”")
    expect(kari.locator("[data-part=confirmed]")).to_contain_text("“Yes, right”")

    kari.locator("[data-part=times] button").nth(1).click()
    choose(kari, "Stockroom")
    expect(kari.locator("[data-part=reads]")).to_contain_text(
        "The customer reads, in Latviešu: “Kari is in the stockroom and is back by"
    )
    kari.locator("[data-part=submit]").click()
    expect(kari.locator(".holds li")).to_contain_text("A\u00a0001")
    expect(jonas.locator("aside li")).to_contain_text("On hold, Kari")
    kari.locator(".holds").get_by_role("button", name="I told A\u00a0001 how it stands").click()
    expect(kari.locator("#toast")).to_contain_text("A\u00a0001 knows how it stands")
    kari.locator(".holds").get_by_role("button", name="Go on with A\u00a0001").click()
    expect(kari.locator(".recap q")).to_have_text(HEARD)

    kari.keyboard.press("t")
    expect(kari.get_by_label("Note for the next counter")).to_have_value(f"{HEARD} Look in the stockroom")
    kari.get_by_label("Note for the next counter").fill("Wants the zip mended after all")
    button(kari, "Repairs")
    kari.locator("#sheet").get_by_role("button", name="Transfer", exact=True).click()
    expect(kari.locator("#customer")).to_be_hidden()

    jonas.locator("[data-part=next]").click()
    expect(jonas.locator("[data-part=facts]")).to_contain_text("Wants the zip mended after all")
    expect(jonas.locator(".recap q")).to_have_text(HEARD)
    jonas.locator("[data-part=start]").click()
    choose(jonas, "Solved")
    expect(jonas.locator("[data-part=say]")).to_contain_text("Thank you for coming to us.")
    button(jonas, "Finish")
    expect(jonas.locator("#toast")).to_contain_text("A\u00a0001 is finished")
    assert stands(lambda: state(counter_house, ticket) is State.FINISHED)
    moves = [move.move for move in stored.moves_of(counter_house.shop.db, ticket.id)]
    assert moves == ["issue", "call", "start", "hold", "update", "resume", "transfer", "call", "start", "finish"]


def test_a_recall_counts_down_and_no_show_lets_the_next_two_go_first(counter_house: House, counter_eyes: Watch) -> None:
    page = at_counter(counter_house, counter_eyes)
    first = take(counter_house.shop)
    page.locator("[data-part=next]").click()
    recall = page.locator("[data-part=recall]")
    expect(recall).to_have_attribute("aria-disabled", "true")
    expect(recall).to_contain_text("Call again in")
    expect(recall).to_have_attribute("aria-disabled", "false")
    page.keyboard.press("r")
    expect(page.locator("[data-part=recalls]")).to_have_text("Called again 1 of 3 times")
    assert stands(lambda: stored.get(counter_house.shop.db, first.id).calls == 2)
    page.locator("[data-part=miss]").click()
    expect(page.locator("#customer")).to_be_hidden()
    assert stands(lambda: stored.get(counter_house.shop.db, first.id).missed == 1)


@pytest.mark.parametrize("what", ["call", "start", "finish", "leave"])
def test_it_can_be_taken_back_for_five_seconds(counter_house: House, counter_eyes: Watch, what: str) -> None:
    page = at_counter(counter_house, counter_eyes)
    ticket = take(counter_house.shop)
    before = {"call": State.WAITING, "start": State.CALLED, "finish": State.SERVING, "leave": State.WAITING}[what]
    if what == "leave":
        page.locator("aside .entry").click()
        button(page, "They have left")
    else:
        page.locator("[data-part=next]").click()
    if what in ("start", "finish"):
        page.locator("[data-part=start]").click()
    if what == "finish":
        choose(page, "Partly")
        button(page, "Finish")
    expect(page.locator("#toast")).to_contain_text(
        {"call": "called", "start": "with you", "finish": "finished", "leave": "left"}[what]
    )
    page.locator("#toast").get_by_role("button", name="Undo").click()
    assert stands(lambda: state(counter_house, ticket) is before)


def test_two_tabs_and_two_counters_never_call_one_number_twice(counter_house: House, counter_eyes: Watch) -> None:
    jonas = at_counter(counter_house, counter_eyes, "Jonas", "desk-1")
    kari = at_counter(counter_house, counter_eyes)
    ticket = take(counter_house.shop)
    expect(jonas.locator("aside .entry")).to_be_visible()
    counter_eyes.expect_error("409")
    # Jonas' tap and Kari's cross on the way.
    held: list[Route] = []
    jonas.route("**/call", lambda route: held.append(route))
    jonas.locator("aside .entry").click()
    jonas.locator("#sheet").get_by_role("button", name="Call A\u00a0001").click()
    kari.locator("[data-part=next]").click()
    expect(kari.locator("#customer")).to_be_visible()
    let_go(jonas, held)
    expect(jonas.locator("#toast")).to_contain_text("Kari has A\u00a0001 at Desk 3")
    tab = kari.context.new_page()
    tab.goto("/counter")
    expect(tab.locator("#customer")).to_be_visible()
    tab.locator("[data-part=start]").click()
    expect(kari.locator("[data-part=hold]")).to_be_visible()
    assert [move.move for move in stored.moves_of(counter_house.shop.db, ticket.id)] == ["issue", "call", "start"]


def test_a_call_out_of_order_says_why(counter_house: House, counter_eyes: Watch) -> None:
    page = at_counter(counter_house, counter_eyes)
    take(counter_house.shop)
    second = take(counter_house.shop)
    page.locator("aside .entry").nth(1).click()
    expect(page.locator("#sheet")).to_contain_text("Call now, before the others. Why?")
    page.locator("#sheet").get_by_role("button", name="Other", exact=True).click()
    page.locator("#sheet").get_by_role("button", name="Call A\u00a0002").click()
    why = page.get_by_role("textbox", name="Why")
    expect(why).to_have_attribute("aria-invalid", "true")
    why.fill("The taxi waits")
    page.locator("#sheet").get_by_role("button", name="Call A\u00a0002").click()
    expect(page.locator("#customer")).to_have_text("A\u00a0002")
    expect(page.locator("[data-part=facts]")).to_contain_text("Called out of order: The taxi waits")
    assert stands(lambda: stored.moves_of(counter_house.shop.db, second.id)[-1].reason == "The taxi waits")


def test_past_the_aim_a_second_person_or_another_service_is_offered(
    counter_house: House, counter_eyes: Watch, past: Ago
) -> None:  # fmt: skip
    shop = counter_house.shop
    past.seconds = 100
    take(shop)
    ticket = tickets.call_next(shop, "desk-3", by=counter_house.person("Kari").id)
    assert ticket
    tickets.move(shop, ticket.id, Move.START, Said(by="kari"))
    past.seconds = 0
    page = at_counter(counter_house, counter_eyes)
    expect(page.locator("[data-part=clock]")).to_have_class("clock is-warn")
    page.locator("[data-part=offers]").get_by_role("button", name="Second person").click()
    expect(page.locator("[data-part=second]")).to_contain_text("Colleagues are called")


def test_the_lead_comes_with_the_briefing(counter_house: House, counter_eyes: Watch) -> None:
    page = at_counter(counter_house, counter_eyes)
    ticket = take(counter_house.shop)
    serve(page)
    cases.write_recap(counter_house.shop, ticket.id, heard=HEARD, tried="Looked for medium", next_="", by="kari")
    expect(page.locator(".recap q")).to_have_text(HEARD)
    button(page, "Call lead")
    expect(page.get_by_label("What happened")).to_have_value(HEARD)
    expect(page.get_by_label("What was tried")).to_have_value("Looked for medium")
    page.locator("#sheet").get_by_role("button", name="Call lead").click()
    expect(page.get_by_label("What they want")).to_be_focused()
    page.get_by_label("What they want").fill("The money")
    page.locator("#sheet").get_by_role("button", name="Call lead").click()
    expect(page.locator("[data-part=lead]")).to_contain_text("The lead was called at")

    context = counter_eyes.context()
    counter_house.sign_in(context, "Maria", role="lead")
    floor = context.new_page()
    floor.goto("/floor")
    floor.locator("#shift [data-part=quiet]").click()
    expect(floor.locator(".call-help")).to_contain_text("Kari calls the lead for A\u00a0001.")
    expect(floor.locator(".call-help")).to_contain_text("Wants: The money")
    floor.locator(".call-help").get_by_role("button").click()
    expect(page.locator("[data-part=lead]")).to_contain_text("Maria is coming and knows the case.")
    button(page, "The lead is here")
    assert stands(
        lambda: (found := stored_cases.briefing(counter_house.shop.db, ticket.id)) is not None and bool(found.answered_by)
    )


def test_a_problem_has_an_owner(counter_house: House, counter_eyes: Watch) -> None:
    page = at_counter(counter_house, counter_eyes)
    take(counter_house.shop)
    serve(page)
    button(page, "Problem")
    page.get_by_label("What was heard").fill("The zip broke")
    page.get_by_label("Who sees to it").select_option(label="Jonas")
    button(page, "Keep the problem")
    expect(page.locator("#toast")).to_contain_text("The problem of A\u00a0001 is kept")
    assert stands(lambda: stored_cases.open_problems(counter_house.shop.db))
    [problem] = stored_cases.open_problems(counter_house.shop.db)
    assert (problem.heard, problem.owner) == ("The zip broke", counter_house.person("Jonas").id)


def test_referred_asks_where_to_and_finish_calls_the_next(counter_house: House, counter_eyes: Watch) -> None:
    page = at_counter(counter_house, counter_eyes)
    first, second = take(counter_house.shop), take(counter_house.shop)
    serve(page)
    page.keyboard.press("f")
    expect(page.locator("[data-part=outcomes] button").first).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-part=outcomes] [aria-checked=true]")).to_have_text("Partly")
    choose(page, "Referred")
    page.get_by_label("Where to, and what was done already").fill("The workshop; receipt seen")
    page.locator("#sheet").get_by_role("button", name="Referred").click()
    button(page, "Finish, call A\u00a0002")
    expect(page.locator("#customer")).to_have_text("A\u00a0002")
    assert stands(lambda: state(counter_house, second) is State.CALLED)
    done = stored.get(counter_house.shop.db, first.id)
    assert (done.outcome, done.reason) == (Outcome.REFERRED, "The workshop; receipt seen")


def test_a_lost_connection_shows_and_what_was_tapped_waits(counter_house: House, counter_eyes: Watch) -> None:
    page = at_counter(counter_house, counter_eyes)
    ticket = take(counter_house.shop)
    serve(page)
    for expected in ("503", "ERR_FAILED"):
        counter_eyes.expect_error(expected)
    page.route("**/events/board*", lambda route: route.fulfill(status=503))
    page.route("**/api/v1/counters/**", lambda route: route.abort())
    page.evaluate("dispatchEvent(new Event('online'))")  # Another network: the stream is opened anew, and does not come.
    expect(page.locator("#link")).to_contain_text("No connection since")
    expect(page.locator("[data-part=why]")).to_have_text("Ready when the connection is back")
    choose(page, "Solved")
    button(page, "Finish")
    expect(page.locator("#link")).to_contain_text("1 answer waits to be sent")
    assert state(counter_house, ticket) is State.SERVING
    page.unroute_all()
    page.evaluate("dispatchEvent(new Event('online'))")
    assert stands(lambda: state(counter_house, ticket) is State.FINISHED)
    expect(page.locator("#link")).not_to_contain_text("No connection")


def test_a_counter_is_chosen_opened_rested_and_closed(counter_house: House, counter_eyes: Watch) -> None:
    context = counter_eyes.context()
    counter_house.sign_in(context, "Ann")
    page = context.new_page()
    page.goto("/floor")
    page.locator("#shift [data-part=quiet]").click()
    page.locator(".who").click()
    page.get_by_role("link", name="Counter").click()
    page.get_by_role("button", name="Desk 3").click()
    expect(page.locator(".hero .num")).to_have_text("Kari has Desk 3")
    button(page, "Take over this counter")
    expect(page.locator(".hero .num")).to_have_text("Nobody waits")
    page.locator("[data-part=shift]").click()
    page.locator("#sheet").get_by_role("button", name="Take a break").click()
    expect(page.locator(".hero .num")).to_have_text("On a break")
    expect(page.locator("[data-part=next]")).to_have_attribute("aria-disabled", "true")
    button(page, "Back to work")
    page.locator("[data-part=shift]").click()
    button(page, "Close Desk 3")
    expect(page.locator(".hero .num")).to_have_text("Desk 3 is closed")
    page.reload()
    expect(page.locator("h1")).to_have_text("Desk 3")
    page.locator("[data-part=shift]").click()
    button(page, "Choose another counter")
    expect(page.get_by_role("button", name="Desk 1")).to_be_visible()


def test_the_whole_of_it_by_keyboard(counter_house: House, counter_eyes: Watch) -> None:
    page = at_counter(counter_house, counter_eyes)
    ticket = take(counter_house.shop)
    expect(page.locator("aside .entry")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator(".keylist dt")).to_have_text(["N", "R", "S", "H", "T", "F", "?"])
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page.locator("[data-part=called]")).to_be_visible()
    page.keyboard.press("s")
    expect(page.locator("[data-part=hold]")).to_be_visible()
    page.keyboard.press("h")
    expect(page.locator("[data-part=times] button").first).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-part=whys] [aria-checked=true]")).to_have_text("Ask a colleague")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".holds li")).to_be_visible()
    assert stands(lambda: state(counter_house, ticket) is State.HELD)
    held = stored.get(counter_house.shop.db, ticket.id)
    assert (held.state, held.reason) == (State.HELD, "colleague")
    assert held.until
    assert held.until - counter_house.shop.clock() < timedelta(minutes=6)


def test_who_was_called_by_the_phone_is_seen_without_a_reload(counter_house: House, counter_eyes: Watch) -> None:
    page = at_counter(counter_house, counter_eyes)
    page.evaluate("window.sameDocument = true")
    for n in range(3):
        take(counter_house.shop, "collect" if n == 1 else "returns")
    expect(page.locator("aside .entry")).to_have_count(3)
    until(page, "document.querySelector('[data-part=count]').textContent === '3'")
    assert page.evaluate("window.sameDocument") is True


def test_an_overdue_hold_is_said_on_the_tablets_of_the_zone(counter_house: House, counter_eyes: Watch, past: Ago) -> None:
    shop, kari = counter_house.shop, counter_house.person("Kari").id
    past.seconds = 200
    ticket = take(shop)
    tickets.call_next(shop, "desk-3", by=kari)
    tickets.move(shop, ticket.id, Move.START, Said(by=kari))
    tickets.move(shop, ticket.id, Move.HOLD, Said(by=kari, until=past() + timedelta(seconds=180), reason="stockroom"))
    past.seconds = 0
    context = counter_eyes.context()
    counter_house.sign_in(context, "Jonas")
    floor = context.new_page()
    floor.goto("/floor")
    floor.locator("#shift [data-part=quiet]").click()
    holds.run_due(shop)
    late = floor.locator('.visit[data-key^="queue:"]')
    expect(late).to_contain_text("A\u00a0001 · Returns")
    expect(late).to_contain_text("Kari should be back")
    late.get_by_role("button", name="I’m going").click()
    expect(late).to_contain_text("You are on the way")
    page = at_counter(counter_house, counter_eyes)
    expect(page.locator(".holds .due")).to_contain_text("should be back since")
    page.locator(".holds").get_by_role("button", name="Go on").click()
    assert stands(lambda: state(counter_house, ticket) is State.SERVING)
    holds.run_due(shop)
    expect(floor.locator('.visit[data-key^="queue:"]:not([data-s=gone])')).to_be_hidden()
