"""The time of requests: who began first is over first, and nobody is ended who is done."""

import asyncio

import pytest

from gateway.deadlines import Deadline, Deadlines

LONG = 300.0


async def waiting(deadlines: Deadlines, begun: list[Deadline]) -> None:
    with deadlines.begin() as deadline:
        begun.append(deadline)
        await asyncio.get_running_loop().create_future()


async def test_each_is_over_when_its_time_is() -> None:
    deadlines = Deadlines(0.01)
    for _ in range(2):  # the second time after nobody was left
        done = await asyncio.gather(*(waiting(deadlines, []) for _ in range(5)), return_exceptions=True)
        assert [type(one) for one in done] == [TimeoutError] * 5
        assert not deadlines.open


async def test_who_began_later_is_over_later() -> None:
    deadlines, ended = Deadlines(0.02), []

    async def ending(name: str, after: float) -> None:
        await asyncio.sleep(after)
        with pytest.raises(TimeoutError):
            await waiting(deadlines, [])
        ended.append(name)

    await asyncio.gather(ending("last", 0.02), ending("second", 0.01), ending("first", 0))
    assert ended == ["first", "second", "last"]


async def test_one_that_is_ended_has_a_timeout_and_the_others_go_on() -> None:
    deadlines, begun = Deadlines(LONG), list[Deadline]()
    tasks = [asyncio.create_task(waiting(deadlines, begun)) for _ in range(3)]
    await asyncio.sleep(0)
    begun[1].end()
    with pytest.raises(TimeoutError):
        await tasks[1]
    assert [task.done() for task in tasks] == [False, True, False]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert not deadlines.open


async def test_who_is_cancelled_by_others_is_cancelled() -> None:
    task = asyncio.create_task(waiting(Deadlines(LONG), []))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_who_is_done_is_not_ended() -> None:
    with Deadlines(0).begin() as deadline:
        pass
    deadline.end()
    await asyncio.sleep(0.01)


async def test_what_fails_fails_as_it_did() -> None:
    with pytest.raises(ZeroDivisionError), Deadlines(LONG).begin():
        raise ZeroDivisionError
