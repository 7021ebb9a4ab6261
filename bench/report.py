"""Write what was measured as Markdown."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.machine import Machine
from bench.measuring import Figure, Plan
from bench.queries import QUERIES
from bench.servers import CONTENDERS, GATEWAY, GATEWAY_SETTINGS


@dataclass(frozen=True, slots=True)
class Run:
    """Be all that one run found, and who was *absent* and why."""

    machine: Machine
    customers: int
    documents: int
    plan: Plan
    figures: Sequence[Figure]
    absent: Mapping[str, str]


def write_results(run: Run, path: Path) -> None:
    path.write_text("\n".join([*_head(run), *_ratios(run), *_tables(run), *_how(run)]) + "\n")


def _head(run: Run) -> Iterable[str]:
    machine = run.machine
    yield "# How fast it is"
    yield ""
    yield f"Written by `make bench`, {machine.day}: {machine.cores} cores, {machine.cpu}, {machine.memory},"
    yield f"{machine.system}. The servers, the stores and the load share them."
    yield ", ".join(machine.versions) + "."
    yield ""
    yield f"{run.customers:,} customers in PostgreSQL with 5 leads, 3 bookings and 2 quotes each on average; for Q4 and"
    yield f"Q1m also {run.documents:,} accounts and {run.documents:,} delivery records in Mongo ({machine.mongo})."
    yield f"Each server is one process. Rounds of {run.plan.seconds:g} s take turns; medians of {run.plan.rounds}."
    yield ""
    yield "![requests a second of each server at each question](results.svg)"
    yield ""


def _ratios(run: Run) -> Iterable[str]:
    servers = _servers(run)
    peers = [name for name in servers if name != GATEWAY.name]
    yield "## Requests a second beside the peers"
    yield ""
    yield "The gateway's rate divided by the peer's: above 1 the gateway answers more."
    yield ""
    yield f"| question | connections | gateway | {' | '.join(f'to {name}' for name in peers)} | p99 / p50 |"
    yield f"| --- | --- | --- | {' | '.join('---' for _ in peers)} | --- |"
    for (query, connections), found in _grouped(run).items():
        own = found[GATEWAY.name].sample
        ratios = [f"{own.rate / found[name].sample.rate:.2f}" if name in found else "" for name in peers]
        yield f"| {query} | {connections} | {own.rate:,.0f} | {' | '.join(ratios)} | {own.p99 / own.p50:.1f} |"
    yield ""


def _tables(run: Run) -> Iterable[str]:
    yield "## All of it"
    yield ""
    yield "CPU is what one request takes: of the server's processes, and of the stores' servers for it. Memory is a"
    yield "worker's, resident, when it had answered all that."
    yield ""
    yield "| question | connections | server | requests/s | p50 ms | p99 ms | CPU ms | stores' CPU ms | memory MB |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for one in run.figures:
        found = one.sample
        yield (
            f"| {one.query} | {one.connections} | {one.server} | {found.rate:,.1f} | {found.p50:.2f} |"
            f" {found.p99:.2f} | {found.server_cpu:.2f} | {found.stores_cpu:.2f} | {one.memory:.0f} |"
        )
    yield ""


def _how(run: Run) -> Iterable[str]:
    yield "## What was asked of whom"
    yield ""
    for query in QUERIES.values():
        yield f"- **{query.name}**: {query.what}: `{query.document}`"
    yield ""
    for name in _servers(run):
        yield f"- **{name}**: {CONTENDERS[name].what}"
    for name, reason in run.absent.items():
        yield f"- {name} was left out: {reason}"
    yield ""
    yield "All answer the same data: every question is asked of all of them before and after the measurement, Q3 with"
    yield "50 ids, and an answer that is not the same, byte for byte once its JSON was read and written again, ends the"
    yield "run. The gateway checks the token and counts the cost of each request; the peers know nobody. Its settings"
    yield "are the usual ones but for these:"
    yield ""
    yield "| setting | value | why |"
    yield "| --- | --- | --- |"
    for name, (value, reason) in GATEWAY_SETTINGS.items():
        yield f"| `{name}` | {value} | {reason} |"


def _grouped(run: Run) -> dict[tuple[str, int], dict[str, Figure]]:
    found: dict[tuple[str, int], dict[str, Figure]] = {}
    for one in run.figures:
        found.setdefault((one.query, one.connections), {})[one.server] = one
    return found


def _servers(run: Run) -> list[str]:
    return list(dict.fromkeys(one.server for one in run.figures))
