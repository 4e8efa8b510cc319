"""Teaching by showing: a few repetitions become an exercise that is counted, and with bad examples judged.

::

    poses ─► Shown ─► candidates ─► the worthiest signal by which the machine counts what was shown
                                        └─► drafted: ROM, tempo, view, what bears, what stays ─► Exercise
    good and bad ─► every measure at every moment ─► the one that tells them apart ─► Rule
    poses ─► Recogniser ─► Likeness: what poise would take it for
"""

from poise.coach.teach.lesson import Lesson, learn, teach
from poise.coach.teach.likeness import Likeness
from poise.coach.teach.shown import Shown
from poise.coach.teach.text import exercise_text, rule_text

__all__ = ["Lesson", "Likeness", "Shown", "exercise_text", "learn", "rule_text", "teach"]
