"""The code on the poster: good for who is here, worth nothing at home."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from broker.desk import joining
from broker.shop import Shop
from tests.builders import NOON, TurnableClock, make_shop

SERVICES = ({"id": "returns", "letter": "R", "name": "Returns"},)
BASE = {"public_base_url": "https://q.shop.example"}


def shop_of(folder: Path, clock: TurnableClock, **settings: object) -> Shop:
    folder.mkdir(exist_ok=True)
    return make_shop(folder, clock, **({"services": SERVICES, "kiosk": BASE, "join": {"enabled": True}} | settings))


@pytest.mark.parametrize(
    ("seconds", "good"),
    [
        pytest.param(0, True, id="at once"),
        pytest.param(599, True, id="to the end of its period"),
        pytest.param(600, True, id="a slow customer"),
        pytest.param(1199, True, id="a very slow customer"),
        pytest.param(1200, False, id="somebody who took it home"),
        pytest.param(86400, False, id="tomorrow"),
        pytest.param(-1, False, id="before it was shown"),
    ],
)
def test_a_code_is_good_for_its_period_and_one_more(tmp_path: Path, clock: TurnableClock, seconds: float, good: bool) -> None:
    shop = shop_of(tmp_path, clock)
    assert NOON.timestamp() % 600 == 0, "the period begins at noon"
    code = joining.secret(shop)
    clock.turn(seconds=seconds)
    assert joining.is_good(shop, code) is good


def test_a_shop_says_how_often_it_changes(tmp_path: Path, clock: TurnableClock) -> None:
    shop = shop_of(tmp_path, clock, join={"enabled": True, "rotate_minutes": 1})
    code = joining.secret(shop)
    clock.turn(seconds=60)
    assert joining.secret(shop) != code
    assert joining.is_good(shop, code)
    clock.turn(seconds=60)
    assert not joining.is_good(shop, code)


def test_nobody_makes_a_code_without_the_key_of_the_shop(tmp_path: Path, clock: TurnableClock) -> None:
    here, elsewhere = (shop_of(tmp_path / name, clock) for name in ("here", "elsewhere"))
    code = joining.secret(here)
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", code)
    assert joining.secret(elsewhere) != code
    assert not joining.is_good(elsewhere, code)
    for wrong in ("", code[:-1], code + "A", code.swapcase(), "\u00e5" * 22, "x" * 10_000):
        assert not joining.is_good(here, wrong)
    file = here.settings.store.data / joining.KEY_FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert joining.secret(here) == code, "two processes make the same"


def test_it_is_off_unless_the_shop_wants_it_and_phones_reach_it(tmp_path: Path, clock: TurnableClock) -> None:
    wanted = {"services": (SERVICES, ()), "kiosk": (BASE, {}), "join": ({"enabled": True}, {})}
    for number, (key, (_, without)) in enumerate(wanted.items()):
        assert not joining.is_on(shop_of(tmp_path / str(number), clock, **{key: without}))
    assert joining.is_on(shop_of(tmp_path / "all", clock))
