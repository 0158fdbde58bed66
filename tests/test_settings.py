"""greetline.toml: what is not a setting ends the start, and the sentence says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker.settings import BadSettings, EdgeSettings, Settings, read

DOOR = """
[[cameras]]
id = "door"
source = "rtsp://10.0.0.9/1"
[[cameras.lines]]
zone = "entrance"
points = [[0.1, 0.5], [0.9, 0.5]]
inside = "up"
"""


def settings(tmp_path: Path, text: str, **environment: str) -> Settings:
    path = tmp_path / "greetline.toml"
    path.write_text(text)
    return read(Settings, path, environment=environment)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            "[standards]\ngreet_within_second = 30",
            ["standards.greet_within_second", "greet_within_seconds?"],
            id="a key too short",
        ),
        pytest.param("[standard]\nwarn_seconds = 9", ["standard is not a setting", "standards?"], id="a table nobody knows"),
        pytest.param(DOOR + 'facing = "up"', ["cameras.0.lines.0.facing", "inside"], id="deep inside"),
        pytest.param(
            DOOR.replace("0.9, 0.5", "640, 0.5"),
            ["cameras.0.lines.0.points.1.0 (camera door)", "read 640", "divide pixels by its width and height"],
            id="pixels",
        ),
        pytest.param(
            DOOR + '[[cameras.areas]]\nid = "till"\nkind = "queue"\npoints = [[0.1, 0.1], [0.2, 0.2]]',
            ["cameras.0.areas.0.points (camera door)", "3 to 32 corners"],
            id="an area of two points",
        ),
        pytest.param('[dashboard]\nport = "http"', ["dashboard.port", "'http'"], id="not a number"),
        pytest.param("[standards]\nwarn_seconds = 40", ["warn < greet_within"], id="out of order"),
        pytest.param('[store]\ntimezone = "Europe/Olso"', ["Europe/Oslo?"], id="a zone misspelt"),
        pytest.param('[opening]\nmon = ["9-17h"]', ["9-17h", "10:00-20:00"], id="hours that are none"),
        pytest.param('[opening]\nmon = ["20:00-02:00"]', ["ends before it begins"], id="hours over midnight"),
        pytest.param(DOOR.replace('"entrance"', '"attic"'), ["attic", "[[zones]]"], id="a door into no zone"),
        pytest.param(DOOR + DOOR, ["two cameras are named door"], id="two of a name"),
        pytest.param(DOOR.replace('"door"', '"service"'), ["cannot be named 'service'"], id="the service's name"),
        pytest.param("store = [", ["not TOML"], id="half a file"),
    ],
)
def test_what_cannot_be_meant_is_named_with_what_to_do(tmp_path: Path, text: str, said: list[str]) -> None:
    with pytest.raises(BadSettings) as refused:
        settings(tmp_path, text)
    for part in ["greetline.toml", *said]:
        assert part in str(refused.value)


def test_the_environment_lies_over_the_file(tmp_path: Path) -> None:
    text = "[dashboard]\nport = 8000\n" + DOOR
    assert settings(tmp_path, text).dashboard.port == 8000
    assert settings(tmp_path, text, GREETLINE_DASHBOARD__PORT="9000").dashboard.port == 9000
    with pytest.raises(BadSettings, match="prot is not a setting"):
        settings(tmp_path, text, GREETLINE_DASHBOARD__PROT="9000")


def test_paths_are_beside_the_file_wherever_one_stands(tmp_path: Path) -> None:
    assert settings(tmp_path, '[store]\ndata = "store"').store.data == tmp_path / "store"


def test_a_film_that_nobody_may_look_at_keeps_no_shop_shut(tmp_path: Path) -> None:
    unseen = f"{'x' * 300}.mp4"
    read_so = settings(tmp_path, f'[[cameras]]\nid = "door"\nsource = "{unseen}"\n')
    assert [camera.source for camera in read_so.cameras] == [unseen], "the camera says what is wrong with it"


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="there is no such file"):
        read(EdgeSettings, tmp_path / "edge.toml", environment={})


def test_an_area_whose_people_would_be_shown_nowhere_is_refused(tmp_path: Path) -> None:
    till = DOOR + '[[cameras.areas]]\nid = "till"\nkind = "{}"\npoints = [[0.1, 0.1], [0.4, 0.1], [0.4, 0.4]]\n'
    with pytest.raises(BadSettings, match="area till belongs to zone 'till', which is not in"):
        settings(tmp_path, till.format("queue"))
    assert settings(tmp_path, till.format("ignore")).cameras[0].areas
    assert settings(tmp_path, till.format("queue") + '[[zones]]\nid="till"\nname="Till"\n[[zones]]\nid="entrance"\nname="Door"\n')
