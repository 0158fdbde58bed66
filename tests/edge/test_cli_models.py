"""`greetline models` from outside: what it prints, brings, refuses and ends with."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from broker.settings import EdgeSettings, read
from deploy.cli import main as greetline
from edge import models, starting
from edge.detectors import choose
from edge.detectors.onnx import Onnx
from edge.models import Model, ModelFile
from tests.edge import builders, tiny_models
from tests.edge.site import Site, breaks_off, says, site


def command(*arguments: str | Path) -> Result:
    return CliRunner().invoke(greetline, ["models", *map(str, arguments)])


def answer(*arguments: str | Path, code: int = 0) -> dict[str, Any]:
    done = command(*arguments, "--json")
    assert done.exit_code == code, done.output
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def states(said: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["state"] for one in said["models"]}


def a_file(path: Path, name: str) -> ModelFile:
    content = path.read_bytes()
    return ModelFile(name, "makers/models", "c0ffee", f"their/{path.name}", len(content), hashlib.sha256(content).hexdigest())


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """A folder with the files of the catalogue below, under other names."""
    folder = tmp_path / "stick"
    folder.mkdir()
    tiny_models.onnx(folder / "model.onnx")
    (folder / "net.xml").write_text("<net/>")
    (folder / "net.bin").write_bytes(b"weights")
    return folder


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, stick: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shop's folder to stand in, and makers with two small models: one file, and two."""
    one = Model("tiny", "onnx", "MIT", "Trying things out.", (a_file(stick / "model.onnx", "tiny.onnx"),))
    halves = (a_file(stick / "net.bin", "pair.bin"), a_file(stick / "net.xml", "pair.xml"))
    monkeypatch.setattr(models, "CATALOGUE", (one, Model("pair", "openvino", "MIT", "Trying halves out.", halves)))
    folder = tmp_path / "shop"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def web(stick: Path) -> Iterator[Site]:
    with site() as served:
        served.files = {f"/makers/models/c0ffee/their/{path.name}": path.read_bytes() for path in stick.iterdir()}
        yield served


def test_what_is_fetched_in_the_shops_folder_is_what_a_camera_means_by_its_name(web: Site, shop: Path) -> None:
    (shop / "edge.toml").write_text(
        '[store]\ndata = "kept"\n[[cameras]]\nid = "stairs"\nsource = "0"\nview = "angled"\nmodel = "tiny"\n', encoding="utf-8"
    )
    said = answer("fetch", "tiny", "--base-url", web.address)
    assert said["models"][0] | {"file": ""} == {"name": "tiny", "state": "fetched", "file": "", "bytes": said["models"][0]["bytes"]}
    assert Path(said["models"][0]["file"]) == shop / "kept/models/tiny.onnx"
    (camera,) = read(EdgeSettings, shop / "edge.toml").cameras
    assert isinstance(choose(camera), Onnx)


def test_nothing_is_fetched_twice(web: Site) -> None:
    assert states(answer("fetch", "tiny", "pair", "tiny", "--base-url", web.address)) == {"tiny": "fetched", "pair": "fetched"}
    assert len(web.asked) == 3
    assert states(answer("fetch", "tiny", "pair", "--base-url", web.address)) == {"tiny": "here", "pair": "here"}
    assert len(web.asked) == 3


def test_a_broken_line_is_mended_from_the_command_line_too(web: Site) -> None:
    web.tricks = [breaks_off(1000)]
    assert states(answer("fetch", "tiny", "--base-url", web.address)) == {"tiny": "fetched"}
    assert web.ranges == [None, "bytes=1000-"]


def test_one_that_cannot_be_had_does_not_keep_the_other_away(web: Site) -> None:
    web.tricks = [says(404)]
    said = answer("fetch", "tiny", "pair", "--base-url", web.address, code=3)
    assert states(said) == {"tiny": "failed", "pair": "fetched"}
    assert "answers 404" in said["models"][0]["error"]
    assert states(answer("list")) == {"tiny": "partly", "pair": "here"}


def test_a_wrong_file_is_refused_with_3_and_leaves_nothing(web: Site, shop: Path) -> None:
    for path in web.files:
        web.files[path] = bytes(len(web.files[path]))
    done = command("fetch", "tiny", "--base-url", web.address, "--dir", shop / "models")
    assert done.exit_code == 3
    assert "expected" in done.stderr
    assert list((shop / "models").iterdir()) == []


def test_a_file_or_a_folder_from_disk_will_do_whatever_it_is_called(stick: Path, shop: Path) -> None:
    assert states(answer("fetch", "tiny", "pair", "--from", stick)) == {"tiny": "copied", "pair": "copied"}
    assert states(answer("fetch", "tiny", "--from", stick / "model.onnx", "--dir", shop / "one")) == {"tiny": "copied"}
    assert states(answer("fetch", "pair", "--from", stick / "net.xml", "--dir", shop / "two")) == {"pair": "copied"}
    assert sorted(path.name for path in (shop / "two").iterdir()) == ["pair.bin", "pair.xml"]


@pytest.mark.parametrize("source", ["net.xml", ".", "nowhere"])
def test_another_file_from_disk_is_refused_with_what_is_expected(source: str, stick: Path, shop: Path) -> None:
    (stick / "model.onnx").unlink()
    said = answer("fetch", "tiny", "--from", stick / source, code=3)
    assert "sha256" in said["models"][0]["error"]
    assert "https://raw.githubusercontent.com/makers/models/c0ffee/their/model.onnx" in said["models"][0]["error"]


def test_the_list_says_what_is_here_and_where_the_rest_comes_from(stick: Path, shop: Path) -> None:
    command("fetch", "tiny", "--from", stick)
    said = answer("list")
    assert said["folder"] == str(shop / "var/models")
    tiny, pair = said["models"]
    assert (tiny["state"], tiny["here"], tiny["licence"], tiny["bytes"]) == ("here", True, "MIT", tiny["sources"][0]["bytes"])
    assert (pair["state"], pair["file"], len(pair["sources"])) == ("absent", None, 2)
    told = command("list").stdout
    assert "tiny  here" in told
    assert "`greetline models fetch pair` brings it." in told


def test_check_tries_each_model_out(stick: Path) -> None:
    command("fetch", "tiny", "--from", stick)
    said = answer("check")
    assert (said["models"][0]["state"], said["models"][0]["runs"]) == ("here", True)
    assert states(answer("check", "pair", code=1)) == {"pair": "absent"}


def test_check_ends_with_1_when_a_file_has_changed_and_fetch_mends_it(stick: Path, shop: Path, web: Site) -> None:
    command("fetch", "tiny", "--from", stick)
    path = shop / "var/models/tiny.onnx"
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    done = command("check")
    assert done.exit_code == 1
    assert "another digest). `greetline models fetch tiny` brings the right one." in done.stdout
    assert states(answer("fetch", "tiny", "--base-url", web.address)) == {"tiny": "fetched"}
    assert command("check").exit_code == 0


def test_check_ends_with_1_when_a_model_is_right_and_does_not_run(stick: Path) -> None:
    """The pair's network is no network; where OpenVINO is not installed that cannot be told."""
    tiny_models.openvino_itself()
    command("fetch", "pair", "--from", stick)
    said = answer("check", code=1)
    assert [(one["state"], one["runs"]) for one in said["models"]] == [("absent", None), ("here", False)]


def test_check_without_the_runtime_says_that_it_did_not_try(stick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command("fetch", "pair", "--from", stick)
    monkeypatch.setitem(sys.modules, "openvino", None)
    said = answer("check")
    assert "not tried: pip install 'greetline[openvino]'" in said["models"][1]["says"]


def test_a_model_that_is_here_under_another_name_is_not_fetched(stick: Path, shop: Path) -> None:
    for end in ("xml", "bin"):
        (shop / f"PAIR.{end}").write_bytes((stick / f"net.{end}").read_bytes())
    assert states(answer("fetch", "pair", "--base-url", "http://nowhere.invalid", "--dir", shop)) == {"pair": "here"}


def test_half_a_model_of_other_names_is_completed(stick: Path, shop: Path) -> None:
    (shop / "PAIR.xml").write_bytes((stick / "net.xml").read_bytes())
    assert states(answer("list", "--dir", shop)) == {"tiny": "absent", "pair": "partly"}
    assert states(answer("fetch", "pair", "--from", stick, "--dir", shop)) == {"pair": "copied"}
    assert states(answer("list", "--dir", shop)) == {"tiny": "absent", "pair": "here"}


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["fetch"], 2, "Missing argument"),
        (["fetch", "tinny"], 2, "Did you mean tiny? There is: tiny, pair."),
        (["fetch", "tiny", "--base-url", "file:///etc"], 2, "is not an address"),
        (["fetch", "tiny", "--base-url", "nonsense"], 2, "is not an address"),
        (["list", "--settings", "nowhere.toml"], 3, "there is no such file"),
        (["fetch", "tiny", "--from", "/proc/self/mem"], 3, "tiny: "),
        (["fetch", "tiny", "--from", "../stick", "--dir", "/proc/models"], 3, "--dir"),
        (["fetch", "tiny", "--from", "../stick", "--dir", "../stick/net.xml"], 3, "--dir"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_a_code(arguments: list[str], code: int, says: str) -> None:
    done = command(*arguments)
    assert (done.exit_code, says in done.output) == (code, True), done.output
    assert "Traceback" not in done.output


def test_help_shows_examples() -> None:
    for name in ("list", "fetch", "check"):
        assert f"greetline models {name}" in command(name, "--help").output


def test_the_real_catalogue_is_pinned_and_each_model_has_a_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert models.CATALOGUE
    for model in models.CATALOGUE:
        assert model.detector in ("onnx", "openvino")
        assert model.files[-1].name == model.name + {"onnx": ".onnx", "openvino": ".xml"}[model.detector]
        for file in model.files:
            assert (len(file.commit), len(file.sha256)) == (40, 64)
            assert models.named(file.name) in (model, None)
            assert file.address("https://x.example/").startswith(f"https://x.example/{file.repository}/{file.commit}/")
    digests = [file.sha256 for model in models.CATALOGUE for file in model.files]
    assert len(set(digests)) == len(digests)


@pytest.mark.footage
def test_each_model_of_the_real_catalogue_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    builders.model("lwpd_192.onnx")
    for one in answer("check", "--dir", builders.MODELS)["models"]:
        assert one["state"] == "here", one["says"]
        assert one["runs"] or "not tried" in one["says"]


def test_listing_models_loads_no_eyes() -> None:
    program = (
        "import sys\nfrom click.testing import CliRunner\nfrom deploy.cli import main\n"
        "assert CliRunner().invoke(main, ['models', 'list']).exit_code == 0\n"
        "print([m for m in ('cv2', 'numpy', 'onnxruntime', 'openvino', 'flask') if m in sys.modules])"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60, cwd=root)
    assert done.stdout.strip() == "[]"


def test_a_fetched_model_goes_by_its_name_on_the_command_line_too(stick: Path, shop: Path) -> None:
    (shop / "greetline.toml").write_text('[store]\ndata = "kept"\n')
    command("fetch", "tiny", "--from", stick)
    count = ["edge", "count", "scene:door?seconds=5", "--view", "angled", "--json", "--model"]
    done = CliRunner().invoke(greetline, [*count, "tiny"])
    assert done.exit_code == 0, done.output
    missing = CliRunner().invoke(greetline, [*count, "pair"])
    assert (missing.exit_code, "`greetline models fetch pair` brings it" in missing.output) == (3, True)
    cameras = starting.settings(shop / "greetline.toml", None, {"source": "scene:door", "model": Path("tiny")}).cameras
    assert [camera.model for camera in cameras] == [shop / "kept/models/tiny"]


@pytest.mark.parametrize(
    ("model", "meant"),
    [
        ("tiny", "kept/models/tiny"),
        ("person-detection-retail-0013", "kept/models/person-detection-retail-0013"),
        ("own.onnx", "own.onnx"),
        ("nowhere.onnx", "nowhere.onnx"),
        ("fetched.onnx", "kept/models/fetched.onnx"),
        ("models/tiny", "models/tiny"),
        ("/elsewhere/tiny.onnx", "/elsewhere/tiny.onnx"),
    ],
)
def test_a_camera_names_a_model_by_its_path_or_its_name(model: str, meant: str, shop: Path) -> None:
    (shop / "own.onnx").touch()
    (shop / "kept/models").mkdir(parents=True)
    (shop / "kept/models/fetched.onnx").touch()
    (shop / "edge.toml").write_text(f'[store]\ndata = "kept"\n[[cameras]]\nid = "stairs"\nsource = "0"\nmodel = "{model}"\n')
    (camera,) = read(EdgeSettings, shop / "edge.toml").cameras
    assert camera.model == shop / meant
