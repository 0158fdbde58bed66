"""The table of greetline.toml about signing in with the company's own identity provider."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from broker.settings.section import Section, ShownName

MOST_GROUPS: Final = 64


class OidcSettings(Section):
    """`[oidc]`: managers may sign in with the company's own identity provider, on screens in the office."""

    name: ShownName = Field(default="the company", min_length=1, max_length=40, description="What its button says it is.")
    issuer: str | None = Field(
        default=None, max_length=300, description="Address that the provider calls itself by, https://...; absent: no such button."
    )
    client_id: str = Field(default="", max_length=200, description="What the provider calls this shop.")
    client_secret_file: Path | None = Field(
        default=None, description="File whose first line is the secret for the provider; absent: it wants none."
    )
    screens_url: str = Field(
        default="",
        max_length=300,
        description="Address of the staff screens as browsers have it; the provider is told it with /oidc/back behind it.",
    )
    scopes: tuple[str, ...] = Field(
        default=("openid", "profile"), max_length=16, description="What is asked of the provider; some want one for groups."
    )
    groups_claim: str = Field(
        default="groups", min_length=1, max_length=100, description="Where the token names somebody's groups."
    )
    groups: dict[str, Literal["staff", "lead", "manager", "admin"]] = Field(
        default={}, max_length=MOST_GROUPS, description='The role of each group, such as { "shop-managers" = "manager" }.'
    )
    clock_skew_seconds: int = Field(default=60, ge=0, le=300, description="How far the clocks of both machines may differ.")
    timeout_seconds: float = Field(default=5, ge=0.5, le=30, description="How long one answer of the provider may take.")

    @field_validator("issuer", "screens_url")
    @classmethod
    def _an_address(cls, url: str | None) -> str | None:
        if not url:
            return url
        try:
            parts = urlsplit(url)
            usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
        except ValueError:
            usable = False
        if not usable or parts.username or parts.query or parts.fragment:
            raise ValueError(f"{url!r} is not an address such as https://login.company.example")
        if parts.scheme != "https" and not (parts.scheme == "http" and is_this_machine(parts.hostname or "")):
            raise ValueError("must begin with https:// (http:// only on this machine)")
        return url

    @model_validator(mode="after")
    def _whole(self) -> Self:
        missing = [field for field in ("client_id", "screens_url", "groups") if not getattr(self, field)]
        if self.issuer and missing:
            raise ValueError(f"with an issuer, {' and '.join(missing)} must be set too")
        if "openid" not in self.scopes:
            raise ValueError('scopes must have "openid" among them')
        return self

    @property
    def redirect_uri(self) -> str:
        """The one address to which the provider sends browsers back."""
        return f"{self.screens_url.rstrip('/')}/oidc/back"


def is_this_machine(host: str) -> bool:
    """Return whether *host* is a name or an address of this very machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
