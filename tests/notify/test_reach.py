"""Where a webhook may go, and that a request ends in time whatever the other side does."""

from __future__ import annotations

import ipaddress
import socket
import time
from urllib.parse import urlsplit

import pytest
from pydantic import ValidationError

from broker.notify import reach
from broker.settings import WebhookSettings
from tests.notify.sink import CLOSES, DRIPS, STALLS, TALKS, a_sink

REFUSED = (
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.7", "172.16.3.4", "172.31.255.255", "192.168.1.20", "169.254.1.1",
    "169.254.169.254", "100.64.0.9", "100.100.100.200", "192.0.0.8", "198.18.0.1", "192.0.2.1", "224.0.0.1", "255.255.255.255",
    "240.0.0.1", "::", "::1", "fe80::1", "fe80::1%1", "fec0::1", "fd00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
    "2002:c0a8:101::1",
)  # fmt: skip
ON_THE_INTERNET = ("93.184.216.34", "8.8.8.8", "172.32.0.1", "2606:2800:220:1::1", "::ffff:8.8.8.8")


@pytest.mark.parametrize("address", REFUSED)
def test_nothing_inside_a_house_a_machine_or_a_cloud_is_gone_to(address: str) -> None:
    assert not reach.may_go(ipaddress.ip_address(address), ())


@pytest.mark.parametrize("address", ON_THE_INTERNET)
def test_the_internet_is_open(address: str) -> None:
    assert reach.may_go(ipaddress.ip_address(address), ())


@pytest.mark.parametrize(
    ("address", "allow", "may"),
    [
        pytest.param("192.168.1.20", "192.168.1.20", True, id="by its address"),
        pytest.param("192.168.1.21", "192.168.1.20", False, id="its neighbour"),
        pytest.param("192.168.1.21", "192.168.1.0/24", True, id="by its network"),
        pytest.param("::ffff:192.168.1.20", "192.168.1.20", True, id="spelt otherwise"),
        pytest.param("169.254.169.254", "169.254.0.0/16", False, id="keys of a cloud by a network"),
        pytest.param("169.254.169.254", "169.254.169.254", True, id="keys of a cloud by their very address"),
        pytest.param("fd00::5", "fd00::/64", True, id="version 6"),
    ],
)
def test_what_the_settings_allow_by_name_may_be_gone_to(address: str, allow: str, may: bool) -> None:
    assert reach.may_go(ipaddress.ip_address(address), [ipaddress.ip_network(allow)]) is may


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_no_way_to_spell_this_machine_gets_through(host: str) -> None:
    with a_sink() as sink, pytest.raises((reach.NotAllowed, reach.Unreached)):
        reach.post(f"http://{host}:{sink.port}/", b"{}", {}, seconds=2)
    assert sink.heard == []


def test_a_name_that_leads_elsewhere_a_moment_later_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    real = socket.getaddrinfo

    def turned(host: str, port: object, *args: object, **more: object) -> object:
        asked.append(host)
        # The first answer is one that may be gone to and where nobody listens, each later one this machine.
        return real("192.168.255.254" if len(asked) == 1 and host == "shop.example" else "127.0.0.1", port, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", turned)
    with a_sink() as sink:
        places = reach.resolved(urlsplit(f"http://shop.example:{sink.port}/"), [ipaddress.ip_network("192.168.0.0/16")])
        assert [place[0] for _, place in places] == ["192.168.255.254"]
        with pytest.raises(reach.NotAllowed, match=r"127\.0\.0\.1"):
            reach.resolved(urlsplit(f"http://shop.example:{sink.port}/"), [ipaddress.ip_network("192.168.0.0/16")])
        asked.clear()
        with pytest.raises(reach.Unreached):
            allow = [ipaddress.ip_network("192.168.0.0/16")]
            reach.post(f"http://shop.example:{sink.port}/", b"{}", {}, allow=allow, seconds=0.5)
    assert asked == ["shop.example"], "looked up once"
    assert sink.heard == []


def test_one_address_of_two_that_may_not_be_gone_to_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    two = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: two)
    with pytest.raises(reach.NotAllowed, match=r"10\.0\.0\.1"):
        reach.post("http://shop.example/", b"{}", {}, seconds=1)


@pytest.mark.parametrize("how", [STALLS, DRIPS])
def test_an_answer_that_takes_too_long_is_ended(how: str) -> None:
    began = time.monotonic()
    with a_sink() as sink:
        sink.then = how
        with pytest.raises(reach.Unreached, match=r"no answer within 0\.4 s"):
            reach.post(sink.url, b"{}", {}, allow=[ipaddress.ip_network("127.0.0.1")], seconds=0.4)
        assert time.monotonic() - began < 3


def test_somebody_who_takes_the_connection_and_says_nothing_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf, pytest.raises(reach.Unreached, match="no answer within"):
        port = deaf.getsockname()[1]
        reach.post(f"https://127.0.0.1:{port}/", b"{}", {}, allow=[ipaddress.ip_network("127.0.0.1")], seconds=0.4)


def test_of_an_answer_without_end_only_the_beginning_is_read() -> None:
    with a_sink() as sink:
        sink.then = TALKS
        answered = reach.post(sink.url, b"{}", {}, allow=[ipaddress.ip_network("127.0.0.1")], seconds=5)
        assert answered.status == 200


def test_a_line_that_is_cut_and_a_port_where_nobody_is_are_said() -> None:
    allow = [ipaddress.ip_network("127.0.0.1")]
    with a_sink() as sink:
        sink.then = CLOSES
        with pytest.raises(reach.Unreached):
            reach.post(sink.url, b"{}", {}, allow=allow, seconds=5)
    with pytest.raises(reach.Unreached, match="refused"):
        reach.post(sink.url, b"{}", {}, allow=allow, seconds=5)


def test_a_redirect_is_not_followed() -> None:
    with a_sink() as sink:
        sink.then = 302
        assert reach.post(sink.url, b"{}", {}, allow=[ipaddress.ip_network("127.0.0.1")], seconds=5).status == 302
        assert [heard.path for heard in sink.heard] == ["/hook?shop=1"]


GOOD = {"id": "crm", "url": "https://example.com/hook", "secret_file": "crm.secret"}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        pytest.param({"url": "ftp://example.com/x"}, "not an address such as", id="not http"),
        pytest.param({"url": "https://me:secret@example.com/"}, "must not carry a name or password", id="a password in it"),
        pytest.param({"url": "https://example.com/a b"}, "letters that an address cannot have", id="a space"),
        pytest.param({"url": "https://example.com/\r\nX: y"}, "letters that an address cannot have", id="a line break"),
        pytest.param({"url": "https://[::1"}, "is not an address", id="half an address"),
        pytest.param({"url": "http://example.com/"}, "use https://", id="in the open over the Internet"),
        pytest.param({"allow": ["8.8.8.8"]}, "need not be allowed", id="the Internet allowed"),
        pytest.param({"allow": ["0.0.0.0/0"]}, "is not inside a house", id="everything allowed"),
        pytest.param({"allow": ["nas.local"]}, "is not an address or a network", id="a name allowed"),
        pytest.param({"events": ["visit.begun"]}, "is not an event; there are visit.started", id="no such event"),
    ],
)
def test_settings_that_would_harm_end_the_start_with_a_sentence(wrong: dict[str, object], says: str) -> None:
    WebhookSettings.model_validate(GOOD)
    with pytest.raises(ValidationError, match=says):
        WebhookSettings.model_validate(GOOD | wrong)
