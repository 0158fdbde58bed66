"""A file is written and the program ends before its row is committed: who did it is known all the same, once."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from broker.desk import audit as log
from broker.desk import boxes, settings_changes
from broker.desk.boxes import Kind
from broker.desk.roles import Refused
from broker.failpoints import VARIABLE
from broker.settings import Settings, read
from broker.settings.writing import look
from broker.shop import Shop, open_shop
from broker.store import audit, begun

ROOT = Path(__file__).parents[2]
FILE = '[store]\nid = "oslo-city"\nname = "Oslo"\ndata = "var"\n\n[standards]\nwarn_seconds = 15\n'
BEGIN = """
import sys
from pathlib import Path
from broker.desk import boxes, settings_changes
from broker.desk.boxes import Kind
from broker.settings import Settings, read
from broker.settings.writing import look
from broker.shop import open_shop
path = Path(sys.argv[1])
shop = open_shop(read(Settings, path))
"""
SAVE = (
    BEGIN
    + """
made = settings_changes.propose(shop, path, {("standards", "warn_seconds"): 10}, digest=look(path).digest)
settings_changes.save(shop, made, by="mia")
"""
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "greetline.toml"
    path.write_text(FILE, encoding="utf-8")
    shop = open_shop(read(Settings, path))
    settings_changes.note(shop, path)
    shop.db.conn.close()
    return path


def ended_at(point: str, program: str, file: Path) -> None:
    """Run *program*, which ends at *point* as by a power cut."""
    command = [sys.executable, "-c", program, str(file)]
    done = subprocess.run(command, env={"PYTHONPATH": str(ROOT), VARIABLE: point}, capture_output=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


def opened(file: Path) -> Shop:
    return open_shop(read(Settings, file))


def written(shop: Shop) -> list[tuple[str, str]]:
    return [(row.what, row.by) for row in reversed(audit.newest(shop.db, limit=20))]


def test_settings_that_were_written_and_not_committed_are_known_as_whose_they_are(file: Path) -> None:
    ended_at("change.written:2", SAVE, file)
    assert "warn_seconds = 10" in file.read_text(encoding="utf-8")
    shop = opened(file)
    assert [each.kind for each in settings_changes.changes(shop, limit=5)] == ["found"]
    for _ in range(2):
        settings_changes.note(shop, file)
        newest = settings_changes.changes(shop, limit=5)
        assert [(each.kind, each.by) for each in newest] == [("saved", "mia"), ("found", "file")]
        assert newest[0].became == look(file).digest
    assert written(shop) == [("settings.saved", "mia")]
    assert begun.of(shop.db, settings_changes.BEGUN) == []
    assert log.verify(shop).whole
    shop.db.conn.close()


def test_settings_that_were_not_written_yet_are_nobodys_change(file: Path) -> None:
    ended_at("change.committed:1", SAVE, file)
    shop = opened(file)
    settings_changes.note(shop, file)
    assert file.read_text(encoding="utf-8") == FILE
    assert written(shop) == []
    file.write_text(FILE.replace("15", "12"), encoding="utf-8")
    settings_changes.note(shop, file)
    assert written(shop) == [("settings.by-hand", "file")]
    shop.db.conn.close()


ISSUE = BEGIN + 'boxes.issue(shop, "lamp", Kind.LIGHT, by="mia")\n'
REVOKE = BEGIN + 'boxes.revoke(shop, "lamp", by="ada")\n'


def test_a_device_that_was_let_in_and_not_written_down_is_written_down_at_the_next_look(file: Path) -> None:
    ended_at("change.written:2", ISSUE, file)
    shop = opened(file)
    assert written(shop) == []
    for _ in range(2):
        [lamp] = boxes.listed(shop)
        assert written(shop) == [("devices.issued", "mia")]
    assert lamp.serial in audit.newest(shop.db, limit=1)[0].after
    assert begun.of(shop.db, boxes.BEGUN) == []
    shop.db.conn.close()


def test_a_device_that_was_thrown_out_and_not_written_down_is_written_down_at_the_next_look(file: Path) -> None:
    shop = opened(file)
    boxes.issue(shop, "lamp", Kind.LIGHT, by="mia")
    shop.db.conn.close()
    ended_at("change.written:2", REVOKE, file)
    shop = opened(file)
    assert written(shop) == [("devices.issued", "mia")]
    assert [one.revoked_at is None for one in boxes.listed(shop)] == [False]
    assert written(shop) == [("devices.issued", "mia"), ("devices.revoked", "ada")]
    shop.db.conn.close()


def test_whoever_changes_the_same_device_next_writes_down_what_was_cut_short_first(file: Path) -> None:
    ended_at("change.written:2", ISSUE, file)
    shop = opened(file)
    boxes.issue(shop, "lamp", Kind.LIGHT, by="ada")
    assert written(shop) == [("devices.issued", "mia"), ("devices.issued", "ada")]
    assert [one.revoked_at is None for one in boxes.listed(shop)] == [True, False]
    assert written(shop) == [("devices.issued", "mia"), ("devices.issued", "ada")]
    shop.db.conn.close()


def test_what_was_refused_did_not_begin(file: Path) -> None:
    shop = opened(file)
    with pytest.raises(Refused):
        boxes.revoke(shop, "lamp", by="ada")
    assert begun.of(shop.db, boxes.BEGUN) == []
    assert written(shop) == []
    shop.db.conn.close()
