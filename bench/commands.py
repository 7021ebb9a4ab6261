"""Read what is to be measured from the command line, measure it, and write down what was found."""

import argparse
import sys
from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext
from pathlib import Path

from bench.chart import draw
from bench.checking import DifferentAnswersError, check
from bench.growth import write_growth
from bench.machine import describe
from bench.measuring import Figure, Plan, measure
from bench.profiling import write_profile
from bench.queries import QUERIES, Query
from bench.remembering import remembering
from bench.report import Run, write_results
from bench.servers import CONTENDERS, GATEWAY, Contender, require_wrk, running, why_not
from bench.stores import Loaded, loaded_stores
from domain.errors import StartError

HERE = Path(__file__).parent
#: So many connections are what the chart shows.
_SHOWN = 16


def main(arguments: Sequence[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    try:
        require_wrk()
        if given.growth:
            write_growth(given.folder, given.sizes, given.output, seconds=given.seconds)
            return 0
        with (
            loaded_stores(
                given.folder, customers=given.customers, documents=given.documents, mongo_url=given.mongo
            ) as loaded,
            nullcontext(loaded) if given.forget else remembering(loaded) as stores,
        ):
            queries = [QUERIES[name] for name in given.queries]
            if given.profile:
                write_profile(stores, queries, given.output, seconds=given.seconds)
                return 0
            _bench(stores, queries, given)
    except StartError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except DifferentAnswersError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _bench(stores: Loaded, queries: Sequence[Query], given: argparse.Namespace) -> None:
    contenders, absent = _present([CONTENDERS[name] for name in given.peers])
    machine = describe(given.mongo, remembered=not given.forget)
    plan = Plan(given.seconds, given.rounds, given.connections)
    figures: list[Figure] = []
    for mongo in (False, True):
        asked = [query for query in queries if query.mongo is mongo]
        if asked:
            figures += _measured(stores, asked, contenders, plan, mongo=mongo)
    run = Run(machine, stores.customers, stores.documents, plan, figures, absent)
    _write(run, given.output)


def _measured(
    stores: Loaded, queries: Sequence[Query], contenders: Sequence[Contender], plan: Plan, *, mongo: bool
) -> list[Figure]:
    figures = []
    with running(contenders, stores, mongo=mongo) as servers:
        for query in queries:
            check(query, servers, stores)
        for query in queries:
            figures += measure(query, servers, stores, plan, _tell)
        for query in queries:
            check(query, servers, stores)
    return figures


def _write(run: Run, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_results(run, folder / "results.md")
    shown = _SHOWN if _SHOWN in run.plan.connections else run.plan.connections[-1]
    (folder / "results.svg").write_text(draw(run.figures, shown))
    _tell(f"Written: {folder / 'results.md'}")


def _present(contenders: Sequence[Contender]) -> tuple[list[Contender], dict[str, str]]:
    """Keep those that can run here; the gateway always takes part."""
    reasons = {one.name: why_not(one) for one in contenders}
    absent = {name: reason for name, reason in reasons.items() if reason is not None}
    for name, reason in absent.items():
        _tell(f"{name} is left out: {reason}")
    return [GATEWAY, *(one for one in contenders if one is not GATEWAY and one.name not in absent)], absent


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000, help="in PostgreSQL, with 5 leads each on average")
    parser.add_argument(
        "--documents", type=int, default=2_000, help="in each collection; the embedded Mongo server takes no more well"
    )
    parser.add_argument("--mongo", metavar="URL", help="a database on another Mongo server, which is filled")
    parser.add_argument("--forget", action="store_true", help="measure the Mongo server too, not only those who ask it")
    parser.add_argument("--seconds", type=float, default=4.0, help="of one round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=_numbers, default=(1, 16, 64), help="at once: 1,16,64")
    parser.add_argument("--queries", type=_among(QUERIES), default=tuple(QUERIES), help=",".join(QUERIES))
    parser.add_argument("--peers", type=_among(CONTENDERS), default=tuple(CONTENDERS), help=",".join(CONTENDERS))
    parser.add_argument("--folder", type=Path, default=Path(".gateway/bench"), help="keeps the stores' data")
    parser.add_argument("--output", type=Path, default=HERE, help="where the results are written")
    parser.add_argument(
        "--profile", action="store_true", help="tell instead where the gateway's time goes, by function"
    )
    parser.add_argument("--growth", action="store_true", help="tell instead what grows with the stores")
    parser.add_argument("--sizes", type=_numbers, default=(10_000, 100_000, 1_000_000), help="for --growth")
    return parser


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(one.replace("_", "")) for one in text.split(","))


def _among(known: Collection[str]) -> Callable[[str], tuple[str, ...]]:
    def read(text: str) -> tuple[str, ...]:
        names = tuple(text.split(","))
        unknown = [name for name in names if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: expected some of {', '.join(known)}")
        return names

    return read
