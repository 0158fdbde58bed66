"""The file of a drawn plan: whole or not there, and never in the way of a start."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from broker.contract.plan import Line, Plan
from edge.planfile import MAX_FILE_BYTES, PlanFile

DRAWN = Plan(version=3, lines=(Line(zone="entrance", points=((0.1, 0.5), (0.9, 0.5)), inside="up"),))


def test_what_was_kept_is_read_again(tmp_path: Path) -> None:
    file = PlanFile(tmp_path / "plan-door.json")
    assert file.read() is None
    assert file.keep(DRAWN) == ""
    assert PlanFile(tmp_path / "plan-door.json").read() == DRAWN
    later = DRAWN.model_copy(update={"version": 4})
    file.keep(later)
    assert file.read() == later
    assert [path.name for path in tmp_path.iterdir()] == ["plan-door.json"]


def test_the_settings_files_own_plan_is_kept_there_only(tmp_path: Path) -> None:
    file = PlanFile(tmp_path / "plan-door.json")
    file.keep(DRAWN)
    assert file.keep(DRAWN.model_copy(update={"version": 0})) == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("written", [b"", b'{"version": 3, "lin', b"\xff\xfe", b'{"version": -1}', b" " * (MAX_FILE_BYTES + 1)])
def test_a_file_that_cannot_be_read_is_said_in_the_log_and_passed_over(
    tmp_path: Path, written: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "plan-door.json"
    path.write_bytes(written)
    with caplog.at_level(logging.WARNING):
        assert PlanFile(path).read() is None
    assert "plan-door.json cannot be read" in caplog.text
    assert PlanFile(path).keep(DRAWN) == ""
    assert PlanFile(path).read() == DRAWN


def test_a_disk_that_takes_nothing_leaves_the_plan_of_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = PlanFile(tmp_path / "plan-door.json")
    file.keep(DRAWN)

    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("edge.planfile.os.fsync", full)
    trouble = file.keep(DRAWN.model_copy(update={"version": 4}))
    assert trouble == "the plan is in force and could not be kept: No space left on device"
    assert file.read() == DRAWN
    assert [path.name for path in tmp_path.iterdir()] == ["plan-door.json"]


def test_a_folder_that_is_gone_is_trouble_and_no_end(tmp_path: Path) -> None:
    assert "could not be kept" in PlanFile(tmp_path / "gone" / "plan-door.json").keep(DRAWN)
