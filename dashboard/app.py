"""The staff screens as one application: floor, reports, administration."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from broker.settings import Settings
from broker.shop import Shop
from broker.web import app as web
from broker.web import oidc
from broker.web.own import own
from dashboard import (
    admin,
    box_door,
    cameras,
    counter,
    floor,
    lead,
    matters,
    problem_records,
    reckoned,
    reports,
    shell,
    standards,
    tallies,
)  # fmt: skip
from dashboard.admin import in_force
from dashboard.admin.office import pages_here
from dashboard.api.document import API
from dashboard.standards import CALM

CALM_WORDS = tuple(f"process.calm_{step}{end}" for step in CALM[:-1] for end in ("", "_how"))
"""The calm card without its last step, calling the lead: in a sheet that is a button."""
PROBLEM_WORDS = CALM_WORDS + tuple(
    f"counter.{key}"
    for key in (
        "brief_happened", "brief_tried", "brief_wanted", "lead_note", "optional", "problem_kind", "problem_heard", "problem_owner",
        "problem_action", "problem_by", "problem_save", "kind_product", "kind_service", "kind_wait", "kind_price", "kind_other",
        "outcome_solved", "outcome_partly", "outcome_not_solved", "outcome_referred",
    )
)  # fmt: skip
"""Words of the counter that the sheets of the floor and the lead say too."""
CALL_WORDS = tuple(
    f"counter.{key}"
    for key in (
        "not_while_lost", "calling", "ready_after", "nobody_waits", "call_number", "done_called", "out_of_order",
        "out_of_order_note", "call_child", "call_stand", "call_quick", "call_agreed",
    )
)  # fmt: skip
"""Words of the counter that "Call next" on the floor says too."""


def create(settings: Settings, *, shop: Shop | None = None, file: Path | None = None) -> Flask:
    """Return the application of the staff screens; *file* is where its settings were read. Raises StoreError and OSError."""
    blueprints = [
        floor.bp, counter.bp, lead.bp, matters.bp, problem_records.bp, shell.bp, reports.bp, admin.bp, cameras.bp,
        tallies.bp, standards.bp, own, oidc.oidc, box_door.bp, API,
    ]  # fmt: skip
    app = web.create(settings, name="dashboard", blueprints=blueprints, shop=shop)
    oidc.set_up(app, settings)
    app.jinja_env.globals["problem_words"] = PROBLEM_WORDS
    app.jinja_env.globals["call_words"] = CALL_WORDS
    app.jinja_env.globals["office_pages"] = pages_here
    in_force.set_up(app, file)
    app.extensions[reckoned.EXTENSION] = reckoned.Reckoned()
    app.jinja_env.globals["has_counters"] = bool(settings.counters)
    return app
