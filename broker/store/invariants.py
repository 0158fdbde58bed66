"""What must hold of every store, as questions whose answer must be 0; of what retention took away nothing is asked."""

from __future__ import annotations

from typing import Final

from broker.domain import ticket as tickets
from broker.domain import visit as visits


def _listed(states: frozenset[visits.State] | frozenset[tickets.State]) -> str:
    return ", ".join(f"'{state}'" for state in sorted(states))


def _since(what: str) -> str:
    """Return the SQL for the moment from which *what* is all there; two days later, as one row may be newer than another."""
    return f"coalesce((SELECT strftime('%Y-%m-%dT%H:%M:%fZ', since, '+2 days') FROM kept_since WHERE what = '{what}'), '')"


_EXACTLY: Final = "coalesce((SELECT {0} FROM kept_since WHERE what = 'crossings'), '')"

ALWAYS: Final[dict[str, str]] = {
    "every crossing stands for an event that was taken": f"""
        SELECT count(*) FROM crossings c
        WHERE c.at >= {_since("seen")}
          AND NOT EXISTS (SELECT 1 FROM seen s WHERE s.device = c.device AND s.event = c.event)""",
    "no event was counted twice": """
        SELECT count(*) FROM (SELECT 1 FROM crossings GROUP BY device, event HAVING count(*) > 1)""",
    "the counts of the days are the crossings": f"""
        SELECT abs((SELECT coalesce(sum(ins), 0) FROM presence WHERE day >= {_EXACTLY.format("day")})
                   - (SELECT count(*) FROM crossings WHERE inward AND at >= {_EXACTLY.format("since")}))
             + abs((SELECT coalesce(sum(outs), 0) FROM presence WHERE day >= {_EXACTLY.format("day")})
                   - (SELECT count(*) FROM crossings WHERE NOT inward AND at >= {_EXACTLY.format("since")}))""",
    "every crossing's visit is there": f"""
        SELECT count(*) FROM crossings c
        WHERE c.visit IS NOT NULL AND c.at >= {_since("visits")}
          AND NOT EXISTS (SELECT 1 FROM visits v WHERE v.id = c.visit)""",
    "nobody is greeted before coming in": "SELECT count(*) FROM visits WHERE acknowledged_at < t0",
    "no visit ends before it begins": "SELECT count(*) FROM visits WHERE ended_at < t0",
    "a merged visit's keeper is there": f"""
        SELECT count(*) FROM visits m
        WHERE m.merged_into IS NOT NULL AND m.t0 >= {_since("visits")}
          AND NOT EXISTS (SELECT 1 FROM visits v WHERE v.id = m.merged_into)""",
    "a device is not watching one span at a time": """
        SELECT count(*) FROM (SELECT 1 FROM watches WHERE ended IS NULL GROUP BY device HAVING count(*) > 1)""",
}
"""Asked by every `greetline check`."""

_VISIT_STATE: Final = f"""
    (state IN ({_listed(visits.ENDED)})) <> (ended_at IS NOT NULL)
    OR (state IN ({_listed(visits.MET)}) AND acknowledged_at IS NULL)
    OR (state IN ({_listed(visits.WAITING)}) AND acknowledged_at IS NOT NULL)
    OR (state = '{visits.State.CLAIMED}') <> (claimed_by IS NOT NULL)
    OR (state = '{visits.State.DISMISSED}') <> (dismissed_as IS NOT NULL)
    OR (state = '{visits.State.MERGED}') <> (merged_into IS NOT NULL)
    OR state NOT IN ({_listed(frozenset(visits.State))})"""

DEEP: Final[dict[str, str]] = {
    "a visit's times follow each other and its people add up": """
        SELECT count(*) FROM visits
        WHERE own_t0 < t0 OR acknowledged_at > ended_at OR overdue_at < t0 OR size < own_size OR own_size < 1 OR version < 1""",
    "a visit's state and its times say the same": f"SELECT count(*) FROM visits WHERE {_VISIT_STATE}",
    "a ticket's state and its times say the same": f"""
        SELECT count(*) FROM tickets
        WHERE (state IN ({_listed(tickets.ENDED)})) <> (ended_at IS NOT NULL)
           OR state NOT IN ({_listed(frozenset(tickets.State))})
           OR (state IN ({_listed(tickets.AT_COUNTER)}) AND counter IS NULL)
           OR started_at < t0 OR ended_at < t0 OR number < 1 OR version < 1""",
    "a ticket stands where its last move left it": """
        SELECT count(*) FROM tickets t
        WHERE t.state IS NOT (SELECT m.became FROM ticket_moves m WHERE m.ticket = t.id ORDER BY m.id DESC LIMIT 1)""",
    "each move of a ticket begins where the one before ended": """
        SELECT count(*) FROM (
            SELECT was, lag(became) OVER (PARTITION BY ticket ORDER BY id) AS before FROM ticket_moves)
        WHERE before IS NOT NULL AND was <> before""",
    "no number was given twice on a day": """
        SELECT count(*) FROM (SELECT 1 FROM tickets GROUP BY issued_for, day, number HAVING count(*) > 1)""",
    "a counter has one customer at a time": f"""
        SELECT count(*) FROM (
            SELECT 1 FROM tickets WHERE state IN ({_listed(tickets.AT_COUNTER)}) GROUP BY counter HAVING count(*) > 1)""",
    "nothing is due of what has ended": """
        SELECT (SELECT count(*) FROM visits WHERE ended_at IS NOT NULL AND due_at IS NOT NULL)
             + (SELECT count(*) FROM tickets WHERE ended_at IS NOT NULL AND due_at IS NOT NULL)
             + (SELECT count(*) FROM alerts WHERE resolved_at IS NOT NULL AND due_at IS NOT NULL)""",
    "an alert's state and its times say the same": """
        SELECT count(*) FROM alerts WHERE (state = 'resolved') <> (resolved_at IS NOT NULL) OR resolved_at < raised_at""",
    "facts are numbered on and on": """
        SELECT count(*) FROM journal
        WHERE id > coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'journal'), 0)""",
}
"""Asked by `greetline check --deep` as well: each looks at every row."""
