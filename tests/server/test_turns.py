"""Turns: in the order asked for, one each time the loop comes round, so that everybody's newest pose is judged."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from contextlib import ExitStack
from typing import Any

import pytest

from poise.server import live
from poise.server.messages import PoseGiven
from poise.server.turns import Turns
from tests.server.conftest import Running


def test_turns_are_given_in_the_order_asked_for() -> None:
    async def asked() -> list[str]:
        turns, had = Turns(), []

        async def ask(name: str, times: int) -> None:
            for _ in range(times):
                await turns.take()
                had.append(name)

        await asyncio.gather(ask("a", 4), ask("b", 2), ask("c", 3))
        return had

    assert asyncio.run(asked()) == ["a", "b", "c", "a", "b", "c", "a", "c", "a"]


def test_one_turn_is_given_each_time_the_loop_comes_round() -> None:
    async def rounds() -> list[int]:
        turns, had, came_round = Turns(), [], 0

        async def ask() -> None:
            await turns.take()
            had.append(came_round)

        asking = asyncio.gather(*[ask() for _ in range(5)])
        while not asking.done():
            await asyncio.sleep(0)
            came_round += 1
        return had

    had = asyncio.run(rounds())
    assert had == list(range(had[0], had[0] + 5))


def test_what_comes_during_a_turn_is_read_before_the_next_but_one() -> None:
    async def read() -> list[int]:
        turns, counts, got = Turns(), [], []
        far, near = socket.socketpair()
        asyncio.get_running_loop().add_reader(near, lambda: got.append(near.recv(1)))

        async def ask() -> None:
            await turns.take()
            counts.append(len(got))
            far.send(b"x")

        await asyncio.gather(*[ask() for _ in range(6)])
        asyncio.get_running_loop().remove_reader(near)
        far.close()
        near.close()
        return counts

    assert all(count >= i - 1 for i, count in enumerate(asyncio.run(read())))


def test_who_goes_away_while_waiting_holds_nobody_up() -> None:
    async def had() -> list[int]:
        turns, had = Turns(), []

        async def ask(who: int) -> None:
            await turns.take()
            had.append(who)

        asking = [asyncio.create_task(ask(who)) for who in range(4)]
        await asyncio.sleep(0)
        for gone in (asking[0], asking[2]):
            gone.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait_for(asyncio.gather(*asking, return_exceptions=True), 5)
        await asyncio.wait_for(ask(4), 5)  # and after all have had theirs, there are more
        return had

    assert asyncio.run(had()) == [1, 3, 4]


def test_of_many_who_train_at_once_each_is_judged_by_what_was_sent_just_before(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Overloaded: by the newest pose sent before the last few judgings, not the newest of a whole round ago."""
    people, sent, judged = 12, {}, []
    judge = live.Going.judge

    def slowly(self: live.Going, given: PoseGiven) -> Any:
        judged.append((time.monotonic(), given.t))
        time.sleep(0.01)
        return judge(self, given)

    monkeypatch.setattr(live.Going, "judge", slowly)
    with ExitStack() as all_of_them:
        talks = [all_of_them.enter_context(server.socket()) for _ in range(people)]
        for talk in talks:
            talk.start()
        for i in range(40):
            for who, talk in enumerate(talks):
                t = float(f"{who}.{i + 1:03}")  # the seconds say whose it is, their thousandths which
                talk.say(type="pose", t=t, keypoints=None)
                sent[t] = time.monotonic()
            time.sleep(0.02)
    assert len(judged) < 0.7 * len(sent)  # overloaded indeed
    stale = 0
    for (before, _), (_, t) in zip(judged, judged[4:], strict=False):
        newer = sent.get(round(t + 0.001, 3))
        stale += newer is not None and newer < before
    assert stale <= 0.02 * len(judged)
