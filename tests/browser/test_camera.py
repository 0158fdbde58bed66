"""Setting up a camera in a real browser: drawing by mouse, touch and keys, trying, saving, and when it cannot be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from broker.contract.messages import Ask
from broker.contract.plan import Plan
from broker.desk import plans
from broker.settings import MqttSettings
from tests.browser.camera_page import changed, drag, opened, place, save, saved, shape, tool
from tests.browser.camera_parts import ENTRANCE, Box, mqtt, says, trial  # noqa: F401 - mqtt is a fixture
from tests.browser.floor_parts import stands, until
from tests.browser.house import House, Watch
from tests.service.parts import free_port

pytestmark = pytest.mark.browser


@pytest.fixture
def house(make_house: Callable[..., House], request: pytest.FixtureRequest) -> House:
    """A shop with a camera over its door."""
    made = make_house(cameras=(ENTRANCE,), mqtt=request.getfixturevalue("mqtt"))
    says(made)
    return made


@pytest.fixture
def box(house: House) -> Iterator[Box]:
    """The box of that camera, on the wire."""
    with Box(house.settings.mqtt) as here:
        yield here


# --- the still


def test_one_still_is_asked_for_and_it_leaves_with_the_page(house: House, box: Box, watch: Watch) -> None:
    page = opened(house, watch)
    expect(page.locator("#taken")).to_contain_text("kept only in this window")
    assert page.evaluate("document.querySelector('#still canvas').width") == 960
    assert len(box.named(Ask.STILL)) == 1
    page.evaluate("document.querySelector('#still canvas').width = 1")
    page.get_by_role("button", name="New still").click()
    assert stands(lambda: len(box.named(Ask.STILL)) == 2)
    until(page, "document.querySelector('#still canvas').width === 960")
    page.locator("#still.seen").wait_for()
    kept = page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")
    assert "data:" not in kept
    assert len(kept) < 200
    assert page.locator("img").count() == 0
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    assert page.evaluate("document.querySelector('#still canvas').width") == 16


def test_without_the_camera_one_can_draw_and_save_and_is_told_so(house: House, watch: Watch) -> None:
    watch.expect_error("502")
    page = opened(house, watch, seen=False)
    expect(page.locator(".veil")).to_contain_text("The camera does not answer. You can draw and save all the same", timeout=40_000)
    drag(page, (0.2, 0.5), (0.2, 0.3))
    says(house, watch="offline")
    save(page)
    expect(page.locator("#force")).to_have_text("Saved. The camera takes it when it is back.")
    assert saved(house).lines[0].points[0][1] == pytest.approx(0.3, abs=0.01)


def test_without_the_mqtt_broker_the_page_says_what_to_do(
    make_house: Callable[..., House], watch_over: Callable[[House], Watch]
) -> None:
    house = make_house(cameras=(ENTRANCE,), mqtt=MqttSettings(port=free_port()))
    watch = watch_over(house)
    watch.expect_error("502")
    page = opened(house, watch, seen=False)
    expect(page.locator(".veil")).to_contain_text("look whether `greetline up` runs", timeout=40_000)
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_what_the_box_refuses_is_said_in_its_own_words(house: House, box: Box, watch: Watch) -> None:
    watch.expect_error("422")
    box.refuses = "The camera is blind. Clean its lens."
    page = opened(house, watch, seen=False)
    expect(page.locator(".veil")).to_contain_text("It says: The camera is blind. Clean its lens.")


# --- drawing


def test_a_line_is_drawn_turned_named_and_saved(house: House, box: Box, watch: Watch) -> None:
    page = opened(house, watch)
    drag(page, (0.3, 0.8), (0.7, 0.9))
    expect(shape(page, "door-2")).to_have_attribute("aria-pressed", "true")
    expect(shape(page, "door-2")).to_contain_text("in is down in the picture")
    page.get_by_role("button", name="Turn in/out").click()
    expect(shape(page, "door-2")).to_contain_text("in is up in the picture")
    page.get_by_label("Name", exact=True).fill("Back dør")
    page.keyboard.press("Tab")
    page.get_by_label("Opens into").select_option("kids")
    changed(page, "back-dor is new: Door line")
    save(page)
    assert stands(lambda: len(saved(house).lines) == 2)
    line = saved(house).lines[1]
    assert (line.id, line.zone, line.inside) == ("back-dor", "kids", "up")
    assert line.points[0] == pytest.approx((0.3, 0.8), abs=0.01)
    assert line.points[1] == pytest.approx((0.7, 0.9), abs=0.01)
    expect(page.locator("#force")).to_have_text("Saved. The camera has not taken it yet.")
    says(house, plan=1)
    expect(page.locator("#force")).to_contain_text("In force since")
    assert page.evaluate("sessionStorage.length") == 0


@pytest.mark.parametrize(("name", "kind"), [("Zone", "queue"), ("Ignore", "ignore"), ("Staff only", "staff-only")])
def test_each_tool_draws_its_kind_of_area(house: House, box: Box, watch: Watch, name: str, kind: str) -> None:
    page = opened(house, watch)
    tool(page, name)
    drag(page, (0.3, 0.6), (0.5, 0.9))
    save(page)
    assert stands(lambda: len(saved(house).areas) == 3)
    area = saved(house).areas[-1]
    assert (area.kind, area.zone) == (kind, "entrance" if kind == "queue" else None)
    assert len(area.points) == 4


def test_corners_are_moved_added_and_removed_by_mouse(house: House, box: Box, watch: Watch) -> None:
    page = opened(house, watch)
    page.mouse.click(*place(page, 0.78, 0.3))
    expect(shape(page, "till")).to_have_attribute("aria-pressed", "true")
    drag(page, (0.66, 0.1), (0.6, 0.05))
    drag(page, (0.905, 0.24), (0.97, 0.24))
    expect(page.locator(".handle.corner")).to_have_count(5)
    page.get_by_role("button", name="Remove corner").click()
    expect(page.locator(".handle.corner")).to_have_count(4)
    drag(page, (0.72, 0.2), (0.72, 0.3))
    save(page)
    assert stands(lambda: saved(house).version == 1)
    area = saved(house).areas[0]
    assert area.points[0] == pytest.approx((0.6, 0.15), abs=0.01)
    assert len(area.points) == 4


def test_everything_can_be_drawn_with_the_keyboard_alone(house: House, box: Box, watch: Watch) -> None:
    page = opened(house, watch)
    page.get_by_role("radio", name="Door line").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Zone", exact=True)).to_be_focused()
    page.get_by_role("button", name="Add a zone").press("Enter")
    first = page.locator(".handle.corner").first
    expect(first).to_be_focused()
    before = page.evaluate("document.activeElement.ariaLabel")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowUp")
    expect(page.locator("#spoken")).to_contain_text("corner 1:")
    assert page.evaluate("document.activeElement.ariaLabel") != before
    page.locator(".handle.more").first.press("Enter")
    expect(page.locator(".handle.corner")).to_have_count(5)
    page.keyboard.press("Delete")
    expect(page.locator(".handle.corner")).to_have_count(4)
    page.locator(".handle.whole").press("Shift+ArrowRight")
    save_button = page.get_by_role("button", name="Save", exact=True)
    save_button.press("Enter")
    assert stands(lambda: len(saved(house).areas) == 3)
    width = page.locator("#still").bounding_box()["width"]  # type: ignore[index]
    x, y = saved(house).areas[-1].points[0]
    assert x == pytest.approx(0.35 + 0.09 + (10 - 1) / width, abs=0.002)
    assert y < 0.35 + 0.09 - 0.01
    shape(page, "window").press("Enter")
    page.locator(".handle.whole").press("Delete")
    expect(shape(page, "window")).to_have_count(0)


def test_a_finger_moves_a_handle_that_it_does_not_quite_hit(house: House, box: Box, watch: Watch) -> None:
    page = opened(house, watch, viewport={"width": 390, "height": 844}, has_touch=True)
    touch = page.context.new_cdp_session(page)
    (x, y), (to_x, to_y) = place(page, 0.2, 0.5), place(page, 0.3, 0.7)

    def say(kind: str, *points: tuple[float, float]) -> None:
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    say("touchStart", (x + 15, y - 12))
    for step in range(1, 6):
        say("touchMove", (x + (to_x - x) * step / 5, y + (to_y - y) * step / 5))
    say("touchEnd")
    expect(page.locator("#diff :is(ins, del)").first).to_be_visible()
    save(page)
    assert stands(lambda: saved(house).version == 1)
    assert saved(house).lines[0].points[0] == pytest.approx((0.3, 0.7), abs=0.02)


def test_a_line_that_is_turned_by_its_handle_keeps_its_inside(house: House, box: Box, watch: Watch) -> None:
    page = opened(house, watch)
    drag(page, (0.2, 0.5), (0.78, 0.05))
    expect(shape(page, "door")).to_contain_text("in is to the right")
    drag(page, (0.78, 0.05), (0.2, 0.5))
    expect(shape(page, "door")).to_contain_text("in is up in the picture")


def test_one_step_is_taken_back_by_key_and_by_button(house: House, box: Box, watch: Watch) -> None:
    page = opened(house, watch)
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_have_attribute("aria-disabled", "true")
    drag(page, (0.3, 0.8), (0.7, 0.8))
    drag(page, (0.2, 0.2), (0.4, 0.9))
    expect(page.locator("#items button")).to_have_count(5)
    page.keyboard.press("Control+z")
    expect(page.locator("#items button")).to_have_count(4)
    undo.click()
    expect(page.locator("#items button")).to_have_count(3)
    expect(undo).to_have_attribute("aria-disabled", "true")
    changed(page)
    page.get_by_label("Name", exact=True).fill("x")
    page.keyboard.press("Control+z")
    expect(page.locator("#items button")).to_have_count(3)


def test_what_has_no_length_or_no_zone_is_not_sent(house: House, box: Box, watch: Watch) -> None:
    page = opened(house, watch)
    drag(page, (0.2, 0.5), (0.795, 0.5))
    save(page)
    expect(page.get_by_role("alert").first).to_have_text("door has no length. Draw it from one side of the door to the other.")
    assert saved(house).version == 0


# --- trying it


def test_the_drawn_line_is_tried_beside_the_saved_one(house: House, box: Box, watch: Watch) -> None:
    page = opened(house, watch)
    note = page.locator("#trial")
    expect(note).to_contain_text("door counts 47 in and 39 out. 5 people turned round on it and are not counted.")
    expect(note).to_contain_text("only these counts leave it")
    expect(page.locator("#strip-sum")).to_have_text("47 in, 39 out, 5 turned round")
    drag(page, (0.5, 0.5), (0.5, 0.4))
    expect(note).to_contain_text("door counts 37 in and 39 out.")
    expect(note).to_contain_text("The saved one counts 47 in and 39 out.")
    expect(page.locator("#strip .in")).to_have_attribute("d", re.compile(r"^(?:[^M]*M){37}[^M]*$"))


def test_a_box_that_began_lately_says_how_far_back_it_remembers(house: House, box: Box, watch: Watch) -> None:
    box.trials = lambda plan: trial(plan, seconds=12 * 60)
    page = opened(house, watch)
    expect(page.locator("#trial")).to_contain_text("The box remembers the paths of the last 12 minutes.")
    expect(page.locator("#strip .unknown")).to_have_count(1)
    expect(page.locator("#strip-note")).to_contain_text("older than what the box remembers")
    box.trials = lambda plan: trial(plan, seconds=40)
    page.get_by_role("button", name="Turn in/out").click()
    expect(page.locator("#trial")).to_contain_text("began to remember paths less than a minute ago")


def test_live_counts_lie_over_the_picture_and_stop_when_asked(house: House, box: Box, watch: Watch) -> None:
    page = opened(house, watch)
    page.get_by_role("button", name="Count live for a minute").click()
    expect(page.locator(".ov .lbl text")).to_have_text(re.compile(r"in \d+ · out \d+"))
    expect(page.locator(".ov")).to_contain_text("till: 2")
    expect(page.locator("#live-more")).to_contain_text("seconds left")
    page.get_by_role("button", name="Stop counting").click()
    expect(page.locator(".ov .lbl text")).to_have_text("in")
    page.get_by_role("button", name="Count live for a minute").click()
    expect(page.locator("#live-more")).to_contain_text("In this minute: 30 in, 20 out.", timeout=60_000)
    assert len(box.named(Ask.WATCH)) == 2


# --- staff


def test_the_uniform_is_calibrated_by_a_box_and_its_colours_are_shown(house: House, box: Box, watch: Watch) -> None:
    page = opened(house, watch)
    page.get_by_label("Badges").check()
    page.get_by_role("button", name="Calibrate").click()
    expect(page.locator("#uniform-is")).to_contain_text("Drag a box")
    drag(page, (0.45, 0.7), (0.55, 0.9))
    expect(page.locator("#swatches")).to_have_attribute("aria-label", "Colours of the uniform: blue, white, black")
    asked = box.named(Ask.UNIFORM)[0].box
    assert asked
    assert asked[0] == pytest.approx((0.45, 0.7), abs=0.01)
    page.get_by_text("At an angle").click()
    changed(page, "The camera looks: At an angle", "People with a badge are staff", "People in these colours are staff")
    save(page)
    assert stands(lambda: saved(house).staff.badges and len(saved(house).staff.uniform) == 64)
    page.get_by_role("button", name="Forget the colours").click()
    expect(page.locator("#swatches")).to_be_hidden()


# --- others, and earlier versions


def test_who_saved_meanwhile_is_named_and_the_drawing_stays(house: House, box: Box, watch: Watch) -> None:
    watch.expect_error("409")
    page = opened(house, watch)
    drag(page, (0.5, 0.5), (0.5, 0.4))
    kari = house.person("Kari")
    moved = ENTRANCE.plan.model_copy(update={"view": "angled"})
    plans.save(house.shop, "entrance", moved, kari.id, base=0)
    save(page)
    expect(page.locator("#conflict")).to_contain_text("Kari saved another version at")
    expect(page.locator("#history")).to_contain_text("Version 1")
    expect(page.locator("#diff :is(ins, del)").filter(has_text="door moves by 10 % of the picture").first).to_be_visible()
    page.get_by_role("button", name="Save mine over it").click()
    assert stands(lambda: saved(house).version == 2)
    assert saved(house).lines[0].points[0][1] == pytest.approx(0.4, abs=0.01)
    expect(page.locator("#conflict")).to_be_hidden()


def test_put_back_and_an_older_version_again(house: House, box: Box, watch: Watch) -> None:
    page = opened(house, watch)
    for base, y in enumerate((0.4, 0.3)):
        line = ENTRANCE.lines[0].model_copy(update={"points": ((0.2, y), (0.8, y))})
        plans.save(house.shop, "entrance", ENTRANCE.plan.model_copy(update={"lines": (line,)}), house.person().id, base=base)
    page.reload()
    page.locator("#still.seen").wait_for()
    drag(page, (0.3, 0.8), (0.7, 0.8))
    page.get_by_role("button", name="Put back").click()
    changed(page)
    page.locator("#history summary").click()
    expect(page.locator(".versions li")).to_have_count(2)
    expect(page.locator(".versions li").first).to_contain_text("door moves by 10 % of the picture")
    page.get_by_role("button", name="Use version 1 again").click()
    assert stands(lambda: saved(house).version == 3)
    assert saved(house).lines[0].points[0] == (0.2, 0.4)
    expect(page.locator(".versions li")).to_have_count(3)
    page.get_by_role("button", name="Undo").click()
    changed(page, "door moves by 10 % of the picture")  # What was on the page before is one step back.


def test_a_drawing_survives_a_reload_and_a_shop_that_does_not_answer(house: House, box: Box, watch: Watch) -> None:
    watch.expect_error("ERR_INTERNET_DISCONNECTED")
    page = opened(house, watch)
    drag(page, (0.3, 0.8), (0.7, 0.8))
    page.context.set_offline(True)
    save(page)
    expect(page.locator("#trouble")).to_contain_text("The drawing is kept in this tab")
    page.context.set_offline(False)
    page.reload()
    page.locator("#still.seen").wait_for()
    changed(page, "door-2 is new: Door line")
    save(page)
    assert stands(lambda: len(saved(house).lines) == 2)


def test_a_camera_of_another_settings_file_says_its_own_plan(
    make_house: Callable[..., House], watch_over: Callable[[House], Watch], request: pytest.FixtureRequest
) -> None:
    house = make_house(mqtt=request.getfixturevalue("mqtt"))
    says(house)
    with Box(house.settings.mqtt) as box:
        page = opened(house, watch_over(house))
        expect(page.locator("#items button")).to_have_count(3)
        assert len(box.named(Ask.SHOW)) == 1
        drag(page, (0.5, 0.5), (0.5, 0.4))
        save(page)
        assert stands(lambda: (plans.current(house.shop, "entrance") or Plan()).version == 1)
