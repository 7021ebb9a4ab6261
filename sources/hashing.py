"""Hash passwords as the store's own login checks them, beside the event loop, few at a time."""

import asyncio
from typing import Literal

from pwdlib.hashers import HasherProtocol
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher

#: A hash takes a processor for a good part of a second, and argon2 64 MiB besides.
_AT_A_TIME = 2
#: bcrypt looks at no more, and to hash a longer one beforehand is what no other login would do.
BCRYPT_BYTES = 72


class Hashing:
    """Hash by *scheme*."""

    def __init__(self, scheme: Literal["bcrypt", "argon2"]) -> None:
        self._hasher: HasherProtocol = BcryptHasher() if scheme == "bcrypt" else Argon2Hasher()
        self._places = asyncio.Semaphore(_AT_A_TIME)
        self.most_bytes = BCRYPT_BYTES if scheme == "bcrypt" else None

    async def hash(self, password: str) -> str:
        async with self._places:
            return await asyncio.to_thread(self._hasher.hash, password)
