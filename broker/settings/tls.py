"""The table of greetline.toml about the shop's own certificates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from broker.settings.section import Port, Section

Place = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9.:-]+$")]


class TlsSettings(Section):
    """`[tls]`: the shop's own certificates, for tablets and camera boxes."""

    folder: Path = Field(
        default=Path("tls"), description="Folder of the shop's authority and of the servers' certificates, beside this file."
    )
    names: tuple[Place, ...] = Field(
        default=(),
        max_length=16,
        description='Names and addresses by which this machine is reached, such as ["shop.local", "192.168.1.10"]; '
        "absent: its name with .local and its addresses inside the house.",
    )
    mqtt_port: Port = Field(default=8883, description="Port at which camera boxes reach the MQTT broker by TLS.")
    mosquitto_pid_file: Path = Field(
        default=Path("/run/mosquitto/mosquitto.pid"),
        description="File with the number of mosquitto's process, which is told when a device is let in or thrown out.",
    )
