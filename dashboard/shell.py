"""The staff screens as an app that can be installed: the manifest, its icons, and the worker that keeps the shell.

The worker keeps pages and the files they are made of, never news and never answers: what it shows without a connection says
so. A new version of any file is a new shell, and the old one is forgotten.
"""

from __future__ import annotations

import hashlib
import io
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from flask import Blueprint, Response, abort, jsonify, url_for
from PIL import Image, ImageDraw

from broker.web import pages
from broker.web.access import needs

bp = Blueprint("shell", __name__)

HERE: Final = Path(__file__).parent / "static"
SHARED: Final = pages.HERE / "static"
WORKER: Final = HERE / "floor" / "worker.js"
SIZES: Final = (180, 192, 512)
"""Pixels of the icons: Apple's home screen, Android's, and its splash screen."""
BRAND: Final = "#0b5cad"
WING: Final = "#bcd7f1"
FINER: Final = 4
"""The icon is drawn so many times as large and made smaller, which smooths its edges."""
MARK_ROOM: Final = 32.0
"""The mark is drawn in a square of so many units, as in mark.svg."""
SAFE_SHARE: Final = 0.8
"""Of a maskable icon only the middle is sure to be seen."""


@bp.get("/manifest.webmanifest")
@needs("public")
def manifest() -> Response:
    """Describe the app to the browser that installs it. It is asked for without cookies, so it names no shop."""
    icons: list[dict[str, Any]] = [
        {"src": url_for("web.static", filename="mark.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"},
        *({"src": f"/icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png", "purpose": "any"} for size in SIZES[1:]),
        *(
            {"src": f"/icon-mask-{size}.png", "sizes": f"{size}x{size}", "type": "image/png", "purpose": "maskable"}
            for size in SIZES[1:]
        ),
    ]
    answer = jsonify(
        id="/", name="Greetline", short_name="Greetline", start_url="/", scope="/", display="standalone", icons=icons,
        background_color="#f6f7f9", theme_color=BRAND,
    )  # fmt: skip
    answer.content_type = "application/manifest+json"
    return answer


@bp.get("/icon-<size>.png")
@needs("public")
def icon(size: str) -> Response:
    """Show the mark as a picture of *size* pixels, with round corners."""
    return _picture(size, maskable=False)


@bp.get("/icon-mask-<size>.png")
@needs("public")
def mask_icon(size: str) -> Response:
    """Show it so that the system may cut it to its own shape."""
    return _picture(size, maskable=True)


def _picture(size: str, *, maskable: bool) -> Response:
    if size not in map(str, SIZES):
        abort(404)
    return Response(drawn(int(size), maskable=maskable), content_type="image/png")


@bp.get("/worker.js")
@needs("public")
def worker() -> Response:
    """Give the worker, with the version of the shell that it keeps."""
    body = WORKER.read_text(encoding="utf-8").replace("{version}", version())
    return Response(body, content_type="text/javascript; charset=utf-8")


@lru_cache(1)
def version() -> str:
    """Return the digest of every file that pages of the staff are made of."""
    every = sorted(path for folder in (HERE, SHARED) for path in folder.rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for path in every:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


@lru_cache(2 * len(SIZES))
def drawn(size: int, *, maskable: bool) -> bytes:
    """Return the mark as a PNG of *size* pixels; the same strokes as in mark.svg, which the tests hold it to."""
    wide = size * FINER
    picture = Image.new("RGBA", (wide, wide), BRAND if maskable else (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    if not maskable:
        pen.rounded_rectangle((0, 0, wide - 1, wide - 1), radius=wide / 4, fill=BRAND)
    share = SAFE_SHARE if maskable else 1.0
    unit = wide / MARK_ROOM * share
    begin = wide * (1 - share) / 2

    def at(x: float, y: float) -> tuple[float, float]:
        # mark.svg: translate(3.2 3.4) scale(.8)
        return begin + (3.2 + 0.8 * x) * unit, begin + (3.4 + 0.8 * y) * unit

    stroke = round(3 * 0.8 * unit)
    (left, top), (right, bottom) = at(13.5 - 6.7, 11.5 - 6.7), at(13.5 + 6.7, 11.5 + 6.7)
    half = stroke / 2
    pen.ellipse((left - half, top - half, right + half, bottom + half), outline="white", width=stroke)
    _line(pen, [at(19, 6.6), at(26.4, 4.8)], stroke)
    _line(pen, [at(5.6 + 16 * t, 23.2 + 14 * t - 14 * t * t) for t in (n / 40 for n in range(41))], stroke)
    buffer = io.BytesIO()
    picture.resize((size, size), Image.Resampling.LANCZOS).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _line(pen: ImageDraw.ImageDraw, points: list[tuple[float, float]], stroke: int) -> None:
    """Draw a line with round ends."""
    pen.line(points, fill=WING, width=stroke, joint="curve")
    for x, y in (points[0], points[-1]):
        pen.ellipse((x - stroke / 2, y - stroke / 2, x + stroke / 2, y + stroke / 2), fill=WING)
