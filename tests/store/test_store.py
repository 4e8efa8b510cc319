from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from poise.errors import InputError, StoreUnavailable
from poise.store import open_store
from poise.store.records import done_of
from poise.store.store import CHUNK, Store
from poise.store.tables import SessionRow, now
from tests.store.made import fault, hold, one_set, poses, rep


def test_somebody_is_there_from_the_start_and_may_not_be_there_twice(store: Store) -> None:
    assert [(one.id, one.name, one.sessions) for one in store.profiles()] == [("me", "Me", 0)]
    ada = store.add_profile("Ada")
    with pytest.raises(InputError, match="'Ada'"):
        store.add_profile("Ada")
    assert store.find_profile("") == store.profiles()[0]
    assert store.find_profile("Ada") == store.find_profile(ada.id) == ada
    assert store.find_profile("Bob") is None
    assert store.change_profile(ada.id, "Ada L.")
    with pytest.raises(InputError, match="'Me'"):
        store.change_profile(ada.id, "Me")
    assert not store.change_profile("nobody", "Somebody")


def test_a_profile_goes_with_its_sessions_and_the_last_one_begins_anew(store: Store) -> None:
    ada = store.add_profile("Ada")
    mine, hers = store.begin("me", "squat"), store.begin(ada.id, "squat")
    store.append(hers, poses(), [rep(1)], [one_set(1, "squat", 1)])
    assert store.remove_profile(ada.id)
    assert not store.remove_profile(ada.id)
    assert store.session(hers) is None
    assert store.poses(hers) is None
    assert store.remove_profile("me")
    assert store.session(mine) is None
    assert [(one.id, one.name, one.sessions) for one in store.profiles()] == [("me", "Me", 0)]


def test_a_session_is_kept_as_it_goes_on(store: Store) -> None:
    session = store.begin("me", "auto")
    first, second = poses(20), poses(10, start=5.0)
    store.append(session, first, [rep(1, 0.0, faults=(fault(), fault("ok")))], [one_set(1, "squat", 1)])
    store.append(session, None, [], [one_set(1, "squat", 1)])
    going = store.session(session)
    assert going is not None
    assert (going.state, going.asked, going.source, going.done) == ("live", "auto", "live", ())
    assert going.reps[0].faults == (fault(), fault("ok"))
    sets = [one_set(1, "squat", 2, partial=1), one_set(2, "plank", 1, held_s=8.5)]
    store.append(session, second, [rep(2, 3.0), rep(3, 5.0, "partial"), hold(1, 8.0, 8.5)], sets)
    store.finish(session)
    whole = store.session(session)
    assert whole is not None
    assert [one.number for one in whole.reps] == [1, 2, 3]
    assert [one.held_s for one in whole.holds] == [8.5]
    assert list(whole.sets) == sets
    assert whole.state == "complete"
    assert whole.duration_s == pytest.approx(5 + 9 / 15)
    squat, plank = whole.done
    assert (squat.exercise, squat.title, squat.full, squat.partial, squat.sets) == ("squat", "Squat", 2, 1, 1)
    assert (squat.rom, squat.unit, squat.tempo_s, squat.faults) == (91.5, "deg", 2.0, {"Too shallow": 1})
    assert (plank.held_s, plank.rom, plank.tempo_s) == (8.5, None, None)
    kept = store.poses(session)
    assert kept is not None
    np.testing.assert_allclose(kept.t, [*first.t, *second.t], atol=1e-9)
    part = store.poses(session, start=4.0)
    assert part is not None
    assert len(part) == 10
    until = store.poses(session, end=4.0)
    assert until is not None
    assert len(until) == 20


def test_a_long_session_is_kept_in_pieces(store: Store) -> None:
    session = store.begin("me", "squat")
    store.append(session, poses(CHUNK + 5), [], [])
    back = store.poses(session)
    assert back is not None
    assert len(back) == CHUNK + 5
    assert store.poses(session, start=CHUNK / 15) is not None


def test_what_a_dead_server_left_is_ended_and_nothing_of_it_lost(url: str, tmp_path: Path) -> None:
    with open_store(url, tmp_path) as before:
        session = before.begin("me", "squat")
        before.append(session, poses(), [rep(1)], [one_set(1, "squat", 1)])
    with open_store(url, tmp_path) as after:
        assert after.interrupt() == 1
        assert after.interrupt() == 0
        left = after.session(session)
        assert left is not None
        assert (left.state, left.done[0].full) == ("interrupted", 1)
        assert after.reopen(session)
        assert not after.reopen("unknown")


def test_a_session_deleted_while_it_goes_on_stays_deleted(store: Store) -> None:
    session = store.begin("me", "squat")
    assert store.remove(session)
    store.append(session, poses(), [rep(1)], [])
    store.finish(session)
    assert store.sessions() == []
    assert not store.remove(session)


def _aged(store: Store, days: float) -> str:
    session = store.begin("me", "squat")
    store.append(session, poses(), [rep(1)], [one_set(1, "squat", 1)])
    store.finish(session)
    with store._database.write() as on:
        row = on.get(SessionRow, session)
        assert row is not None
        row.started_at = now() - timedelta(days=days)
    return session


def test_sessions_are_found_by_who_what_and_when(store: Store) -> None:
    old, new = _aged(store, 10), _aged(store, 1)
    ada = store.add_profile("Ada")
    hers = store.begin(ada.id, "plank")
    store.append(hers, None, [hold(1, 0, 5)], [one_set(1, "plank", 1, 5.0)])
    assert [one.id for one in store.sessions()] == [hers, new, old]
    assert [one.id for one in store.sessions("me")] == [new, old]
    assert [one.id for one in store.sessions(exercise="plank")] == [hers]
    assert [one.id for one in store.sessions(since=now() - timedelta(days=5))] == [hers, new]
    assert [one.id for one in store.sessions(until=now() - timedelta(days=5))] == [old]
    assert [one.id for one in store.sessions(limit=1, offset=1)] == [new]
    assert store.sessions()[0].started_at.utcoffset() == timedelta(0)


def test_what_is_older_than_the_retention_goes(store: Store) -> None:
    old, new = _aged(store, 10), _aged(store, 1)
    assert store.remove_older(5) == 1
    assert [one.id for one in store.sessions()] == [new]
    assert store.poses(old) is None


def test_a_session_that_goes_on_is_never_too_old(store: Store) -> None:
    session = store.begin("me", "squat")
    assert store.remove_older(-1) == 0
    assert store.session(session)


def test_two_at_once_do_not_get_in_each_others_way(store: Store) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def one(number: int) -> str:
        session = store.begin("me", "squat")
        for i in range(5):
            store.append(session, poses(5, start=float(i)), [rep(i + 1)], [])
        store.finish(session)
        return session

    with ThreadPoolExecutor(6) as pool:
        sessions = list(pool.map(one, range(12)))
    assert len(store.sessions()) == 12
    for session in sessions:
        whole = store.session(session)
        assert whole is not None
        assert [event.number for event in whole.reps] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "not the address of a database"),
        ("mysql://nobody@127.0.0.1/poise", "no database that poise knows"),
        ("postgresql://nobody@127.0.0.1:1/poise", "cannot be opened"),
    ],
)
def test_a_database_that_cannot_be_opened_is_a_sentence(url: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=words) as caught:
        open_store(url, tmp_path)
    assert caught.value.hint


def test_a_file_that_is_no_database_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "poise.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(StoreUnavailable, match="not a database"):
        open_store("", tmp_path)


def test_nothing_done_is_nothing_summed_up() -> None:
    assert done_of([], [], []) == ()
