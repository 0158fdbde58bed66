"""A bare system becomes a customers' screen, is booted, and shows its page by itself. Needs root, debootstrap and a mirror.

There is no console and no graphics card in such a machine, so cage draws into memory; sign-in, walls, cage and Chromium are
what a shop has.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from tests.deploy.bare import INCLUDED, Box, a_bare_system, needs_bare
from tests.deploy.running import wait_until

SYSTEM = os.environ.get("GREETLINE_TEST_SYSTEM", "bookworm")
ADDRESS = "http://127.0.0.1:8090/kiosk"
DROP_IN = "/etc/systemd/system/greetline-screen.service.d/memory.conf"
IN_MEMORY = r"""[Service]
TTYPath=
TTYReset=no
TTYVHangup=no
TTYVTDisallocate=no
StandardInput=null
Environment=WLR_BACKENDS=headless WLR_RENDERER=pixman
"""
SERVED = "[Service]\nExecStart=python3 /srv/page.py\n[Install]\nWantedBy=multi-user.target\n"
PAGE = """
import http.server
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open("/srv/asked", "a") as asked:
            print(self.path, file=asked)
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>page</title><script>requestAnimationFrame(() => fetch('/drawn'))</script>")
http.server.ThreadingHTTPServer(("127.0.0.1", 8090), Page).serve_forever()
"""
LAID = {DROP_IN: IN_MEMORY, "/srv/page.py": PAGE, "/etc/systemd/system/page.service": SERVED}

pytestmark = [pytest.mark.slow, *needs_bare]


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    with a_bare_system(tmp_path_factory.mktemp("screen"), SYSTEM, locks=(), include=f"{INCLUDED},udev") as made:
        yield made


def test_a_bare_system_becomes_a_screen_and_shows_its_page(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    box.release("one")
    with box.mounted():
        box.sh("apt-get update -qq")
        box.sh(f"cd /srv/one && python3 -m deploy.install screen --page {ADDRESS}")
    for path, text in LAID.items():
        file = box.root / path.lstrip("/")
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    # As a power cut leaves it on a machine that had another name.
    profile = "/var/lib/greetline-screen/.config/chromium"
    box.sh(f"install -d -o greetline-screen -m 700 {profile}")
    box.sh(f"ln -s another-machine-4711 {profile}/SingletonLock; chown -R greetline-screen: /var/lib/greetline-screen")
    box.sh("systemctl enable page")
    with box.booted():
        began = time.monotonic()
        _wait_drawn(box)
        drawn = time.monotonic() - began
        main = box.sh("systemctl show -p MainPID --value greetline-screen").strip()
        at = box.sh(f"tr '\\0' '\\n' < /proc/{main}/environ | grep -a ^XDG_RUNTIME_DIR=").strip()
        assert at == "XDG_RUNTIME_DIR=/run/greetline-screen", "the session's own lies behind the walls"
        box.sh(f"rm /srv/asked; kill -9 {main}")
        _wait_drawn(box)
        assert box.sh("systemctl show -p NRestarts --value greetline-screen").strip() == "1"
    with capsys.disabled():
        print(f"\n{box.title}: the page was drawn {drawn:.1f} s after the boot")


def _wait_drawn(box: Box) -> None:
    try:
        wait_until(lambda: "/drawn" in box.sh("cat /srv/asked 2>/dev/null || true"), "nothing is drawn", within=120)
    except AssertionError as late:
        said = box.sh("systemctl status greetline-screen --no-pager || true; journalctl -u greetline-screen -n 60 --no-pager")
        raise AssertionError(f"{late}\n{said}") from None
