"""A second opinion: a classifier of the user's own, taught with their two folders, beside the desk coach.

::

    poise desk opinion FILE ─► keep_opinion ─► a copy in the desk coach's folder, on from then on
    Pose ─► SecondOpinion.update ─► Opinion ─► Desk: held as long as a signature, told of when it differs
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from poise.body import Pose
from poise.body.formats import replacing
from poise.classify import Classifier, Live, Verdict, open_classifier
from poise.coach.desk import Opinion
from poise.coach.desk.sight import STEADY_S
from poise.errors import InputError, ResultsUnwritable, UnknownName, UnsuitableModel

#: The files of the classifier that is on, and of what was said about it, in the desk coach's folder.
_MODEL, _CHOICE = "opinion.model", "opinion.json"


@dataclass(frozen=True)
class Choice:
    """What was chosen: a classifier's ``title`` and ``card``, what it calls ``good``, and ``labels`` it lacks."""

    title: str
    good: str = "good"
    labels: tuple[str, ...] = ()
    card: str = ""


_ADAPTER = TypeAdapter(Choice)


class SecondOpinion:
    """What a classifier says of somebody who sits, averaged over `STEADY_S` seconds as everything else is.

    Args:
        classifier: of single poses; whatever it does not call ``good`` is bad.
        good: its label for sitting well.

    Raises:
        UnknownName: when it has no such label.
        UnsuitableModel: when it looks at movement, of which two looks a second show none.

    """

    def __init__(self, classifier: Classifier, good: str = "good") -> None:
        about = classifier.about
        if good not in about.labels:
            raise UnknownName("label", good, about.labels)
        if about.frames > 1:
            raise UnsuitableModel(
                f"{about.title or 'This classifier'} looks at {about.seconds:g} s of movement.",
                "Who sits is looked at twice a second: train one of single poses (poise learn train posco).",
            )
        self._live, self._good = Live(classifier, 0.0), good
        self._recent: deque[Verdict] = deque()

    def update(self, pose: Pose) -> Opinion | None:
        """What it says as of this pose; None where nobody is seen."""
        verdict = self._live.update(pose) if pose.seen else None
        if verdict is None:
            return None
        self._recent.append(verdict)
        while pose.t - self._recent[0].t > STEADY_S:
            self._recent.popleft()
        likely = {name: sum(v.all[name] for v in self._recent) / len(self._recent) for name in verdict.all}
        return Opinion(max(likely, key=lambda name: likely[name]), 1.0 - likely[self._good])


def keep_opinion(folder: Path, path: Path, good: str = "good", labels: tuple[str, ...] = ()) -> Choice:
    """Take a copy of a classifier into the desk coach's folder: from now on it is asked, too.

    Raises:
        UnsuitableModel: when it is no classifier of single poses.
        UnknownName: when it does not know the label ``good``.
        InputError: when ``labels`` are not as many as its outputs.
        MissingExtra: when nothing that runs it is installed.
        ResultsUnwritable: when it cannot be kept.

    """
    classifier = open_classifier(path, labels)
    SecondOpinion(classifier, good)
    choice = Choice(classifier.about.title or path.stem, good, labels, classifier.about.card)
    try:
        data = path.read_bytes()
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in ((_MODEL, data), (_CHOICE, _ADAPTER.dump_json(choice))):
            with replacing(folder / name) as file:
                file.write(content)
    except OSError as error:
        raise ResultsUnwritable(
            f"{folder} cannot be written ({error.strerror}).",
            "Free some space, or set POISE_DATA to a folder that can be written.",
        ) from error
    return choice


def kept_opinion(folder: Path) -> Choice | None:
    """What is on; None when nothing is.

    Raises:
        InputError: when the file that says so is damaged.

    """
    try:
        return _ADAPTER.validate_json((folder / _CHOICE).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise InputError(
            f"{folder / _CHOICE} cannot be read.", "Choose the classifier again: poise desk opinion FILE"
        ) from error


def open_opinion(folder: Path) -> SecondOpinion | None:
    """The second opinion that is on, opened; None when none is.

    Raises:
        InputError: when the file that says which is damaged.
        UnsuitableModel: when the classifier is damaged, or gone.
        MissingExtra: when nothing that runs it is installed.

    """
    choice = kept_opinion(folder)
    if choice is None:
        return None
    return SecondOpinion(open_classifier(folder / _MODEL, choice.labels), choice.good)


def drop_opinion(folder: Path) -> None:
    """Switch it off, and delete the copy."""
    for name in (_CHOICE, _MODEL):
        (folder / name).unlink(missing_ok=True)
