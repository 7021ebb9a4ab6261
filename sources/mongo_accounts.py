"""Find accounts by e-mail, and write what one logs in with, only where it still is as it was read."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from domain.records import AccountRecord, Key, RecordKind
from sources.mongo import MongoSource
from sources.mongo_forms import Document, Query, all_of, one_of, text_of, value_at
from sources.mongo_scope import Tenant
from sources.profile import AccountSection
from sources.storable import is_storable


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """Be an account, and the document *id* that it was read from."""

    record: AccountRecord
    id: Any
    document: Document


class MongoAccounts:
    """Read and write the accounts of *section*, never those that its `where` keeps out. Every method takes the tenant.

    Raises SourceUnavailableError while the store does not answer.
    """

    def __init__(self, source: MongoSource, section: AccountSection) -> None:
        self._source = source
        self._connection = source.connection
        self._reader = source.readers[RecordKind.ACCOUNT]
        self._section = section

    async def by_key(self, tenant: Tenant, key: Key) -> StoredAccount | None:
        """Read the account *key*; None where there is none, or more than one."""
        value = (await self._source.form(RecordKind.ACCOUNT)).parse(key)
        if value is None:
            return None
        found = await self._read(tenant, one_of(self._reader.key, [value]))
        right = [one for one in found if one.record.key == key]
        return right[0] if len(right) == 1 else None

    async def by_email(self, tenant: Tenant, texts: Collection[str]) -> Sequence[StoredAccount]:
        """Read the accounts whose e-mail is stored as one of *texts*."""
        asked = sorted(filter(is_storable, texts))
        if not asked:
            return ()
        found: dict[Any, StoredAccount] = {}
        for path in self._section.email or ():
            for one in await self._read(tenant, one_of(str(path), asked)):
                found[one.id] = one
        return list(found.values())

    async def set_password(self, tenant: Tenant, account: StoredAccount, hash_: str) -> bool:
        """Write the hash of a password; False where another was written since *account* was read."""
        path = self._section.password_hash
        assert path is not None
        return await self._set(tenant, account, path, hash_)

    async def set_email(self, tenant: Tenant, account: StoredAccount, email: str) -> bool:
        """Write *email* where *account*'s is; False where another was written since *account* was read."""
        paths = [str(path) for path in self._section.email or ()]
        held = (path for path in paths if text_of(value_at(account.document, path)))
        return await self._set(tenant, account, next(held, paths[0]), email)

    async def _set(self, tenant: Tenant, account: StoredAccount, path: str, after: str) -> bool:
        before = value_at(account.document, path)
        if before is not None and not isinstance(before, str):
            return False
        still: list[Query] = [one_of("_id", [account.id]), *self._reader.scope.query(tenant), one_of(path, [before])]
        return await self._connection.update(self._reader.collection, all_of(still), {"$set": {path: after}})

    async def _read(self, tenant: Tenant, condition: Query) -> list[StoredAccount]:
        reader = self._reader
        form = await self._source.form(RecordKind.ACCOUNT)
        query = all_of([*reader.scope.query(tenant), condition])
        accounts: list[StoredAccount] = []
        for document in await self._connection.find_whole(reader.collection, query, reader.fields):
            found = reader.read(document, form) if reader.scope.holds(document, tenant) else None
            if found is not None and isinstance(found.record, AccountRecord):
                accounts.append(StoredAccount(found.record, document["_id"], document))
        return accounts
