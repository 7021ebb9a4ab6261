"""Which steps are done together: those that do not need the same, each in its turn."""

from hypothesis import given
from hypothesis import strategies as st

from domain.planning import Needs, Step, StepKind, apart

things = st.frozensets(st.sampled_from("abcd"), max_size=2)


@given(st.lists(st.builds(Needs, alone=things, shared=things), max_size=12), st.integers(1, 5))
def test_nobody_is_done_before_or_beside_who_needs_the_same(needs: list[Needs], most: int) -> None:
    waiting = [Step(kind=StepKind.LINK, message="", number=number) for number in range(len(needs))]
    place: dict[int, int] = {}
    lots = 0
    while waiting:
        lot, waiting = apart(waiting, lambda step: needs[step.number], most)
        assert 0 < len(lot) <= most
        place |= dict.fromkeys((step.number for step in lot), lots)
        lots += 1
    for one, wanted in enumerate(needs):
        for later in range(one + 1, len(needs)):
            other = needs[later]
            if wanted.alone & (other.alone | other.shared) or other.alone & wanted.shared:
                assert place[one] < place[later]


def test_who_shares_is_done_at_once() -> None:
    steps = [Step(kind=StepKind.ATTACH, message="", number=number) for number in range(3)]
    assert apart(steps, lambda _: Needs(shared=frozenset("a")), 5) == (steps, [])
