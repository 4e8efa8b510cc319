"""Poses to judgement: measures, repetitions, form. No pixels, no files but exercise files."""

from poise.coach.coach import AUTO, Coach
from poise.coach.correct import Correction
from poise.coach.events import ANY, Advice, Counts, Event, Fault, Feedback, Hold, Rep, Review, Set, View
from poise.coach.exercise import Exercise, exercises, load_exercise
from poise.coach.review import recognised, review
from poise.coach.workout import Timeline

__all__ = [
    "ANY",
    "AUTO",
    "Advice",
    "Coach",
    "Correction",
    "Counts",
    "Event",
    "Exercise",
    "Fault",
    "Feedback",
    "Hold",
    "Rep",
    "Review",
    "Set",
    "Timeline",
    "View",
    "exercises",
    "load_exercise",
    "recognised",
    "review",
]
