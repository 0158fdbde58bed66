"""What the store holds, about whom, and for how long: every table has its row here, and a test sees to it.

Retention, the privacy report and docs/privacy.md all read this one list.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from broker.domain.facts import FactKind

DETAILS: Final = frozenset(
    {
        FactKind.VISIT_OPENED, FactKind.VISIT_JOINED, FactKind.VISIT_MOVED, FactKind.VISIT_UPSET, FactKind.CROSSED, FactKind.ALERT,
        FactKind.AREA, FactKind.STAYED, FactKind.ZONE_QUEUE, FactKind.TICKET_ISSUED, FactKind.TICKET_MOVED, FactKind.RECAP,
    }
)  # fmt: skip
"""Facts that only repeat, step by step, what a row of another table says at its end. All others are the audit."""


class About(StrEnum):
    """Whom a row is about."""

    CUSTOMERS = "customers, none by name"
    STAFF = "staff"
    SCREENS = "screens and programs"
    MACHINES = "devices of the shop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One kind of row: its table, whom it is about, what it says, and until when it stays.

    `old` is the SQL that holds for a row which may go, with :before the moment that `setting` of `[retention]` gives,
    :day its business day and :days the setting itself; `key` and `by` name the columns that tell rows apart and in which
    order they are looked through, an index where there is one. Without a `setting`, `until` says in words what ends it.
    """

    what: str
    table: str
    about: About
    says: str
    time: str = ""
    setting: str = ""
    old: str = ""
    key: tuple[str, ...] = ("id",)
    by: tuple[str, ...] = ()
    until: str = ""
    only: str = ""

    @property
    def order(self) -> tuple[str, ...]:
        """The columns in whose order rows are looked through."""
        return self.by or self.key


def _at(what: str, about: About, says: str, *, time: str, setting: str, key: tuple[str, ...] = ("id",), more: str = "",
        by: tuple[str, ...] = (), only: str = "") -> Kept:  # fmt: skip
    old = f"{time} < :before{f' AND {more}' if more else ''}"
    return Kept(what=what, table=what, about=about, says=says, time=time, setting=setting, old=old, key=key, by=by, only=only)


_KINDS: Final = ", ".join(f"'{kind}'" for kind in sorted(DETAILS))
_TICKET_GONE: Final = "NOT EXISTS (SELECT 1 FROM tickets t WHERE t.id = {0}.ticket)"
_LAST_HEARD: Final = """at < min(:before, coalesce(
    (SELECT strftime('%Y-%m-%dT%H:%M:%fZ', d.heard_at, '-' || :days || ' days') FROM devices d WHERE d.id = seen.device),
    :before))"""
"""A camera that was away for a month still has its last events in its spool: theirs go only once it was heard again."""

_PAST: Final = (
    _at("visits", About.CUSTOMERS, "zone, times, size of the party, who of the staff greeted", time="t0", setting="visits_days",
        more="ended_at IS NOT NULL", by=("t0", "id")),
    _at("alerts", About.CUSTOMERS, "who was told that somebody waits, and who answered", time="since", setting="visits_days",
        more="resolved_at IS NOT NULL"),
    _at("pauses", About.STAFF, "who paused a zone, when and why", time="began", setting="visits_days", more="until < :before"),
    _at("sessions", About.STAFF, "who was signed in on which screen, from when to when", time="began", setting="visits_days",
        more="ended IS NOT NULL AND ended < :before"),
    _at("crossings", About.CUSTOMERS, "time, door, in or out", time="at", setting="counts_days", by=("at", "id")),
    Kept(what="presence", table="presence", about=About.CUSTOMERS, says="how many came in and went out on a day", time="day",
         setting="counts_days", old="day < :day", key=("day",)),
    _at("area_counts", About.CUSTOMERS, "how many stood in an area", time="at", setting="counts_days", by=("at", "id")),
    _at("area_stays", About.CUSTOMERS, "how long somebody stood in an area", time="at", setting="counts_days", by=("at", "id")),
    _at("watches", About.MACHINES, "when a camera did not watch, and why", time="began", setting="counts_days",
        more="ended IS NOT NULL AND ended < :before"),
    _at("tallies", About.STAFF, "who counted along beside a camera, when, four numbers", time="began", setting="counts_days",
        more="ended IS NOT NULL"),
    _at("tickets", About.CUSTOMERS, "number, service, times, how it ended, counter and who served", time="t0",
        setting="tickets_days", more="ended_at IS NOT NULL", by=("t0", "id")),
    _at("ticket_moves", About.CUSTOMERS, "what was done with a ticket, by whom, when", time="at", setting="tickets_days",
        more=_TICKET_GONE.format("ticket_moves"), by=("at", "id")),
    *(
        _at(table, About.CUSTOMERS, says, time="at", setting="tickets_days", key=("ticket",), more=_TICKET_GONE.format(table))
        for table, says in (
            ("recaps", "a customer's matter in their own words, and what happens next"),
            ("briefings", "what a lead was told about a matter"),
            ("feedback", "one tap on how it was"),
        )
    ),
    _at("problems", About.CUSTOMERS, "what was promised, by when, who owns it", time="opened_at", setting="tickets_days",
        more="closed_at IS NOT NULL AND closed_at < :before"),
    _at("service_pauses", About.STAFF, "who paused a service, when and why", time="began", setting="tickets_days",
        more="until < :before"),
    _at("counter_shifts", About.STAFF, "who had which counter, from when to when", time="began", setting="tickets_days",
        more="ended IS NOT NULL AND ended < :before"),
    _at("ticket_keys", About.SCREENS, "which request made or moved which ticket", time="at", setting="seen_days", key=("key",)),
    _at("answers", About.SCREENS, "which taps were answered already", time="at", setting="seen_days", key=("key",)),
    _at("deliveries", About.CUSTOMERS, "what webhooks, phones, chats, tablets were told of visits, alerts, tickets, none by name",
        time="at", setting="deliveries_days", more="due_at IS NULL", by=("at", "id")),
    _at("rejected", About.MACHINES, "messages that could not be read, at most 8 KiB each", time="at", setting="rejected_days"),
    Kept(what="seen", table="seen", about=About.MACHINES, says="names of events that were taken", time="at", setting="seen_days",
         old=_LAST_HEARD, key=("device", "event")),
    Kept(what="journal", table="journal", about=About.CUSTOMERS, says="what happened to visits and tickets, step by step",
         time="at", setting="journal_days", old=f"at < :before AND kind IN ({_KINDS})", only=f"kind IN ({_KINDS})"),
    Kept(what="audit", table="journal", about=About.STAFF, says="who signed in, paired, paused or changed what; how devices were",
         time="at", setting="audit_days", old=f"at < :before AND kind NOT IN ({_KINDS})", only=f"kind NOT IN ({_KINDS})"),
)  # fmt: skip


def _now(table: str, about: About, says: str, until: str, time: str = "") -> Kept:
    return Kept(what=table, table=table, about=about, says=says, until=until, time=time)


_PRESENT: Final = (
    _now("people", About.STAFF, "name, role, language, digest of the PIN (argon2id with a pepper)",
         "as long as they work here; then until `greetline privacy erase`", "made_at"),
    _now("passwords", About.STAFF, "digest of a manager's password (argon2id with a pepper)",
         "as long as they work here", "set_at"),
    _now("identities", About.STAFF, "what another house's sign-in calls a person",
         "as long as they work here; then until `greetline privacy erase`", "linked_at"),
    _now("oidc_tries", About.SCREENS, "that a screen was sent to another house's sign-in",
         "until it is back; one that is not, until somebody is sent ten minutes later", "made_at"),
    _now("screens", About.SCREENS, "name, role, zone, digest of the token", "a revoked one stays as a row", "paired_at"),
    _now("subscriptions", About.STAFF, "who is told by notices of the browser on which screen, their address and keys",
         "until turned off, signed out everywhere or revoked, or 60 days without a sign-in there", "made_at"),
    _now("pairings", About.SCREENS, "a screen that asks to be let in",
         "until it is let in or, ten minutes later, another asks", "asked_at"),
    _now("invitations", About.MACHINES, "a camera box that may ask to be let in, and the key its code is stretched to",
         "until it is let in or, ten minutes later, another is invited", "made_at"),
    _now("begun", About.STAFF, "who is about to write the settings file or the list of devices, and what into it",
         "until it is written; what was cut short, the newest 50", "at"),
    _now("entrances", About.SCREENS, "links that let a browser in, by their digests", "the newest 20", "made_at"),
    _now("attempts", About.STAFF, "wrong PINs in a row of a person or a screen", "until the next right one"),
    _now("api_keys", About.SCREENS, "name and scopes of a program's key, its digest",
         "until it is revoked, and then among the newest 200", "made_at"),
    _now("devices", About.MACHINES, "the newest word of each device", "until the next word", "heard_at"),
    _now("areas", About.CUSTOMERS, "how many stand in each area now", "until the next word", "at"),
    _now("zone_queues", About.CUSTOMERS, "the queue of each zone now", "until the next count", "at"),
    _now("plans", About.MACHINES, "what is drawn over a camera's picture, and who saved it",
         "the newest 50 of each camera", "saved_at"),
    _now("tally_taps", About.CUSTOMERS, "taps of a count by hand", "until that count is over", "at"),
    _now("learnt", About.CUSTOMERS, "typical times of each hour of the week, of nobody", "until learnt anew", "at"),
    _now("finished", About.CUSTOMERS, "sums and times of each hour, of no one visit", "as long as the store", "began"),
    _now("finished_months", About.CUSTOMERS, "the same of whole months", "as long as the store"),
    _now("unfinished", About.MACHINES, "hours that are to be summed up again", "a few seconds"),
    _now("finished_upto", About.MACHINES, "up to when hours are summed up", "one row"),
    _now("standards", About.MACHINES, "what the shop promised, and since when", "the newest 200", "at"),
    _now("standards_read", About.STAFF, "who has read which promises, or put it off",
         "as long as those promises stand there, the newest 200", "read_at"),
    _now("prints", About.CUSTOMERS, "numbers that are to be put on paper", "15 minutes after the paper", "queued_at"),
    _now("trials", About.STAFF, "what was printed or spoken to try it, by whom, with its sound", "the newest 20", "asked_at"),
    _now("printers", About.MACHINES, "how the printer was found last", "until the next look", "since"),
    _now("targets", About.SCREENS, "how far each webhook has read, and whether it was disabled", "one row each", "since"),
    _now("announced", About.MACHINES, "topics of Home Assistant that say something of ours", "until they say it no more", "at"),
    _now("settings_changes", About.STAFF, "each text the settings file had, since when, and the id of who saved it",
         "the newest 200", "at"),
    # Its begin moves on, sealed: retention takes no single row out of it.
    Kept(what="audit_log", table="audit_log", about=About.STAFF, time="at", setting="audit_days",
         says="who changed people, screens, keys, plans, pauses and standards, from which screen and address"),
    _now("audit_ends", About.MACHINES, "where the audit log begins and ends", "two rows", "at"),
    _now("kept_since", About.MACHINES, "from when on each of these is kept", "one row each", "at"),
)  # fmt: skip

EVERYTHING: Final[tuple[Kept, ...]] = (*_PAST, *_PRESENT)
"""Every kind of row there is, first what grows old."""

GROWS_OLD: Final[tuple[Kept, ...]] = _PAST
"""What retention takes away, in this order: a ticket before its moves, so that none is ever without them."""
