from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from poise.body import BLAZEPOSE33, COCO17, Array, Pose, Skeleton
from poise.vision.frame import Picture
from poise.vision.overlay import FAULT, LEFT, MIDDLE, RIGHT, Captions, JointAngle, Overlay, picture
from tests.vision.homemade import board, corners_seen

SIZE = (640, 480)

#: Somebody who faces the camera with the arms out and the feet apart; pixels of a 640 x 480 picture.
STANDING = {
    "nose": (320, 80),
    **{f"left_{name}": (330, 75) for name in ("eye_inner", "eye", "eye_outer")},
    **{f"right_{name}": (310, 75) for name in ("eye_inner", "eye", "eye_outer")},
    **{"left_ear": (340, 80), "right_ear": (300, 80), "mouth_left": (325, 90), "mouth_right": (315, 90)},
    **{"left_shoulder": (370, 140), "right_shoulder": (270, 140)},
    **{"left_elbow": (450, 140), "right_elbow": (190, 140), "left_wrist": (530, 140), "right_wrist": (110, 140)},
    **{f"left_{name}": (545, 140) for name in ("pinky", "index", "thumb")},
    **{f"right_{name}": (95, 140) for name in ("pinky", "index", "thumb")},
    **{"left_hip": (360, 260), "right_hip": (280, 260), "left_knee": (380, 340), "right_knee": (260, 340)},
    **{"left_ankle": (380, 420), "right_ankle": (260, 420), "left_heel": (380, 430), "right_heel": (260, 430)},
    **{"left_foot_index": (400, 440), "right_foot_index": (240, 440)},
}


def standing(skeleton: Skeleton = BLAZEPOSE33, **scores: float) -> Pose:
    """The body above, seen surely but for the keypoints whose scores are given."""
    points = np.array([STANDING[name] for name in skeleton.keypoints], float)
    return Pose(skeleton, 0.0, points, np.array([scores.get(name, 1.0) for name in skeleton.keypoints]))


def moved(pose: Pose, **places: tuple[float, float]) -> Pose:
    """The pose with some keypoints elsewhere."""
    points = [places.get(name, tuple(pose.at(name))) for name in pose.skeleton.keypoints]
    return replace(pose, points=np.array(points))


def ground(shade: int = 128, size: tuple[int, int] = SIZE) -> Picture:
    return np.full((size[1], size[0], 3), shade, np.uint8)


def between(pose: Pose, a: str, b: str, share: float = 0.5) -> tuple[int, int]:
    """Row and column of a place on a bone."""
    x, y = (1 - share) * pose.at(a) + share * pose.at(b)
    return round(float(y)), round(float(x))


def changed(before: Picture, after: Picture) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.asarray((before != after).any(-1))


# The skeleton --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("skeleton", [BLAZEPOSE33, COCO17], ids=lambda s: s.name)
@pytest.mark.parametrize("shade", [0, 128, 255])
def test_left_right_and_middle_have_colours_of_their_own(skeleton: Skeleton, shade: int) -> None:
    pose = standing(skeleton)
    image = Overlay(SIZE).draw(ground(shade), pose)
    for side, colour in (("left", LEFT), ("right", RIGHT)):
        for a, b in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist")):
            assert tuple(image[between(pose, f"{side}_{a}", f"{side}_{b}")]) == colour
    assert tuple(image[between(pose, "left_hip", "right_hip")]) == MIDDLE


@pytest.mark.parametrize("shade", [0, 255])
def test_bones_have_a_dark_rim_to_be_seen_on_any_ground(shade: int) -> None:
    pose = standing()
    image = Overlay(SIZE).draw(ground(shade), pose)
    row, column = between(pose, "left_knee", "left_ankle")  # an upright bone
    across = image[row, column - 12 : column + 12].mean(-1)
    assert across[0] == across[-1] == shade
    assert across.min() < 90
    assert across.max() > 150


def test_the_picture_is_drawn_on_where_the_body_is_only_and_on_a_copy() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)
    given = noise.copy()
    image = Overlay(SIZE).draw(given, standing())
    assert (given == noise).all()
    rows, columns = np.nonzero(changed(noise, image))
    assert rows.min() > 60  # the head's dot is at row 80
    assert rows.max() < 450
    assert columns.min() > 85
    assert columns.max() < 555
    assert not changed(noise, image)[200:240, 420:].any()  # under the arm


def test_nothing_is_drawn_of_what_was_not_seen() -> None:
    overlay, plain = Overlay(SIZE), ground()
    assert (overlay.draw(plain) == plain).all()
    assert (overlay.draw(plain, Pose.missing(BLAZEPOSE33, 0.0)) == plain).all()
    pose = standing(left_knee=0.1)
    image = overlay.draw(plain, pose)
    assert (image[between(pose, "left_hip", "left_knee")] == 128).all()
    assert tuple(image[between(pose, "right_hip", "right_knee")]) == RIGHT
    lost = moved(standing(), left_knee=(np.nan, np.nan))  # a score without a place must not be trusted
    assert (overlay.draw(plain, lost)[between(pose, "left_hip", "left_knee")] == 128).all()


def test_what_was_hardly_seen_is_faint() -> None:
    pose = standing(left_ankle=0.4)
    row, column = between(pose, "left_knee", "left_ankle")
    blue = int(Overlay(SIZE).draw(ground(0), pose)[row, column, 2])
    assert 60 < blue < 200
    assert int(Overlay(SIZE).draw(ground(0), standing())[row, column, 2]) == 255


def test_the_lines_suit_the_size_of_the_body() -> None:
    near = standing()
    far = replace(near, points=near.points / 3 + 100)
    widths = []
    for pose in (near, far):
        row, column = between(pose, "left_knee", "left_ankle")
        widths.append(changed(ground(), Overlay(SIZE).draw(ground(), pose))[row, column - 15 : column + 15].sum())
    assert widths[1] < 0.7 * widths[0]


def test_what_is_at_fault_is_marked() -> None:
    pose = standing()
    image = Overlay(SIZE).draw(ground(), pose, highlight={"left_knee", "left_ankle"})
    assert tuple(image[between(pose, "left_knee", "left_ankle")]) == FAULT
    assert tuple(image[between(pose, "right_knee", "right_ankle")]) == RIGHT
    assert tuple(image[between(pose, "left_hip", "left_knee")]) == LEFT  # one end at fault is not the bone

    def width(image: Picture, a: str, b: str) -> int:
        row, column = between(pose, a, b)
        return int(changed(ground(), image)[row, column - 15 : column + 15].sum())

    assert width(image, "left_knee", "left_ankle") > width(image, "right_knee", "right_ankle")


def test_a_midpoint_at_fault_is_ringed() -> None:
    pose = standing()
    image = Overlay(SIZE).draw(ground(), pose, highlight=["mid_hip", "nothing_known"])
    row, column = between(pose, "left_hip", "right_hip")
    assert tuple(image[row, column]) == (255, 255, 255)
    assert FAULT in [tuple(pixel) for pixel in image[row - 12 : row, column]]


@pytest.mark.parametrize("size", [(160, 120), (90, 160), (32, 16), (1, 1)])
def test_a_body_anywhere_can_be_drawn_on_a_picture_of_any_size(size: tuple[int, int]) -> None:
    pose = standing()
    for points in (pose.points, pose.points / 20, pose.points - 1e6, pose.points * 1e4, pose.points * 0):
        image = Overlay(size).draw(
            ground(128, size),
            replace(pose, points=points),
            angles=[JointAngle("left_knee", ("left_hip", "left_ankle"), 90.0)],
            highlight={"left_knee"},
        )
        assert image.shape == (size[1], size[0], 3)


def test_a_picture_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"the overlay is for \(640, 480\), the picture is \(10, 20\)"):
        Overlay(SIZE).draw(ground(0, (10, 20)))


def test_the_same_is_drawn_twice_from_the_same() -> None:
    overlay, pose = Overlay(SIZE), standing()
    knee = [JointAngle("left_knee", ("left_hip", "left_ankle"), 14.0)]
    first = overlay.draw(ground(), pose, angles=knee)
    overlay.draw(ground(255), moved(pose, left_knee=(500, 300)), angles=knee)
    assert (overlay.draw(ground(), pose, angles=knee) == first).all()


# Colours -------------------------------------------------------------------------------------------------

#: What the three kinds of dichromats see of linear RGB: Machado, Oliveira and Fernandes (2009), severity 1.
DICHROMATS = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}


def lab(rgb: Array) -> Array:
    """CIE L*a*b* (D65) of linear RGB."""
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ rgb
    f = np.cbrt(xyz / [0.9505, 1.0, 1.089])
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", ["usual", *DICHROMATS])
def test_the_colours_stay_apart_for_everybody(sight: str) -> None:
    matrix = np.array(DICHROMATS.get(sight, np.eye(3)))
    seen = [lab(np.clip(matrix @ (np.array(colour) / 255) ** 2.2, 0, 1)) for colour in (LEFT, RIGHT, FAULT)]
    apart = [float(np.linalg.norm(seen[i] - seen[j])) for i, j in ((0, 1), (0, 2), (1, 2))]
    assert min(apart) > 25  # about ten times what is just noticeable


# Angles --------------------------------------------------------------------------------------------------

#: The left leg bent to a right angle: the knee under the hip, the ankle to the right of it.
BENT = {"left_hip": (420.0, 200.0), "left_knee": (420.0, 300.0), "left_ankle": (520.0, 300.0)}
KNEE = JointAngle("left_knee", ("left_hip", "left_ankle"), 90.0)


@pytest.mark.parametrize(("flexion", "shaded"), [(True, (312, 432)), (False, (288, 432))])
def test_a_wedge_shows_what_was_measured(flexion: bool, shaded: tuple[int, int]) -> None:
    # Flexion is measured from the thigh's own line, downwards here; what lies between the bones is above.
    pose = moved(standing(), **BENT)
    other = (600 - shaded[0], shaded[1])
    plain = Overlay(SIZE).draw(ground(255), pose)
    image = Overlay(SIZE).draw(ground(255), pose, angles=[replace(KNEE, flexion=flexion)])
    assert (plain[shaded] == 255).all()
    assert image[shaded].max() < 200
    assert (image[other] == 255).all()


def test_the_number_stands_beside_the_joint() -> None:
    pose = moved(standing(), **BENT)
    ninety = Overlay(SIZE).draw(ground(255), pose, angles=[KNEE])
    label = changed(ninety, Overlay(SIZE).draw(ground(255), pose, angles=[replace(KNEE, degrees=75.0)]))
    rows, columns = np.nonzero(label)
    assert 8 < np.hypot(rows.mean() - 300, columns.mean() - 420) < 60


@pytest.mark.parametrize("angle", [replace(KNEE, degrees=float("nan")), KNEE], ids=["no number", "unseen"])
def test_an_angle_that_was_not_measured_is_left_out(angle: JointAngle) -> None:
    pose = standing(left_ankle=0.1)
    overlay = Overlay(SIZE)
    assert (overlay.draw(ground(), pose, angles=[angle]) == overlay.draw(ground(), pose)).all()
    assert (overlay.draw(ground(), None, angles=[angle]) == ground()).all()


@pytest.mark.parametrize("knee", [(2.0, 2.0), (638.0, 2.0), (638.0, 478.0), (2.0, 478.0)])
def test_the_number_is_never_off_the_picture(knee: tuple[float, float]) -> None:
    def label(at: tuple[float, float]) -> int:
        pose = moved(standing(), left_knee=at)
        overlay = Overlay(SIZE)
        images = [overlay.draw(ground(255), pose, angles=[replace(KNEE, degrees=d)]) for d in (88.0, 111.0)]
        return int(changed(*images).sum())

    assert label(knee) > 0.8 * label((420.0, 300.0))


def test_the_number_is_not_under_the_cue() -> None:
    def label(captions: Captions) -> int:
        pose = moved(standing(), left_knee=(380.0, 450.0))
        overlay = Overlay(SIZE)
        return int(
            changed(
                *(overlay.draw(ground(255), pose, captions, [replace(KNEE, degrees=d)]) for d in (88.0, 111.0))
            ).sum()
        )

    assert label(Captions(cue="Sink lower, then push up")) > 0.8 * label(Captions())


def test_labels_of_legs_in_a_line_do_not_cover_each_other() -> None:
    both = [
        replace(KNEE, name=f"{s}_knee", ends=(f"{s}_hip", f"{s}_ankle"), degrees=9.0) for s in ("left", "right")
    ]
    side_on = moved(
        standing(),
        **{f"{s}_{name}": (320.0, y) for s in ("left", "right") for name, y in (("hip", 260), ("knee", 340))},
        **{f"{s}_ankle": (320.0, 420.0) for s in ("left", "right")},
    )
    image = Overlay(SIZE).draw(ground(255), side_on, angles=both)
    dark = (image[330:350] < 90).all(-1).mean(0)
    assert dark[280:305].max() > 0.5
    assert dark[335:360].max() > 0.5


# Pictures ------------------------------------------------------------------------------------------------


def test_a_picture_packed_as_jpeg_is_the_same_picture() -> None:
    unpacked = Image.open(BytesIO(picture(board(0.0, (320, 200)))))
    assert (unpacked.format, unpacked.size) == ("JPEG", (320, 200))
    assert corners_seen(np.asarray(unpacked)) == ["red", "green", "blue", "yellow"]


def test_a_packed_picture_is_made_smaller_but_never_larger() -> None:
    image = board(0.0, (320, 200))
    assert Image.open(BytesIO(picture(image, width=80))).size == (80, 50)
    assert Image.open(BytesIO(picture(image, width=640))).size == (320, 200)
    assert len(picture(image, quality=30)) < len(picture(image, quality=90))


# The corrected pose --------------------------------------------------------------------------------------


def test_a_ghost_is_a_pale_shape_behind_the_skeleton() -> None:
    pose, plain = standing(), ground()
    raised = moved(pose, left_elbow=(440, 60), left_wrist=(510, 20))
    drawn = Overlay(SIZE).draw(plain, pose, ghost=raised)
    upper_arm = between(raised, "left_shoulder", "left_elbow", 0.7)
    assert drawn[upper_arm][1] > drawn[upper_arm][0]
    assert (drawn[upper_arm] != 128).any()
    assert tuple(drawn[between(pose, "left_shoulder", "left_elbow", 0.7)]) == LEFT
    inside = drawn[between(raised, "mid_shoulder", "mid_hip")]
    assert 128 < inside[1] < 255, "one sees through it"
    assert (drawn[470, 10] == 128).all()


def test_a_ghost_alone_has_no_bones_and_what_was_not_seen_has_none() -> None:
    plain = ground()
    alone = Overlay(SIZE).draw(plain, ghost=standing())
    elbow = tuple(int(v) for v in standing().at("left_elbow")[::-1])
    assert alone[elbow][1] > alone[elbow][0]
    headless = Overlay(SIZE).draw(plain, ghost=standing(left_ear=0.1, left_wrist=0.1))
    assert (headless[80, 320] == 128).all()
    assert (headless[140, 515] == 128).all()
    outside = replace(standing(), points=standing().points + 5000.0)
    assert (Overlay(SIZE).draw(plain, ghost=outside) == plain).all()
