"""What `greetline edge run` was told, put together: the file, then the options over it."""

from __future__ import annotations

import contextlib
import os
import threading
import tomllib
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from broker.settings import ENVIRONMENT, BadSettings, CameraSettings, EdgeSettings, LineSettings, Settings, read
from edge import geometry
from edge.detectors import BadDetector
from edge.eyes import Eyes
from edge.scene import SCENES
from edge.source import SCENE, NoPictures, Stuck
from edge.spool import SpoolError

REFUSALS: Final = (NoPictures, BadDetector, SpoolError, geometry.BadGeometry, Stuck)
"""What ends the eyes with a sentence and exit code 3."""

_NOMINAL: Final = (1600, 900)
"""A size of picture good enough to find a line without length before the camera gives the real one."""


def watch(settings: EdgeSettings, camera: CameraSettings, spool: Path | None, stop: threading.Event) -> None:
    """Run the eyes of *camera* until *stop*. Raises one of REFUSALS."""
    for line in camera.lines:
        geometry.segment(line.points, line.inside, _NOMINAL, name=line.id)
    for area in camera.areas:
        geometry.polygon(area.points, _NOMINAL, name=area.id)
    Eyes(settings, camera, spool or settings.store.data / f"spool-{camera.id}.db").run(stop)


def settings(file: Path | None, camera_id: str | None, given: dict[str, Any]) -> tuple[EdgeSettings, CameraSettings]:
    """Return the settings and the camera. *given* are the options by name, None where not given.

    Raises BadSettings.
    """
    told = {key: value for key, value in given.items() if value is not None}
    base = read(_kind(file), file)
    store = {"id": told.get("store"), "data": told.get("data")}
    mqtt = {key: told.get(f"mqtt_{key}") for key in ("host", "port", "username", "password_file")}
    try:
        merged = {
            "store": base.store.model_dump() | _present(store),
            "mqtt": base.mqtt.model_dump() | _present(mqtt),
            "standards": base.standards.model_dump(),
        }
        return EdgeSettings.model_validate(merged), _camera(_chosen(base, camera_id), camera_id, told)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadSettings(f"{where}: {first['msg'].removeprefix('Value error, ')}, read {first['input']!r}") from None


def _kind(file: Path | None) -> type[EdgeSettings]:
    """Return EdgeSettings, or Settings where the file or the environment speaks of a whole shop."""
    tables = {key.removeprefix(ENVIRONMENT).lower().partition("__")[0] for key in os.environ if key.startswith(ENVIRONMENT)}
    if file is not None and file.is_file():
        # A file that is no TOML is refused by `read`, which says what is wrong with it.
        with contextlib.suppress(tomllib.TOMLDecodeError, UnicodeDecodeError, OSError):
            tables |= tomllib.loads(file.read_text(encoding="utf-8")).keys()
    return Settings if tables & (Settings.model_fields.keys() - EdgeSettings.model_fields.keys()) else EdgeSettings


def _chosen(base: EdgeSettings, camera_id: str | None) -> CameraSettings | None:
    """Return the camera of the file that is meant, or None when the file has none."""
    if not base.cameras:
        return None
    ids = ", ".join(camera.id for camera in base.cameras)
    if camera_id is None and len(base.cameras) > 1:
        raise BadSettings(f"the file has {len(base.cameras)} cameras ({ids}); say which with --camera-id")
    for camera in base.cameras:
        if camera_id in (None, camera.id):
            return camera
    raise BadSettings(f"the file has no camera {camera_id!r}; it has {ids}")


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
