"""docs/reports.md is held to the rules: every formula, and the numbers it names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from broker.desk.alert_report import FORMULAS as ALERTS
from broker.desk.reports import SIGNED_IN_HOURS, WEEK_DAYS
from broker.desk.shifts import IDLE
from broker.domain.kpi import FEW, FORMULAS
from broker.domain.period import LONGEST_DAYS, NAMED
from broker.domain.queue_kpi import KPIS
from broker.domain.unticketed import BOUNDS
from broker.domain.unticketed import FORMULAS as WAITS
from broker.store.rejected import KEPT_MESSAGES
from dashboard.reports import kinds, post
from dashboard.sentences import MISSING_SHARE

PAGE = Path(__file__).resolve().parents[1] / "docs/reports.md"
WAITS_BEGIN = "<!-- formulas of waits -->\n"
TICKETS_BEGIN, ALERTS_BEGIN = "<!-- formulas of tickets -->\n", "<!-- formulas of alerts -->\n"
TICKETS = {key: kpi.formula for key, kpi in KPIS.items()}
BEGIN, END = "<!-- formulas -->\n", "<!-- /formulas -->"


@pytest.mark.parametrize(
    ("begin", "formulas"), [(BEGIN, FORMULAS), (WAITS_BEGIN, WAITS), (TICKETS_BEGIN, TICKETS), (ALERTS_BEGIN, ALERTS)]
)
def test_every_formula_is_on_the_page_as_the_rules_have_it(begin: str, formulas: dict[str, str]) -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = (f"| `{key}` | {formula.replace('|', chr(92) + '|')} |\n" for key, formula in formulas.items())
    listed = "| key | formula |\n|---|---|\n" + "".join(rows)
    if os.environ.get("GREETLINE_WRITE_DOCS"):
        head, rest = text.split(begin)
        text = head + begin + listed + END + END.join(rest.split(END)[1:])
        PAGE.write_text(text, encoding="utf-8")
    assert text.split(begin)[1].split(END)[0] == listed, "run the tests once with GREETLINE_WRITE_DOCS=1 and look at the change"


def test_the_numbers_on_the_page_are_those_of_the_rules() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert f"Below {FEW} visits" in text
    assert f"the {WEEK_DAYS} days up to the last day" in text
    assert f"From {MISSING_SHARE:.0%}".replace("%", " %") + " of the opening time" in text
    assert f"the last {KEPT_MESSAGES}" in text
    assert f"until {IDLE.total_seconds() / 3600:.0f} hours after the last tap" in text
    assert (SIGNED_IN_HOURS, LONGEST_DAYS, list(NAMED.values())) == (1.0, 366, [1, 7, 28])
    assert all(f"| `/reports/{what}` |" in text for what in kinds.MADE if what != kinds.FIRST)
    assert f"at most {post.LATE_HOURS} hours later" in text
    assert f"again after {post.AGAIN_AFTER.total_seconds() / 60:.0f} minutes" in text
    assert ", ".join(str(bound // 60) for bound in BOUNDS) + " and more minutes" in text
