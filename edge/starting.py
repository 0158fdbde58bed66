"""What `greetline edge run` was told, put together: the file, then the options over it."""

from __future__ import annotations

import contextlib
import os
import threading
import tomllib
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from broker.settings import (
    ENVIRONMENT,
    BadSettings,
    CameraSettings,
    EdgeSettings,
    LineSettings,
    SetAside,
    Settings,
    model_at,
    read_sparing,
)
from edge.box import Box
from edge.scene import SCENES
from edge.source import SCENE

_OF_ONE_CAMERA: Final = frozenset(("source", "line", "inside", "zone", "view", "detector", "model", "fps", "spool"))
"""Options that are about a single camera."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is to be watched, and the cameras that cannot be, with what is wrong with them."""

    settings: EdgeSettings
    cameras: tuple[CameraSettings, ...]
    aside: tuple[SetAside, ...] = ()


def watch(told: Told, spool: Path | None, stop: threading.Event) -> None:
    """Watch the cameras until *stop*. With a single one raises one of eyes.REFUSALS when it can never work."""

    def spooled(id: str) -> Path:
        return spool or told.settings.store.data / f"spool-{id}.db"

    aside = [(CameraSettings(id=one.id, source=one.source), spooled(one.id), one.wrong) for one in told.aside]
    Box(told.settings, [*((camera, spooled(camera.id), "") for camera in told.cameras), *aside]).run(stop)


def settings(file: Path | None, camera_id: str | None, given: dict[str, Any]) -> Told:
    """Return the settings and the cameras to watch: the one of *camera_id*, or all of the file.

    *given* are the options by name, None where not given; those about a camera need one camera. Raises BadSettings.
    """
    told = {key: value for key, value in given.items() if value is not None}
    base, aside = read_sparing(kind(file), file)
    store = {"id": told.get("store"), "data": told.get("data")}
    mqtt = {key: told.get(f"mqtt_{key}") for key in ("host", "port", "username", "password_file")}
    try:
        merged = {
            "store": base.store.model_dump() | _present(store),
            "mqtt": base.mqtt.model_dump() | _present(mqtt),
            "log": base.log.model_dump(),
            "standards": base.standards.model_dump(),
        }
        if "model" in told:
            told["model"] = model_at(told["model"], Path(), Path(merged["store"]["data"]))
        for one in aside:
            if one.id == camera_id:
                raise BadSettings(one.wrong)
        chosen = _chosen(base, camera_id, told.keys() & _OF_ONE_CAMERA)
        cameras = tuple(_camera(camera, camera_id, told) for camera in chosen)
        return Told(EdgeSettings.model_validate(merged), cameras, () if camera_id else aside)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadSettings(f"{where}: {first['msg'].removeprefix('Value error, ')}, read {first['input']!r}") from None


def used(settings: EdgeSettings) -> object:
    """Return what a camera box uses of the settings of a shop: it begins anew for nothing else, since nobody is seen meanwhile."""
    store, standards = settings.store, settings.standards
    return (store.id, store.data, settings.mqtt, settings.log, settings.cameras, standards.party_seconds)


def kind(file: Path | None) -> type[EdgeSettings]:
    """Return EdgeSettings, or Settings where the file or the environment speaks of a whole shop."""
    tables = {key.removeprefix(ENVIRONMENT).lower().partition("__")[0] for key in os.environ if key.startswith(ENVIRONMENT)}
    if file is not None and file.is_file():
        # A file that is no TOML is refused by `read`, which says what is wrong with it.
        with contextlib.suppress(tomllib.TOMLDecodeError, UnicodeDecodeError, OSError):
            tables |= tomllib.loads(file.read_text(encoding="utf-8")).keys()
    return Settings if tables & (Settings.model_fields.keys() - EdgeSettings.model_fields.keys()) else EdgeSettings


def _chosen(base: EdgeSettings, camera_id: str | None, of_one: Set[str]) -> tuple[CameraSettings | None, ...]:
    """Return the cameras of the file that are meant, or one None when the file has none."""
    if not base.cameras:
        return (None,)
    ids = ", ".join(camera.id for camera in base.cameras)
    if camera_id is None and len(base.cameras) > 1 and of_one:
        option = sorted(of_one)[0].replace("source", "camera").replace("_", "-")
        raise BadSettings(
            f"--{option} is about one camera, and the file has {len(base.cameras)} ({ids}); say which with --camera-id"
        )
    chosen = tuple(camera for camera in base.cameras if camera_id in (None, camera.id))
    if not chosen:
        raise BadSettings(f"the file has no camera {camera_id!r}; it has {ids}")
    return chosen


def _camera(base: CameraSettings | None, camera_id: str | None, told: dict[str, Any]) -> CameraSettings:
    values: dict[str, Any] = base.model_dump() if base else {"id": camera_id or "door"}
    for option, key in (("source", "source"), ("view", "view"), ("detector", "detector"), ("model", "model")):
        if option in told:
            values[key] = told[option]
    if "fps" in told:
        values["frames_per_second"] = told["fps"]
    if "source" not in values:
        raise BadSettings("there is no camera: give --camera SOURCE, or --settings FILE with one")
    if not values.get("lines") or told.keys() & {"line", "inside", "zone"}:
        values["lines"] = [_line(values["source"], values.get("lines") or (), told).model_dump()]
    return CameraSettings.model_validate(values)


def _line(source: str, before: Any, told: dict[str, Any]) -> LineSettings:
    """Return the one line that the options draw, over the file's or the scene's own, or across the middle."""
    values: dict[str, Any] = dict(before[0]) if before else {"zone": "entrance"}
    scene = SCENES.get(source.removeprefix(SCENE).partition("?")[0]) if source.startswith(SCENE) else None
    if scene and "points" not in values:
        values |= {"points": scene.points, "inside": scene.inside}
    if "zone" in told:
        values["zone"] = told["zone"]
    if "line" in told:
        x1, y1, x2, y2 = told["line"]
        values |= {"points": ((x1, y1), (x2, y2)), "inside": "up" if abs(x2 - x1) >= abs(y2 - y1) else "left"}
    if "inside" in told:
        values["inside"] = told["inside"]
    if "points" not in values:
        upright = values.setdefault("inside", "up") in ("left", "right")
        values["points"] = ((0.5, 0.0), (0.5, 1.0)) if upright else ((0.0, 0.5), (1.0, 0.5))
    return LineSettings.model_validate(values)


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
