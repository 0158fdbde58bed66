"""What goes out compressed, and that nothing else about an answer changes by it."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import brotli
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from broker.web.compressed import KEPT_FILES, LEAST_BYTES, Kept
from tests.web.parts import Stream, Visitor, served

OPEN = {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}
PAGES = ("/floor", "/reports", "/static/ui.css", "/dashboard-static/floor/main.js", "/manifest.webmanifest", "/api/v1/floor")


def told(visitor: Visitor, path: str, way: str, **more: str) -> TestResponse:
    return visitor.get(path, headers={"Accept-Encoding": way, **more})


@pytest.fixture
def kari(visitor: Callable[[], Visitor]) -> Visitor:
    return visitor().pair("manager").sign_in("Ada", "manager")


@pytest.mark.parametrize("path", PAGES)
def test_pages_files_and_answers_are_compressed_by_what_the_browser_takes(kari: Visitor, path: str) -> None:
    plain = kari.get(path)
    assert "Content-Encoding" not in plain.headers
    assert "Accept-Encoding" in plain.vary
    for asked, way in (("gzip, deflate, br", "br"), ("gzip, deflate", "gzip"), ("br;q=0, gzip", "gzip"), ("identity", "")):
        answer = told(kari, path, asked)
        assert answer.headers.get("Content-Encoding", "") == way, asked
        assert "Accept-Encoding" in answer.vary
        assert int(answer.headers["Content-Length"]) == len(answer.data)
        body = OPEN[way](answer.data)
        if "static" in path:
            assert body == plain.data
        if way:
            assert len(answer.data) < 0.7 * len(body)


@pytest.mark.parametrize("way", ["br", "gzip"])
def test_a_head_says_how_long_the_answer_would_be(kari: Visitor, way: str) -> None:
    for path in ("/static/ui.css", "/manifest.webmanifest"):
        whole = told(kari, path, way)
        head = kari.client.head(path, headers={"Accept-Encoding": way})
        assert head.data == b""
        for name in ("Content-Length", "Content-Encoding", "ETag", "Vary", "Content-Type"):
            assert head.headers.get(name) == whole.headers.get(name), name


@pytest.mark.parametrize("path", ["/static/ui.css", "/api/v1/floor"])
def test_what_has_not_changed_is_304_whichever_way_it_went_out_before(kari: Visitor, path: str) -> None:
    first = told(kari, path, "br")
    tag = first.headers["ETag"]
    assert tag.startswith("W/"), "the same page has other bytes for each way"
    for way in ("br", "gzip", "identity"):
        again = told(kari, path, way, **{"If-None-Match": tag})
        assert again.status_code == 304
        assert again.data == b""
        assert again.headers["ETag"] == tag
        assert "Accept-Encoding" in again.vary
        assert "Content-Encoding" not in again.headers


def test_a_part_of_a_file_is_a_part_of_the_file_itself(kari: Visitor) -> None:
    part = told(kari, "/static/ui.css", "br", Range="bytes=10-19")
    whole = kari.get("/static/ui.css")
    assert part.status_code == 206
    assert "Content-Encoding" not in part.headers
    assert part.data == whole.data[10:20]


def test_pictures_and_short_answers_go_out_as_they_are(kari: Visitor) -> None:
    for path in ("/icon-180.png", "/healthz"):
        answer = told(kari, path, "br, gzip")
        assert answer.status_code == 200
        assert "Content-Encoding" not in answer.headers, path
    assert len(told(kari, "/healthz", "br").data) < LEAST_BYTES


def test_what_another_site_asked_for_tells_nothing_by_its_length(kari: Visitor) -> None:
    for site in ("cross-site", "same-site"):
        page = told(kari, "/reports", "br, gzip", **{"Sec-Fetch-Site": site})
        assert page.status_code == 200
        assert "Content-Encoding" not in page.headers, site
        assert "Accept-Encoding" in page.vary
        assert told(kari, "/static/ui.css", "br", **{"Sec-Fetch-Site": site}).headers["Content-Encoding"] == "br", "no secret in it"
    assert told(kari, "/reports", "br", **{"Sec-Fetch-Site": "same-origin"}).headers["Content-Encoding"] == "br"


def test_a_live_stream_is_never_held_back_to_be_compressed(app: Flask, kari: Visitor) -> None:
    with served(app) as server:
        cookies = f"device={kari.cookie('device')}; shift={kari.cookie('shift')}"
        with Stream(server.port, cookies, headers={"Accept-Encoding": "gzip, br"}) as stream:
            assert stream.answer.headers["Content-Encoding"] is None
            assert stream.first()["event"] == "snapshot"


def test_a_file_is_compressed_once_and_a_page_is_not_kept(app: Flask, kari: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[bytes] = []
    really = brotli.compress

    def compress(body: bytes, **how: int) -> bytes:
        done.append(body)
        return bytes(really(body, **how))

    first = told(kari, "/static/base.css", "br")
    monkeypatch.setattr("flask_compress.flask_compress.brotli.compress", compress)
    assert told(kari, "/static/base.css?v=anything", "br").data == first.data
    assert done == [], "an address that somebody made up is the same file"
    told(kari, "/reports", "br")
    told(kari, "/reports", "br")
    assert len(done) == 2


def test_only_so_many_files_are_kept() -> None:
    kept = Kept()
    for n in range(KEPT_FILES + 5):
        kept.set(f"br;/static/{n}.css?tag", b"x")
    assert kept.get("br;/static/4.css?tag") is None
    assert kept.get(f"br;/static/{KEPT_FILES + 4}.css?tag") == b"x"
    assert sum(kept.get(f"br;/static/{n}.css?tag") is not None for n in range(KEPT_FILES + 5)) == KEPT_FILES
