"""What a database contradicts in a profile: each with its key, and with what was expected."""

from collections.abc import Collection

from sources.profile import Rows
from sources.profile_keys import keys_naming
from sources.profile_kinds import nearest

#: A table with more columns than this is not listed.
_MOST_LISTED = 40


class MappingFaults:
    """Collect what the database contradicts, section by section, so that all of it is said at once."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], None] = {}

    def add(self, section: str, fault: str, *, role: str | None = None) -> None:
        """Report *fault* of *section*, or of the key that says *role* there."""
        # What rows belong to is called after it: the customer of [customer.external].
        key = section.partition(".")[0] if role == "owner" else role
        self.found[section, f"{section}: {fault}" if key is None else f"{section}.{key}: {fault}"] = None

    def add_column(self, section: str, rows: Rows, column: str, role: str | None, there: Collection[str]) -> None:
        """Report that the table of *rows* does not have *column*, but the columns *there*."""
        meant = nearest(column, there)
        listed = f", expected one of {', '.join(sorted(there))}" if len(there) <= _MOST_LISTED else ""
        hint = f", did you mean {meant!r}?" if meant else listed
        self.add_named(section, rows, column, f"table {rows.name_of!r} has no column {column!r}{hint}", role=role)

    def add_named(self, section: str, rows: Rows, named: str, fault: str, *, role: str | None = None) -> None:
        """Report *fault* of each key by which *rows* names the column or path *named*, else of *role*."""
        keys = keys_naming(section, rows, named)
        own = [key for key in keys if key.startswith(f"{section}.")]
        for key in own or keys:
            self.found[section, f"{key}: {fault}"] = None
        if not keys:
            self.add(section, fault, role=role)
