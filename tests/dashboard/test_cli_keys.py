"""`greetline keys`, run as a person runs it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from broker.desk import apikeys
from broker.settings import Settings, StoreSettings
from broker.shop import Shop, open_shop
from deploy.cli import main

Run = Callable[..., Result]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = open_shop(Settings(store=StoreSettings(data=tmp_path)))
    yield made
    made.db.conn.close()


@pytest.fixture
def greetline(shop: Shop, tmp_path: Path) -> Run:
    return lambda *words: CliRunner().invoke(main, ["keys", *words, "--data", str(tmp_path)])


def test_a_key_is_printed_once_and_alone_so_that_it_can_go_into_a_file(shop: Shop, greetline: Run) -> None:
    said = greetline("add", "web-shop", "--scope", "tickets.take", "--scope", "tickets.read", "--a-minute", "60")
    assert said.exit_code == 0
    key = apikeys.recognised(shop, said.stdout.strip())
    assert key is not None
    assert (key.name, key.scopes, key.a_minute) == ("web-shop", ("tickets.take", "tickets.read"), 60)
    assert "shown this once" in said.stderr


def test_the_list_tells_everything_but_the_secret(shop: Shop, greetline: Run) -> None:
    assert "no key yet" in greetline("list").stderr
    secret = greetline("add", "lobby", "--scope", "display.read").stdout.strip()
    [row] = json.loads(greetline("list", "--json").stdout)
    assert (row["name"], row["scopes"], row["used"], row["revoked"]) == ("lobby", ["display.read"], None, None)
    apikeys.recognised(shop, secret)
    assert json.loads(greetline("list", "--json").stdout)[0]["used"]
    for said in (greetline("list"), greetline("list", "--json")):
        assert secret not in said.output
    assert "lobby" in greetline("list").stdout


def test_a_revoked_key_is_dead_and_listed_only_on_request(shop: Shop, greetline: Run) -> None:
    secret = greetline("add", "lobby", "--scope", "display.read").stdout.strip()
    assert greetline("revoke", "lobby").exit_code == 0
    assert apikeys.recognised(shop, secret) is None
    assert json.loads(greetline("list", "--json").stdout) == []
    assert len(json.loads(greetline("list", "--all", "--json").stdout)) == 1


def test_what_may_not_be_is_said_in_one_sentence(greetline: Run) -> None:
    for words, sentence in ((("add", "Web Shop", "--scope", "tickets.take"), "not a name"), (("revoke", "none"), "no key called")):
        said = greetline(*words)
        assert (said.exit_code, said.stdout) == (1, "")
        assert sentence in said.stderr
        assert len(said.stderr.splitlines()) == 1
    assert greetline("add", "web", "--scope", "everything").exit_code == 2
