"""What a camera box is told when it is let in: the settings of its own."""

from __future__ import annotations

from typing import Any, Final

from broker.settings import CameraSettings, Settings

AUTHORITY_FILE: Final = "shop.crt"
"""Names of the files beside edge.toml."""


def certificate_file(device: str) -> str:
    """Return the name of the file that holds the certificate of *device*."""
    return f"{device}.crt"


def key_file(device: str) -> str:
    """Return the name of the file that holds its key."""
    return f"{device}.key"


def edge_settings(settings: Settings, device: str, host: str, *, in_the_open: bool) -> dict[str, Any]:
    """Return edge.toml for *device* as a dictionary of TOML's types; *host* is where it reaches the MQTT broker.

    The camera of that name goes along where the shop has one; what is said *in_the_open* leaves it out when its address
    carries a password.
    """
    store, mqtt = settings.store, settings.tls.mqtt_port
    made: dict[str, Any] = {
        "store": {"id": store.id, "name": store.name, "timezone": store.timezone, "language": store.language},
        "mqtt": {
            "host": host, "port": mqtt, "ca_file": AUTHORITY_FILE, "cert_file": certificate_file(device),
            "key_file": key_file(device),
        },
        "standards": settings.standards.model_dump(mode="json", exclude_defaults=True),
    }  # fmt: skip
    camera = next((one for one in settings.cameras if one.id == device), None)
    if camera is not None and not (in_the_open and "@" in camera.source):
        made["cameras"] = [_plain(camera)]
    return {name: table for name, table in made.items() if table}


def _plain(camera: CameraSettings) -> dict[str, Any]:
    table = camera.model_dump(mode="json", exclude_defaults=True)
    # The path of a model means something on this machine only.
    table.pop("model", None)
    return table
