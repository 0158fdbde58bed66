"""Files and scenes: their pace, their time, their end, and the sentences for what is no source."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broker.contract.messages import Watch
from broker.settings import CameraSettings
from edge.eyes import open_source
from edge.sightings import Frame
from edge.source import Clip, NoPictures, Playback, film, monotonic
from tests.edge.builders import clip, plain


def until_over(source: Playback, limit: float = 20.0) -> list[Frame]:
    frames: list[Frame] = []
    begin = monotonic()
    while source.condition.watch is not Watch.ENDED and monotonic() - begin < limit:
        frame = source.read(0.05)
        if frame:
            frames.append(frame)
    return frames


def test_a_clip_gives_so_many_frames_a_second_and_passes_over_the_others(tmp_path: Path) -> None:
    opened = Clip(clip(tmp_path / "door.avi", [plain(level) for level in range(60)], fps=30), 10)
    indices = [index for index, _ in iter(opened.next, None)]
    assert indices == list(range(0, 60, 3))
    assert (opened.frames, opened.frames_per_second) == (60, 30)


def test_a_slow_clip_gives_every_frame(tmp_path: Path) -> None:
    opened = Clip(clip(tmp_path / "door.avi", [plain(level) for level in range(10)], fps=5), 10)
    assert [index for index, _ in iter(opened.next, None)] == list(range(10))


def test_a_film_runs_at_its_real_pace_with_its_own_time_and_ends_once(tmp_path: Path) -> None:
    starts_at = datetime(2026, 5, 2, 10, tzinfo=UTC)
    path = clip(tmp_path / "door.avi", [plain(level) for level in range(15)], fps=10)
    source = Playback(film(str(path), 10), starts_at)
    assert source.condition.watch is Watch.STARTING
    begin = monotonic()
    frames = until_over(source)
    assert 1.3 < monotonic() - begin < 3.0
    assert [(frame.at - starts_at).total_seconds() for frame in frames] == [index / 10 for index in range(15)]
    assert source.read(0.01) is None
    assert source.condition.watch is Watch.ENDED
    assert source.dropped == 0


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
    with pytest.raises(NoPictures, match=r"there is no file nowhere.mp4. Give a video file, rtsp://"):
        film("nowhere.mp4", 10)


@pytest.mark.parametrize(
    ("starts_at", "expected"),
    [("2026-05-02T10:00:00Z", 10), ("2026-05-02T12:00:00+02:00", 10), ("2026-05-02T10:00:00", 10)],
)
def test_starts_at_is_a_time_in_utc_unless_it_says_otherwise(starts_at: str, expected: int) -> None:
    source = open_source(CameraSettings(id="door", source="scene:door?seconds=5", starts_at=starts_at))
    frame = source.read(2.0)
    assert frame is not None
    assert frame.at == datetime(2026, 5, 2, expected, tzinfo=UTC)


def test_a_start_that_is_no_time_is_refused() -> None:
    with pytest.raises(NoPictures, match="camera door: starts_at 'noon'"):
        open_source(CameraSettings(id="door", source="scene:door", starts_at="noon"))


def test_reading_gives_way_in_time_when_the_next_frame_is_far(tmp_path: Path) -> None:
    source = Playback(film("scene:door?seconds=5&fps=1", 10), None)
    source.read(1.0)
    begin = monotonic()
    assert source.read(0.1) is None
    assert monotonic() - begin < 0.5
    assert threading.active_count() < 10
