"""What a signal to end does to a command: at whatever moment it comes, what runs is cancelled or was done."""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from gateway.commands.ending import Ending

ENDS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


DEFAULT: dict[signal.Signals, Any] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
    signal.SIGHUP: signal.SIG_DFL,
}


@pytest.fixture(autouse=True)
def _heeded() -> Iterator[None]:
    """Ignore no signal, as whatever runs the tests may: in the background, or without a terminal."""
    before = {number: signal.signal(number, handler) for number, handler in DEFAULT.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def done() -> list[str]:
    return []


def ended_by(number: signal.Signals, run: Callable[[Ending], object]) -> None:
    """Have *run* ended by a signal, which nobody heeds any more after that."""
    with pytest.raises(KeyboardInterrupt), Ending() as ends:
        run(ends)
    assert signal.getsignal(number) == DEFAULT[number]


async def work(done: list[str]) -> None:
    done.append("begun")
    try:
        await asyncio.sleep(0.05)
        done.append("done")
    finally:
        done.append("closed")


@pytest.mark.parametrize("number", ENDS)
def test_it_ends_at_once_before_anything_runs(number: signal.Signals) -> None:
    ended_by(number, lambda _: signal.raise_signal(number))


@pytest.mark.parametrize("number", ENDS)
def test_what_runs_is_cancelled_and_closes(number: signal.Signals, done: list[str]) -> None:
    async def told() -> None:
        asyncio.get_running_loop().call_later(0.01, signal.raise_signal, number)
        await work(done)

    ended_by(number, lambda ends: ends.run(told()))
    assert done == ["begun", "closed"]


@pytest.mark.parametrize("number", ENDS)
@pytest.mark.parametrize("late", [False, True])
def test_its_loop_is_made_and_closed_undisturbed(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals, done: list[str], *, late: bool
) -> None:
    def run(main: Coroutine[Any, Any, Any]) -> Any:
        if not late:
            signal.raise_signal(number)
        with asyncio.Runner() as runner:
            found = runner.run(main)
        if late:
            signal.raise_signal(number)
        return found

    monkeypatch.setattr("gateway.commands.ending.asyncio.run", run)
    ended_by(number, lambda ends: ends.run(work(done)))
    assert done == (["begun", "done", "closed"] if late else [])


def test_an_interruption_ends_what_closes_where_it_comes_once_more(done: list[str]) -> None:
    async def stuck() -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
            await asyncio.sleep(600)
        finally:
            asyncio.get_running_loop().call_later(0.01, signal.raise_signal, signal.SIGINT)
            await asyncio.sleep(600)

    ended_by(signal.SIGINT, lambda ends: ends.run(stuck()))
    assert done == []


def test_a_signal_that_is_ignored_stays_so(done: list[str]) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with Ending() as ends:
        signal.raise_signal(signal.SIGHUP)
        ends.run(work(done))
    assert done == ["begun", "done", "closed"]
