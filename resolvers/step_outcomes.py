"""Say what came of a step that is an operation of its own."""

from domain.mutation_errors import ErrorCode
from domain.operations import OperationState
from domain.planning import Done, Outcome
from resolvers.linking import Linked
from resolvers.operations import Operations

#: What came of a step that was refused; anything else is left for somebody to look at.
_REFUSED = {ErrorCode.STALE: Outcome.NOTHING, ErrorCode.ALREADY_CHANGED: Outcome.FAILED}


async def came_of(operations: Operations, linked: Linked, outcome: Outcome) -> Done:
    """Say that *outcome* came of *linked* if it did. Raises SourceError while its operation cannot end."""
    if linked.errors:
        (fault, *_) = linked.errors
        return Done(_REFUSED.get(fault.code, Outcome.LEFT), fault.message)
    operation = linked.operation
    if operation is None:
        return Done(Outcome.NOTHING, "It was so already.")
    if not operation.state.is_over:
        operation = await operations.settled(operation)
    if operation.state is OperationState.FAILED:
        return Done(Outcome.FAILED, "It was turned back: a record was changed by somebody else meanwhile.")
    return Done(outcome)
