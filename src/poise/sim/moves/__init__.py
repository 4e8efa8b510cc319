"""The movements poise can simulate: the fifteen exercises, and four ways of doing nothing that counts."""

from poise.errors import UnknownName
from poise.sim.move import Move
from poise.sim.moves import arms, floor, idle, legs

#: Every movement by name; those with ``reps == 0`` are the ones nobody should count.
MOVES: dict[str, Move] = {
    move.name: move
    for move in (
        legs.SQUAT,
        legs.LUNGE,
        floor.PUSH_UP,
        arms.BICEPS_CURL,
        arms.TRICEPS_EXTENSION,
        arms.DUMBBELL_ROW,
        floor.SIT_UP,
        legs.JUMPING_JACK,
        arms.SHOULDER_PRESS,
        arms.LATERAL_RAISE,
        arms.FRONT_RAISE,
        legs.DEADLIFT,
        floor.PLANK,
        floor.GLUTE_BRIDGE,
        legs.WALL_SIT,
        idle.STANDING,
        idle.WALKING,
        idle.FIDGETING,
        idle.STOOPING,
    )
}


def find_move(name: str) -> Move:
    """The movement of that name.

    Raises:
        UnknownName: when there is none.

    """
    try:
        return MOVES[name]
    except KeyError:
        raise UnknownName("simulated movement", name, MOVES) from None
