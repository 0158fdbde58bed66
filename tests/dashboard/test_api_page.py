"""Every example of docs/api.md is run, in order, against a running shop, and answered as the page says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from broker.desk import apikeys
from broker.desk.apikeys import SCOPES
from broker.shop import Shop, now
from dashboard.app import create
from tests.builders import make_shop
from tests.web.parts import served

PAGE = (Path(__file__).parents[2] / "docs/api.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```sh\n(.*?)```\n```json\n(.*?)```", PAGE, re.DOTALL)
SERVICES = ({"id": "collect", "letter": "C", "name": "Collect", "icon": "bag", "names": {"nb": "Hent varer"}},)
COUNTERS = ({"id": "desk-1", "name": "Desk 1"},)
CHANCE = {"id", "ticket", "token", "t0", "at", "since", "called_at"}
"""What is another one in every shop."""

pytestmark = pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="no curl or no jq here")


def test_every_example_is_answered_as_the_page_says(tmp_path: Path) -> None:
    shop: Shop = make_shop(tmp_path, now, services=SERVICES, counters=COUNTERS)  # type: ignore[arg-type]
    _, secret = apikeys.add(shop, "web-shop", SCOPES, by="test")
    with served(create(shop.settings, shop=shop)) as server:
        answers = run(f"http://127.0.0.1:{server.port}", secret)
    assert len(answers) == len(EXAMPLES) > 10
    for (command, promised), answer in zip(EXAMPLES, answers, strict=True):
        assert same(json.loads(promised), json.loads(answer)), f"{command}\nwas answered\n{answer}"


def run(address: str, key: str) -> list[str]:
    """Run the commands one after the other in one shell, and return what each said on whichever stream."""
    script = "\n".join(f"{command}\necho; echo ---" for command, _ in EXAMPLES)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], env={"GREETLINE": address, "KEY": key, "PATH": "/usr/local/bin:/usr/bin:/bin"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=True,
    )  # fmt: skip
    return [said for said in done.stdout.split("---\n") if said.strip()]


def same(promised: Any, answer: Any) -> bool:
    """Whether two answers are the same but for what is another one in every shop."""
    if isinstance(promised, dict) and isinstance(answer, dict):
        return promised.keys() == answer.keys() and all(_fits(name, promised[name], answer[name]) for name in promised)
    if isinstance(promised, list) and isinstance(answer, list):
        return len(promised) == len(answer) and all(same(*pair) for pair in zip(promised, answer, strict=True))
    return bool(promised == answer or (isinstance(promised, str) and promised == str(answer).replace("\u00a0", " ")))


def _fits(name: str, promised: Any, answer: Any) -> bool:
    if name in CHANCE and isinstance(promised, str) and len(promised) > 10:
        return isinstance(answer, str) and len(answer) == len(promised)
    return same(promised, answer)
