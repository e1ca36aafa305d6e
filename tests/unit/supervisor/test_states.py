import itertools
import subprocess
import sys

import pytest

from ostiary.supervisor.states import MOVES, Event, ImpossibleMove, State, mermaid, step


def test_a_move_not_in_the_table_names_both_words() -> None:
    with pytest.raises(ImpossibleMove, match="'confirmed' cannot arrive while 'down'"):
        step(State.DOWN, Event.CONFIRMED)


def test_every_pair_is_either_in_the_table_or_refused() -> None:
    for state, event in itertools.product(State, Event):
        if (state, event) in MOVES:
            assert step(state, event) is MOVES[state, event]
        else:
            with pytest.raises(ImpossibleMove):
                step(state, event)


def test_every_state_can_be_reached_and_left_for_down() -> None:
    for state in State:
        reached = {state}
        for _ in State:
            reached |= {after for (before, _), after in MOVES.items() if before in reached}
        assert State.DOWN in reached
    assert set(MOVES.values()) == set(State)


def test_a_refused_reload_serves_and_a_refused_start_is_down() -> None:
    assert step(State.RELOADING, Event.REFUSED) is State.SERVING
    assert step(State.STARTING, Event.REFUSED) is State.DOWN


def test_the_module_draws_its_table() -> None:
    drawn = subprocess.run(
        [sys.executable, "-m", "ostiary.supervisor.states"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert drawn == mermaid()
    assert drawn.startswith("stateDiagram-v2\n    [*] --> down\n    down --> starting: start\n")
    assert drawn.count("-->") == len(MOVES) + 1
