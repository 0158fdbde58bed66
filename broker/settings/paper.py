"""The table of greetline.toml about numbers on paper."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from broker.settings.section import Port, Section


class PrinterSettings(Section):
    """`[printer]`: the printer that puts a customer's number on paper. Without one the screen offers a photo."""

    kind: Literal["none", "network", "usb", "file", "dummy", "browser"] = Field(
        default="none",
        description="network: host and port; usb, file: on this machine; browser: the kiosk's own print dialog; dummy: no paper.",
    )
    host: str | None = Field(default=None, min_length=1, max_length=253, description="For network: address of the printer.")
    port: Port = Field(default=9100, description="For network: its port.")
    device: Path | None = Field(default=None, description="For file: the printer's node, such as /dev/usb/lp0.")
    vendor: str | None = Field(
        default=None, pattern="^[0-9a-f]{4}$", description="For usb: the vendor's number as lsusb writes it; absent: any."
    )
    product: str | None = Field(
        default=None, pattern="^[0-9a-f]{4}$", description="For usb: the product's number as lsusb writes it; absent: any."
    )
    dots: Literal[512, 576] = Field(default=576, description="Dots across 72 mm of paper: 576 at 203 dpi, 512 at 180 dpi.")
    font: Path | None = Field(default=None, description="A font file with the letters of this shop; absent: Roboto.")
    bold_font: Path | None = Field(default=None, description="The same in bold; absent: `font`, or Roboto.")
    cut: bool = Field(default=True, description="Whether the paper is cut behind each ticket.")
    ask_status: bool = Field(default=True, description="Whether the printer is asked for paper, cover and faults.")
    paper_near_end: bool = Field(default=True, description="Whether staff are told when the roll is nearly used up.")
    drop_after_seconds: int = Field(
        default=180, ge=10, le=3600, description="A number that is not on paper by then is not printed any more."
    )

    @model_validator(mode="after")
    def _can_be_found(self) -> Self:
        if self.kind == "network" and self.host is None:
            raise ValueError('kind = "network" needs host, the address of the printer')
        if self.kind == "file" and self.device is None:
            raise ValueError('kind = "file" needs device, such as /dev/usb/lp0')
        return self

    @property
    def spooled(self) -> bool:
        """Whether we print ourselves, rather than nobody or the browser."""
        return self.kind not in ("none", "browser")

    @property
    def where(self) -> str:
        """The printer as it stands in a sentence."""
        if self.kind == "network":
            return f"{self.host}:{self.port}"
        if self.kind == "usb":
            return f"USB {self.vendor or 'any'}:{self.product or 'any'}"
        return str(self.device) if self.kind == "file" else self.kind
