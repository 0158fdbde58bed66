"""Whatever is handed to `greetline restore`: what is none of ours is refused in a sentence and changes nothing."""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.settings import Settings
from broker.shop import STORE_FILE, open_shop
from broker.store.database import StoreError
from deploy import backup, restore
from deploy.fault import Fault
from tests.fuzz.parts import DEEP, refusal, spoilt, tried

Members = list[tuple[str, bytes]]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A shop that is closed, with a secret beside its store."""
    folder = tmp_path_factory.mktemp("shop")
    made = Settings.model_validate({"store": {"data": folder / "var"}, "dashboard": {"port": 1}, "kiosk": {"port": 2}})
    open_shop(made).db.conn.close()
    (folder / "var" / "pepper").write_bytes(b"a secret")
    (folder / "var" / "clips").mkdir()
    return made


@pytest.fixture(scope="module")
def whole(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Members:
    """The members of a good backup: the list first."""
    file, _ = backup.make(settings, None, tmp_path_factory.mktemp("backups"), secrets=True)
    with tarfile.open(file) as tar:
        return [(member.name, tar.extractfile(member).read()) for member in tar]  # type: ignore[union-attr]


def packed(members: Members, file: Path, *, changed: tarfile.TarInfo | None = None) -> Path:
    with tarfile.open(file, "w:gz", compresslevel=1) as tar:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        if changed is not None:
            tar.addfile(changed)
    return file


def listed(members: Members, **more: tuple[str, int]) -> Members:
    """*members* with a list that is right about each of them, and *more* that it claims."""
    said = json.loads(members[0][1])
    said["files"] = {name: (hashlib.sha256(content).hexdigest(), len(content)) for name, content in members[1:]} | more
    return [(members[0][0], json.dumps(said).encode()), *members[1:]]


def refused(file: Path, settings: Settings) -> str:
    """Restore *file*; return the sentence of the refusal. Nothing may have changed and nothing may be left behind."""
    before = there(settings)
    with pytest.raises((Fault, StoreError)) as no:
        restore.restore(file, settings, settings.store.data.parent / "greetline.toml")
    assert there(settings) == before
    return str(no.value)


def tried_out(file: Path, settings: Settings) -> None:
    restore.restore(file, settings, settings.store.data.parent / "greetline.toml", dry_run=True)


def there(settings: Settings) -> dict[str, bytes]:
    folder = settings.store.data.parent
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_good_one_is_good(whole: Members, settings: Settings, tmp_path: Path) -> None:
    done = restore.restore(packed(listed(whole), tmp_path / "good.tar.gz"), settings, tmp_path / "greetline.toml", dry_run=True)
    assert done.counts["visits"] == 0
    assert [name for name, _ in whole] == ["manifest.json", STORE_FILE, "beside/pepper"]


@pytest.mark.parametrize(
    "name",
    [
        "../../stray", "/stray", "beside/../../stray", "beside//stray", "beside/", "beside/.", "beside/./stray",
        "beside/.stray", "beside/greetline.db-wal",
        "beside/greetline.db", "beside/backups/x.tar.gz", "beside/service.lock", "beside/a\nb",
        "beside/" + "d/" * 200 + "x", "beside/" + "n" * 300, "manifest.json", "stray", "beside/clips", "beside/pepper/x",
    ],
)  # fmt: skip
def test_a_name_that_leads_elsewhere_is_not_followed(whole: Members, settings: Settings, tmp_path: Path, name: str) -> None:
    said = refused(packed(listed([*whole, (name, b"hostile")]), tmp_path / "bad.tar.gz"), settings)
    assert "no backup of ours has" in said or "where something else lies" in said or "its list does not name" in said


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_what_is_no_plain_file_is_not_made(whole: Members, settings: Settings, tmp_path: Path, kind: bytes) -> None:
    odd = tarfile.TarInfo("beside/link")
    odd.type, odd.linkname = kind, "../../../etc/passwd"
    nothing = (hashlib.sha256(b"").hexdigest(), 0)
    assert "beside/link" in refused(packed(listed(whole, **{"beside/link": nothing}), tmp_path / "x.tar.gz", changed=odd), settings)


def test_a_small_file_that_would_fill_the_disk_is_stopped(whole: Members, settings: Settings, tmp_path: Path) -> None:
    much = b"\x00" * 64_000_000
    claimed = packed(listed(whole[:1], **{STORE_FILE: ("0" * 64, 10**15)}), tmp_path / "claims.tar.gz")
    assert "Make room first" in refused(claimed, settings)
    hidden = packed([*listed(whole[:1], **{STORE_FILE: ("0" * 64, 1000)}), (STORE_FILE, much)], tmp_path / "hides.tar.gz")
    assert hidden.stat().st_size < 1_000_000
    assert "is damaged" in refused(hidden, settings)
    again = packed([*listed(whole), *[whole[1]] * 3], tmp_path / "again.tar.gz")
    assert STORE_FILE in refused(again, settings)


def test_a_store_that_would_act_by_itself_is_not_put_back(whole: Members, settings: Settings, tmp_path: Path) -> None:
    store = tmp_path / "planted.db"
    store.write_bytes(whole[1][1])
    with closing(sqlite3.connect(store)) as db:
        db.execute("CREATE TRIGGER sly AFTER INSERT ON people BEGIN UPDATE people SET role = 'admin'; END")
        db.commit()
    file = packed(listed([whole[0], (STORE_FILE, store.read_bytes())]), tmp_path / "sly.tar.gz")
    assert "trigger sly" in refused(file, settings)


def test_whatever_the_list_says_is_checked_or_refused(whole: Members, settings: Settings, tmp_path: Path) -> None:
    said = json.loads(whole[0][1])
    before = there(settings)

    @tried(25)
    @given(manifest=spoilt([said]).map(json.dumps).map(str.encode) | st.sampled_from((b"[" * DEEP, b"[]", b"1", b"", b"\xff")))
    def asked(manifest: bytes) -> None:
        file = packed([("manifest.json", manifest), *whole[1:]], tmp_path / "said.tar.gz")
        no = refusal(lambda: tried_out(file, settings), Fault, StoreError)
        assert no is None or len(no.splitlines()) == 1

    asked()
    assert there(settings) == before


def test_a_store_that_was_somebody_at_is_whole_or_refused(whole: Members, settings: Settings, tmp_path: Path) -> None:
    content, before = whole[1][1], there(settings)

    @tried(20)
    @given(st.lists(st.tuples(st.integers(0, len(content) - 1) | st.integers(0, 120), st.integers(0, 255)), max_size=20), st.data())
    def asked(places: list[tuple[int, int]], data: Any) -> None:
        torn = bytearray(content)
        for at, value in places:
            torn[at] = value
        del torn[data.draw(st.sampled_from((len(torn), len(torn) // 2, 100, 0))) :]
        file = packed(listed([whole[0], (STORE_FILE, bytes(torn))]), tmp_path / "torn.tar.gz")
        refusal(lambda: tried_out(file, settings), Fault, StoreError)

    asked()
    assert there(settings) == before


def test_a_file_that_was_cut_or_changed_anywhere_is_refused(whole: Members, settings: Settings, tmp_path: Path) -> None:
    content, before = packed(listed(whole), tmp_path / "good.tar.gz").read_bytes(), there(settings)

    @tried(20)
    @given(at=st.integers(0, len(content) - 1), value=st.integers(0, 255), cut=st.booleans())
    def asked(at: int, value: int, cut: bool) -> None:
        file = tmp_path / "changed.tar.gz"
        file.write_bytes(content[:at] if cut else content[:at] + bytes([value]) + content[at + 1 :])
        if refusal(lambda: tried_out(file, settings), Fault, StoreError) is None:
            with tarfile.open(file) as tar:
                assert [member.name for member in tar] == [name for name, _ in whole], "only what is padding may be other"

    asked()
    assert there(settings) == before
