"""Whatever stands in a settings file: it is read, or BadSettings names the file and says what is wrong."""

from __future__ import annotations

import json
import tomllib
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from broker.contract.plan import Plan
from broker.settings import BadSettings, EdgeSettings, Settings, read, read_sparing
from edge.planfile import PlanFile
from tests.contract.test_messages import PLAN
from tests.fuzz.parts import DEEP, refusal, spoilt, tried

ROOT = Path(__file__).parents[2]
EXAMPLES = ("greetline.example.toml", "edge.example.toml")
DRAWN = {"points": [[0.1, 0.5], [0.9, 0.5]], "zone": "entrance", "inside": "down"}
WHOLE = [
    tomllib.loads((ROOT / "deploy" / "greetline.example.toml").read_text(encoding="utf-8")),
    {"store": {"id": "oslo"}, "zones": [{"id": "entrance", "name": "Entrance"}],
     "cameras": [{"id": "door", "source": "0", "lines": [DRAWN]}, {"id": "side", "source": "x.mp4", "lines": [DRAWN]}]},
]  # fmt: skip


PLANS = spoilt([PLAN.model_dump(mode="json")]).map(json.dumps).map(str.encode)


def written(values: Any) -> bytes | None:
    """*values* as TOML, or None when TOML has no word for one of them."""
    try:
        return tomlkit.dumps(values).encode()
    except (ValueError, TypeError, UnicodeError):
        return None


@st.composite
def torn(draw: st.DrawFn) -> bytes:
    """An example of ours that was cut, or into which something was written at a place."""
    text = (ROOT / "deploy" / draw(st.sampled_from(EXAMPLES))).read_bytes()
    at = draw(st.integers(0, len(text)))
    what = draw(st.sampled_from((b"", b"\xff", b"\x00", b"[", b"[[", b'"', b"'''", b"= 1\n", b"[store]\n", b"x." * 50, b"{" * 40)))
    return text[:at] + what + (text[at:] if draw(st.booleans()) else b"")


FILES = st.one_of(
    spoilt(WHOLE).map(written).filter(bool), torn(), st.binary(max_size=200),
    st.sampled_from((b"a = " + b"[" * DEEP, b"a = " + b"{b=" * DEEP, b"a." * DEEP + b"a = 1", b"[" + b"a." * DEEP + b"a]")),
)  # fmt: skip


@pytest.mark.parametrize(("model", "reader"), [(Settings, read), (EdgeSettings, read_sparing)], ids=["shop", "camera box"])
def test_a_file_is_settings_or_refused_in_a_sentence_with_its_name(tmp_path: Path, model: Any, reader: Any) -> None:
    file = tmp_path / "greetline.toml"

    @tried(80)
    @given(content=FILES)
    def asked(content: bytes) -> None:
        file.write_bytes(content)
        no = refusal(lambda: reader(model, file, environment={}), BadSettings)
        assert no is None or no.startswith(str(file))
        assert no is None or len(no) < 200_000

    asked()


@tried(80)
@given(
    said=st.dictionaries(
        st.sampled_from(("STORE__ID", "STORE__DATA", "MQTT__PORT", "CAMERAS__0", "STORE", "__", "STORE__", "A__B__C", "ZONES__ID")),
        st.text(max_size=30), max_size=4,
    )
)  # fmt: skip
def test_the_environment_over_a_file_is_settings_or_refused(tmp_path_factory: pytest.TempPathFactory, said: dict[str, str]) -> None:
    file = tmp_path_factory.getbasetemp() / "over.toml"
    file.write_bytes(written(WHOLE[1]) or b"")
    environment = {f"GREETLINE_{key}": value for key, value in said.items()}
    for model, reader in ((Settings, read), (EdgeSettings, read_sparing)):
        no = refusal(partial(reader, model, file, environment=environment), BadSettings)  # type: ignore[call-arg]
        assert no is None or str(file) in no or any(key in no for key in environment)


@tried(100)
@given(
    content=spoilt([PLAN.model_dump(mode="json")]).map(json.dumps).map(str.encode) | st.binary(max_size=100) | st.just(b"[" * DEEP)
)
def test_the_plan_beside_the_spool_is_a_plan_or_not_used(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "plan.json"
    file.write_bytes(content)
    found = PlanFile(file).read()
    assert found is None or Plan.model_validate_json(found.model_dump_json()) == found
