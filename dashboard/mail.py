"""A mail by SMTP, with the standard library: encrypted and checked unless the settings say otherwise, bounded in time."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Final

from broker.settings.reports import MailSettings

SUBJECT_LETTERS: Final = 150

Sender = Callable[[EmailMessage], None]
"""Sends a message to those it names. Raises NotSent."""


class NotSent(Exception):
    """The mail was not taken. `permanent` says that the same again cannot help; the text says what to do."""

    def __init__(self, text: str, *, permanent: bool) -> None:
        super().__init__(text)
        self.permanent = permanent


def sender(settings: MailSettings) -> Sender:
    """Return what sends mails as *settings* say. Raises NotSent when there is no mail server in them."""
    if not settings.host:
        raise NotSent("There is no mail server in the settings: write `host`, `sender` and `to` into [mail].", permanent=True)

    def send(message: EmailMessage) -> None:
        try:
            _deliver(message, settings)
        except smtplib.SMTPAuthenticationError as no:
            raise NotSent(
                f"{settings.host} does not take the name and password of [mail] ({no.smtp_code}).", permanent=True
            ) from no
        except smtplib.SMTPRecipientsRefused as no:
            raise NotSent(f"{settings.host} takes no mail for {', '.join(no.recipients)}.", permanent=True) from no
        except smtplib.SMTPResponseException as no:
            said = no.smtp_error.decode(errors="replace") if isinstance(no.smtp_error, bytes) else str(no.smtp_error)
            raise NotSent(f"{settings.host} says {no.smtp_code}: {said[:200]}.", permanent=no.smtp_code >= 500) from no
        except (smtplib.SMTPException, ssl.SSLError) as no:
            raise NotSent(f"{settings.host} and [mail] do not agree: {no}. See `security` and `port`.", permanent=True) from no
        except OSError as wrong:
            raise NotSent(f"{settings.host}:{settings.port} cannot be reached: {wrong}.", permanent=False) from wrong

    return send


def _deliver(message: EmailMessage, settings: MailSettings) -> None:
    assert settings.host is not None
    context = ssl.create_default_context()
    password = _password(settings)
    if settings.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(settings.host, settings.port, timeout=settings.timeout_seconds, context=context)
    else:
        server = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout_seconds)
    with server:
        if settings.security == "starttls":
            server.starttls(context=context)
        if settings.username:
            server.login(settings.username, password)
        refused = server.send_message(message)
    if refused:
        raise smtplib.SMTPRecipientsRefused(refused)


def _password(settings: MailSettings) -> str:
    if settings.password_file is None:
        return ""
    try:
        return settings.password_file.read_text(encoding="utf-8").splitlines()[0]
    except (OSError, IndexError, UnicodeDecodeError) as wrong:
        raise NotSent(f"{settings.password_file}: the password of [mail] cannot be read: {wrong}.", permanent=True) from wrong


def message(
    settings: MailSettings, *, subject: str, text: str, at: datetime, attached: tuple[str, bytes] | None = None
) -> EmailMessage:
    """Return a mail with *text* and at most one PDF, (file name, bytes); *at* is the aware moment it is dated."""
    made = EmailMessage()
    # A line break in a subject would begin a header of somebody else's.
    made["Subject"] = " ".join(subject.split())[:SUBJECT_LETTERS]
    made["From"] = settings.sender
    made["To"] = ", ".join(settings.to)
    made["Date"] = format_datetime(at)
    made["Message-ID"] = make_msgid(domain=settings.sender.rpartition("@")[2] or "greetline")
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(text)
    if attached is not None:
        name, body = attached
        made.add_attachment(body, maintype="application", subtype="pdf", filename=name)
    return made
