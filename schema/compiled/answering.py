"""Answer operations on the compiled path, and say why where that cannot be."""

import logging
from typing import Any

from graphql import ExecutionResult, GraphQLSchema
from strawberry.schema.schema_converter import GraphQLCoreConverter

from resolvers.context import Context
from schema.compiled.compiler import Compiler, NotCompiledError
from schema.compiled.operation import Operation
from schema.compiled.plan import Given, SelectionPlan
from schema.compiled.running import run

log = logging.getLogger("gateway")
#: In how many ways the conditions of an operation may turn out, and be kept.
_WAYS = 16


async def answer(
    operation: Operation,
    schema: GraphQLSchema,
    converter: GraphQLCoreConverter,
    context: Context,
    variables: dict[str, Any] | None,
) -> ExecutionResult | None:
    """Answer *operation*; None where graphql-core has to, and then *context* says why."""
    context.meter.operation = operation.node.name.value if operation.node.name is not None else ""
    values = operation.reader.read(schema, variables or {})
    if isinstance(values, list):
        context.not_compiled = "variables"
        return None
    given = Given(context, schema, operation.node, operation.fragments, values)
    plan = _plan(operation, schema, converter, given)
    if isinstance(plan, str):
        context.not_compiled = plan
        return None
    context.not_compiled = None
    return await run(plan, given, serially=operation.is_serial)


def _plan(
    operation: Operation, schema: GraphQLSchema, converter: GraphQLCoreConverter, given: Given
) -> SelectionPlan | str:
    """Answer the plan of *operation* as it is with the variables of *given*, or why there is none."""
    values = given.variable_values
    key = tuple(bool(values.get(name)) for name in operation.conditions)
    plan = operation.plans.get(key)
    if plan is None:
        try:
            plan = Compiler(schema, converter, operation.node, operation.fragments, given.variables).compile()
        except NotCompiledError as error:
            plan = str(error)
        except Exception:  # what cannot be compiled is answered all the same
            log.exception("An operation could not be compiled")
            plan = "it could not be compiled"
        if len(operation.plans) >= _WAYS:
            operation.plans.clear()
        operation.plans[key] = plan
    return plan
