"""The office of a shop whose settings are a file, and a manager who changes them as a browser would."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path

from werkzeug.test import TestResponse

from broker.settings import Settings, read
from broker.shop import Shop, open_shop
from dashboard.app import create
from tests.builders import TurnableClock
from tests.web.parts import Visitor

FILE = """# The shop at the station.
[store]
id = "oslo-city"
name = "Oslo City"   # as people say it
data = "var"

[standards]
greet_within_seconds = 30   # the promise

[[zones]]
id = "entrance"
name = "Entrance"

[[zones]]
id = "shoes"
name = "Shoes"

[[services]]
id = "returns"
letter = "A"
name = "Returns"

[[services]]
id = "collect"
letter = "B"
name = "Collect"

[[counters]]
id = "desk-1"
name = "Desk 1"
services = ["returns"]
"""


class Office:
    """A shop that runs with the file at `path`, and Mia, its manager, in the office."""

    def __init__(self, folder: Path, clock: TurnableClock, text: str = FILE) -> None:
        self.path = folder / "greetline.toml"
        self.path.write_text(text, encoding="utf-8")
        settings = read(Settings, self.path)
        opened = open_shop(settings, clock=clock)
        self.shop = Shop(opened.db, clock, settings)
        self.app = create(settings, shop=self.shop, file=self.path)
        self.mia = Visitor(self.app, self.shop).pair("manager", name="Office").sign_in("Mia", "manager")

    def another(self, name: str, role: str = "manager") -> Visitor:
        """Somebody else on another screen of the office."""
        return Visitor(self.app, self.shop).pair("manager", name=f"Office of {name}").sign_in(name, role)

    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    def settings(self) -> Settings:
        return read(Settings, self.path)

    def close(self) -> None:
        self.app.extensions["greetline-hub"].close()
        self.app.extensions["greetline-board"].close()
        self.app.extensions["greetline-stores"].close()
        self.shop.db.conn.close()


def fields(page: str) -> dict[str, str]:
    """What a browser would send back of the form of the settings, untouched."""
    form = page[page.index('<form class="settings') :]
    found: dict[str, str] = {}
    for tag in re.findall(r"<input\b[^>]*>", form):
        of = {name: unescape(value) for name, value in re.findall(r'(\w[\w-]*)="([^"]*)"', tag)}
        if "name" not in of or " disabled" in tag or (of.get("type") in ("checkbox", "radio") and " checked" not in tag):
            continue
        found[of["name"]] = of.get("value", "on")
    for name, more, inner in re.findall(r'<select\b[^>]*name="([^"]+)"([^>]*)>(.*?)</select>', form, re.DOTALL):
        if " disabled" in more:
            continue
        chosen = re.search(r'<option value="([^"]*)" selected', inner) or re.search(r'<option value="([^"]*)"', inner)
        found[name] = unescape(chosen[1]) if chosen else ""
    for name, inner in re.findall(r'<textarea\b[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        found[name] = unescape(inner)
    return found


def look(who: Visitor, path: str, change: Mapping[str, str | None]) -> TestResponse:
    """Open the page at *path*, type *change* (None: untick), and ask what it would do."""
    return send(who, path, fields(who.get(path).get_data(as_text=True)), change)


def send(who: Visitor, path: str, form: Mapping[str, str], change: Mapping[str, str | None], step: str = "look") -> TestResponse:
    """Send a form that was opened before."""
    whole = {**form, **change, "step": step}
    return who.post(path, {name: text for name, text in whole.items() if text is not None})


def save(who: Visitor, path: str, change: Mapping[str, str | None]) -> TestResponse:
    """Do as `look` does, and then press Save on what it shows."""
    answer = look(who, path, change)
    assert answer.status_code == 200, alerts(answer)
    return send(who, path, fields(answer.get_data(as_text=True)), {}, step="save")


def alerts(answer: TestResponse) -> list[str]:
    """What the page says is not right, above the form and beside its fields."""
    page = answer.get_data(as_text=True)
    found = re.findall(r'(?:role="alert"|class="wrong row")[^>]*>(.*?)</p>', page, re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", "", each)).split()) for each in found]


def said_of(answer: TestResponse) -> list[str]:
    """The differences that the page shows, a line each: what, before, after."""
    page = answer.get_data(as_text=True)
    found = re.findall(r'<ul class="lines">(.*?)</ul>', page, re.DOTALL)
    rows = [row for each in found for row in re.findall(r"<li>(.*?)</li>", each, re.DOTALL)]
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", row)).split()) for row in rows]
