"""`greetline people` and `greetline screens`, run as a person runs them: the command line, a real store, exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from broker.desk import pairing, people, shifts
from broker.settings import Settings, StoreSettings
from broker.shop import STORE_FILE, Shop, open_shop
from deploy.cli import main
from tests.builders import ZONES

Run = Callable[..., Result]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A command has no clock to turn, so the desk beside it goes by the real one too."""
    made = open_shop(Settings(store=StoreSettings(data=tmp_path), zones=ZONES))
    yield made
    made.db.conn.close()


@pytest.fixture
def greetline(shop: Shop, tmp_path: Path) -> Run:
    settings = tmp_path / "greetline.toml"
    settings.write_text(f'[store]\ndata = "{tmp_path}"\n[[zones]]\nid = "shoes"\nname = "Shoes"\n')

    def run(*words: str, where: tuple[str, ...] = ("--settings", str(settings))) -> Result:
        return CliRunner().invoke(main, [*words, *where])

    return run


def ada_and_a_screen(shop: Shop, greetline: Run) -> pairing.Screen:
    assert greetline("people", "add", "Ada", "--role", "manager", "--pin", "2580").exit_code == 0
    screen, _ = pairing.enter(shop, pairing.make_entrance(shop, reusable=True, name="Office", role="manager"))
    return screen


def test_somebody_is_added_with_a_pin_that_is_printed_once_and_works(shop: Shop, greetline: Run) -> None:
    screen = ada_and_a_screen(shop, greetline)
    said = greetline("people", "add", "Kari  Nordmann", "--role", "lead", "--language", "nb")
    assert said.exit_code == 0
    kari = people.named(shop, "Kari Nordmann")
    assert kari is not None
    assert (kari.role, kari.language) == ("lead", "nb")
    assert shifts.sign_in(shop, screen, kari.id, said.stdout.strip())[0] == kari, "the standard output is the PIN and nothing else"


def test_a_chosen_pin_is_not_printed(shop: Shop, greetline: Run) -> None:
    said = greetline("people", "add", "Ada", "--role", "admin", "--pin", "2580")
    assert (said.exit_code, said.stdout) == (0, "")
    assert "2580" not in said.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("add", "Ada", "--pin", "7193"), "works here already"), (("add", "Bo", "--pin", "1234"), "in a row"),
        (("add", "Bo", "--pin", "12"), "4 to 6 digits"), (("add", " "), "1 to 40 letters"),
        (("deactivate", "Ada"), "last manager"), (("reset-pin", "Nobody"), "Nobody called Nobody works here"),
    ],
)  # fmt: skip
def test_what_may_not_be_is_said_in_one_sentence(shop: Shop, greetline: Run, words: tuple[str, ...], sentence: str) -> None:
    ada_and_a_screen(shop, greetline)
    said = greetline("people", *words)
    assert (said.exit_code, said.stdout) == (1, "")
    assert sentence in said.stderr
    assert len(said.stderr.splitlines()) == 1
    assert [person.name for person in people.everybody(shop)] == ["Ada"]


def test_another_pin_signs_out_and_the_old_one_is_dead(shop: Shop, greetline: Run) -> None:
    screen = ada_and_a_screen(shop, greetline)
    ada = people.named(shop, "Ada")
    assert ada is not None
    _, shift = shifts.sign_in(shop, screen, ada.id, "2580")
    pin = greetline("people", "reset-pin", "ada").stdout.strip()
    assert shifts.whose(shop, shift, screen, touch=False) is None
    with pytest.raises(shifts.WrongPin):
        shifts.sign_in(shop, screen, ada.id, "2580")
    shifts.sign_in(shop, screen, ada.id, pin)


def test_who_is_gone_is_off_the_list_but_known(shop: Shop, greetline: Run) -> None:
    ada_and_a_screen(shop, greetline)
    greetline("people", "add", "Bo")
    assert greetline("people", "deactivate", "Bo").exit_code == 0
    assert [row["name"] for row in json.loads(greetline("people", "list", "--json").stdout)] == ["Ada"]
    everyone = json.loads(greetline("people", "list", "--all", "--json").stdout)
    assert [(row["name"], row["active"]) for row in everyone] == [("Ada", True), ("Bo", False)]
    assert "pin" not in everyone[0]
    assert "Ada" in greetline("people", "list").stdout


def test_a_screen_is_let_in_listed_and_thrown_out(shop: Shop, greetline: Run) -> None:
    code, claim = pairing.ask(shop)
    let_in = greetline("screens", "approve", f"{code[:4]}-{code[4:].lower()}", "--name", "Shoes tablet", "--zone", "shoes")
    assert let_in.exit_code == 0
    collected = pairing.collect(shop, claim)
    assert collected is not None
    assert collected[0].id == let_in.stdout.strip()
    [row] = json.loads(greetline("screens", "list", "--json").stdout)
    assert (row["name"], row["role"], row["zone"], row["signed_in"]) == ("Shoes tablet", "staff", "shoes", None)
    assert "token" not in row
    assert "Shoes tablet" in greetline("screens", "list").stdout
    assert greetline("screens", "revoke", row["id"]).exit_code == 0
    assert pairing.recognised(shop, collected[1]) is None
    assert json.loads(greetline("screens", "list", "--json").stdout) == []
    assert len(json.loads(greetline("screens", "list", "--all", "--json").stdout)) == 1
    assert greetline("screens", "revoke", row["id"]).exit_code == 1
    assert greetline("screens", "approve", "AAAABBBB", "--name", "x").exit_code == 1


def test_a_link_lets_one_browser_in(shop: Shop, greetline: Run) -> None:
    ada_and_a_screen(shop, greetline)
    link = greetline("screens", "enter-link", "--name", "Till", "--role", "staff").stdout.strip()
    assert link.startswith("http://127.0.0.1:8080/enter/")
    screen, _ = pairing.enter(shop, link.rsplit("/", 1)[1])
    assert (screen.name, screen.role) == ("Till", "staff")
    assert pairing.entrance(shop, link.rsplit("/", 1)[1]) is None
    elsewhere = greetline("screens", "enter-link", "--base", "https://greet.example/").stdout
    assert elsewhere.startswith("https://greet.example/enter/")
    assert greetline("screens", "enter-link", "--zone", "moon").exit_code == 1


def test_behind_https_a_link_leads_to_where_a_tablet_comes_in_or_is_not_made(shop: Shop, greetline: Run, tmp_path: Path) -> None:
    settings = tmp_path / "greetline.toml"
    plain = settings.read_text()
    settings.write_text(f"{plain}[dashboard]\nhttps = true\n")
    refused = greetline("screens", "enter-link")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "--base https://192.168.1.10" in refused.stderr
    assert shop.db.execute("SELECT count(*) FROM entrances").fetchone()[0] == 0, "it refuses before anything is made"
    assert greetline("screens", "enter-link", "--base", "https://10.0.0.4").stdout.startswith("https://10.0.0.4/enter/")
    for name, address in (("shop.lan", "https://shop.lan/enter/"), ("fd00::4", "https://[fd00::4]/enter/")):
        settings.write_text(f'{plain}[dashboard]\nhttps = true\n[tls]\nnames = ["{name}", "10.0.0.4"]\n')
        assert greetline("screens", "enter-link").stdout.startswith(address)


@pytest.mark.parametrize("words", [("people", "list"), ("people", "add", "Bo"), ("screens", "list"), ("screens", "enter-link")])
def test_without_settings_or_store_it_is_exit_code_3_and_a_sentence(greetline: Run, tmp_path: Path, words: tuple[str, ...]) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("[store]\nnmae = 'x'\n")
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / STORE_FILE).write_bytes(b"this is no store, whatever its name says" * 100)
    for where, sentence in [
        (("--settings", str(tmp_path / "none.toml")), "there is no such file"),
        (("--settings", str(wrong)), "Did you mean name?"),
        (("--data", str(tmp_path / "empty")), "there is no store here"),
        (("--data", str(damaged)), "cannot be opened"),
    ]:
        said = greetline(*words, where=where)
        assert (said.exit_code, said.stdout) == (3, ""), said.output
        assert sentence in said.stderr
        assert "Traceback" not in said.output
