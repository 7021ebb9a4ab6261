"""Show findings to whoever reads a terminal: what is wrong, kind by kind, and the statements that mend it."""

from collections.abc import Sequence
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from domain.findings import Check, Finding

#: Where nothing says how wide the paper is.
_PLAIN_WIDTH = 160
#: Where statements are pasted, by how they begin.
_PLACES = {"psql": "CREATE ", "mongosh": "db.", "a shell": "python "}


def print_findings(console: Console, store: str, wrong: Sequence[Finding], notes: Sequence[Finding]) -> None:
    """Print *wrong* and *notes* of *store*, then what mends them to copy, then a line that sums up."""
    if not console.is_terminal:
        console.width = max(console.width, _PLAIN_WIDTH)
    for heading, findings, style in (("wrong", wrong, "bold red"), ("worth knowing", notes, "bold yellow")):
        if findings:
            console.print(_table(heading, findings, style))
    for heading, findings in (("What mends it", wrong), ("What may be worth having", notes)):
        statements = dict.fromkeys(one.mends for one in findings if one.mends is not None)
        for place in _PLACES:
            some = [statement for statement in statements if _place(statement) == place]
            if some:
                console.print(f"\n{heading}, in {place}:\n", style="bold")
            for statement in some:
                console.print(Text(statement), soft_wrap=True)
    console.print()
    console.print(_summary(store, wrong, notes))


def _place(statement: str) -> str:
    """Say where *statement* is to be pasted."""
    return next(place for place, begin in _PLACES.items() if statement.startswith(begin))


def _table(heading: str, findings: Sequence[Finding], style: str) -> Table:
    table = Table(title=heading, title_style=style, title_justify="left", header_style="bold", expand=False)
    table.add_column("check", style=style, no_wrap=True)
    table.add_column("where", style="cyan")
    table.add_column("rows", justify="right")
    table.add_column("what")
    order = list(Check)
    ordered = sorted(findings, key=lambda one: order.index(one.check))
    for check, group in groupby(ordered, key=lambda one: one.check):
        for number, finding in enumerate(group):
            where = finding.where if finding.tenant is None else f"{finding.where}\n{finding.tenant}"
            table.add_row(
                Text(check.value if number == 0 else ""),
                Text(_printable(where)),
                Text("" if finding.check.is_of_the_store else f"{finding.count:,}"),
                _what(finding),
            )
        table.add_section()
    return table


def _what(finding: Finding) -> Text:
    text = Text(_printable(finding.message))
    if finding.examples:
        shown = (f"{one.key}: {one.detail}" if one.detail else one.key for one in finding.examples)
        apart = "\n" if any(one.detail for one in finding.examples) else ", "
        text.append(_printable(f"\n{apart.join(shown)}"), style="dim")
    return text


def _printable(text: str) -> str:
    """Keep what a store holds from steering the terminal."""
    return "".join(one if one.isprintable() or one == "\n" else repr(one)[1:-1] for one in text)


def _summary(store: str, wrong: Sequence[Finding], notes: Sequence[Finding]) -> Text:
    said = f" {len(notes)} more {'is' if len(notes) == 1 else 'are'} worth knowing." if notes else ""
    if not wrong:
        return Text(f"{store}: nothing is wrong.{said}", style="bold green")
    kinds = len({one.check for one in wrong})
    findings = f"{len(wrong)} finding{'' if len(wrong) == 1 else 's'}"
    return Text(f"{store}: {findings} of {kinds} kind{'' if kinds == 1 else 's'}.{said}", style="bold red")
