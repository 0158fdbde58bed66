"""The file is edited where it lies: what was not asked for stays to the letter, and it is whole at every moment."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import pytest

from broker.settings import BadSettings
from broker.settings.writing import MAX_FILE_BYTES, CannotWrite, differences, edited, hidden, judged, look, put

EXAMPLE = Path(__file__).resolve().parents[1] / "deploy" / "greetline.example.toml"


def lines_changed(was: str, becomes: str) -> tuple[set[str], set[str]]:
    before, after = was.splitlines(), becomes.splitlines()
    return {line for line in before if line not in after}, {line for line in after if line not in before}


def test_of_a_commented_file_only_the_line_that_was_asked_for_changes() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    gone, come = lines_changed(text, edited(text, {("standards", "greet_within_seconds"): 25}))
    assert gone == {"greet_within_seconds = 30        # the promise"}
    assert come == {"greet_within_seconds = 25        # the promise"}


def test_a_table_that_is_new_stands_below_an_empty_line() -> None:
    made = edited(
        '[store]\nname = "X"\n[[zones]]\nid = "a"\nname = "A"\n', {("alerts", "sound_times"): 2, ("zones", "b"): {"name": "B"}}
    )
    assert "\n\n[alerts]\n" in made
    assert '\n\n[[zones]]\nid = "b"' in made
    assert '[store]\nname = "X"\n[[zones]]\nid = "a"' in made


@pytest.mark.parametrize(
    ("text", "edits", "holds"),
    [
        ("standards = { undo_seconds = 30 }\n", {("standards", "warn_seconds"): 5}, ["undo_seconds = 30", "warn_seconds = 5"]),
        ('zones = [{ id = "a", name = "A" }]\n', {("zones", "a", "name"): "Å"}, ['name = "Å"']),
        ('zones = [{ id = "a", name = "A" }]\n', {("zones", "b"): {"name": "B"}}, ['id = "b"', 'id = "a"']),
        ("standards.undo_seconds = 30\n", {("standards", "undo_seconds"): 31}, ["standards.undo_seconds = 31"]),
        ("", {("services", "a", "names", "nb"): "Retur"}, []),
        ("[opening]\nmon = []\n", {("opening", "special", "2026-12-25"): []}, ["2026-12-25 = []", "mon = []"]),
        ("[opening.special]\n2026-12-25 = []\n", {("opening", "special", "2026-12-25"): None}, []),
    ],
)  # fmt: skip
def test_the_many_ways_to_write_a_file_are_kept(text: str, edits: dict[tuple[str, ...], object], holds: list[str]) -> None:
    made = edited(text, edits)
    assert all(each in made for each in holds), made
    judged(made, Path("greetline.toml"))


def test_a_row_that_goes_takes_nothing_else_with_it() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    gone, come = lines_changed(text, edited(text, {("cameras", "back"): None}))
    assert come == set()
    assert 'id = "back"' in gone
    assert 'id = "door"' not in gone


def test_what_is_not_toml_is_refused(tmp_path: Path) -> None:
    for text in ("[store", "a = 1\na = 2\n"):
        with pytest.raises(BadSettings, match="not TOML"):
            edited(text, {("store", "name"): "X"})
    with pytest.raises(BadSettings, match="longer than"):
        judged("#" * (MAX_FILE_BYTES + 1), tmp_path / "greetline.toml")


def test_the_difference_of_a_row_that_comes_is_one_and_of_one_that_changed_its_parts() -> None:
    path = Path("greetline.toml")
    was = judged('[[zones]]\nid = "a"\nname = "A"\n', path)
    becomes = judged('[[zones]]\nid = "a"\nname = "Å"\n[[zones]]\nid = "b"\nname = "B"\n', path)
    assert [(each.key, each.was is None) for each in differences(was, becomes)] == [("zones.a.name", False), ("zones.b", True)]


def test_the_password_of_a_camera_is_in_no_list() -> None:
    assert hidden({"source": ["rtsp://viewer:password@10.0.0.7/2"]}) == {"source": ["rtsp://…@10.0.0.7/2"]}


def test_a_written_file_keeps_its_mode_and_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "greetline.toml"
    real.write_text("was", encoding="utf-8")
    real.chmod(0o640)
    link.symlink_to(real)
    put(link, "[store]\n")
    assert link.is_symlink()
    assert look(real).text == "[store]\n"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert sorted(each.name for each in tmp_path.iterdir()) == ["greetline.toml", "real.toml"]


def test_a_folder_that_cannot_be_written_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "greetline.toml"
    path.write_text("was", encoding="utf-8")
    (tmp_path / ".greetline.toml.new").mkdir()
    with pytest.raises(CannotWrite, match="cannot be written"):
        put(path, "is")
    assert path.read_text(encoding="utf-8") == "was"


ROWS = """# top
[store]
id = "a"

# what most come for
[[services]]
id = "one"
letter = "A"
name = "One"
names = { nb = "En" }

[[services]]
id = "two"     # the second
letter = "B"
name = "Two"
[services.names]
nb = "To"

[queues]
max_wait_seconds = 2700

# at the end
[[services]]
id = "three"
letter = "C"
name = "Three"
"""


def test_rows_change_places_with_their_own_tables_and_the_comment_above_them() -> None:
    made = edited(ROWS, {("services", "order"): ["three", "one", "two"]})
    assert tomllib.loads(made)["services"] == [tomllib.loads(ROWS)["services"][n] for n in (2, 0, 1)]
    assert made.index("# at the end\n[[services]]") < made.index("# what most come for")
    assert '[[services]]\nid = "two"     # the second' in made
    assert made.startswith("# top\n[store]")
    assert edited(made, {("services", "order"): ["one", "two", "three"]}) == ROWS


def test_rows_are_added_and_ordered_in_one_change() -> None:
    made = edited(ROWS, {("services", "four"): {"letter": "D", "name": "Four"}, ("services", "order"): ["two", "one"]})
    assert [row["id"] for row in tomllib.loads(made)["services"]] == ["two", "one", "three", "four"]
    assert [
        row["id"]
        for row in tomllib.loads(edited(ROWS, {("services", "one"): None, ("services", "order"): ["three", "two"]}))["services"]
    ] == ["three", "two"]


def test_rows_written_in_one_line_are_ordered_by_hand_alone() -> None:
    inline = 'counters = [{ id = "a", name = "A" }, { id = "b", name = "B" }]\n'
    with pytest.raises(BadSettings, match="edit the file itself"):
        edited(inline, {("counters", "order"): ["b", "a"]})
