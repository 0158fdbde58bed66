"""`greetline join`: a camera box asks its shop to let it in, with a code that somebody of the shop has made."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import click
import tomlkit
from tomlkit.exceptions import TOMLKitError

from broker.settings import EdgeSettings, read
from broker.settings.reading import understand
from deploy import certs
from deploy.fault import Fault, faults_said

WITHIN_SECONDS: Final = 20.0
MOST_ANSWER_BYTES: Final = 64 * 1024
MOST_LETTERS: Final = 300
"""Of what a shop says when it refuses, that is shown."""
PATH: Final = "/box/join"
INSTALLED: Final = Path("/etc/greetline")
SETTINGS_FILE: Final = "edge.toml"
_NOT_OURS: Final = "What answered does not know the code, so it is not your shop. Nothing was written. Check the address."


@click.command(epilog="Example: sudo greetline join cam-door --shop shop.local --code K7M2P-X4QRT")
@click.argument("device")
@click.option("--shop", required=True, help="Name or address of the shop's machine, with a port if it is not 80.")
@click.option("--code", required=True, help="The code of `greetline mqtt invite DEVICE`.")
@click.option(
    "--into", type=click.Path(path_type=Path, file_okay=False), help=f"Folder of {SETTINGS_FILE}. [default: {INSTALLED}, else here]"
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def join(device: str, shop: str, code: str, into: Path | None, as_json: bool) -> None:
    """Let this camera box into its shop as DEVICE: make a key here, have it certified, write down how the shop is reached.

    The key never leaves this machine. Settings that are there stay, but for [store] and [mqtt].
    """
    folder = into or (INSTALLED if INSTALLED.is_dir() else Path())
    path = let_in(shop, device, code, folder)
    if as_json:
        click.echo(json.dumps({"device": device, "settings": str(path)}))
        return
    click.echo(f"{device} is let in; {path} says how the shop is reached.", err=True)
    cameras = read(EdgeSettings, path).cameras
    if not cameras:
        click.echo(f'No camera is set yet: add [[cameras]] there, with id = "{device}" and its source.', err=True)
    for camera in cameras:
        if camera.id != device:
            click.echo(f'The camera {camera.id} may not speak here: this box is let in as id = "{device}".', err=True)


def let_in(shop: str, device: str, code: str, folder: Path) -> Path:
    """Ask *shop* (host, or host:port) to let *device* in by *code*; return the path of edge.toml in *folder*.

    Raises Fault when the shop refuses, is not the shop, or something cannot be written; nothing has changed then.
    """
    identity = certs.maker()
    from broker.identity import code as codes

    host, port = _place(shop)
    there = _settings_there(folder / SETTINGS_FILE)
    # The code is good once: what is wrong here is said before it is used.
    _usable(_merged(there, {}, host), folder / SETTINGS_FILE)
    made = identity.request_of(device[:64])
    key, request = codes.key_of(code, device), made.certificate.decode()
    proof = codes.seal(key, "request", device, request)
    answer = _ask(host, port, {"device": device, "request": request, "proof": proof})
    said = answer.get("answer")
    if not isinstance(said, str) or not codes.is_sealed(str(answer.get("proof")), key, "answer", proof, said):
        raise Fault(_NOT_OURS)
    told: dict[str, Any] = json.loads(said)
    _lay_out(folder, device, told, made.key, _merged(there, told["settings"], host))
    return folder / SETTINGS_FILE


def _usable(settings: str, path: Path) -> None:
    with faults_said():
        understand(EdgeSettings, settings, str(path))


def _place(shop: str) -> tuple[str, int]:
    try:
        parts = urlsplit(shop if "://" in shop else f"http://{shop}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host:
        raise Fault(f"{shop!r} is not the name or the address of a machine, such as shop.local")
    return host, port or http.client.HTTP_PORT


def _ask(host: str, port: int, said: dict[str, str]) -> dict[str, Any]:
    """Ask in the open: whoever reads along learns nothing that opens anything, and what somebody changes is noticed."""
    line = http.client.HTTPConnection(host, port, timeout=WITHIN_SECONDS)
    try:
        line.request("POST", PATH, json.dumps(said), {"Content-Type": "application/json", "Accept": "application/json"})
        answer = line.getresponse()
        body = json.loads(answer.read(MOST_ANSWER_BYTES))
    except OSError as wrong:
        raise Fault(
            f"{host}:{port} does not answer: {wrong}. Is the shop's machine on, and this box in the same network?"
        ) from None
    except (http.client.HTTPException, ValueError):
        raise Fault(f"What answers at {host}:{port} is not a Greetline shop. Check the address.") from None
    finally:
        line.close()
    if not isinstance(body, dict):
        raise Fault(_NOT_OURS)
    if answer.status != http.client.OK:
        refusal = str(body.get("detail") or body.get("title") or f"{host} refused: {answer.status}")
        # Nobody vouches for this line: what comes over it must not write over what the terminal shows.
        raise Fault("".join(letter if letter.isprintable() else "?" for letter in refusal[:MOST_LETTERS]))
    return body


def _settings_there(path: Path) -> tomlkit.TOMLDocument:
    """Return the settings that this box has already, so that what somebody set stays."""
    try:
        return tomlkit.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return tomlkit.document()
    except PermissionError:
        raise Fault(f"{path} is not yours to read: put sudo before the command. The code was not used.") from None
    except (OSError, UnicodeDecodeError, TOMLKitError) as wrong:
        raise Fault(f"{path} cannot be read: {wrong}. Put it right, or move it away.") from None


def _merged(there: tomlkit.TOMLDocument, told: dict[str, Any], host: str) -> str:
    """Return edge.toml: the shop and the way to it anew, a camera only where none is set. *host* is what this box reached."""
    for name, table in told.items():
        if name in ("store", "mqtt"):
            fresh = dict(there.get(name, {})) | table
            if name == "mqtt":
                fresh = {key: value for key, value in fresh.items() if key not in ("username", "password_file")} | {"host": host}
            there[name] = fresh
        elif name not in there:
            there[name] = table
    return tomlkit.dumps(there)


def _lay_out(folder: Path, device: str, told: dict[str, Any], key: bytes, settings: str) -> None:
    from broker.identity import welcome
    from deploy.bundle import lay_out

    certificate, authority = str(told["certificate"]).encode(), str(told["authority"]).encode()
    files = {
        welcome.AUTHORITY_FILE: authority, welcome.certificate_file(device): certificate, welcome.key_file(device): key,
        SETTINGS_FILE: settings.encode(),
    }  # fmt: skip
    _usable(settings, folder / SETTINGS_FILE)
    try:
        lay_out(folder, files)
    except OSError as wrong:
        raise Fault(f"{wrong.filename or folder}: {wrong.strerror}. Ask for a new code once this is put right.") from None
