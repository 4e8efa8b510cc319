"""Whatever comes: no 500, no crash, and the server still coaches afterwards."""

from __future__ import annotations

import json
import random
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
from tests.server.conftest import Running, Serve

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
_SAID = st.one_of(
    _ANYTHING,
    st.fixed_dictionaries({"type": st.sampled_from(["start", "pose", "stop", "ping"])}, optional={"t": _ANYTHING}),
    st.fixed_dictionaries({"type": st.just("pose"), "t": _NUMBERS, "keypoints": st.one_of(st.none(), _BODY)}),
    st.fixed_dictionaries(
        {"type": st.just("start"), "width": st.integers(-5, 20_000), "height": st.integers(-5, 20_000)},
        optional={"exercise": st.sampled_from(["auto", "any", "squat", "plank", "\0"]), "resume": _ANYTHING},
    ),
)


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(talk=st.lists(st.one_of(_SAID.map(json.dumps), st.text(max_size=50), st.binary(max_size=50)), max_size=15))
def _said(server: Running, talk: list[str | bytes]) -> None:
    with server.socket() as on:
        on.start()
        try:
            for message in talk:
                on.socket.send(message)
            on.say(type="ping", t=7.25)
            while (told := on.hear()) != {"type": "pong", "t": 7.25}:
                assert told.get("code") != "fault", (told, talk)
        except ConnectionClosed as closed:
            ended = closed.rcvd.code if closed.rcvd else None
        else:
            ended = 1000
        assert ended in (1000, 1008), talk


def test_no_message_on_the_socket_makes_it_fail(serve: Serve) -> None:
    server = serve()
    _said(server)
    _alive(server)


@pytest.mark.parametrize("exercise", ["squat", "auto", "any", "plank"])
def test_no_movement_makes_it_fail(serve: Serve, exercise: str) -> None:
    """Bodies that jump, vanish, shrink to a point, and clocks that leap: all within the protocol."""
    server = serve()
    rng = random.Random(7)
    t = 0.0
    with server.socket() as talk:
        talk.start(exercise)
        for i in range(250):
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
            told = talk.ask(type="pose", t=t, keypoints=body, world=world)
            assert told["type"] == "feedback", (i, told)
        assert talk.ask(type="stop")["type"] == "summary"
    _alive(server)
