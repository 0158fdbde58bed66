"""Settings files of small shops, each with ports of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import tomlkit

from broker.settings import Settings, read
from deploy.premises import free_port


def shop_file(folder: Path, *, cameras: list[Mapping[str, object]] | None = None, **sections: Mapping[str, object]) -> Path:
    """Write greetline.toml to *folder*; *sections* go over a shop with one zone and free ports."""
    written: dict[str, object] = {
        "store": {"id": "oslo-city", "name": "Oslo City", "data": "var"},
        "mqtt": {"port": free_port()},
        "dashboard": {"port": free_port()},
        "zones": [{"id": "entrance", "name": "Entrance"}],
    }
    for name, values in sections.items():
        before = written.get(name)
        written[name] = {**before, **values} if isinstance(before, dict) else values
    if cameras:
        written["cameras"] = cameras
    path = folder / "greetline.toml"
    path.write_text(tomlkit.dumps(written), encoding="utf-8")
    return path


def camera(source: str, *, id: str = "door", points: object = None, inside: str = "up", **more: object) -> dict[str, object]:
    """One camera with one line that opens into the entrance."""
    line = {"zone": "entrance", "points": points or [[0.08, 0.56], [0.92, 0.56]], "inside": inside}
    return {"id": id, "source": source, "lines": [line], **more}


def settings_of(path: Path) -> Settings:
    return read(Settings, path, environment={})
