"""Read a store profile from its TOML file, and refuse a wrong one with every fault of it in one message."""

import pathlib
import re
import tomllib
from collections.abc import Mapping
from typing import Any, cast

from domain.errors import StartError
from sources.profile import Profile
from sources.profile_grammar import GRAMMAR
from sources.profile_kinds import Faults, Key, Section, nearest
from sources.profile_values import Given, read_value

_SHIPPED = pathlib.Path(__file__).parent / "profiles"
#: Who writes one of these where the other belongs has the wrong store in mind, not a slip of the pen.
_OTHER_STORE = {"table": "collection", "collection": "table"}

Table = Mapping[str, Any]


def read_profile(name_or_path: str) -> Profile:
    """Read the shipped profile of this name or, where it has a slash or ends in `.toml`, the file at this path.

    A satellite that names no tenant column has one called as its parent's, and so has [revenue], whose parent is
    [customer]: rows are read within one tenant in any case, and a table without such a column contradicts its profile.
    A profile with tenants but without [customer] must name one in [revenue]. Raises `StartError` if there is no such
    file, if it is no TOML, and with all faults at once if it does not follow the grammar.
    """
    path = path_of(name_or_path)
    document = _parse(path)
    reading = _Reading(document)
    profile = reading.read()
    if reading.faults:
        raise StartError(f"The store profile {path} is refused:", reading.faults)
    return profile


def shipped_profiles() -> tuple[str, ...]:
    """Name the profiles that come with the gateway."""
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.toml")))


def path_of(name_or_path: str) -> pathlib.Path:
    """Find the file that `read_profile` reads. Raises StartError if there is none."""
    is_path = "/" in name_or_path or name_or_path.endswith(".toml")
    path = pathlib.Path(name_or_path) if is_path else _SHIPPED / f"{name_or_path}.toml"
    if _is_there(path):
        return path
    looked_for = f"There is no store profile {name_or_path!r}:"
    shipped = f"expected the path of a file, or one of {', '.join(shipped_profiles())}"
    if not is_path and _is_there(pathlib.Path(name_or_path)):
        raise StartError(looked_for, [f"for what has this name here, give its path: ./{name_or_path}", shipped])
    meant = nearest(pathlib.PurePath(name_or_path).stem, shipped_profiles())
    faults = [] if is_path or meant is None else [f"did you mean {meant}?"]
    raise StartError(looked_for, [*faults, shipped])


def _is_there(path: pathlib.Path) -> bool:
    """Say whether there is anything at *path*; why it cannot be read, reading it will say."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _parse(path: pathlib.Path) -> Table:
    heading = f"The store profile {path} cannot be read:"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StartError(heading, [str(error.strerror)]) from error
    try:
        return tomllib.loads(content.decode())
    except UnicodeDecodeError as error:
        before = content.count(b"\n", 0, error.start)
        raise StartError(heading, [f"{path}:{before + 1}: is not UTF-8, as TOML is"]) from error
    except tomllib.TOMLDecodeError as error:
        placed = re.fullmatch(r"(.*) \(at line (\d+), column \d+\)", str(error), re.DOTALL)
        # What is missing at the end is reported without a line.
        message, line = placed.groups() if placed else (str(error), str(content.count(b"\n") + 1))
        raise StartError(heading, [f"{path}:{line}: {message}"]) from error


class _Reading:
    """Walk one *document* along the grammar, and collect its faults."""

    def __init__(self, document: Table) -> None:
        self.document = document
        self.faults = Faults()

    def read(self) -> Profile:
        """Read the whole document; the result is a profile only if there are no faults."""
        profile = self._section(GRAMMAR, self.document, "")
        self._check_tenants()
        self._check_segments()
        return cast(Profile, profile)

    def _section(self, section: Section, table: Table, at: str) -> object:
        meant = self._report_unknown(section, table, at)
        read = {section.attribute(name): value for name, value in self._values(section, table, at).items()}
        for name in section.names:
            if name not in table and name not in meant and section.requires(name):
                self.faults.add(_within(at, name), "missing", _expected(section, name))
        if section.one_of and not any(name in table or name in meant for name in section.one_of):
            self.faults.add(at, f"has none of {', '.join(section.one_of)}", "at least one")
        return None if self.faults else section.shape(**read)

    def _values(self, section: Section, table: Table, at: str) -> dict[str, object]:
        values: dict[str, object] = {}
        for name, key in section.keys.items():
            if name in table:
                given = Given(_within(at, name), table[name], table, key, self.faults)
                values[name] = read_value(given)
                self._check_place(given)
            elif key.default_from and (key.needs is None or key.needs in table):
                values[name] = self._value_at(key.default_from)
        for name, inner in section.sections.items():
            inner_at = _within(at, name)
            if isinstance(table.get(name), dict):
                values[name] = self._section(inner, table[name], inner_at)
            elif name in table:
                self.faults.add(inner_at, "is no section", _expected(section, name))
        return values

    def _report_unknown(self, section: Section, table: Table, at: str) -> set[str]:
        """Report what the grammar does not know, and give the names that seem to be meant by it."""
        missing = [name for name in section.names if name not in table]
        all_meant = set()
        for name in table:
            if name not in section.names:
                other = _OTHER_STORE.get(name)
                meant = other if other in missing else nearest(name, missing)
                all_meant.add(meant)
                hint = f"did you mean {meant}?" if meant else f"expected one of {', '.join(section.names)}"
                what = "section" if not at and isinstance(table[name], dict) else "key"
                self.faults.add(_within(at, name), f"unknown {what}, {hint}")
        return {meant for meant in all_meant if meant}

    def _check_place(self, given: Given) -> None:
        """Check that what the value points to is mapped, and that its key may stand beside the others."""
        key = given.key
        if key.needs and key.needs not in given.beside:
            self.faults.add(given.at, f"means nothing without {key.needs}", f"{key.needs} beside it")
        if key.excludes and key.excludes in given.beside:
            self.faults.add(given.at, f"contradicts {key.excludes}", "one of the two")
        if key.to and key.to not in self.document:
            self.faults.add(given.at, f"names a row of [{key.to}]", "this section in the profile")
        if key.via and isinstance(given.value, dict):
            self._check_via(given.at, key.via)

    def _check_via(self, at: str, via: str) -> None:
        if via not in self.document:
            self.faults.add(at, f"goes through [{via}]", "this section in the profile")
        elif self._value_at(f"{via}.customer") is None:
            self.faults.add(at, f"goes through [{via}], which names no customer", f"{via}.customer")

    def _check_tenants(self) -> None:
        """Check that all sections of rows name a tenant column, or none does."""
        mapped = {name: rows for name in GRAMMAR.sections if isinstance(rows := self.document.get(name), dict)}
        naming = [name for name, rows in mapped.items() if _names_tenant(GRAMMAR.sections[name], rows)]
        if not naming and "tenant" not in mapped:
            return
        reason = f"as [{naming[0]}] has tenants" if naming else "as there is a section [tenant]"
        for name, rows in mapped.items():
            key = GRAMMAR.sections[name].keys.get("tenant")
            if key and "tenant" not in rows and not self._inherits(key):
                self.faults.add(f"{name}.tenant", "missing", f"a column that names a row's tenant, {reason}")

    def _inherits(self, key: Key) -> bool:
        return key.default_from is not None and key.default_from.split(".")[0] in self.document

    def _check_segments(self) -> None:
        section = GRAMMAR.sections["segments"]
        days = {**{name: section.default(name) for name in section.keys}, **_table(self.document.get("segments"))}
        match days["active"], days["at_risk"]:
            case int(active), int(at_risk) if at_risk <= active:
                self.faults.add("segments.at_risk", f"is {at_risk}", f"more days than segments.active, {active}")

    def _value_at(self, full_key: str) -> object:
        section, name = full_key.split(".")
        return _table(self.document.get(section)).get(name)


def _table(value: object) -> Table:
    return value if isinstance(value, dict) else {}


def _names_tenant(section: Section, rows: Table) -> bool:
    return "tenant" in rows or any("tenant" in _table(rows.get(name)) for name in section.sections)


def _within(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _expected(section: Section, name: str) -> str:
    if key := section.keys.get(name):
        return key.expected
    return f"a section with {', '.join(section.sections[name].names)}"
