"""A Chromium that may sound, as on a wall that is set up, and an ear in its pages."""

from __future__ import annotations

import io
import wave
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page

from tests.browser.kiosk_parts import KioskHouse

EAR = """
window.played = [];
window.gains = [];
const addresses = new WeakMap(), took = Response.prototype.arrayBuffer;
Response.prototype.arrayBuffer = async function () {
  const body = await took.call(this);
  addresses.set(body, this.url);
  return body;
};
const decode = AudioContext.prototype.decodeAudioData, gain = AudioContext.prototype.createGain;
AudioContext.prototype.decodeAudioData = async function (body) {
  const from = addresses.get(body), sound = await decode.call(this, body);
  addresses.set(sound, from);
  return sound;
};
AudioContext.prototype.createGain = function () {
  const made = gain.call(this);
  window.gains.push(made);
  return made;
};
const start = AudioBufferSourceNode.prototype.start, stop = AudioBufferSourceNode.prototype.stop;
const ring = OscillatorNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (at) {
  const one = { what: new URL(addresses.get(this.buffer)).pathname, at, until: at + this.buffer.duration };
  this.addEventListener("ended", () => { one.ended = this.context.currentTime; });
  window.played.push(one);
  this.played = one;
  return start.call(this, at);
};
AudioBufferSourceNode.prototype.stop = function () {
  this.played.until = Math.min(this.played.until, this.context.currentTime);
  return stop.call(this);
};
OscillatorNode.prototype.start = function (at) {
  window.played.push({ what: "tone", at, until: at + 0.28 });
  return ring.call(this, at);
};
"""

Played = list[dict[str, Any]]


def listening(page: Page) -> Page:
    """Hear what *page* plays from now on."""
    page.add_init_script(EAR)
    return page


def played(page: Page, least: int = 0) -> Played:
    """Wait until *page* has planned *least* sounds and return all, in order."""
    for _ in range(400):
        found: Played = page.evaluate("window.played ?? []")
        if len(found) >= least:
            return found
        page.wait_for_timeout(100)
    raise AssertionError(f"only {len(found)} of {least} sounds were played: {found}")


def speech(page: Page, least: int = 0) -> list[str]:
    """Wait until *least* pieces of speech were planned and return their addresses in order."""
    for _ in range(400):
        found = [one["what"] for one in page.evaluate("window.played ?? []") if one["what"] != "tone"]
        if len(found) >= least:
            return found
        page.wait_for_timeout(100)
    raise AssertionError(f"only {len(found)} of {least} pieces were spoken")


def silent(page: Page) -> None:
    """Wait until everything that *page* planned has been played."""
    for _ in range(600):
        if page.evaluate("window.played.every((one) => one.what === 'tone' || one.ended)"):
            return
        page.wait_for_timeout(100)
    raise AssertionError("it is still speaking")


def overlaps(sounds: Played) -> Played:
    """Return the sounds that begin before the one before them is over."""
    heard = [one for one in sounds if one["until"] > one["at"]]  # what was called off before it began is not heard
    ordered = sorted(heard, key=lambda one: one["at"])
    return [one for before, one in pairwise(ordered) if one["at"] < before["until"] - 0.005]


def seconds(context: BrowserContext, house: KioskHouse, address: str) -> float:
    """Return how long the sound at *address* is."""
    answer = context.request.get(house.url + urlsplit(address).path)
    assert answer.ok
    with wave.open(io.BytesIO(answer.body())) as file:
        return file.getnframes() / file.getframerate()
