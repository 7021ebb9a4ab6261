"""Hold a profile against its live stores: every check, some at a time, and what each of them finds."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from domain.duplicates import SharedIdentifiers
from domain.errors import SourceError, SourceMismatchError, SourceUnavailableError
from domain.findings import Check, Finding
from domain.link_findings import link_findings
from domain.records import RecordKind
from resolvers.counting import living_rows
from sources.checks_mongo import MongoChecks, Seen
from sources.checks_postgres import AMOUNTS, DATES, KEYED, STATUSES, PostgresChecks
from sources.checks_totals import drifted_totals, totals_without_customer, uncountable_totals
from sources.profile import Profile
from sources.stores import Stores

#: So many checks are asked at the same time: a store has others to serve.
_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Task:
    """Be one check: what it is called while it runs, the *store* that it asks most of, and how it is made."""

    title: str
    store: str
    find: Callable[[], Awaitable[Sequence[Finding]]]


@dataclass(slots=True)
class Doctor:
    """Examine *stores*, telling the first *examples* of everything."""

    stores: Stores
    examples: int = 10
    #: The stores that did not answer: nothing more is asked of them.
    down: set[str] = field(default_factory=set)
    #: What the database contradicts, and was told to.
    contradictions: set[str] = field(default_factory=set)
    #: What the documents of each kind have.
    seen: dict[RecordKind, Seen] = field(default_factory=dict)

    @property
    def profile(self) -> Profile:
        return self.stores.profile

    @property
    def rows(self) -> PostgresChecks:
        assert isinstance(self.stores.postgres, PostgresChecks)
        return self.stores.postgres

    @property
    def documents(self) -> MongoChecks:
        assert isinstance(self.stores.mongo, MongoChecks)
        return self.stores.mongo

    # ── what is checked ──

    def first(self) -> list[Task]:
        """List what is checked before anything else."""
        crm = self.stores.postgres is not None
        return [Task("is the database as the profile says", "postgres", self._contradictions)] if crm else []

    def of_the_store(self) -> list[Task]:
        """List what is checked once."""
        tasks = []
        if self.stores.postgres is not None:
            tasks.append(Task("indexes of PostgreSQL", "postgres", self.rows.indexes.missing_indexes))
            if self._maps("customer.stored_totals"):
                tasks.append(Task("stored totals", "postgres", partial(uncountable_totals, self.rows.totals)))
        if self.stores.mongo is not None:
            tasks.append(Task("indexes of MongoDB", "mongo", self.documents.missing_indexes))
        return tasks

    def of_a_tenant(self, tenant: str | None) -> list[Task]:
        """List what is checked for each tenant."""
        tasks: list[Task] = []
        if self.stores.postgres is not None:
            rows = self.rows
            by_section = (
                ("status words of", STATUSES, "{}.status", rows.unmapped_statuses),
                ("dates of", tuple(DATES), "{}", rows.odd_dates),
                ("amounts of", tuple(AMOUNTS), "{}", rows.odd_money),
                ("keys of", KEYED, "{}", rows.duplicate_keys),
            )
            tasks += [
                Task(f"{title} {section}", "postgres", partial(find, tenant, section, self.examples))
                for title, sections, needed, find in by_section
                for section in sections
                if self._maps(needed.format(section))
            ]
            if self._maps("lead.customer"):
                leads = partial(rows.orphaned_leads, tenant, self.examples)
                tasks.append(Task("customers of leads", "postgres", leads))
            if self._maps("booking"):
                bookings = partial(rows.orphaned_bookings, tenant, self.examples)
                tasks.append(Task("customers of bookings", "postgres", bookings))
            if self._maps("customer.stored_totals"):
                for title, tell in (
                    ("stored totals", drifted_totals),
                    ("stored totals of nobody", totals_without_customer),
                ):
                    tasks.append(Task(title, "postgres", partial(tell, rows.totals, tenant, self.examples)))
            if self.profile.customer is not None:
                tasks.append(Task("e-mails and phones of customers", "postgres", partial(self._shared, tenant)))
        if self.stores.mongo_kinds:
            tasks.append(Task("accounts and delivery records", "mongo", partial(self._walk, tenant)))
        return tasks

    def last(self, tenants: Sequence[str | None]) -> list[Finding]:
        """Tell what no document had, in any of the *tenants* that were looked at."""
        only = tenants[0] if len(tenants) == 1 else None
        return [finding for seen in self.seen.values() for finding in seen.findings(only)]

    def _maps(self, section: str) -> bool:
        found: Any = self.profile
        for name in section.split("."):
            found = getattr(found, name, None)
        return found is not None

    # ── how it is run ──

    async def examine(
        self, tasks: Sequence[Task], begins: Callable[[Task], None], ends: Callable[[Task], None]
    ) -> list[Finding]:
        """Run *tasks*, some at a time, saying which begins and ends; answer what they find, in their order."""
        places = asyncio.Semaphore(_AT_ONCE)

        async def run(task: Task) -> Sequence[Finding]:
            async with places:
                begins(task)
                found = await self._run(task)
                ends(task)
                return found

        return [finding for found in await asyncio.gather(*map(run, tasks)) for finding in found]

    async def _run(self, task: Task) -> Sequence[Finding]:
        """Ask what *task* asks: a store that is down is told once, and so is a section that is contradicted."""
        if task.store in self.down:
            return []
        try:
            return await task.find()
        except SourceMismatchError as error:
            new = [fault for fault in error.detail.split("; ") if fault not in self.contradictions]
            self.contradictions.update(new)
            return [_contradiction(fault) for fault in new]
        except SourceUnavailableError as error:
            if error.store in self.down:
                return []
            self.down.add(error.store)
            message = f"does not answer, so nothing in it could be checked: {error.detail or error}"
            return [Finding(check=Check.STORE_DOWN, where=error.store, message=message)]

    # ── the checks ──

    async def _contradictions(self) -> list[Finding]:
        faults = await self.rows.faults()
        self.contradictions.update(faults)
        return [_contradiction(fault) for fault in faults]

    async def _shared(self, tenant: str | None) -> list[Finding]:
        """Find customers that share an address or a number."""
        shared = SharedIdentifiers(self.profile.store.phone_region)
        async for lot in self.rows.contacts(tenant):
            await asyncio.to_thread(_add_all, shared, lot)
        return await asyncio.to_thread(shared.findings, "customer", tenant, self.examples)

    async def _walk(self, tenant: str | None) -> list[Finding]:
        """Walk through accounts and delivery records, and hold their links against each other and the CRM."""
        findings: list[Finding] = []
        links = {}
        for kind in self.stores.mongo_kinds:
            shared = SharedIdentifiers(self.profile.store.phone_region)
            walk = await self.documents.walk(tenant, kind, shared)
            self.seen.setdefault(kind, Seen(kind.value.lower(), self.documents.section(kind))).add(walk)
            links[kind] = walk.names
            findings += walk.findings(tenant, self.examples)
            findings += await asyncio.to_thread(shared.findings, kind.value.lower(), tenant, self.examples)
        live = None
        if self.profile.customer is not None and "postgres" not in self.down:
            try:
                live = await living_rows(self.stores, tenant, links)
            except SourceError:
                # What is wrong with the CRM is told by the checks of its own.
                live = None
        naming = (self.documents.section(kind).links.partner for kind in self.stores.mongo_kinds)
        both_name = len(links) == len(RecordKind) - 1 and all(naming)
        tell = partial(link_findings, links, live, both_name=both_name, tenant=tenant, examples=self.examples)
        return [*findings, *await asyncio.to_thread(tell)]


def _contradiction(fault: str) -> Finding:
    """Make a finding of *fault*, which says where it is, unless the server itself says it."""
    where, _, message = fault.partition(": ")
    if not re.fullmatch("[a-z_.]+", where):
        where, message = "postgres", fault
    return Finding(check=Check.CONTRADICTION, where=where, message=message)


def _add_all(shared: SharedIdentifiers, lot: Sequence[tuple[str, str | None, str | None]]) -> None:
    for key, email, phone in lot:
        shared.add(key, email, phone)
