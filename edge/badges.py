"""ArUco badges (4x4, numbers 0 to 49): read on somebody in a picture, and drawn to be printed and cut out."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from typing import Final

import cv2
import numpy as np

from edge.sightings import Box, Picture

NUMBERS: Final = 50
"""Badges there are: 0 to 49."""
MODULES: Final = 6
"""Squares a side: 4 that say the number, and the black border around them."""
LARGEST_PX: Final = 480
"""Somebody who fills more pixels a side is made smaller first; a badge on them is large enough then."""
SMALLEST_PX: Final = 24
"""Nobody smaller wears a badge that can be read."""
PRINTED_DPI: Final = 300
QUIET: Final = 1.5
"""White around a badge, in modules: without it no camera finds its edge."""

_PT_PER_MM: Final = 72 / 25.4


def number_on(picture: Picture, box: Box) -> int | None:
    """Return the number of a badge that is clearly read inside *box* of *picture*, or None."""
    height, width = picture.shape[:2]
    left, right = max(0, round(box.left)), min(width, round(box.right))
    top, bottom = max(0, round(box.top)), min(height, round(box.bottom))
    if min(right - left, bottom - top) < SMALLEST_PX:
        return None
    cut = cv2.cvtColor(picture[top:bottom, left:right], cv2.COLOR_BGR2GRAY)
    scale = LARGEST_PX / max(cut.shape)
    if scale < 1:
        cut = cv2.resize(cut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    _, numbers, _ = _reader().detectMarkers(cut)
    return None if numbers is None or not len(numbers) else int(numbers.ravel()[0])


@lru_cache(maxsize=1)
def _reader() -> cv2.aruco.ArucoDetector:
    chosen = cv2.aruco.DetectorParameters()
    # Not one wrong square: a striped shirt must not pass for a badge with a fault.
    chosen.errorCorrectionRate = 0.0
    chosen.maxErroneousBitsInBorderRate = 0.0
    return cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50), chosen)


def squares(number: int) -> list[list[bool]]:
    """Return the MODULES x MODULES squares of badge *number*, True for black. Raises ValueError for no such badge."""
    if not 0 <= number < NUMBERS:
        raise ValueError(f"there are badges 0 to {NUMBERS - 1}, not {number}")
    marker = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50).generateImageMarker(number, MODULES)
    return [[bool(level < 128) for level in row] for row in np.asarray(marker)]


def as_png(number: int, words: str, *, size_mm: float) -> bytes:
    """Return a PNG of badge *number*, its black *size_mm* a side at PRINTED_DPI, with *words* (ASCII) below to cut off."""
    module = max(4, round(size_mm / 25.4 * PRINTED_DPI / MODULES))
    quiet = round(QUIET * module)
    black = np.array(squares(number), bool).repeat(module, axis=0).repeat(module, axis=1)
    side = black.shape[0] + 2 * quiet
    sheet = np.full((side + 2 * module, side), 255, np.uint8)
    sheet[quiet : quiet + len(black), quiet : quiet + len(black)][black] = 0
    sheet[side - 1, ::8] = 128
    (width, _), _ = cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, 1.0, 2)
    scale = min(module / 30, 0.9 * side / width)
    place = (round((side - width * scale) / 2), side + round(1.2 * module))
    cv2.putText(sheet, words, place, cv2.FONT_HERSHEY_SIMPLEX, scale, 60, max(1, round(2 * scale)), cv2.LINE_AA)
    _, encoded = cv2.imencode(".png", sheet)
    return _with_size(encoded.tobytes())


def _with_size(png: bytes) -> bytes:
    """Return *png* with a pHYs chunk after its header, so that a printer knows how large it is."""
    header = 8 + 25  # signature and IHDR
    a_metre = round(PRINTED_DPI / 0.0254)
    content = b"pHYs" + struct.pack(">IIB", a_metre, a_metre, 1)
    chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
    return png[:header] + chunk + png[header:]


def as_pdf(number: int, words: str, *, size_mm: float) -> bytes:
    """Return a one-page PDF of badge *number*, its black *size_mm* a side, with *words* (ASCII) below to cut off."""
    module = size_mm / MODULES * _PT_PER_MM
    quiet = QUIET * module
    side = MODULES * module + 2 * quiet
    below = max(2 * module, 24.0)
    drawn = [
        f"{quiet + column * module:.3f} {below + quiet + (MODULES - 1 - row) * module:.3f} {module:.3f} {module:.3f} re"
        for row, line in enumerate(squares(number))
        for column, black in enumerate(line)
        if black
    ]
    size = min(10.0, 1.7 * side / max(1, len(words)))
    text = words.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    cut = f"0.5 G 0.5 w [2 2] 0 d 0 {below:.3f} m {side:.3f} {below:.3f} l S"
    content = "\n".join([*drawn, "f", cut, f"BT /F1 {size:.2f} Tf 0.3 g {quiet:.2f} {below / 2:.2f} Td ({text}) Tj ET"])
    return _pdf(side, side + below, content.encode("ascii"))


def _pdf(width: float, height: float, content: bytes) -> bytes:
    """Return a PDF of one page of *width* x *height* points with *content* on it."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %.3f %.3f] /Contents 4 0 R "
        b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>" % (width, height),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
    ]
    file, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    begin = len(file)
    count = len(objects) + 1
    return file + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        count, table, count, begin,
    )  # fmt: skip
