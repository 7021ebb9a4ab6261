"""What is asked along with something else is asked apart where that takes long, fails, or is in vain too often."""

from typing import Any

from sources.postgres_along import AlongWith
from sources.postgres_apart import LONG
from sources.postgres_joints import Joint
from sources.postgres_sending import Statements

JOINT, OTHER = Joint("SELECT 1", ()), Joint("SELECT 2", ())
#: Objects, how many there are, whether that is doubtful, the seconds it took.
FINE: tuple[Any, ...] = (b'{"name":"x"}', 1, False, 0.001)
NONE: tuple[Any, ...] = (None, 0, False, 0.001)
SPACED: tuple[Any, ...] = (b'{"name":"x\\t"}', 1, False, 0.001)
DOUBTED: tuple[Any, ...] = (b"{}", 1, True, 0.001)


async def nowhere(*_: Any, **__: Any) -> Any:
    raise AssertionError


def along() -> AlongWith:
    return AlongWith(Statements(), nowhere)


def test_a_doubt_now_and_then_is_nothing() -> None:
    made = along()
    for _ in range(20):
        assert not made._is_certain(JOINT, SPACED)
        for _ in range(10):
            assert made._is_certain(JOINT, FINE)
    assert not made._apart.has(JOINT)


def test_what_is_doubtful_too_often_is_asked_no_more_for_a_while() -> None:
    made = along()
    for doubtful in (SPACED, DOUBTED) * 3:
        assert not made._apart.has(JOINT)
        assert not made._is_certain(JOINT, doubtful)
        assert made._is_certain(JOINT, NONE)
    assert made._apart.has(JOINT)
    assert not made._apart.has(OTHER)
    made._apart._until[JOINT] = 0.0  # that was a while ago
    assert not made._apart.has(JOINT)


def test_what_takes_long_again_and_again_is_asked_apart_for_a_while() -> None:
    made, slow = along(), (*FINE[:3], LONG * 2)
    for row in (slow, slow, FINE, slow, slow):
        assert made._is_certain(JOINT, row)
        assert not made._apart.has(JOINT)
    assert made._is_certain(JOINT, slow)
    assert made._apart.has(JOINT)
