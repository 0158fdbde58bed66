"""The weekly report by mail: one mail a week, whatever happens; what a mail server says is told in a sentence."""

from __future__ import annotations

import io
import json
import socketserver
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import ValidationError
from pypdf import PdfReader

from broker.settings import MailSettings, ReportsSettings, Settings
from broker.shop import Shop
from broker.store import deliveries
from dashboard import mail
from dashboard.cli_report import report
from dashboard.reports import post
from tests.builders import NOON, TurnableClock, make_shop
from tests.history import fill

MONDAY = datetime.fromisoformat("2026-11-23T06:00:00+00:00")
"""Seven in the morning in Oslo."""


class Sink(socketserver.ThreadingTCPServer):
    """Takes mails as an SMTP server does, keeps them, and refuses as often as it was told to."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.mails: list[bytes] = []
        self.to: list[str] = []
        self.answers: list[str] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Talk(socketserver.StreamRequestHandler):
    server: Sink

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())

    def handle(self) -> None:
        self.say("220 sink")
        while line := self.rfile.readline().decode().strip():
            word = line.split()[0].upper()
            if word == "QUIT":
                self.say("221 bye")
                return
            if word == "DATA":
                self.data()
            elif word == "RCPT":
                self.server.to.append(line)
                self.say("250 fine")
            else:
                self.say("250 fine")

    def data(self) -> None:
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line[1:] if line.startswith(b"..") else line)
        answer = self.server.answers.pop(0) if self.server.answers else "250 taken"
        if answer.startswith("250"):
            self.server.mails.append(b"".join(lines))
        self.say(answer)


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(5)


def settings_of(port: int) -> MailSettings:
    return MailSettings(
        host="127.0.0.1", port=port, security="none", sender="shop@greetline.example", to=("maria@greetline.example",),
        timeout_seconds=5,
    )  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path, sink: Sink) -> Shop:
    """A shop with a week behind it whose mail is due on Mondays from seven."""
    clock = TurnableClock(NOON)
    made = make_shop(tmp_path, clock, reports=ReportsSettings(weekly_day="mon", weekly_hour=7), mail=settings_of(sink.port))
    fill(made, 10, a_day=30)
    clock.at = MONDAY
    return made


def again(shop: Shop) -> Shop:
    """The same shop after a restart: nothing is left but the store."""
    return make_shop(shop.settings.store.data, shop.clock, reports=shop.settings.reports, mail=shop.settings.mail)  # type: ignore[arg-type]


def turn(shop: Shop, **by: float) -> None:
    shop.clock.at += timedelta(**by)  # type: ignore[attr-defined]


def test_the_mail_has_the_summary_and_the_pages_of_last_week(shop: Shop, sink: Sink) -> None:
    assert post.look(lambda: again(shop))
    (taken,) = sink.mails
    letter = message_from_bytes(taken, policy=policy.default)
    assert isinstance(letter, EmailMessage)
    assert letter["Subject"] == "Oslo City: 16–22 Nov 2026 in figures"
    assert letter["To"] == "maria@greetline.example"
    assert letter["Date"].datetime == MONDAY
    text = letter.get_body().get_content()
    assert "Greeting report: We greet within 30" in text.replace("\u00a0", " ")
    (paper,) = letter.iter_attachments()
    assert paper.get_filename() == "oslo-city-weekly-2026-11-16-2026-11-22.pdf"
    said = "".join(page.extract_text() for page in PdfReader(io.BytesIO(paper.get_content())).pages)
    assert "Median greet time" in said
    assert sink.to == ["rcpt TO:<maria@greetline.example>"]


def test_a_week_is_mailed_once_however_often_the_shop_is_started(shop: Shop, sink: Sink) -> None:
    assert post.look(lambda: again(shop))
    for _ in range(3):
        turn(shop, hours=1)
        assert not post.look(lambda: again(shop))
    assert len(sink.mails) == 1
    turn(shop, days=7, hours=-3)
    assert post.look(lambda: again(shop))
    assert len(sink.mails) == 2


@pytest.mark.parametrize(("hours", "due"), [(-1, False), (0, True), (35, True), (37, False), (72, False)])
def test_it_goes_out_from_its_hour_on_and_not_days_later(shop: Shop, hours: int, due: bool) -> None:
    turn(shop, hours=hours)
    assert post.due(shop) is due


def test_what_the_server_does_not_take_now_is_tried_again_later(shop: Shop, sink: Sink) -> None:
    sink.answers = ["451 busy"]
    assert not post.look(lambda: again(shop))
    assert not post.due(shop)
    turn(shop, minutes=16)
    assert post.look(lambda: again(shop))
    assert len(sink.mails) == 1


def test_what_the_server_will_never_take_is_not_tried_again_by_itself(shop: Shop, sink: Sink) -> None:
    sink.answers = ["554 no such thing here"]
    with pytest.raises(mail.NotSent, match=r"says 554: no such thing here") as no:
        post.send_weekly(shop, mail.sender(shop.settings.mail))
    assert no.value.permanent
    turn(shop, minutes=30)
    assert not post.due(shop)


def test_a_process_that_dies_while_it_sends_leaves_no_second_mail(shop: Shop, sink: Sink) -> None:
    class Killed(BaseException):
        pass

    def die(_: EmailMessage) -> None:
        raise Killed

    with pytest.raises(Killed):
        post.send_weekly(shop, die)
    turn(shop, hours=1)
    assert not post.look(lambda: again(shop))
    assert sink.mails == []


def test_two_that_look_at_once_send_one_mail(shop: Shop, sink: Sink) -> None:
    threads = [threading.Thread(target=post.look, args=(lambda: again(shop),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(sink.mails) == 1


def test_the_postman_sends_and_stops(shop: Shop, sink: Sink) -> None:
    postman = post.Postman(lambda: again(shop))
    postman.start()
    for _ in range(500):
        if sink.mails:
            break
        threading.Event().wait(0.02)
    postman.stop()
    assert len(sink.mails) == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"port": 1}, "cannot be reached"),
        ({"security": "starttls"}, "do not agree"),
        ({"security": "starttls", "username": "shop", "password_file": Path("nowhere")}, "password of \\[mail\\] cannot be read"),
        ({"host": None}, "no mail server in the settings"),
    ],
)
def test_what_is_wrong_with_the_mail_is_told_in_a_sentence(sink: Sink, changed: dict[str, object], said: str) -> None:
    settings = settings_of(sink.port).model_copy(update=changed)
    letter = mail.message(settings, subject="a\r\nBcc: b@c", text="hello", attached=("a.pdf", b"%PDF-"), at=NOON)
    assert letter["Bcc"] is None
    with pytest.raises(mail.NotSent, match=said):
        mail.sender(settings)(letter)


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": "a"}, {"host": "a", "sender": "a@b", "to": ["x"]}, {"host": "a", "sender": "a@b\nBcc: c", "to": ["a@b"]},
        {"host": "a", "sender": "a@b", "to": ["a@b"], "username": "u"},
        {"host": "a", "sender": "a@b", "to": ["a@b"], "username": "u", "password_file": "p", "security": "none"},
    ],
)  # fmt: skip
def test_settings_that_cannot_send_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"mail": wrong})


def test_the_command_sends_once_and_says_so(shop: Shop, sink: Sink, tmp_path: Path) -> None:
    file = tmp_path / "greetline.toml"
    file.write_text(
        f'[store]\nid = "oslo-city"\nname = "Oslo City"\ndata = "{tmp_path}"\n[mail]\nhost = "127.0.0.1"\nport = {sink.port}\n'
        'security = "none"\nsender = "shop@greetline.example"\nto = ["maria@greetline.example"]\n',
        encoding="utf-8",
    )
    said = [CliRunner().invoke(report, ["send", "--weekly", "--settings", str(file), *more]) for more in ([], [], ["--again"])]
    assert [each.exit_code for each in said] == [0, 0, 0]
    assert "was sent to maria@greetline.example" in said[0].output
    assert "sent already" in said[1].output
    assert len(sink.mails) == 2
    sink.answers = ["554 no"]
    refused = CliRunner().invoke(report, ["send", "--weekly", "--again", "--settings", str(file)])
    assert refused.exit_code == 1
    assert "says 554" in refused.output


def test_a_phone_gets_the_summary_of_the_week_once_with_and_without_a_mail_server(shop: Shop, sink: Sink) -> None:
    phone = [{"id": "lead", "url_file": "lead.url", "weekly_report": True}]

    def opened(**more: object) -> Shop:
        return make_shop(shop.settings.store.data, shop.clock, reports=shop.settings.reports, notify=phone, **more)  # type: ignore[arg-type]

    sink.answers = ["451 busy"]
    assert not post.look(lambda: opened(mail=shop.settings.mail))
    turn(shop, minutes=16)
    assert post.look(lambda: opened(mail=shop.settings.mail)), "the mail is tried again, the phone has it already"
    (told,) = deliveries.newest(shop.db, "lead", limit=9)
    said = json.loads(told.body)
    assert said["title"] == "Oslo City: 16–22 Nov 2026 in figures"
    assert "Greeting report: We greet within 30" in said["text"].replace("\u00a0", " ")
    turn(shop, days=7)
    assert post.look(opened)
    assert len(deliveries.newest(shop.db, "lead", limit=9)) == 2
    assert len(sink.mails) == 1
