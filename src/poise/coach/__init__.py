"""Poses to judgement: measures, repetitions, form. No pixels, no files but exercise files."""

from poise.coach.coach import AUTO, Coach
from poise.coach.correct import Correction
from poise.coach.events import (
    ANY,
    Advice,
    Counts,
    Cue,
    Event,
    Fault,
    Feedback,
    Hold,
    Rep,
    Review,
    Set,
    Summary,
    View,
)
from poise.coach.exercise import Exercise, exercises, load_exercise, own_exercises
from poise.coach.form import Strictness
from poise.coach.partial import BODIES, WHOLE, BodyName, partial_body
from poise.coach.review import recognised, review
from poise.coach.workout import Timeline

__all__ = [
    "ANY",
    "AUTO",
    "BODIES",
    "WHOLE",
    "Advice",
    "BodyName",
    "Coach",
    "Correction",
    "Counts",
    "Cue",
    "Event",
    "Exercise",
    "Fault",
    "Feedback",
    "Hold",
    "Rep",
    "Review",
    "Set",
    "Strictness",
    "Summary",
    "Timeline",
    "View",
    "exercises",
    "load_exercise",
    "own_exercises",
    "partial_body",
    "recognised",
    "review",
]
