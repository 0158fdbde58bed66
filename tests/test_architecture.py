"""The house of docs/architecture.md: who may import whom. When a new import fails here, move the code, not the rule."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = ("broker", "edge", "kiosk", "dashboard", "deploy")
FLASK = ("flask", "flask_babel", "flask_wtf", "werkzeug", "markupsafe", "babel", "waitress", "jinja2", "wtforms", "flask_compress")

FLOORS: dict[str, tuple[str, ...]] = {
    "broker.contract": ("pydantic",),
    "broker.domain": (),
    "broker.failpoints": (),
    "broker.lifeline": (),
    "broker.disk": (),
    "broker.lock": (),
    "broker.anew": ("broker.lifeline", "broker.settings"),
    "broker.log": ("structlog",),
    "broker.watchdog": (),
    "broker.settings": ("pydantic", "broker.contract", "broker.disk", "tomlkit"),
    "broker.identity": ("cryptography", "broker.contract", "broker.disk", "broker.settings"),
    "broker.link": ("paho", "broker.contract", "broker.settings"),
    "broker.inquiry": ("broker.contract", "broker.link", "broker.settings"),
    "broker.store": ("sqlite_utils", "broker.disk", "broker.domain", "broker.failpoints"),
    "broker.shop": ("sqlite_utils", "broker.domain", "broker.settings", "broker.store"),
    "broker.desk": (
        "broker.domain", "broker.store", "broker.shop", "broker.settings", "broker.identity", "broker.failpoints", "argon2",
    ),
    "broker.stream": ("sqlite_utils", "broker.store", "broker.domain", "broker.shop"),
    "broker.embedded": ("amqtt", "argon2", "click", "broker.contract", "broker.settings", "broker.lifeline"),
    "broker.notify": (
        "standardwebhooks", "apprise", "pywebpush", "py_vapid", "broker.contract", "broker.domain", "broker.store", "broker.desk",
        "broker.shop", "broker.settings", "broker.identity", "broker.failpoints",
    ),
    "broker.service": (
        "broker.contract", "broker.domain", "broker.store", "broker.desk", "broker.shop", "broker.settings", "broker.link",
        "broker.notify", "broker.failpoints", "broker.lifeline",
        "broker.lock", "broker.watchdog", "click", "rich",
    ),
    "broker.web": (
        *FLASK, "pydantic", "broker.desk", "broker.domain", "broker.shop", "broker.settings", "broker.stream", "broker.store",
        "broker.lifeline", "broker.log", "broker.watchdog", "prometheus_client",
        "authlib", "joserfc",
    ),
    "broker.cli": ("click", "rich", "broker"),
    "broker.__main__": ("click", "broker"),
    "edge": (
        "cv2", "numpy", "onnxruntime", "openvino", "click", "rich", "pydantic", "broker.contract", "broker.link", "broker.settings",
        "broker.anew", "broker.disk",
        "broker.failpoints", "broker.lifeline", "broker.log", "broker.watchdog",
    ),
    "kiosk": (
        *FLASK, "broker.anew", "click", "segno", "espeakng_loader", "escpos", "PIL", "font_roboto", "pydantic",
        "broker.web", "broker.desk", "broker.domain", "broker.shop", "broker.settings", "broker.stream",
        "broker.lifeline", "broker.log",
    ),
    "dashboard": (
        *FLASK, "PIL", "flask_openapi3", "click", "rich", "pydantic", "fpdf", "font_roboto", "xlsxwriter", "broker.web",
        "broker.anew", "broker.desk", "broker.domain", "broker.shop", "broker.settings",
        "broker.stream", "broker.store", "broker.lifeline", "broker.log", "broker.inquiry",
        "broker.identity",
    ),
    "deploy": (
        "cryptography", "click", "rich", "psutil", "tomlkit", "pydantic", "httpx", "structlog", "segno",
        "broker", "edge", "kiosk", "dashboard",
    ),
}  # fmt: skip

DOORS: dict[str, tuple[str, ...]] = {
    "paho": ("broker.link",),
    "amqtt": ("broker.embedded",),
    "cryptography": ("broker.identity", "deploy.certs"),
    "cv2": ("edge",),
    "onnxruntime": ("edge.detectors",),
    "openvino": ("edge.detectors",),
    "sqlite_utils": ("broker.store", "broker.shop", "broker.stream"),
    "argon2": ("broker.desk", "broker.embedded"),
    "flask": ("broker.web", "dashboard", "kiosk"),
    "flask_openapi3": ("dashboard.api",),
    "flask_compress": ("broker.web",),
    "waitress": ("broker.web", "dashboard"),
    "psutil": ("deploy",),
    "tomlkit": ("broker.settings.writing", "deploy"),
    "prometheus_client": ("broker.web",),
    "authlib": ("broker.web.provider",),
    "joserfc": ("broker.web.provider",),
    "standardwebhooks": ("broker.notify",),
    "apprise": ("broker.notify.apprised",),
    "pywebpush": ("broker.notify.pushing",),
    "py_vapid": ("broker.notify.pushing",),
    "structlog": ("broker.log",),
    "segno": ("kiosk", "deploy.install"),
    "espeakng_loader": ("kiosk.voice",),
    "escpos": ("kiosk.printing",),
    "PIL": ("kiosk.printing", "dashboard.shell"),
    "fpdf": ("dashboard.paper", "dashboard.ink"),
    "xlsxwriter": ("dashboard.workbook",),
    "font_roboto": ("kiosk.printing", "dashboard.paper"),
}
"""Each third-party library has few doors."""


def modules() -> list[tuple[str, Path]]:
    found = []
    for package in OURS:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found.append((".".join(part for part in parts if part != "__init__"), path))
    return found


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            yield from {
                f"{node.module}.{alias.name}" if _is_module(f"{node.module}.{alias.name}") else str(node.module)
                for alias in node.names
            }


def _is_module(name: str) -> bool:
    base = ROOT / Path(*name.split("."))
    return base.with_suffix(".py").exists() or (base / "__init__.py").exists()


def floor_of(module: str) -> str:
    fitting = [floor for floor in FLOORS if module == floor or module.startswith(floor + ".")]
    assert fitting, f"{module} stands on no floor: give it a place in FLOORS and in docs/architecture.md"
    return max(fitting, key=len)


@pytest.mark.parametrize(("module", "path"), [pytest.param(m, p, id=m) for m, p in modules() if m != "broker"])
def test_every_module_imports_only_what_its_floor_may(module: str, path: Path) -> None:
    floor = floor_of(module)
    allowed = (*FLOORS[floor], floor, "__future__")
    for name in imports(path):
        if name.partition(".")[0] in sys.stdlib_module_names:
            continue
        assert any(name == may or name.startswith(may + ".") for may in allowed), f"{module} must not import {name}"


@pytest.mark.parametrize(("library", "doors"), DOORS.items())
def test_each_library_has_few_doors(library: str, doors: tuple[str, ...]) -> None:
    for module, path in modules():
        if any(name == library or name.startswith(library + ".") for name in imports(path)):
            assert any(module == door or module.startswith(door + ".") for door in doors), f"{module} imports {library}"


def test_the_top_of_broker_is_empty_so_that_a_camera_box_stays_small() -> None:
    assert (ROOT / "broker" / "__init__.py").read_text().strip() == ""


def test_a_camera_box_loads_neither_flask_nor_the_store() -> None:
    program = (
        "import sys, broker.contract.codec, broker.link, broker.settings, broker.lifeline, edge.pipeline\n"
        "print([m for m in ('flask', 'sqlite_utils', 'onnxruntime', 'amqtt') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_the_domain_knows_no_clock() -> None:
    for module, path in modules():
        if module.startswith(("broker.domain", "broker.desk")):
            text = path.read_text(encoding="utf-8")
            assert "datetime.now" not in text, f"{module} reads the clock; it is handed the time"
            assert "time.time(" not in text, f"{module} reads the clock; it is handed the time"


@pytest.mark.parametrize(("module", "path"), [pytest.param(m, p, id=m) for m, p in modules()])
def test_no_file_is_two_things_and_no_function_leaves_the_screen(module: str, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400, f"{module}: which two things is it?"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            assert node.end_lineno - node.lineno < 70, f"{module}.{node.name}"


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    for module, _ in modules():
        assert not set(module.split(".")) & {"utils", "util", "helpers", "common", "misc", "manager", "handler"}, module
