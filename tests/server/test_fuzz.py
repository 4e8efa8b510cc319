"""Whatever comes: no 500, no crash, and the server still coaches afterwards."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from websockets.exceptions import ConnectionClosed

from poise.body import BLAZEPOSE33
from poise.server.limits import Limits
from poise.sim import Body as SimulatedBody
from poise.sim import Noise
from poise.sim.desk import DeskScene, desk_camera
from tests.server.bodies import message
from tests.server.conftest import Running, Serve, Talk

K = len(BLAZEPOSE33)
#: Requests for each operation of the interface.
EXAMPLES = 8


def _alive(server: Running) -> None:
    with server.socket() as talk:
        assert talk.start()["type"] == "ready"
        assert talk.ask(type="pose", t=1.0, keypoints=None)["type"] == "feedback"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_no_request_of_the_interface_makes_it_fail(serve: Serve) -> None:
    server = serve(limits=Limits(requests=10**9, film_bytes=10_000, waiting=10**6))
    schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    failed: list[str] = []
    with httpx.Client(base_url=server.url, trust_env=False, timeout=20) as web:
        for found in schema.get_all_operations():
            assert isinstance(found, Ok)
            operation = found.ok()

            @given(case=operation.as_strategy())
            @settings(
                max_examples=EXAMPLES,
                deadline=None,
                derandomize=True,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            def ask(case: Any) -> None:
                told = case.as_transport_kwargs(base_url=server.url)
                answer = httpx.request(
                    told["method"],
                    told["url"],
                    params=told.get("params"),
                    json=told.get("json"),
                    content=told.get("data"),
                    trust_env=False,
                )
                if answer.status_code >= 500:
                    failed.append(f"{told['method']} {told['url']} {told.get('json')}: {answer.text}")

            ask()
        assert web.get("/api/health").status_code == 200
    assert not failed, failed[:3]
    _alive(server)


_NUMBERS = st.one_of(st.floats(), st.integers(), st.floats(-2000, 4000))
_BODY = st.lists(st.one_of(st.none(), st.lists(_NUMBERS, min_size=3, max_size=3)), min_size=K, max_size=K)
_ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), _NUMBERS, st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=20,
)
_POSE = st.fixed_dictionaries({"type": st.just("pose"), "t": _NUMBERS, "keypoints": st.one_of(st.none(), _BODY)})
_SIDES = {"type": st.just("start"), "width": st.integers(-5, 20_000), "height": st.integers(-5, 20_000)}
#: What may be said on each socket, and what begins a session there.
_SOCKETS: dict[str, tuple[dict[str, Any], Any]] = {
    "/ws": (
        {"exercise": "squat"},
        st.one_of(
            _ANYTHING,
            st.fixed_dictionaries(
                {"type": st.sampled_from(["start", "pose", "stop", "ping"])}, optional={"t": _ANYTHING}
            ),
            _POSE,
            st.fixed_dictionaries(
                _SIDES,
                optional={
                    "exercise": st.sampled_from(["auto", "any", "squat", "plank", "\0"]),
                    "resume": _ANYTHING,
                },
            ),
        ),
    ),
    "/ws/desk": (
        {},
        st.one_of(
            _ANYTHING,
            st.fixed_dictionaries({"type": st.just("snooze"), "minutes": _NUMBERS}),
            st.fixed_dictionaries({"type": st.sampled_from(["start", "pose", "stop", "snooze"])}),
            _POSE,
            st.fixed_dictionaries(
                _SIDES,
                optional={
                    "place": st.one_of(st.just("../x"), st.text(max_size=30)),
                    "slouch": st.booleans(),
                    "calibrate": st.booleans(),
                    "distance": _NUMBERS,
                    "break_minutes": _NUMBERS,
                    "leave_out": st.lists(st.text(max_size=8), max_size=40),
                    "quiet": st.one_of(st.just("22:00-07:00"), st.text(max_size=20)),
                },
            ),
        ),
    ),
}


def _heard_out(on: Talk, t: float) -> None:
    """All that is still answered; none of it a fault of ours."""
    on.say(type="ping", t=t)
    while (told := on.hear()) != {"type": "pong", "t": t}:
        assert told.get("code") != "fault", told


@pytest.mark.parametrize("path", list(_SOCKETS))
def test_no_message_on_a_socket_makes_it_fail(serve: Serve, path: str) -> None:
    server = serve()
    begin, said = _SOCKETS[path]
    message = st.one_of(said.map(json.dumps), st.text(max_size=50), st.binary(max_size=50))

    @settings(
        max_examples=15, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(talk=st.lists(message, max_size=15))
    def say(talk: list[str | bytes]) -> None:
        with server.socket(path) as on:
            on.ask(type="start", width=640, height=480, **begin)
            ended = 1000
            try:
                for one in talk:
                    on.socket.send(one)
                _heard_out(on, 7.25)
            except ConnectionClosed as closed:
                ended = closed.rcvd.code if closed.rcvd else 0
            assert ended in (1000, 1008), talk

    say()
    _alive(server)


def _nobodies(count: int) -> Iterator[dict[str, Any]]:
    """Bodies that jump, vanish, shrink to a point, and clocks that leap: all within the protocol."""
    rng = random.Random(7)
    t = 0.0
    for _ in range(count):
        t += rng.choice([0.01, 0.07, 0.07, 0.07, 5.0, 1000.0, 1e6])
        kind = rng.randrange(6)
        scale = rng.choice([0.0, 1e-6, 1.0, 300.0, 1e5])
        body: Any = [[rng.uniform(-scale, scale), rng.uniform(-scale, scale), rng.random()] for _ in range(K)]
        if kind == 0:
            body = None
        elif kind == 1:
            body = [point if rng.random() < 0.3 else None for point in body]
        elif kind == 2:
            body = [[100.0, 100.0, 1.0]] * K
        world = [[rng.uniform(-1, 1)] * 3 for _ in range(K)] if rng.random() < 0.3 else None
        yield {"type": "pose", "t": t, "keypoints": body, "world": world}


@pytest.mark.parametrize("exercise", ["squat", "auto", "any", "plank"])
def test_no_movement_makes_it_fail(serve: Serve, exercise: str) -> None:
    server = serve()
    with server.socket() as talk:
        talk.start(exercise)
        for i, pose in enumerate(_nobodies(250)):
            told = talk.ask(**pose)
            assert told["type"] == "feedback", (i, told)
        assert talk.ask(type="stop")["type"] == "summary"
    _alive(server)


@pytest.mark.parametrize("learnt", [False, True])
def test_no_way_of_sitting_makes_it_fail(serve: Serve, learnt: bool) -> None:
    server = serve()
    body = SimulatedBody.of()
    scene = DeskScene(body, 15.0, (), 0.2, 1)
    well = next(scene.film(desk_camera(body), noise=Noise(), seed=1))
    with server.socket("/ws/desk") as talk:
        talk.ask(type="start", width=640, height=480)
        for i in range(len(well.t) if learnt else 0):
            talk.say(**message(well, i))
        for pose in _nobodies(150):
            talk.say(**{**pose, "t": 20.0 + pose["t"]})
        _heard_out(talk, 1.0)
    _alive(server)
