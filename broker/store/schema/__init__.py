"""The tables, and how an older store becomes this one. A migration that has shipped is never edited; a new one has its own file."""

from __future__ import annotations

from typing import Final

from sqlite_utils import Database, Migrations

from broker.store.schema.access import ACCESS
from broker.store.schema.audit import AUDIT
from broker.store.schema.begun import BEGUN
from broker.store.schema.changes import CHANGES
from broker.store.schema.deliveries import DELIVERIES
from broker.store.schema.eyes import EYES
from broker.store.schema.finished import FINISHED
from broker.store.schema.greeting import GREETING
from broker.store.schema.invitations import INVITATIONS
from broker.store.schema.keeping import KEEPING
from broker.store.schema.lead import LEAD
from broker.store.schema.phones import PHONES
from broker.store.schema.printing import PRINTING
from broker.store.schema.push import PUSH
from broker.store.schema.standards import STANDARDS
from broker.store.schema.tickets import TICKETS
from broker.store.schema.trials import TRIALS

migrations: Final = Migrations("greetline")


@migrations()
def m001_a_greeting(db: Database) -> None:
    """Everything a greeting needs, from the door to the report."""
    for statement in GREETING:
        db.execute(statement)


@migrations()
def m002_entrances(db: Database) -> None:
    """Links that let a browser in as a screen: the first one of a new shop, and those of a demonstration."""
    db.execute(
        """CREATE TABLE entrances (
            token TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, zone TEXT NOT NULL,
            reusable INTEGER NOT NULL, made_at TEXT NOT NULL, used_at TEXT
        ) WITHOUT ROWID"""
    )


@migrations()
def m003_eyes(db: Database) -> None:
    """Waits at counters seen by a camera, plans drawn in the dashboard, and cameras measured by hand."""
    for statement in EYES:
        db.execute(statement)


@migrations()
def m004_tickets(db: Database) -> None:
    """Tickets, each move of theirs as a row, and which request made which ticket."""
    for statement in TICKETS:
        db.execute(statement)


@migrations()
def m005_phones(db: Database) -> None:
    """The index by which the pages of ended days are found."""
    for statement in PHONES:
        db.execute(statement)


@migrations()
def m008_the_lead(db: Database) -> None:
    """Indexes for a crowded floor and for the lead."""
    for statement in LEAD:
        db.execute(statement)


@migrations()
def m010_keeping(db: Database) -> None:
    """From when on each kind of row is kept, so that what is missing is known to be gone on purpose."""
    for statement in KEEPING:
        db.execute(statement)


@migrations()
def m007_standards(db: Database) -> None:
    """What the shop promised and since when, and who has read it."""
    for statement in STANDARDS:
        db.execute(statement)


@migrations()
def m009_finished_hours(db: Database) -> None:
    """Hours that are over, as rows of their own, and which of them changed since."""
    for statement in FINISHED:
        db.execute(statement)


@migrations()
def m006_printing(db: Database) -> None:
    """Numbers that are to be put on paper, and the printer."""
    for statement in PRINTING:
        db.execute(statement)


@migrations()
def m012_deliveries(db: Database) -> None:
    """What webhooks are told, and what is announced outside our own topics."""
    for statement in DELIVERIES:
        db.execute(statement)


@migrations()
def m013_audit(db: Database) -> None:
    """Who changed what, row after row, each sealed over the one before."""
    for statement in AUDIT:
        db.execute(statement)


@migrations()
def m014_settings_changes(db: Database) -> None:
    """Each text that the settings file had, so that one can go back to it."""
    for statement in CHANGES:
        db.execute(statement)


@migrations()
def m015_access(db: Database) -> None:
    """Passwords of managers, how somebody came in, and people whom another house's sign-in vouches for."""
    for statement in ACCESS:
        db.execute(statement)


@migrations()
def m016_invitations(db: Database) -> None:
    """Camera boxes that may ask to be let in with a code."""
    for statement in INVITATIONS:
        db.execute(statement)


@migrations()
def m019_trials(db: Database) -> None:
    """Prints and calls that the office tries."""
    for statement in TRIALS:
        db.execute(statement)


@migrations()
def m020_push(db: Database) -> None:
    """Tablets that show notices of the browser."""
    for statement in PUSH:
        db.execute(statement)


@migrations()
def m021_begun(db: Database) -> None:
    """Files that are about to be written, and by whom, so that a power cut between the file and its row loses nobody's name."""
    for statement in BEGUN:
        db.execute(statement)
