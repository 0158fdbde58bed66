"""The goodbye that suits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.domain.goodbye import Goodbye, Story, goodbye
from broker.domain.ticket import Outcome, State

G = Goodbye


@pytest.mark.parametrize(
    ("story", "parts"),
    [
        pytest.param({"outcome": Outcome.SOLVED}, [G.THANKS, G.WELCOME_BACK], id="solved, in time"),
        pytest.param(
            {"outcome": Outcome.SOLVED, "waited": 700, "told_to": 600}, [G.SORRY_WAIT, G.THANKS_PATIENCE, G.WELCOME_BACK],
            id="solved, longer than told",
        ),
        pytest.param({"outcome": Outcome.SOLVED, "waited": 600, "told_to": 600}, [G.THANKS, G.WELCOME_BACK], id="just in time"),
        pytest.param({"outcome": Outcome.SOLVED, "waited": 9000}, [G.THANKS, G.WELCOME_BACK], id="nothing was told"),
        pytest.param(
            {"outcome": Outcome.PARTLY, "holds_late": 1}, [G.SORRY_HOLD, G.THANKS_PATIENCE, G.NEXT_PARTLY],
            id="partly, kept on hold",
        ),
        pytest.param(
            {"outcome": Outcome.NOT_SOLVED, "waited": 700, "told_to": 600, "holds_late": 2},
            [G.SORRY_UNSOLVED, G.SORRY_WAIT, G.SORRY_HOLD, G.THANKS_PATIENCE, G.NEXT_PARTLY], id="all of it went wrong",
        ),
        pytest.param(
            {"outcome": Outcome.NOT_SOLVED, "escalated": True}, [G.SORRY_UNSOLVED, G.THANKS_PATIENCE, G.NEXT_LEAD],
            id="the lead goes on",
        ),
        pytest.param({"outcome": Outcome.REFERRED}, [G.THANKS, G.NEXT_REFERRED], id="referred: where to is said"),
    ],
)  # fmt: skip
def test_the_goodbye_suits_how_it_ended(story: dict[str, object], parts: list[Goodbye]) -> None:
    assert list(goodbye(Story(state=State.FINISHED, **story))) == parts  # type: ignore[arg-type]


@given(
    st.builds(
        Story, state=st.just(State.FINISHED), outcome=st.sampled_from(list(Outcome)), waited=st.floats(0, 5000),
        told_to=st.none() | st.floats(0, 5000), holds_late=st.integers(0, 3), escalated=st.booleans(),
    )
)  # fmt: skip
def test_late_or_unsolved_always_apologises_first_and_everybody_is_thanked_once(story: Story) -> None:
    parts = goodbye(story)
    wrong = story.outcome is Outcome.NOT_SOLVED or story.holds_late or (story.told_to is not None and story.waited > story.told_to)
    assert parts[0].value.startswith("sorry") == bool(wrong)
    assert sum(part in (G.THANKS, G.THANKS_PATIENCE) for part in parts) == 1
    assert not parts[-1].value.startswith("sorry"), "a goodbye ends with what happens next"


@pytest.mark.parametrize("state", [state for state in State if state is not State.FINISHED])
def test_nobody_who_was_not_served_is_thanked_for_a_service(state: State) -> None:
    assert goodbye(Story(state=state)) == ()
