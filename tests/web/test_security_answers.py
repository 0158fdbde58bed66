"""What every answer has, and what is written down of those that were refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.web.parts import Visitor
from tests.web.test_headers import path_of

New = Callable[[], Visitor]
IN_LETTERS = ("text/", "application/json", "application/problem+json", "application/javascript")
UTF_8_BY_ITSELF = ("application/json", "application/problem+json")
"""JSON is UTF-8 and has no charset to say (RFC 8259)."""


def test_no_answer_is_for_other_sites_leads_elsewhere_or_leaves_its_letters_open(app: Flask, visitor: New) -> None:
    for who in (visitor(), visitor().pair(), visitor().pair("manager").sign_in("Ada", "admin")):
        for rule in app.url_map.iter_rules():
            for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
                headers = {"Origin": "https://elsewhere.example"}
                answer = who.client.open(path_of(rule), method=method, headers=headers, buffered=False)
                here = f"{method} {rule.rule}"
                assert not [name for name, _ in answer.headers if name.lower().startswith("access-control-")], here
                leads = answer.headers.get("Location", "/")
                assert leads.startswith("/"), f"{here} leads to {leads}"
                assert not leads.startswith(("//", "/\\")), f"{here} leads to {leads}"
                kind = answer.headers.get("Content-Type", "")
                if kind.startswith(IN_LETTERS) and not kind.startswith(UTF_8_BY_ITSELF):
                    assert "charset=utf-8" in kind.lower(), f"{here}: {kind}"
                answer.close()


def test_every_page_of_the_staff_has_a_way_to_sign_out(visitor: New) -> None:
    office = visitor().pair("manager").sign_in("Ada", "admin")
    for path in (
        "/floor",
        "/lead",
        "/reports/greeting",
        "/standards",
        "/admin",
        "/admin/people",
        "/admin/screens",
        "/admin/cameras",
    ):
        page = office.get(path, follow_redirects=True).get_data(as_text=True)
        assert 'action="/signout"' in page, path
    assert 'action="/me/sign-out-everywhere"' in office.get("/me").get_data(as_text=True)


def test_a_change_without_a_token_or_from_another_site_is_written_down(visitor: New, caplog: pytest.LogCaptureFixture) -> None:
    office = visitor().pair("manager").sign_in("Ada", "admin")
    office.client.post("/admin/people", data={"name": "Eve"})
    assert "a change without the token of a form was refused: POST admin.add" in caplog.text
    office.post("/admin/people", {"name": "Eve"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert "a change from another site was refused: POST admin.add" in caplog.text
    assert "Eve" not in caplog.text
