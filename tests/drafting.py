"""Draft profiles of stores as `python -m gateway profile init` does, and finish them as somebody would."""

import asyncio
import tomllib
from pathlib import Path
from typing import Any

import pytest

from domain.errors import StartError
from gateway.__main__ import main
from gateway.settings import Settings
from sources.profile_reading import read_profile


async def draft(monkeypatch: pytest.MonkeyPatch, settings: Settings, *arguments: str) -> int:
    """Run `profile init` over the stores of *settings*."""
    for name, url in (("GATEWAY_POSTGRES_URL", settings.postgres_url), ("GATEWAY_MONGO_URL", settings.mongo_url)):
        monkeypatch.setenv(name, url or "")
    return await asyncio.to_thread(main, ["profile", "init", *arguments])


def is_there(file: Path) -> bool:
    return file.exists()


def text_of(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")


def parsed(file: Path) -> dict[str, Any]:
    return tomllib.loads(text_of(file))


def edit(file: Path, *replacements: tuple[str, str]) -> None:
    """Replace the one occurrence of each text in *file*."""
    text = text_of(file)
    for old, new in replacements:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    write(file, text)


def refusals(file: Path) -> set[str]:
    """Name the keys that the profile in *file* is refused for."""
    with pytest.raises(StartError) as refused:
        read_profile(str(file))
    return {fault.partition(":")[0] for fault in refused.value.faults}
