"""Who works here: told by a uniform or a badge, never counted as a customer, and seen beside one."""

from __future__ import annotations

import re
import struct
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from broker.contract.messages import Direction
from broker.contract.plan import Line, Plan, StaffSigns
from broker.settings import CameraSettings
from edge import badges
from edge.cli import main
from edge.detectors.blobs import Blobs
from edge.pipeline import Pipeline
from edge.scene import SCENES, Scene
from edge.sightings import Box, Event, Frame, Picture, Track
from edge.staff import LEAST_COLOUR, WORN, BadUniform, Staff, colour, histogram, torso, uniform_of, worn
from tests.edge import builders
from tests.edge.builders import START

RED, TURQUOISE, BLACK, GRAY = (40, 40, 190), (170, 150, 20), (28, 26, 25), (120, 122, 118)
"""Clothes: blue, green, red."""


def shop(clothes: Iterable[tuple[int, int, int]], seed: int = 1) -> Picture:
    """A floor with shelves in colours, and somebody every 100 pixels in *clothes*, seen at an angle."""
    chance = np.random.default_rng(seed)
    folds = np.linspace(0.75, 1.15, 50)[None, :, None]
    picture = np.full((240, 640, 3), (150, 170, 185), np.uint8)
    picture[:30] = (235, 238, 240)
    picture[30:60] = (90, 60, 50)
    for number, worn_ in enumerate(clothes):
        x = 40 + number * 100
        picture[70:85, x + 15 : x + 35] = (110, 140, 190)
        picture[85:140, x : x + 50] = np.clip(np.array(worn_) * folds, 0, 255)
        picture[140:200, x + 8 : x + 42] = (60, 45, 40)
    noisy = picture.astype(np.float32) + chance.normal(0, 3, picture.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def somebody(number: int) -> Box:
    """The box of the *number*-th person in a shop."""
    x = 40 + number * 100
    return Box(x - 2, 68, x + 52, 202)


def lit(picture: Picture, gamma: float = 1.0, cast: tuple[float, float, float] = (1, 1, 1)) -> Picture:
    """The same picture under another lamp, or from a camera with another gamma."""
    return np.clip(255 * (picture / 255) ** gamma * np.array(cast), 0, 255).astype(np.uint8)


def tracks(*numbers: int) -> list[Track]:
    return [Track(number, somebody(number), hits=5, seen=True, age=1.0) for number in numbers]


LIGHTS = {
    "as calibrated": {}, "gamma 0.6": {"gamma": 0.6}, "gamma 1.6": {"gamma": 1.6}, "dim": {"cast": (0.6, 0.6, 0.6)},
    "warm lamp": {"cast": (0.8, 1, 1.15)}, "cold lamp": {"cast": (1.15, 1, 0.8)},
}  # fmt: skip


@pytest.mark.parametrize("light", LIGHTS.values(), ids=LIGHTS)
@pytest.mark.parametrize("uniform", [RED, TURQUOISE], ids=["red", "turquoise"])
def test_a_uniform_is_known_in_another_light_and_nobody_elses_clothes_are(
    uniform: tuple[int, int, int], light: dict[str, object]
) -> None:
    others = [BLACK, GRAY, (45, 70, 110), TURQUOISE if uniform == RED else RED]
    calm = shop([uniform, *others])
    sign = uniform_of(calm, torso(somebody(0), "angled"))
    now = lit(shop([uniform, *others], seed=2), **light)  # type: ignore[arg-type]
    looks = [worn(sign, histogram(now, torso(somebody(number), "angled"))) >= WORN for number in range(5)]
    assert looks == [True, False, False, False, False]


def test_a_uniform_has_64_numbers_that_a_plan_can_carry() -> None:
    sign = uniform_of(shop([RED]), torso(somebody(0), "angled"))
    assert StaffSigns(uniform=sign).uniform == sign
    assert sum((number / 255) ** 2 for number in sign) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("clothes", [BLACK, GRAY], ids=["black", "gray"])
def test_black_and_gray_are_no_uniform_and_the_remedy_is_said(clothes: tuple[int, int, int]) -> None:
    with pytest.raises(BadUniform, match="greetline edge badge"):
        uniform_of(shop([clothes]), torso(somebody(0), "angled"))


@pytest.mark.parametrize("box", [Box(700, 10, 760, 60), Box(50, 50, 50, 90), Box(-40, -40, -1, -1)])
def test_a_box_with_nothing_in_it_is_refused(box: Box) -> None:
    with pytest.raises(BadUniform, match="outside the picture or has no size"):
        uniform_of(shop([RED]), box)


def test_a_black_uniform_written_into_the_settings_is_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    picture = shop([BLACK])
    black = histogram(picture, torso(somebody(0), "angled"))
    assert colour(black) < LEAST_COLOUR
    staff = Staff(StaffSigns(uniform=black), "angled")
    for step in range(30):
        staff.look(picture, tracks(0), step / 10)
    assert not staff.numbers
    assert "too little colour" in caplog.text


def test_a_decision_takes_a_clear_majority_of_several_looks_and_stays_for_the_life_of_the_track() -> None:
    uniformed, other = shop([RED]), shop([GRAY])
    staff = Staff(StaffSigns(uniform=uniform_of(uniformed, torso(somebody(0), "angled"))), "angled")
    decided = []
    for step, picture in enumerate([other, uniformed, uniformed, other, uniformed, uniformed, other, other, other]):
        staff.look(picture, tracks(0), step / 10)
        decided.append(bool(staff.numbers))
    assert decided == [False, False, False, False, False, True, True, True, True]
    staff.look(other, [], 2.0)
    assert not staff.numbers, "the track is gone, and nothing of it is kept"


def test_somebody_of_whom_every_second_look_is_like_the_uniform_stays_a_customer() -> None:
    uniformed, other = shop([RED]), shop([GRAY])
    staff = Staff(StaffSigns(uniform=uniform_of(uniformed, torso(somebody(0), "angled"))), "angled")
    for step in range(600):
        staff.look((other, uniformed)[step % 2], tracks(0), step / 10)
    assert not staff.numbers


def test_somebody_who_is_not_seen_now_is_not_judged_by_what_stands_there() -> None:
    picture = shop([RED])
    staff = Staff(StaffSigns(uniform=uniform_of(picture, torso(somebody(0), "angled"))), "angled")
    for step in range(20):
        staff.look(picture, [Track(0, somebody(0), hits=5, seen=False, age=1.0)], step / 10)
    assert not staff.numbers


def test_nobody_is_looked_at_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    sign = uniform_of(shop([RED]), torso(somebody(0), "angled"))
    looks = Counter[str]()
    monkeypatch.setattr("edge.staff.histogram", lambda *_: looks.update(["uniform"]) or (0,) * 64)
    monkeypatch.setattr("edge.staff.number_on", lambda *_: looks.update(["badge"]))
    staff = Staff(StaffSigns(uniform=sign, badges=True), "angled")
    picture = shop([GRAY])
    for step in range(1200):
        staff.look(picture, tracks(0), step / 10)
    assert looks == {"uniform": 40, "badge": 40}


def badge(number: int, side: int, angle: float = 0.0, size: tuple[int, int] = (200, 160)) -> Picture:
    """Somebody in black who wears badge *number*, its black *side* pixels wide, turned by *angle* degrees."""
    marker = np.where(np.array(badges.squares(number)), 0, 255).astype(np.uint8).repeat(20, 0).repeat(20, 1)
    sheet = cv2.copyMakeBorder(marker, 30, 30, 30, 30, cv2.BORDER_CONSTANT, value=255)
    turned = cv2.getRotationMatrix2D((90, 90), angle, side / 120)
    turned[:, 2] += np.array(size) / 2 - 90
    patch = cv2.warpAffine(sheet, turned, size, flags=cv2.INTER_AREA, borderValue=40)
    return cv2.GaussianBlur(cv2.cvtColor(patch, cv2.COLOR_GRAY2BGR), (3, 3), 0)


WHOLE = Box(0, 0, 200, 160)


@pytest.mark.parametrize("number", [0, 7, 23, 49])
@pytest.mark.parametrize("angle", [0, 30, 135, 270])
def test_a_badge_is_read_however_it_is_turned(number: int, angle: float) -> None:
    assert badges.number_on(badge(number, 48, angle), WHOLE) == number


def test_a_badge_of_24_pixels_is_read_and_one_outside_the_box_is_not() -> None:
    assert badges.number_on(badge(7, 24), WHOLE) == 7
    assert badges.number_on(badge(7, 48), Box(0, 0, 90, 160)) is None
    assert badges.number_on(badge(7, 48), Box(300, 300, 400, 400)) is None


@pytest.mark.parametrize("seed", range(5))
def test_stripes_and_checks_are_no_badge(seed: int) -> None:
    chance = np.random.default_rng(seed)
    checks = chance.integers(0, 2, (12, 12), np.uint8).repeat(14, 0).repeat(14, 1) * 255
    stripes = np.tile(np.array([255] * 9 + [0] * 9, np.uint8), (168, 10))[:, :168]
    for cloth in (checks, stripes):
        assert badges.number_on(cv2.cvtColor(cloth, cv2.COLOR_GRAY2BGR), Box(0, 0, 168, 168)) is None


def test_a_badge_with_one_wrong_square_is_not_read() -> None:
    picture = badge(7, 48)
    whole = picture.copy()
    square = np.s_[80 - 24 + 8 : 80 - 24 + 16, 100 - 24 + 8 : 100 - 24 + 16]
    picture[square] = 255 - picture[square]
    assert badges.number_on(whole, WHOLE) == 7
    assert badges.number_on(picture, WHOLE) is None


def test_whoever_wears_a_badge_is_staff_only_where_the_plan_asks_for_badges() -> None:
    for asked in (True, False):
        staff = Staff(StaffSigns(badges=asked), "angled")
        for step in range(5):
            staff.look(badge(7, 48), [Track(3, WHOLE, hits=5, seen=True, age=1.0)], step / 10)
        assert staff.numbers == ({3} if asked else set())


def test_a_printed_badge_is_read_again_and_knows_its_size() -> None:
    png = badges.as_png(12, "Greetline staff badge 12", size_mm=60)
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert badges.number_on(picture, Box(0, 0, picture.shape[1], picture.shape[0])) == 12
    at = png.index(b"pHYs") + 4
    a_metre = struct.unpack(">I", png[at : at + 4])[0]
    black = np.flatnonzero(picture[picture.shape[0] // 2 - 40, :, 0] < 60)
    assert (black[-1] - black[0] + 1) / a_metre == pytest.approx(0.060, abs=0.0005)


def test_there_are_fifty_badges() -> None:
    assert len({str(badges.squares(number)) for number in range(50)}) == 50
    with pytest.raises(ValueError, match="0 to 49"):
        badges.squares(50)


@lru_cache
def scene_uniform() -> tuple[int, ...]:
    """The uniform of the rendered shop, as a manager would calibrate it."""
    return uniform_of(Scene("staff", seed=1, seconds=60).picture(4.2), UNIFORMED)


UNIFORMED = Box(380, 188, 392, 216)
"""The shoulder of somebody who works there, in the picture at 4.2 s."""
DOOR = Line(zone="entrance", points=SCENES["staff"].points, inside="up")


def watched(plan: Plan, scene: Scene, seconds: int = 60) -> tuple[list[Event], Pipeline]:
    pipeline = Pipeline(CameraSettings(id="door", source="scene:staff"), Blobs(), party_seconds=2.0, plan=plan)
    events: list[Event] = []
    for index in range(seconds * 10):
        at = START + timedelta(seconds=index / 10)
        events += pipeline.look(Frame(index, at, scene.picture(index / 10)))
    return events, pipeline


@pytest.mark.parametrize("sign", ["uniform", "badge"])
def test_staff_who_come_in_are_said_as_staff_and_are_no_party(sign: str) -> None:
    signs = StaffSigns(uniform=scene_uniform()) if sign == "uniform" else StaffSigns(badges=True)
    scene = Scene("staff", seed=1, seconds=60)
    events, pipeline = watched(Plan(lines=(DOOR,), staff=signs), scene)
    crossings = builders.crossings(events)
    truth = Counter((true.direction, true.staff) for true in scene.crossings())
    assert Counter(crossed.direction for crossed in crossings) == Counter(true.direction for true in scene.crossings())
    found = Counter((crossed.direction, crossed.staff) for crossed in crossings)
    assert found[Direction.OUT, True] + found[Direction.IN, True] >= (5 if sign == "uniform" else 4)
    assert found[Direction.IN, False] >= truth[Direction.IN, False], "no customer is lost"
    assert found[Direction.OUT, False] >= truth[Direction.OUT, False]
    staff = [crossed for crossed in crossings if crossed.staff]
    assert pipeline.staff_passed == len(staff)
    assert all(crossed.party == crossed.number for crossed in staff)
    assert not {crossed.number for crossed in staff} & {c.party for c in crossings if not c.staff}


def test_without_a_sign_everybody_is_a_customer() -> None:
    events, pipeline = watched(Plan(lines=(DOOR,)), Scene("staff", seed=1, seconds=60), seconds=20)
    crossings = builders.crossings(events)
    assert len(crossings) == 5
    assert not any(crossed.staff for crossed in crossings)
    assert pipeline.staff_passed == 0


@pytest.mark.parametrize("ending", [".png", ".pdf"])
def test_a_badge_is_printed_by_a_command(tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"badge{ending}"
    done = CliRunner().invoke(main, ["badge", "12", "--out", str(out), "--size-mm", "80"])
    assert (done.exit_code, "80 mm a side" in done.output) == (0, True)
    assert out.read_bytes().startswith({".png": b"\x89PNG", ".pdf": b"%PDF-1.4"}[ending])


def test_a_badge_that_cannot_be_written_or_does_not_exist_is_refused(tmp_path: Path) -> None:
    for arguments, code, says in (
        (["50"], 2, "0<=x<=49"),
        (["1", "--out", str(tmp_path / "badge.gif")], 2, "neither .png nor .pdf"),
        (["1", "--out", str(tmp_path / "none" / "badge.png")], 3, "cannot be written"),
    ):
        done = CliRunner().invoke(main, ["badge", *arguments])
        assert (done.exit_code, says in done.output) == (code, True), done.output


def test_a_pdf_badge_has_its_squares_where_they_belong_and_says_where_its_parts_are() -> None:
    pdf = badges.as_pdf(12, "Staff (12)", size_mm=60)
    module = 60 / badges.MODULES / 25.4 * 72
    drawn = [tuple(map(float, found)) for found in re.findall(rb"([\d.]+) ([\d.]+) ([\d.]+) [\d.]+ re", pdf)]
    black = sum(square for row in badges.squares(12) for square in row)
    assert len(drawn) == black
    assert max(x for x, _, _ in drawn) - min(x for x, _, _ in drawn) == pytest.approx(5 * module, abs=0.01)
    begin = int(pdf.rsplit(b"startxref\n", 1)[1].split()[0])
    assert pdf[begin:].startswith(b"xref")
    for number, place in enumerate(re.findall(rb"(\d{10}) 00000 n", pdf), 1):
        assert pdf[int(place) :].startswith(b"%d 0 obj" % number)
