"""Say what came of a step that is an operation of its own."""

from collections.abc import Sequence

from domain.mutation_errors import ErrorCode, RefusedError, UserError
from domain.operations import Operation, OperationState
from domain.planning import Done, Outcome
from resolvers.linking import Linked
from resolvers.operations import Operations

_TURNED_BACK = Done(
    Outcome.FAILED,
    "It was turned back: a record was changed by somebody else meanwhile, or a rule of its store is against it.",
)
#: What came of a step that was refused; anything else is left for somebody to look at.
_REFUSED = {ErrorCode.STALE: Outcome.NOTHING, ErrorCode.ALREADY_CHANGED: Outcome.FAILED}


async def came_of(operations: Operations, linked: Linked, outcome: Outcome) -> Done:
    """Say that *outcome* came of *linked* if it did. Raises SourceError while its operation cannot end."""
    if linked.errors:
        return _refused(linked.errors)
    operation = linked.operation
    if operation is not None and not operation.state.is_over:
        operation = await operations.settled(operation)
    return ended_as(operation, outcome)


def ended_as(ended: Operation | RefusedError | None, outcome: Outcome) -> Done:
    """Say that *outcome* came of an operation that is over if it did; None where nothing had to be written."""
    if isinstance(ended, RefusedError):
        return _refused(ended.errors)
    if ended is None:
        return Done(Outcome.NOTHING, "It was so already.")
    return _TURNED_BACK if ended.state is OperationState.FAILED else Done(outcome)


def _refused(errors: Sequence[UserError]) -> Done:
    (fault, *_) = errors
    return Done(_REFUSED.get(fault.code, Outcome.LEFT), fault.message)
