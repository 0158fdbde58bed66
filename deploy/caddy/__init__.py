"""Caddy in front of the screens: HTTPS with the shop's own certificate, and one page by HTTP that says how to trust it.

`caddyfile` is pure. Two of its words are there for live screens: `flush_interval -1`, or their events would wait for a full
buffer, and no write time-out, or they would be cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from html import escape
from pathlib import Path
from typing import Final

from broker.desk.people import LANGUAGES
from dashboard.wording import Words
from deploy.certs import Reach
from deploy.fault import Fault

STAFF_PORT: Final = 443
CUSTOMERS_PORT: Final = 8443
PLAIN_PORT: Final = 80
WAIT_SECONDS: Final = 10
"""A program that is being started anew is waited for, so that nobody sees that it was."""
REFRESH_SECONDS: Final = 5
"""A screen that was told that the shop's programs are away asks again by itself."""
HEADERS_SECONDS: Final = 10
BODY_SECONDS: Final = 30
IDLE_SECONDS: Final = 150
MAX_HEADERS: Final = "32KB"
MAX_BODY: Final = "1MB"
PLAIN_MAX_BODY: Final = "64KB"
TRUST_PAGE: Final = "/root"
"""The page that says how to trust the shop's authority; with PAIRING the only one that is served by HTTP."""
TRUST_FILE: Final = "/root.crt"
PAIRING: Final = "/box/join"
"""Where a camera box asks to be let in: it does not know the shop's authority yet, and both prove that they know the code."""
PROGRAMS: Final = "/api/*"
"""Where programs bring a key. By HTTP they are refused: one that was led to HTTPS would send its key in the open for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One shop behind Caddy; every path as the machine that runs it sees it."""

    reach: Reach
    certificate: Path
    key: Path
    dashboard: str = "127.0.0.1:8080"
    """Where the staff's screens are served; the page of trust is theirs too."""
    kiosk: str | None = "127.0.0.1:8090"
    """Where the customers' screens are served; None: this shop has none."""
    staff_port: int = STAFF_PORT
    customers_port: int = CUSTOMERS_PORT
    plain_port: int = PLAIN_PORT


def caddyfile(site: Site) -> str:
    """Return the whole Caddyfile of *site*. Raises Fault for a path that cannot stand in it."""
    for path in (site.certificate, site.key):
        if any(letter in str(path) for letter in '"{}\n\r`'):
            raise Fault(f"{str(path)!r} cannot be the name of a file here")
    blocks = [_OPTIONS, _tls(site), _screens(site, site.staff_port, site.dashboard)]
    if site.kiosk is not None:
        blocks.append(_screens(site, site.customers_port, site.kiosk))
    return "\n\n".join([*blocks, _plain(site)]) + "\n"


_OPTIONS: Final = f"""# Written by Greetline; `greetline install` writes it anew.
{{
	admin off
	auto_https off
	skip_install_trust
	servers {{
		protocols h1 h2
		max_header_size {MAX_HEADERS}
		timeouts {{
			read_header {HEADERS_SECONDS}s
			read_body {BODY_SECONDS}s
			idle {IDLE_SECONDS}s
		}}
	}}
}}"""


def _tls(site: Site) -> str:
    return f"""(shop) {{
	tls "{site.certificate}" "{site.key}" {{
		protocols tls1.2 tls1.3
	}}
	header -Server
	request_body {{
		max_size {MAX_BODY}
	}}
}}"""


def _screens(site: Site, port: int, to: str) -> str:
    places = ", ".join(f"https://{place}:{port}" for place in _places(site))
    return f"""{places} {{
	import shop
{_proxy(to)}
}}"""


def _proxy(to: str) -> str:
    return f"""	reverse_proxy {to} {{
		flush_interval -1
		lb_try_duration {WAIT_SECONDS}s
		header_down -Server
	}}
{_errors(MAX_BODY)}"""


def _errors(most: str) -> str:
    """What is said in the place of screens: that they are away only where they are.

    Caddy before 2.7 takes a body that it cut off for screens that are away, and says so only in the words of its error.
    """
    return f"""	handle_errors {{
		@large expression `{{err.status_code}} == 413 || {{err.message}}.contains("body too large")`
		@away expression `{{err.status_code}} in [502, 503, 504]`
		header Content-Type "text/html; charset=utf-8"
		handle @large {{
			respond `{_said("s6.too_large", most=most)}` 413
		}}
		handle @away {{
			header Retry-After 2
			header Refresh {REFRESH_SECONDS}
			respond `{_said("s6.starting")}` 503
		}}
		handle {{
			respond `{_said("s6.not_answered", said="{err.status_code} {err.status_text}")}` {{err.status_code}}
		}}
	}}"""


def _said(key: str, **values: str) -> str:
    """Return a page that says *key* in every language of the shop: who asks is not known to Caddy."""
    words = "".join(f'<p lang="{one}">{escape(Words.of(one, UTC)(key, **values))}</p>' for one in LANGUAGES)
    return f'<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Greetline</title>{words}'


def _plain(site: Site) -> str:
    """By HTTP: the page of trust, the authority, a camera box that asks in, and for every other page the way to HTTPS."""
    port = "" if site.staff_port == STAFF_PORT else f":{site.staff_port}"
    return f"""http://:{site.plain_port} {{
	header -Server
	request_body {{
		max_size {PLAIN_MAX_BODY}
	}}
	@open path {TRUST_PAGE} {TRUST_FILE} {PAIRING} /static/*
	handle @open {{
		reverse_proxy {site.dashboard} {{
			header_down -Server
			header_down -Strict-Transport-Security
		}}
	}}
	@programs path {PROGRAMS}
	handle @programs {{
		respond "Programs come by https. A key that was sent here travelled in the open: exchange it." 403
	}}
	handle {{
		redir https://{{host}}{port}{{uri}} 307
	}}
{_errors(PLAIN_MAX_BODY)}
}}"""


def _places(site: Site) -> list[str]:
    addresses = (f"[{one}]" if one.version == 6 else str(one) for one in site.reach.addresses)
    return [*site.reach.names, *addresses]
