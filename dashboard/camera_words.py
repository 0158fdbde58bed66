"""What is said about a camera: how it is, which plan it follows, how well it counted against somebody at the door."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from broker.desk.cameras import Camera
from broker.shop import Shop
from broker.web import languages
from broker.web.languages import say

WATCHES: Final = frozenset({"starting", "watching", "blind", "frozen", "lost", "ended", "offline"})


def state(shop: Shop, camera: Camera) -> str:
    """Return how *camera* is: that it watches and how fast, or that it does not, since when and why."""
    if camera.watching:
        rate = camera.frames_per_second
        return say("camera.watching_rate", n=f"{rate:.0f}") if rate else say("camera.watching")
    if camera.since is None:
        return say("camera.never_heard")
    watch = camera.watch if camera.watch in WATCHES else "lost"
    return say("camera.not_watching", since=moment(shop, camera.since), why=say(f"camera.is_{watch}"))


def plan(shop: Shop, camera: Camera) -> str:
    """Return which plan there is, and who drew it when."""
    if camera.drawn is None:
        return say("camera.plan_settings" if camera.known else "camera.plan_box")
    return say(
        "camera.plan_drawn", n=camera.version, name=camera.drawn.name or camera.drawn.by, when=moment(shop, camera.drawn.saved_at)
    )


def force(shop: Shop, camera: Camera) -> str:
    """Return whether the camera follows the newest plan, and since when."""
    if camera.drawn is None:
        return ""
    if camera.taken == camera.version and camera.taken_at is not None:
        return say("camera.in_force", time=moment(shop, camera.taken_at, seconds=True))
    return say("camera.not_in_force" if camera.watching else "camera.when_back")


def moment(shop: Shop, at: datetime, *, seconds: bool = False) -> str:
    """Return a moment: the time alone for today, day and time for any other."""
    clock = languages.clock_time(at, seconds=seconds)
    today = shop.hours.business_day(shop.clock())
    return clock if shop.hours.business_day(at) == today else f"{languages.day(at, weekday=False)} {clock}"
