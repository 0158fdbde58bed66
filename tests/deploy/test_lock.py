"""A lock is a file of its own: never a link to somebody else's, and nothing that is no file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from broker.lock import Held, held


def test_a_lock_says_who_holds_it_and_can_be_taken_again(tmp_path: Path) -> None:
    for _ in range(2):
        with held(tmp_path / "lock"):
            assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"
            with pytest.raises(Held), held(tmp_path / "lock"):
                pass


def test_a_link_that_was_laid_where_the_lock_is_empties_nobodys_file(tmp_path: Path) -> None:
    roots = tmp_path / "shadow"
    roots.write_text("of root alone\n")
    (tmp_path / "lock").symlink_to(roots)
    with pytest.raises(OSError, match="is a link, where a lock file must be"), held(tmp_path / "lock"):
        pass
    assert roots.read_text() == "of root alone\n"
    (tmp_path / "nowhere").symlink_to(tmp_path / "made")
    with pytest.raises(OSError, match="is a link"), held(tmp_path / "nowhere"):
        pass
    assert not (tmp_path / "made").exists()


def test_what_is_no_file_is_no_lock(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "lock")
    with pytest.raises(OSError, match="is no file, where a lock file must be"), held(tmp_path / "lock"):
        pass
