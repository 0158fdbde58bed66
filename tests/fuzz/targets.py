"""What a stranger's bytes come to, one after the other: each target is opened in a folder, given bytes, and closed.

Each has seeds, which are whole examples of ours. What is asked of all: bytes are taken or refused in the words of the
product, and nothing else is ever raised. `tests.fuzz.guided` follows the branches they take, `test_targets` tries a few.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from flask import Flask

import kiosk.app
from broker.contract.codec import BadMessage, decode, encode, topic_of
from broker.desk import arrivals, tickets
from broker.domain.period import BadPeriod, period
from broker.domain.ticket import State
from broker.identity import authority
from broker.identity.authority import BadRequest
from broker.settings import BadSettings, EdgeSettings, Settings, read, read_sparing
from broker.settings.writing import edited
from broker.shop import STORE_FILE, Shop, open_shop
from broker.store.database import StoreError
from dashboard.admin.opening import spans
from dashboard.app import create
from deploy import backup, restore, rows
from deploy.fault import Fault
from edge.scene import BadScene, Scene
from tests.builders import NOON, TurnableClock, crossed
from tests.contract.test_messages import EACH, said
from tests.dashboard.program import COUNTERS, SERVICES, Program, brought_to
from tests.fuzz.parts import refusal
from tests.fuzz.test_rows import ALWAYS, a_shop, fill, written
from tests.fuzz.test_web import BODIES, _closed, addressed, doors
from tests.web.parts import Visitor, begun, person

ROOT: Final = Path(__file__).parents[2]
Ask = Callable[[bytes], None]
EXAMPLES: Final = ("greetline.example.toml", "edge.example.toml")


@dataclass(frozen=True, slots=True)
class Target:
    """`opened` gives what is asked; `seeds` are whole examples; `most` is how many bytes one input has."""

    opened: Callable[[Path], AbstractContextManager[Ask]]
    seeds: Callable[[Path], list[bytes]]
    most: int


@contextmanager
def wire(folder: Path) -> Iterator[Ask]:
    """A topic, a line break, a payload: it is refused, or is the same when it was written and read again."""

    def ask(content: bytes) -> None:
        topic, _, payload = content.partition(b"\n")
        name = topic.decode("utf-8", "replace")
        no = refusal(lambda: decode(name, payload), BadMessage)
        if no is not None:
            assert no.isprintable()
            return
        there = decode(name, payload)
        assert decode(str(topic_of(there)), encode(there)) == there

    yield ask


def wire_seeds(folder: Path) -> list[bytes]:
    return [f"{topic_of(said(body))}\n".encode() + encode(said(body)) for body in EACH]


@contextmanager
def settings(folder: Path) -> Iterator[Ask]:
    """A settings file, read by a shop and by a camera box, and changed at one place by a page of the office."""
    file = folder / "greetline.toml"

    def ask(content: bytes) -> None:
        file.write_bytes(content)
        with suppress(BadSettings):
            read_sparing(EdgeSettings, file, environment={})
        # A page changes a file only while it can be used.
        with suppress(BadSettings):
            read(Settings, file, environment={})
            edited(content.decode(), {("standards", "warn_seconds"): 41, ("zones", "entrance"): {"name": "Door"}})

    yield ask


def settings_seeds(folder: Path) -> list[bytes]:
    whole = [(ROOT / "deploy" / name).read_bytes() for name in EXAMPLES]
    small = [
        b'[store]\nid = "oslo"\ntime_zone = "Europe/Oslo"\n', b'zones = [{id = "a", name = "A"}]\n',
        b'[[zones]]\nid = "entrance"\nname = "Entrance"\n[opening]\nmon = ["09:00-12:00"]\nspecial = {2026-12-24 = []}\n',
        b'[standards]\nwarn_seconds = 30\n[oidc]\ngroups = {"it" = "admin"}\n',
    ]  # fmt: skip
    return whole + small


def _shop(folder: Path) -> Shop:
    made = Settings.model_validate({
        "store": {"id": "oslo-city", "name": "Oslo City", "data": folder / "var"},
        "zones": [{"id": "entrance", "name": "Entrance"}],
        "dashboard": {"port": 1}, "kiosk": {"port": 2}, "services": SERVICES, "counters": COUNTERS,
    })  # fmt: skip
    shop = open_shop(made)
    return Shop(shop.db, TurnableClock(), made)


@contextmanager
def table(folder: Path) -> Iterator[Ask]:
    """A file that `greetline import` is given: its rows are taken or listed, or the file is refused."""
    shop, file = _shop(folder), folder / "rows"

    def ask(content: bytes) -> None:
        file.write_bytes(content)
        with suppress(rows.Unreadable):
            done = rows.take(shop, file)
            assert len(done.bad) <= rows.MAX_BAD

    try:
        yield ask
    finally:
        shop.db.conn.close()


def table_seeds(folder: Path) -> list[bytes]:
    (folder / "from").mkdir(parents=True)
    shop = a_shop(folder / "from")
    fill(shop, 2, a_day=10)
    for number, state in enumerate((State.FINISHED, State.CANCELLED), start=1):
        brought_to(shop, state, f"desk-{number}")
    some = {what: list(rows.export(shop, what, *ALWAYS))[:2] for what in ("visits", "tickets", "alerts")}
    shop.db.conn.close()
    return [written(each, form) for each in some.values() for form in ("csv", "jsonl")]


@contextmanager
def archive(folder: Path) -> Iterator[Ask]:
    """What `greetline restore` is given. By its first byte: a tar file; a list of files before good ones; a torn store."""
    shop = _shop(folder)
    shop.db.conn.close()
    (folder / "var" / "pepper").write_bytes(b"a secret")
    made, _ = backup.make(shop.settings, None, folder / "backups", secrets=True)
    with tarfile.open(made) as tar:
        whole = [(member.name, tar.extractfile(member).read()) for member in tar]  # type: ignore[union-attr]
    file = folder / "asked.tar.gz"
    before = _left(folder)

    def ask(content: bytes) -> None:
        kind, rest = content[:1], content[1:]
        file.write_bytes(gzip.compress(rest, 1) if kind == b"t" else _packed(whole, kind, rest))
        with suppress(Fault, StoreError):
            restore.restore(file, shop.settings, folder / "greetline.toml", dry_run=True)
        file.unlink()
        assert _left(folder) == before

    yield ask


def _left(folder: Path) -> list[str]:
    """Return what lies there; locks hold nothing."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix != ".lock")


def _packed(whole: list[tuple[str, bytes]], kind: bytes, rest: bytes) -> bytes:
    (name, manifest), *others = whole
    if kind == b"s":
        torn = bytearray(dict(others)[STORE_FILE])
        for at in range(0, len(rest) - 4, 5):
            torn[int.from_bytes(rest[at : at + 4], "big") % len(torn)] = rest[at + 4]
        others = [(each, bytes(torn) if each == STORE_FILE else was) for each, was in others]
        said = json.loads(manifest)
        said["files"] = {each: (hashlib.sha256(was).hexdigest(), len(was)) for each, was in others}
        manifest = json.dumps(said).encode()
    else:
        manifest = rest
    return gzip.compress(_tar([(name, manifest), *others]), 1)


def _tar(members: list[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


def archive_seeds(folder: Path) -> list[bytes]:
    nothing: dict[str, Any] = {"beside/pepper": (hashlib.sha256(b"a secret").hexdigest(), 8)}
    shop = _shop(folder / "from")
    shop.db.conn.close()
    made, _ = backup.make(shop.settings, None, folder / "from" / "backups", secrets=True)
    with tarfile.open(made) as tar:
        manifest = json.loads(tar.extractfile(tar.next()).read())  # type: ignore[union-attr, arg-type]
    small = {**manifest, "files": nothing}
    return [
        b"t" + _tar([("manifest.json", json.dumps(small).encode()), ("beside/pepper", b"a secret")]),
        b"m" + json.dumps(manifest).encode(), b"s" + bytes([0, 0, 0, 18, 2]), b"s" + bytes([0, 0, 16, 0, 13, 0, 0, 0, 28, 9]),
    ]  # fmt: skip


@contextmanager
def bodies(folder: Path) -> Iterator[Ask]:
    """The number of a door of the dashboard or its API, the number of a thing, and a body for it: never a mistake of ours."""
    shop = _shop(folder)
    app = create(shop.settings, shop=shop)
    here, program, ids = Visitor(app, shop), Program(app, shop), _things(shop)
    all_doors = doors(app)

    def enter() -> dict[str, str]:
        here.pair("manager").sign_in("Ada", "admin")
        return {"X-CSRFToken": here.token()}

    headers, turn = enter(), 0

    def ask(content: bytes) -> None:
        nonlocal headers, turn
        if len(content) < 2:
            return
        shop.clock.turn(seconds=1)  # type: ignore[attr-defined] - one program is answered only so often
        method, rule = all_doors[content[0] % len(all_doors)]
        path = addressed(rule, dict.fromkeys(rule.arguments, ids[content[1] % len(ids)]))
        turn += 1
        is_api = rule.rule.startswith("/api/")
        more = (program.headers if is_api else headers) | {"Idempotency-Key": f"request-{turn:08d}"}
        client = program.client if is_api else here.client
        form = not is_api and content[2:3] != b"{"
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        status = _status(client.open(path, method=method, headers=more, data=content[2:], content_type=kind, buffered=False))
        if status == 401 and not is_api:
            headers = enter()
        assert status < 500 or status in (502, 503), f"{method} {path} answered {status}"

    try:
        yield ask
    finally:
        _closed(app)
        shop.db.conn.close()


def _things(shop: Shop) -> list[str]:
    arrivals.take(shop, [crossed(n, at=shop.clock()) for n in range(6)])
    for _ in range(3):
        tickets.issue(shop, tickets.Wish(service="collect"))
    some = [shop.db.execute(f"SELECT id FROM {name} LIMIT 2").fetchall() for name in ("visits", "tickets")]
    return [row[0] for found in some for row in found] + ["entrance", "collect", "desk-1", "door"]


def _status(answer: Any) -> int:
    answer.close()
    return int(answer.status_code)


def bodies_seeds(folder: Path) -> list[bytes]:
    shop = _shop(folder / "from")
    app = create(shop.settings, shop=shop)
    known = doors(app)
    _closed(app)
    shop.db.conn.close()
    forms = [b"name=Kari&role=staff&pin=2580", b"step=back&digest=0&number=1", b"code=ABCDEFGH&name=Tablet&role=staff&zone="]
    all_of_them = [json.dumps(body).encode() for body in BODIES] + forms
    return [bytes([n, n % 8]) + all_of_them[n % len(all_of_them)] for n in range(len(known))]


PAGES: Final = ("/", "/signin", "/floor", "/pair", "/admin/people", "/me")
OF_CUSTOMERS: Final = ("/kiosk", "/display", "/j/x", "/pair")


@contextmanager
def cookies(folder: Path) -> Iterator[Ask]:
    """The number of a page, and whatever is sent to it as cookies: a page or a refusal."""
    shop = _shop(folder)
    apps = (create(shop.settings, shop=shop), kiosk.app.create(shop.settings, shop=shop))
    asked: list[tuple[Flask, str]] = [(apps[0], page) for page in PAGES] + [(apps[1], page) for page in OF_CUSTOMERS]

    def ask(content: bytes) -> None:
        app, page = asked[(content[0] if content else 0) % len(asked)]
        there = {"HTTP_COOKIE": content[1:].decode("latin-1")}
        client = app.test_client(use_cookies=False)
        shop.clock.turn(seconds=20)  # type: ignore[attr-defined] - so many screens may ask to be paired at a time
        status = _status(client.get(page, environ_overrides=there, buffered=False))
        assert status < 500 or status == 503, f"{page} answered {status}"
        status = _status(client.post(page, environ_overrides=there, data={"csrf_token": "x"}, buffered=False))
        assert 400 <= status < 500, f"{page} was changed: {status}"

    try:
        yield ask
    finally:
        for app in apps:
            _closed(app)
        shop.db.conn.close()


def cookies_seeds(folder: Path) -> list[bytes]:
    shop = _shop(folder / "from")
    app = create(shop.settings, shop=shop)
    here = Visitor(app, shop).pair("manager")
    here.token()
    assert here.screen is not None
    form, device = here.cookie("form"), here.cookie("device")
    shift = begun(shop, person(shop, "Kari"), here.screen)
    _closed(app)
    shop.db.conn.close()
    many = len(PAGES) + len(OF_CUSTOMERS)
    return [bytes([n]) + f"device={device}; shift={shift}; form={form}; kiosk-device={device}".encode() for n in range(many)]


@contextmanager
def words(folder: Path) -> Iterator[Ask]:
    """By the first byte: a period of a report, hours as they are typed, a scene, or a box's request for a certificate."""
    signer = authority.make("Greetline devices of oslo", now=NOON, clients_only=True)

    def ask(content: bytes) -> None:
        kind, text = content[:1], content[1:].decode("utf-8", "replace")
        with suppress(BadPeriod, BadScene, BadRequest):
            if kind == b"p":
                assert period(text, date(2026, 11, 21)).days > 0
            elif kind == b"h":
                assert all(isinstance(each, str) for each in spans(text))
            elif kind == b"s":
                Scene.parse(text)
            else:
                signer.client_of(content[1:], "oslo:door", now=NOON)

    yield ask


def words_seeds(folder: Path) -> list[bytes]:
    request = authority.request_of("oslo:door")
    return [
        b"ptoday", b"p2026-11-01..2026-11-15", b"h9-12, 13.30\xe2\x80\x9318", b"h09:00-24:00 and 1-2",
        b"sdoor?seed=3&seconds=10&busy=2", b"sscene:door?fps=5", b"r" + request.certificate,
    ]  # fmt: skip


TARGETS: Final[dict[str, Target]] = {
    "wire": Target(wire, wire_seeds, 16_384),
    "settings": Target(settings, settings_seeds, 16_384),
    "table": Target(table, table_seeds, 8_192),
    "archive": Target(archive, archive_seeds, 16_384),
    "bodies": Target(bodies, bodies_seeds, 4_096),
    "cookies": Target(cookies, cookies_seeds, 2_048),
    "words": Target(words, words_seeds, 4_096),
}
