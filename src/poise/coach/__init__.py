"""Poses to judgement: measures, repetitions, form. No pixels, no files but exercise files."""

from poise.coach.coach import ANY, Coach, review
from poise.coach.events import Advice, Counts, Event, Fault, Feedback, Hold, Rep, Review, View
from poise.coach.exercise import Exercise, exercises, load_exercise

__all__ = [
    "ANY",
    "Advice",
    "Coach",
    "Counts",
    "Event",
    "Exercise",
    "Fault",
    "Feedback",
    "Hold",
    "Rep",
    "Review",
    "View",
    "exercises",
    "load_exercise",
    "review",
]
