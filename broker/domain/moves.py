"""What the state machines share: a table of (state, move) -> state, and one error for a pair that is missing."""

from __future__ import annotations


class IllegalMove(Exception):
    """The rules of the shop refuse this. `state` is how it stands now, `move` what was tried, `why` a plain sentence."""

    def __init__(self, what: str, state: str, move: str, why: str = "") -> None:
        super().__init__(why or f"{what} is {state}; {move} is not possible now")
        self.what = what
        self.state = state
        self.move = move
        self.why = why


class QueueClosed(IllegalMove):
    """No ticket is given for this service now. `state` says why: "closed", "paused" or "too late"."""

    def __init__(self, state: str, why: str) -> None:
        super().__init__("queue", state, "issue", why)
