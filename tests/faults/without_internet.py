"""A morning in a shop whose line to the outside swallows everything, as a program of its own: it runs where no network is.

python -m tests.faults.without_internet FOLDER      prints what it found as JSON
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from broker.desk import apikeys, counters, push, shifts
from broker.desk.apikeys import MOST_A_MINUTE
from broker.settings import Settings, read
from broker.shop import Shop, open_shop
from dashboard.app import create
from tests.faults import stand
from tests.faults.program import PATIENCE_S, Ledger, Program
from tests.notify.push_parts import Browser
from tests.notify.sink import SECRET
from tests.service.parts import Device, own_broker, read_store, service, settings_file, wait_until
from tests.web.parts import Visitor, paired, person, served

STREAMS = 2
PRESSED = 48
"""How often somebody in the office presses "sign in with the company": more often than the screens have threads."""
OUTSIDE = {
    "[webhooks]": 'id = "crm"\nurl = "https://crm.shop.example/hook"\nsecret_file = "{folder}/hook.secret"',
    "[notify]": 'id = "lead"\nurl_file = "{folder}/lead.url"\nalerts = "zone"',
    "push": 'enabled = true\ncontact = "mailto:it@shop.example"',
    "oidc": 'issuer = "https://login.shop.example"\nclient_id = "greetline"\nscreens_url = "https://screens.shop.example"\n'
    'groups = {{ managers = "manager" }}',
    "[services]": 'id = "collect"\nletter = "C"\nname = "Collect"',
    "[counters]": 'id = "one"\nname = "One"',
}


def main(name: str) -> None:
    folder = Path(name)
    (folder / "elsewhere").mkdir(parents=True)
    (folder / "hook.secret").write_text(SECRET + "\n")
    (folder / "lead.url").write_text("jsons://chat.shop.example/lead\n")
    tables = {table: content.format(folder=folder) for table, content in OUTSIDE.items()}
    with own_broker(folder / "elsewhere") as mqtt, Device(mqtt) as camera:
        file = settings_file(folder, mqtt, standards=stand.STANDARDS, **tables)
        shop = open_shop(read(Settings, file, environment={}))
        found = _morning(file, folder, shop, camera)
    print(json.dumps(found))


def _morning(file: Path, folder: Path, shop: Shop, camera: Device) -> dict[str, Any]:
    secret = apikeys.add(shop, "load", apikeys.SCOPES, a_minute=MOST_A_MINUTE, by="test")[1]
    counters.open_(shop, "one", by="kari")
    _allow_notices(shop)
    app = create(shop.settings, shop=shop)
    office = Visitor(app, shop).pair("manager", name="Office")
    form = urlencode({"csrf_token": office.token()})
    cookies = "; ".join(f"{each.key}={each.value}" for each in office.client._cookies.values())
    ledger, stop = Ledger(), threading.Event()
    pressed: list[float] = []
    try:
        with served(app, max_streams=STREAMS) as server, service(file):
            program = Program("till", server.port, secret, ledger, stop), Program("desk", server.port, secret, ledger, stop)
            people = [threading.Thread(target=program[0].take), threading.Thread(target=program[1].serve, args=("one",))]
            office_people = [
                threading.Thread(target=_press, args=(server.port, form, cookies, pressed), daemon=True) for _ in range(PRESSED)
            ]
            for each in (*office_people, *people):
                each.start()
            said = stand.a_morning(camera)
            began = time.monotonic()
            stand.say_until(camera, said, lambda: stand.all_acknowledged(camera, said))
            stand.wait_for_the_lead(folder, said.waiting)
            lead = time.monotonic() - began
            wait_until(lambda: len(_tried(folder)) == 3, f"all three were tried in vain: {_tried(folder)}", 60)
            stop.set()
            for each in (*people, *office_people):
                each.join(PATIENCE_S * 3)
    finally:
        stop.set()
        for name in ("greetline-hub", "greetline-stores"):
            app.extensions[name].close()
        shop.db.conn.close()
    stand.judge(folder, said)
    lost, doubled = stand.losses(folder, said)
    kept = dict(read_store(folder, "SELECT id, number FROM tickets"))
    told = [ticket for ticket, _ in ledger.taken.values()]
    twice = len(told) - len(set(told)) + len(kept) - len(set(kept.values()))
    return {
        "lost": lost + len(set(told) - kept.keys()), "doubled": doubled + twice, "refused": ledger.refused, "again": ledger.again,
        "taken": len(told), "calls": len(ledger.calls), "slowest_ticket_s": ledger.slowest, "lead_s": lead,
        "pressed": PRESSED, "pressed_s": sorted(pressed), "tried": _tried(folder),
    }  # fmt: skip


def _allow_notices(shop: Shop) -> None:
    kari = person(shop, "Kari", "lead")
    tablet, _ = paired(shop, "Tablet", "staff", "")
    shifts.begin(shop, kari, tablet, shifts.Proof.PIN)
    keys = Browser().allows()
    push.subscribe(shop, kari.id, tablet.id, **keys | {"endpoint": "https://push.browser.example/one"})


def _press(port: int, form: str, cookies: str, took: list[float]) -> None:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S * 3)
    began = time.monotonic()
    line.request("POST", "/oidc/go", form, {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"})
    answer = line.getresponse()
    answer.read()
    line.close()
    assert answer.status == http.HTTPStatus.FORBIDDEN, answer.status
    took.append(time.monotonic() - began)


def _tried(folder: Path) -> dict[str, str]:
    rows = read_store(folder, "SELECT target, max(reason) FROM deliveries WHERE tries > 0 GROUP BY target")
    return {target.partition(":")[0] if ":" in target else target: reason for target, reason in rows}


if __name__ == "__main__":
    main(*sys.argv[1:])
