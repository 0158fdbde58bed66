"""What is inside is listed whole and the same each time; a known weakness fails, and nobody claims to have asked who has not."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
WEAK = {"name": "waitress", "version": "3.0.0", "vulns": [{"id": "GHSA-x", "fix_versions": ["3.0.1"]}]}
SOUND = {"name": "flask", "version": "3.1.0", "vulns": []}
SILENT = {"name": "pillow", "skip_reason": "Dependency not found and could not be audited"}


@pytest.fixture(scope="module")
def supply() -> ModuleType:
    if not (ROOT / ".ci" / "supply.py").exists():
        pytest.skip("only in a checkout")
    spec = importlib.util.spec_from_file_location("supply", ROOT / ".ci" / "supply.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_known_weakness_fails_and_says_what_to_install(supply: ModuleType) -> None:
    said, code = supply.verdict([SOUND, WEAK, SILENT], strict=False)
    assert code == 1
    assert "waitress 3.0.0: GHSA-x, put right in 3.0.1" in said
    assert "2 of 3 packages were asked about" in said


def test_who_could_not_be_asked_is_said_and_fails_only_where_that_was_wanted(supply: ModuleType) -> None:
    said, code = supply.verdict([SOUND, SILENT], strict=False)
    assert (code, "Nobody could be asked about 1" in said) == (0, True)
    assert "0 weaknesses" not in supply.verdict([SILENT], strict=False)[0], "who asked nobody knows of nothing"
    assert supply.verdict([SOUND, SILENT], strict=True)[1] == 2
    assert supply.verdict([SOUND], strict=True) == ("1 of 1 packages were asked about; 0 weaknesses are known.", 0)


@pytest.mark.slow
def test_the_list_of_what_is_inside_is_whole_the_same_each_time_and_names_no_index(supply: ModuleType) -> None:
    said = supply.sbom()
    there = {component["name"].lower().replace("_", "-"): component for component in json.loads(said)["components"]}
    assert set(there) == {name.lower() for lock in supply.LOCKS for name in supply.names(lock)}
    assert all(one["version"] and one["externalReferences"][0]["hashes"] for one in there.values())
    assert "pypi.org" not in said
    assert "/simple/" not in said
    assert said == supply.sbom()
