"""`greetline config`, and that `greetline` itself loads next to nothing."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from broker.settings import Settings, read
from deploy.cli import COMMANDS, main


def greetline(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


SHOP = """
[store]
id = "oslo-city"
[dashboard]
port = 8123
[[zones]]
id = "entrance"
name = "Entrance"
[[cameras]]
id = "door"
source = "scene:door"
[[cameras.lines]]
zone = "entrance"
points = [[0.1, 0.5], [0.9, 0.5]]
inside = "up"
"""


def test_what_is_shown_can_be_read_back_and_means_the_same(tmp_path: Path) -> None:
    (tmp_path / "greetline.toml").write_text(SHOP)
    shown = greetline("config", "show").output
    (tmp_path / "again.toml").write_text(shown)
    again = read(Settings, tmp_path / "again.toml", environment={})
    assert again == read(Settings, tmp_path / "greetline.toml", environment={})
    assert 'data = "var"' in shown, "a path beside the file is shown as the file would give it"


def test_without_a_file_one_to_begin_with_is_shown(tmp_path: Path) -> None:
    shown = greetline("config", "show").output
    (tmp_path / "greetline.toml").write_text(shown)
    assert read(Settings, tmp_path / "greetline.toml", environment={}).store.data == tmp_path / "var"
    uncommented = shown.replace("#[[", "[[").replace("#id", "id").replace("#source", "source")
    for key in ("zone", "points", "inside"):
        uncommented = uncommented.replace(f"#{key}", key)
    (tmp_path / "greetline.toml").write_text(uncommented)
    assert read(Settings, tmp_path / "greetline.toml", environment={}).cameras[0].source == "scene:door"


def test_origin_says_where_each_value_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "greetline.toml").write_text(SHOP)
    monkeypatch.setenv("GREETLINE_STORE__NAME", "Oslo City")
    said = json.loads(greetline("config", "show", "--origin", "--json").output)
    assert said["origin"]["store.name"] == "environment"
    assert said["origin"]["dashboard.port"] == "file"
    assert said["origin"]["mqtt.port"] == "default"
    assert said["settings"]["store"]["name"] == "Oslo City"
    assert "port = 8123 # from the file" in greetline("config", "show", "--origin").output


def test_check_names_file_key_and_the_nearest_right_key(tmp_path: Path) -> None:
    (tmp_path / "greetline.toml").write_text("[standards]\ngreet_within_second = 30\n")
    result = greetline("config", "check")
    assert result.exit_code == 3
    for word in ("greetline.toml", "greet_within_second", "Did you mean greet_within_seconds?"):
        assert word in result.output
    (tmp_path / "greetline.toml").write_text(SHOP)
    assert greetline("config", "check").exit_code == 0


def test_the_schema_is_json_and_knows_every_section() -> None:
    schema = json.loads(greetline("config", "schema").output)
    assert set(schema["properties"]) == set(Settings.model_fields)


def test_help_names_every_command_and_loads_none_of_them(tmp_path: Path) -> None:
    program = (
        "import sys, time; began = time.perf_counter()\n"
        "from deploy.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'cv2', 'flask', 'pydantic', 'numpy', 'paho', 'sqlite_utils'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60).stdout
    assert said.splitlines()[-1] == "[]"
    assert all(f"\n  {name} " in said for name in COMMANDS)


@pytest.mark.parametrize(
    ("command", "package", "extra"),
    [("edge", "cv2", "edge"), ("dashboard", "flask", "shop"), ("up", "argon2", "all"), ("broker", "sqlite_utils", "shop")],
)
def test_a_box_without_an_extra_is_told_which_one_it_needs(command: str, package: str, extra: str, tmp_path: Path) -> None:
    """The package is hidden from the import system, as on a box where it was never installed."""
    arguments = {"edge": ["edge", "count", "x.mp4"], "dashboard": ["dashboard"], "up": ["up"], "broker": ["broker", "check"]}[
        command
    ]
    program = f"import sys; sys.modules[{package!r}] = None\nfrom deploy.cli import main; main({arguments!r})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    assert f"pip install 'greetline[{extra}]'" in done.stderr


def test_a_camera_box_counts_without_the_extra_of_the_shop(tmp_path: Path) -> None:
    hidden = ("flask", "sqlite_utils", "waitress", "amqtt", "argon2", "babel", "psutil")
    count = ["edge", "count", "scene:door?seconds=5", "--json"]
    program = f"import sys\nfor name in {hidden!r}: sys.modules[name] = None\nfrom deploy.cli import main; main({count!r})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["frames"] == 50


def test_version_says_so_as_json() -> None:
    assert json.loads(greetline("version", "--json").output)["greetline"]


def test_toml_of_the_schema_of_config_show_is_toml() -> None:
    assert set(tomllib.loads(greetline("config", "show").output)) >= {"store", "mqtt", "standards", "alerts", "dashboard", "zones"}
