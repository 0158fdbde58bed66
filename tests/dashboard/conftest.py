"""The staff screens as an application, and a program that speaks to their API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from broker.shop import Shop
from dashboard.app import create
from tests.dashboard.program import Program


@pytest.fixture
def app(shop: Shop) -> Iterator[Flask]:
    made = create(shop.settings, shop=shop)
    yield made
    made.extensions["greetline-stores"].close()


@pytest.fixture
def program(app: Flask, shop: Shop) -> Program:
    return Program(app, shop)
