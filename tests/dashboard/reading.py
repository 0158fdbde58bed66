"""A report with a past, looked at by people of different roles: what the report's tests share."""

from __future__ import annotations

import csv
import io
import re
from html import unescape

from flask.testing import FlaskClient

from broker.desk import pairing, people, shifts
from broker.shop import Shop
from broker.web.access import PERMISSIONS
from dashboard.app import create

PIN = "2580"


def reader(shop: Shop, role: str = "lead", *, language: str = "en") -> FlaskClient:
    """Return the browser of somebody of that role, signed in on a paired tablet."""
    assert "report.see" in PERMISSIONS
    client: FlaskClient = create(shop.settings, shop=shop).test_client()
    name = f"{role} {language}"
    person = people.named(shop, name) or people.add(shop, name, role=role, pin=PIN, by="test", language=language)
    screen, token = pairing.enter(shop, pairing.make_entrance(shop, reusable=True, name=name, role="staff"))
    client.set_cookie("device", token)
    client.set_cookie("shift", shifts.sign_in(shop, screen, person.id, PIN)[1])
    return client


def page_of(client: FlaskClient, query: str = "", *, what: str = "") -> str:
    answer = client.get(f"/reports{what and '/'}{what}{query}")
    assert answer.status_code == 200, answer.status
    return answer.text


def words_of(html: str) -> str:
    """Return what a page says, without its tags and with single plain spaces."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)).replace("\u00a0", " "))


def table_of(html: str, heading: str) -> list[list[str]]:
    """Return the first table in the section with this id, row by row."""
    section = html.split(f'id="{heading}"')[1].split("</section>")[0]
    table = section.split("<table", 1)[1].split("</table>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.S)
    return [[unescape(cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)] for row in rows]


def rows_of(client: FlaskClient, query: str, *, delimiter: str = ",", what: str = "greeting") -> list[list[str]]:
    answer = client.get(f"/reports/{what}.csv?{query}")
    assert answer.status_code == 200, answer.status
    text = answer.data.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
