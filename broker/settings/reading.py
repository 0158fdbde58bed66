"""From a file and the environment to settings, and what is wrong with them in words."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from broker.settings.tables import CameraSettings, EdgeSettings, Settings

ENVIRONMENT: Final = "GREETLINE_"
"""GREETLINE_DASHBOARD__PORT=9000 overrides `port` in `[dashboard]`."""

MODELS: Final = "models"
"""Folder in `[store] data` that `greetline models fetch` brings models to."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong with the settings."""

    where: tuple[str, ...]
    """The way to the key, such as `("standards", "warn_seconds")` or `("services", "returns", "letter")`."""
    kind: str
    """What pydantic calls it, such as `less_than_equal`."""
    limits: Mapping[str, object]
    """What is allowed, by pydantic's names, such as `le`."""
    said: str
    """The whole of it as a sentence."""


class BadSettings(Exception):
    """The settings cannot be used. The text names the file, the key, what was read and what is allowed."""

    def __init__(self, text: str, wrong: Sequence[Wrong] = ()) -> None:
        """Say *text*; *wrong* holds each thing of it, where the file could be read at all."""
        super().__init__(text)
        self.wrong = tuple(wrong)


S = TypeVar("S", bound=EdgeSettings)


def read(model: type[S], path: Path | None, *, environment: Mapping[str, str] | None = None) -> S:
    """Read the file at *path*, lay the environment over it, and return the settings with paths made absolute.

    Without a *path* every setting has its default. Raises BadSettings, which names file, key, what was read and what
    is allowed.
    """
    return _validated(model, path, _values(path, environment))


@dataclass(frozen=True, slots=True)
class SetAside:
    """A camera of the file that cannot be watched, because what is drawn for it cannot be used."""

    id: str
    source: str
    wrong: str
    """What is wrong and what to do."""


def read_sparing(
    model: type[S], path: Path | None, *, environment: Mapping[str, str] | None = None
) -> tuple[S, tuple[SetAside, ...]]:
    """Read as `read` does, but set a camera aside whose lines or areas cannot be used, as long as another one is left.

    Raises BadSettings for everything else.
    """
    values = _values(path, environment)
    try:
        return _validated(model, path, values), ()
    except BadSettings:
        aside = _misdrawn(model, values)
        left = [camera for camera in values["cameras"] if camera.get("id") not in {one.id for one in aside}] if aside else []
        if not left:
            raise
        return _validated(model, path, values | {"cameras": left}), aside


def _values(path: Path | None, environment: Mapping[str, str] | None) -> dict[str, Any]:
    values = _parsed(path) if path else {}
    _overlay(values, os.environ if environment is None else environment)
    return values


def understand(model: type[S], text: str, name: str, *, environment: Mapping[str, str] | None = None) -> S:
    """Return what *text*, the file called *name*, says with the environment laid over it; paths stay as they are written.

    Raises BadSettings.
    """
    values = _toml(text, name)
    _overlay(values, os.environ if environment is None else environment)
    return _checked(model, name, values)


def overridden(environment: Mapping[str, str] | None = None) -> frozenset[str]:
    """Return the keys, such as `dashboard.port`, that the environment sets: what the file says of them does not count."""
    keys = (key.removeprefix(ENVIRONMENT).lower() for key in (environment or os.environ) if key.startswith(ENVIRONMENT))
    return frozenset(key.replace("__", ".", 1) for key in keys if "__" in key)


def _validated(model: type[S], path: Path | None, values: dict[str, Any]) -> S:
    settings = _checked(model, str(path) if path else "settings", values)
    return _absolute(settings, (path.parent if path else Path()).resolve())


def _checked(model: type[S], name: str, values: dict[str, Any]) -> S:
    try:
        return model.model_validate(values)
    except ValidationError as invalid:
        wrong = [
            Wrong(_by_id(error["loc"], values), error["type"], error.get("ctx", {}), _explain(model, error, values))
            for error in invalid.errors()
        ]
        raise BadSettings("\n".join(f"{name}: {one.said}" for one in wrong), wrong) from None


def _misdrawn(model: type[EdgeSettings], values: dict[str, Any]) -> tuple[SetAside, ...]:
    """Return the cameras whose lines or areas are wrong; none when anything else is wrong as well."""
    try:
        model.model_validate(values)
    except ValidationError as wrong:
        errors = wrong.errors()
    else:
        return ()
    if not all(len(error["loc"]) > 2 and error["loc"][0] == "cameras" and error["loc"][2] in _DRAWN for error in errors):
        return ()
    cameras = [values["cameras"][error["loc"][1]] for error in errors]
    return tuple(
        SetAside(str(camera["id"]), str(camera["source"]), _explain(model, error, values))
        for camera, error in zip(cameras, errors, strict=True)
        if "id" in camera and "source" in camera
    )


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return _toml(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        raise BadSettings(f"{path}: there is no such file. `greetline config show` prints one to begin with.") from None
    except UnicodeDecodeError as wrong:
        raise BadSettings(f"{path}: this is not TOML: {wrong}") from None
    except OSError as wrong:
        raise BadSettings(f"{path}: cannot be read: {wrong.strerror}") from None


def _toml(text: str, name: str) -> dict[str, Any]:
    try:
        values = tomllib.loads(text)
        repr(values)  # Whatever is said of it later can be said.
    except tomllib.TOMLDecodeError as wrong:
        raise BadSettings(f"{name}: this is not TOML: {wrong}") from None
    except RecursionError:
        raise BadSettings(f"{name}: this is nested too deep to be settings.") from None
    return values


def _overlay(values: dict[str, Any], environment: Mapping[str, str]) -> None:
    for key, value in sorted(environment.items()):
        section, _, name = key.removeprefix(ENVIRONMENT).lower().partition("__")
        if not (key.startswith(ENVIRONMENT) and name):
            continue
        table = values.setdefault(section, {})
        if not isinstance(table, dict):
            raise BadSettings(
                f"{key} in the environment: {section} is no table of single settings, so it can be set in a file only."
            )
        table[name] = value


def _absolute(settings: S, base: Path) -> S:
    mqtt = settings.mqtt
    files = {field: base / path for field in _MQTT_FILES if (path := getattr(mqtt, field)) is not None}
    store = settings.store.model_copy(update={"data": base / settings.store.data})
    cameras = tuple(_camera_from(base, camera, store.data) for camera in settings.cameras)
    moved: dict[str, Any] = {"store": store, "mqtt": mqtt.model_copy(update=files), "cameras": cameras}
    if isinstance(settings, Settings) and settings.health.metrics_token_file is not None:
        token = base / settings.health.metrics_token_file
        moved["health"] = settings.health.model_copy(update={"metrics_token_file": token})
    if isinstance(settings, Settings) and settings.backup.archive_to is not None:
        moved["backup"] = settings.backup.model_copy(update={"archive_to": base / settings.backup.archive_to})
    if isinstance(settings, Settings) and settings.mail.password_file is not None:
        moved["mail"] = settings.mail.model_copy(update={"password_file": base / settings.mail.password_file})
    if isinstance(settings, Settings) and settings.oidc.client_secret_file is not None:
        moved["oidc"] = settings.oidc.model_copy(update={"client_secret_file": base / settings.oidc.client_secret_file})
    if isinstance(settings, Settings):
        fonts = {
            name: base / path for name in ("font", "bold_font", "device") if (path := getattr(settings.printer, name)) is not None
        }
        moved["printer"] = settings.printer.model_copy(update=fonts)
    if isinstance(settings, Settings):
        stores = tuple(base / path for path in settings.reports.stores)
        moved["reports"] = settings.reports.model_copy(update={"stores": stores})
        moved["webhooks"] = tuple(hook.model_copy(update={"secret_file": base / hook.secret_file}) for hook in settings.webhooks)
        moved["notify"] = tuple(target.model_copy(update={"url_file": base / target.url_file}) for target in settings.notify)
    if isinstance(settings, Settings):
        moved["tls"] = settings.tls.model_copy(update={"folder": base / settings.tls.folder})
    if isinstance(settings, Settings) and settings.sound.clips is not None:
        moved["sound"] = settings.sound.model_copy(update={"clips": base / settings.sound.clips})
    return settings.model_copy(update=moved)


def _camera_from(base: Path, camera: CameraSettings, data: Path) -> CameraSettings:
    model = model_at(camera.model, base, data) if camera.model else None
    film = base / camera.source
    there = _is_film(film, device=camera.source.isdigit())
    return camera.model_copy(update={"model": model, "source": str(film) if there else camera.source})


def _is_film(path: Path, *, device: bool) -> bool:
    """Return whether *path* is there, a file or a folder of pictures: "0" is a *device*, rtsp://... an address."""
    try:
        return path.is_file() or (path.is_dir() and not device)
    except OSError:
        # A folder that nobody here may look into, a name that is too long: the camera says so, and the shop opens without it.
        return False


def model_at(model: Path, base: Path, data: Path) -> Path:
    """Return where *model* is meant to be: a file beside *base*, or a name below *data*, where models are fetched to."""
    fetched = data / MODELS / model
    bare = len(model.parts) == 1 and not (base / model).is_file()
    return fetched if bare and (not model.suffix or fetched.is_file()) else base / model


_DRAWN: Final = ("lines", "areas")
_MQTT_FILES: Final = ("password_file", "ca_file", "cert_file", "key_file")


def _explain(model: type[BaseModel], error: Any, values: dict[str, Any]) -> str:
    where = ".".join(str(part) for part in error["loc"]) + _camera_named(error["loc"], values)
    if error["type"] != "extra_forbidden":
        read_value = f", read {error['input']!r}" if not isinstance(error["input"], dict | list | tuple) else ""
        said = error["msg"].removeprefix("Value error, ").removesuffix(" after validation")
        return f"{where or 'the settings'}: {said}{read_value}{_remedy(error)}"
    *path, key = error["loc"]
    allowed = list(_section(model, path).model_fields)
    near = difflib.get_close_matches(str(key), allowed, n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"{where} is not a setting (read {str(error['input'])[:60]!r}).{hint} Allowed here: {', '.join(allowed)}."


def _by_id(path: tuple[int | str, ...], values: dict[str, Any]) -> tuple[str, ...]:
    """Return the way to a key with a row of a list called by its id, where it has one."""
    rows = values.get(str(path[0])) if len(path) > 1 and isinstance(path[1], int) else None
    row = rows[path[1]] if isinstance(rows, list) and isinstance(path[1], int) else None
    name = row.get("id") if isinstance(row, dict) else None
    return (str(path[0]), name, *map(str, path[2:])) if isinstance(name, str) else tuple(map(str, path))


def _camera_named(path: tuple[int | str, ...], values: dict[str, Any]) -> str:
    """Return which camera it is about: nobody counts cameras from nought."""
    if len(path) < 2 or path[0] != "cameras":
        return ""
    camera = values["cameras"][path[1]]
    name = camera.get("id") if isinstance(camera, dict) else None
    return f" (camera {name})" if isinstance(name, str) else ""


def _remedy(error: Any) -> str:
    """Return what to do about a place in the picture that cannot be one."""
    path = error["loc"]
    if "points" not in path or path[0] != "cameras":
        return ""
    if error["type"] == "less_than_equal":
        return ". Places are fractions of the picture, 0 to 1: divide pixels by its width and height."
    if error["type"] in ("too_short", "missing", "too_long"):
        return ". An area has 3 to 32 corners; a line has two ends."
    return ""


def _section(model: type[BaseModel], path: list[Any]) -> type[BaseModel]:
    for part in path:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[part].annotation
        inner = next((a for a in (annotation, *get_args(annotation)) if isinstance(a, type) and issubclass(a, BaseModel)), None)
        model = inner or model
    return model
