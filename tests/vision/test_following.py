"""Who is followed from picture to picture: told with a scene of people in known places, seen by scripted eyes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from poise.vision._warp import Roi
from poise.vision.estimators._blazepose import Landmarks
from poise.vision.estimators._following import Follower, Sight
from poise.vision.frame import Frame, Picture

SIZE = 400.0
BLANK = np.zeros((600, 800, 3), np.uint8)


@dataclass
class Body:
    """Somebody in the scene: where their hips are, and how well they are seen.

    ``detected`` says in which views (how much larger than the picture, how far turned) the detector sees them, and
    ``misjudged`` how many pixels beside them it points.
    """

    x: float
    y: float = 300.0
    side: float = SIZE
    clarity: float = 0.9
    detected: Callable[[float, float], bool] = lambda larger, turn: True
    misjudged: float = 0.0


@dataclass
class Scene:
    """Eyes that see the bodies of the scene: looking closely sees whoever is within a quarter of the region."""

    bodies: list[Body] = field(default_factory=list)
    looks: int = 0
    searches: list[tuple[float, float]] = field(default_factory=list)

    def detect(self, image: Picture, view: Roi) -> list[Roi]:
        larger = view.side / max(image.shape[:2])
        self.searches.append((larger, view.rotation))
        return [
            Roi(body.x + body.misjudged, body.y, body.side)
            for body in self.bodies
            if body.detected(larger, view.rotation)
        ]

    def look(self, image: Picture, roi: Roi) -> Sight | None:
        self.looks += 1
        for body in self.bodies:
            off = math.dist((roi.x, roi.y), (body.x, body.y))
            if off < 0.25 * roi.side:
                hips = np.array([(body.x - roi.x) / roi.side + 0.5, (body.y - roi.y) / roi.side + 0.5])
                edge = hips - (0.0, body.side / 1.25 / 2 / roi.side)
                clarity = np.full(33, body.clarity if off < 0.1 * roi.side else 0.5)
                return Sight(roi, Landmarks(np.tile(hips, (33, 1)), clarity, np.zeros((33, 3)), hips, edge))
        return None


class Film:
    """Thirty frames a second of a scene; `see` gives who is followed, and where, in the next one."""

    def __init__(self, *bodies: Body, people: int = 1) -> None:
        self.scene = Scene(list(bodies))
        self.follower = Follower(self.scene, people)
        self.frames = 0

    def see(self) -> dict[int, float]:
        self.frames += 1
        seen = self.follower.update(Frame(BLANK, self.frames / 30))
        return {person: float(sight.roi.to_picture(sight.seen.hips)[0]) for person, sight in seen}

    def run(self, seconds: float) -> dict[int, float]:
        for _ in range(round(seconds * 30) - 1):
            self.see()
        return self.see()


def test_somebody_is_detected_once_and_then_followed() -> None:
    film = Film(body := Body(300.0))
    for _ in range(60):
        body.x += 3.0
        assert film.see() == {0: body.x}
    assert film.scene.searches == [(1.0, 0.0)]
    assert film.scene.looks == 60


def test_nobody_is_searched_for_in_every_frame_in_ever_other_views() -> None:
    film = Film()
    for _ in range(7):
        assert film.see() == {}
    assert film.scene.searches[0] == film.scene.searches[6] == (1.0, 0.0)
    assert len(set(film.scene.searches)) == 6
    assert {larger for larger, _ in film.scene.searches} == {1.0, 1.5, 2.5}
    assert {round(math.degrees(turn)) for _, turn in film.scene.searches} == {0, 90, -90, 180}


def test_somebody_the_detector_sees_only_lying_is_found() -> None:
    film = Film(Body(300.0, detected=lambda larger, turn: turn == math.pi / 2))
    assert [film.see() for _ in range(4)] == [{}, {}, {}, {0: 300.0}]


def test_what_an_odd_view_finds_must_be_seen_well() -> None:
    film = Film(Body(300.0, clarity=0.6, detected=lambda larger, turn: (larger, turn) != (1.0, 0.0)))
    assert film.run(1.0) == {}


def test_what_the_usual_view_finds_need_not_be_seen_well() -> None:
    assert Film(Body(300.0, clarity=0.6)).see() == {0: 300.0}


def test_of_several_the_larger_is_followed_and_of_equals_the_one_in_the_middle() -> None:
    assert Film(Body(200.0, side=300.0), Body(600.0, side=500.0)).see() == {0: 600.0}
    assert Film(Body(100.0), Body(450.0)).see() == {0: 450.0}
    assert Film(Body(200.0, clarity=0.75), Body(600.0, clarity=0.95)).see() == {0: 600.0}


def test_after_a_cut_the_next_person_is_found_in_the_same_frame_and_is_another() -> None:
    film = Film(Body(150.0))
    film.run(1.0)
    film.scene.bodies = [Body(650.0)]
    assert film.see() == {1: 650.0}


def test_somebody_who_jumps_out_of_the_region_is_detected_again_and_is_the_same() -> None:
    film = Film(body := Body(300.0))
    film.run(1.0)
    body.x += 0.26 * SIZE
    assert film.see() == {1: body.x}, "farther than a quarter of the region: taken for somebody else"
    body.y += 0.24 * SIZE
    assert film.see() == {1: body.x}


def test_somebody_lost_is_looked_for_where_they_were_seen_well() -> None:
    """Lost while the detector is blind to them; found again without it."""
    film = Film(body := Body(300.0))
    film.run(1.0)
    body.detected = lambda larger, turn: False
    film.scene.bodies = []
    assert film.run(1.0) == {}
    film.scene.bodies = [body]
    assert film.see() == {0: 300.0}


def test_somebody_gone_for_long_is_forgotten() -> None:
    film = Film(body := Body(300.0))
    film.run(1.0)
    film.scene.bodies = []
    film.run(2.1)
    film.scene.bodies = [body]
    assert film.see() == {1: 300.0}


def test_a_region_that_leads_astray_is_given_up_for_the_last_good_one_at_once() -> None:
    film = Film(body := Body(300.0))
    film.run(1.0)
    body.detected = lambda larger, turn: False
    body.clarity = 0.5
    body.x = 380.0
    assert film.see() == {0: 380.0}
    body.x = 270.0
    assert film.see() == {0: 270.0}, "out of the latest region, but within the one they were seen well in"


def test_somebody_seen_badly_is_searched_for_four_times_a_second_and_taken_where_seen_better() -> None:
    film = Film(body := Body(300.0, misjudged=0.2 * SIZE))
    body.clarity = 0.5
    film.run(1.0)
    assert 4 <= len(film.scene.searches) <= 6
    body.misjudged, body.clarity = 0.0, 0.9
    film.scene.searches.clear()
    assert film.run(0.5) == {0: 300.0}
    film.scene.searches.clear()
    film.run(1.0)
    assert film.scene.searches == []


def test_the_time_between_doubts_can_be_chosen() -> None:
    film = Film(body := Body(300.0))
    film.follower = Follower(film.scene, 1, doubt_s=10.0)
    body.clarity = 0.5
    film.run(5.0)
    assert len(film.scene.searches) == 1


def test_somebody_seen_badly_gives_way_to_somebody_seen_clearly() -> None:
    film = Film(Body(100.0, side=200.0, clarity=0.55))
    assert film.run(1.0) == {0: 100.0}
    film.scene.bodies.append(Body(600.0))
    assert film.run(0.3) == {1: 600.0}


def test_somebody_seen_well_gives_way_to_nobody() -> None:
    film = Film(Body(100.0, side=200.0, clarity=0.75))
    film.see()
    film.scene.bodies.append(Body(600.0, clarity=0.99))
    assert film.run(3.0) == {0: 100.0}


def test_more_people_are_looked_for_every_three_seconds_until_there_are_enough() -> None:
    film = Film(Body(100.0), people=2)
    assert film.run(6.0) == {0: 100.0}
    assert 2 <= len(film.scene.searches) <= 3
    assert set(film.scene.searches) == {(1.0, 0.0)}
    film.scene.bodies += [Body(400.0), Body(700.0)]
    assert film.run(3.1) == {0: 100.0, 1: 400.0}
    film.scene.searches.clear()
    film.run(3.0)
    assert film.scene.searches == []


def test_people_side_by_side_are_two() -> None:
    assert len(Film(Body(300.0), Body(300.0 + 0.3 * SIZE), people=2).see()) == 2


def test_whoever_is_followed_is_not_met_again() -> None:
    film = Film(Body(300.0), people=3)
    assert film.run(5.0) == {0: 300.0}
    assert film.scene.looks == 150, "and a detection of somebody seen well is not looked at"


def test_two_who_are_taken_for_one_another_are_not_followed_twice() -> None:
    """The eyes see whoever is first in the list; as the left one passes the right one, both regions show them."""
    film = Film(left := Body(300.0), Body(300.0 + 0.3 * SIZE), people=2)
    assert len(film.see()) == 2
    for _ in range(30):
        left.x += 5.0
        places = sorted(film.see().values())
        assert len(places) == len(set(places))


def test_at_most_as_many_as_asked_for_are_looked_at_however_many_are_lost() -> None:
    film = Film(Body(100.0))
    for x in range(150, 700, 50):
        film.run(0.2)
        film.scene.bodies = [Body(float(x) if x % 100 else 799.0 - x)]
    film.scene.looks = 0
    film.run(1.0)
    assert film.scene.looks <= 3 * 30
