"""Files, folders and scenes: which of their pictures are looked at, and the sentences for what is no source."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.source import Clip, NoPictures, film, is_live, need_film
from tests.edge.builders import clip, plain


def test_a_clip_gives_so_many_frames_a_second_and_passes_over_the_others(tmp_path: Path) -> None:
    opened = Clip(clip(tmp_path / "door.avi", [plain(level) for level in range(60)], fps=30), 10)
    indices = [index for index, _ in iter(opened.next, None)]
    assert indices == list(range(0, 60, 3))
    assert (opened.frames, opened.frames_per_second) == (60, 30)


def test_a_slow_clip_gives_every_frame(tmp_path: Path) -> None:
    opened = Clip(clip(tmp_path / "door.avi", [plain(level) for level in range(10)], fps=5), 10)
    assert [index for index, _ in iter(opened.next, None)] == list(range(10))


def test_a_clip_that_breaks_off_ends_there(tmp_path: Path) -> None:
    whole = clip(tmp_path / "door.avi", [plain(level) for level in range(50)])
    broken = tmp_path / "broken.avi"
    broken.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    assert 1 <= len(list(iter(Clip(broken, 10).next, None))) < 50


@pytest.mark.parametrize("content", [b"", b"this is no video" * 50])
def test_a_file_that_is_no_video_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "door.mp4"
    path.write_bytes(content)
    with pytest.raises(NoPictures, match=r"door.mp4 is not a video that can be read"):
        film(str(path), 10)


def test_a_file_that_is_not_there_is_refused_with_what_may_be_given() -> None:
    with pytest.raises(NoPictures, match=r"there is no file nowhere.mp4. Give a video file, a folder"):
        film("nowhere.mp4", 10)
    for look in (need_film, lambda source: film(source, 10)):
        with pytest.raises(NoPictures, match="cannot be looked at"):
            look(f"{'x' * 300}.mp4")


def test_leaving_pictures_out_keeps_the_count_and_the_order(tmp_path: Path) -> None:
    opened = Clip(clip(tmp_path / "door.avi", [plain(level) for level in range(30)], fps=30), 10)
    assert opened.pass_over()
    assert [index for index, _ in iter(opened.next, None)] == list(range(3, 30, 3))
    assert not opened.pass_over()


def test_a_folder_of_pictures_is_a_film_in_the_order_of_their_names(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name, level in (("b.png", 20), ("a.jpg", 10), ("d.PNG", 40)):
        cv2.imwrite(str(tmp_path / name), plain(level))
    (tmp_path / "c.jpg").write_bytes(b"no picture")
    (tmp_path / "notes.txt").write_text("not a picture either")
    opened = film(str(tmp_path), 5)
    shown = [(index, round(float(picture.mean()))) for index, picture in iter(opened.next, None)]
    assert shown == [(0, 10), (1, 20), (3, 40)]
    assert opened.frames_per_second == 5
    assert "c.jpg is not a picture that can be read" in caplog.text


def test_a_folder_without_a_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoPictures, match="there is no picture in"):
        film(str(tmp_path), 5)


@pytest.mark.parametrize(
    ("source", "is_camera"),
    [("0", True), ("/dev/video2", True), ("rtsp://10.0.0.7/door", True), ("door.mp4", False), ("scene:door", False)],
)
def test_a_camera_is_told_from_a_film_by_its_name(source: str, is_camera: bool) -> None:
    assert is_live(source) is is_camera


def test_what_is_missing_is_found_without_opening_it(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    for source, says in ((str(tmp_path / "no.mp4"), "there is no file"), (str(tmp_path / "empty.mp4"), "0 bytes")):
        with pytest.raises(NoPictures, match=says):
            need_film(source)
    need_film("rtsp://127.0.0.1:9/none")


def turned(path: Path, degrees: int) -> Path:
    """Write into the header of an MP4 that its picture is to be shown turned by *degrees*."""
    content = path.read_bytes()
    at = content.index(b"tkhd") + 4 + 40
    one, none = 1 << 16, 0
    cosine, sine = {90: (none, one), 180: (-one, none), 270: (none, -one)}[degrees]
    matrix = struct.pack(">9i", cosine, sine, 0, -sine, cosine, 0, 0, 0, 1 << 30)
    path.write_bytes(content[:at] + matrix + content[at + 36 :])
    return path


@pytest.mark.parametrize(("degrees", "bright", "size"), [(180, (90, 150), (96, 160)), (90, (10, 90), (160, 96))])
def test_a_camera_that_hangs_upside_down_and_says_so_is_shown_upright(
    tmp_path: Path, degrees: int, bright: tuple[int, int], size: tuple[int, int]
) -> None:
    picture = np.full((96, 160, 3), 20, np.uint8)
    picture[:16, :16] = 230
    writer = cv2.VideoWriter(str(tmp_path / "door.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 10, (160, 96))
    for _ in range(5):
        writer.write(picture)
    writer.release()
    shown = Clip(turned(tmp_path / "door.mp4", degrees), 10).next()
    assert shown is not None
    assert shown[1].shape[:2] == size
    assert shown[1][bright].min() > 150
