"""What mosquitto is told, for each version of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy import mosquitto
from deploy.fault import Fault


def places(**more: object) -> mosquitto.Places:
    there = {"password_file": Path("/a"), "devices": Path("/d"), "certificate": Path("/c"), "key": Path("/k")}
    return mosquitto.Places(**(there | more))  # type: ignore[arg-type]


def words(text: str) -> set[str]:
    return {line.split()[0] for line in text.splitlines() if line and not line.startswith("#")}


def test_each_mosquitto_is_told_in_the_words_it_has() -> None:
    old, new = mosquitto.configuration((2, 0), places()), mosquitto.configuration((2, 1), places(plugins=Path("/p")))
    gone = {"acl_file", "password_file"}
    assert gone <= words(old)
    assert not gone & words(new)
    assert "plugin_opt_acl_file /d/access" in new
    assert words(old) - gone == words(new) - {"global_plugin", "plugin_opt_acl_file", "plugin_opt_password_file"}
    assert gone <= words(mosquitto.configuration((2, 1), places())), "without its plugins the old words do until 3.0"
    for version in ((1, 6), (3, 0)):
        with pytest.raises(Fault, match="install mosquitto 2"):
            mosquitto.configuration(version, places())
    with pytest.raises(Fault, match="cannot be the name"):
        mosquitto.configuration((2, 0), places(key=Path("/k\nallow_anonymous true")))


def test_the_plugins_are_found_where_the_package_has_put_them(tmp_path: Path) -> None:
    folder = tmp_path / "usr/lib/x86_64-linux-gnu/mosquitto"
    folder.mkdir(parents=True)
    assert mosquitto.plugins_of(tmp_path) is None
    for name in (mosquitto.RIGHTS, mosquitto.PASSWORDS):
        (folder / name).touch()
    assert mosquitto.plugins_of(tmp_path) == Path("/usr/lib/x86_64-linux-gnu/mosquitto")
