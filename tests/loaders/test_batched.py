"""Loaders by owner: one call for each group of arguments, and each group on its own."""

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

import pytest

from domain.errors import BadCursorError
from domain.records import Key
from loaders.batched import Ask, ByOwner


def loader(faults: Mapping[str, BaseException]) -> ByOwner[str]:
    """Make a loader that answers with its arguments, and fails for those of *faults*."""

    async def source(keys: Collection[Key], arguments: str, _: frozenset[str]) -> Mapping[Key, str]:
        await asyncio.sleep(0)
        if arguments in faults:
            raise faults[arguments]
        return {key: f"{arguments} of {key}" for key in keys if key != "unknown"}

    return ByOwner("words_by_owner", source, lambda arguments: f"no {arguments}")


async def loaded(of: ByOwner[str], *asked: tuple[str, str]) -> list[Any]:
    return await asyncio.gather(*(of.load(Ask(key, arguments)) for key, arguments in asked), return_exceptions=True)


@pytest.mark.parametrize("fault", [BadCursorError("x"), RuntimeError("x")])
async def test_arguments_that_fail_take_no_others_with_them(fault: Exception) -> None:
    found = await loaded(loader({"bad": fault}), ("1", "bad"), ("1", "good"), ("2", "bad"), ("unknown", "good"))
    assert found == [fault, "good of 1", fault, "no good"]


async def test_each_group_fails_with_its_own_error() -> None:
    faults = {"bad": BadCursorError("x"), "worse": RuntimeError("x")}
    assert await loaded(loader(faults), ("1", "bad"), ("1", "worse")) == [faults["bad"], faults["worse"]]


async def test_what_is_cancelled_within_ends_the_whole_batch() -> None:
    with pytest.raises(asyncio.CancelledError):
        await loader({"bad": asyncio.CancelledError()}).fetch([Ask("1", "bad"), Ask("1", "good")])


async def test_cancelling_a_batch_cancels_every_group() -> None:
    ended: list[str] = []

    async def source(_: Collection[Key], arguments: str, __: frozenset[str]) -> Mapping[Key, str]:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(arguments)
        raise AssertionError

    batch = asyncio.create_task(ByOwner("waiting", source, str).fetch([Ask("1", "a"), Ask("1", "b")]))
    await asyncio.sleep(0.01)
    batch.cancel()
    with pytest.raises(asyncio.CancelledError):
        await batch
    assert ended == ["a", "b"]
