"""`python -m gateway profile init`: a first draft of a profile from the live stores, which are only read."""

import asyncio
import tomllib
from pathlib import Path
from typing import Any

import pytest

from domain.errors import StartError
from gateway.__main__ import main
from gateway.embedded import EmbeddedStores
from gateway.settings import Settings
from sources.profile_reading import read_profile
from tests.loading import existing_store

SHIPPED = Path(__file__).parents[2] / "sources" / "profiles"
STORES = ("renos", "bikes", "salon", "platform", "delivery", "grocer")
#: What a draft must not get wrong, wherever it is sure of it.
CHECKED = ("table", "collection", "tenant", "key", "customer", "lead", "created_at", "name", "email", "phone", "links")


async def draft(monkeypatch: pytest.MonkeyPatch, settings: Settings, *arguments: str) -> int:
    """Run `profile init` over the stores of *settings*."""
    for name, url in (("GATEWAY_POSTGRES_URL", settings.postgres_url), ("GATEWAY_MONGO_URL", settings.mongo_url)):
        monkeypatch.setenv(name, url or "")
    return await asyncio.to_thread(main, ["profile", "init", *arguments])


def parsed(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))


def edit(file: Path, *replacements: tuple[str, str]) -> None:
    """Replace the one occurrence of each text in *file*."""
    text = file.read_text(encoding="utf-8")
    for old, new in replacements:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")


def refusals(file: Path) -> set[str]:
    """Name the keys that the profile in *file* is refused for."""
    with pytest.raises(StartError) as refused:
        read_profile(str(file))
    return {fault.partition(":")[0] for fault in refused.value.faults}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "draft.toml"


@pytest.mark.parametrize("name", STORES)
async def test_what_a_draft_is_sure_of_agrees_with_the_profile_that_is_shipped(
    servers: EmbeddedStores, monkeypatch: pytest.MonkeyPatch, file: Path, name: str
) -> None:
    settings = await existing_store(servers, name, f"drafted_{name}")

    assert await draft(monkeypatch, settings, "--output", str(file)) == 0

    drafted, right = parsed(file), parsed(SHIPPED / f"{name}.toml")
    assert drafted.keys() >= right.keys()
    for section in right.keys() - {"store"}:
        sure = {key: drafted[section][key] for key in CHECKED if key in drafted[section]}
        known = {key: right[section][key] for key in CHECKED if key in right[section]}
        # A delivery record that names no account shows nothing of the field that could.
        assert sure == (known if section != "delivery" or name != "delivery" else {**known, "links": {}})


@pytest.mark.parametrize("name", STORES)
async def test_a_draft_is_a_profile_but_for_what_it_says_is_needed(
    servers: EmbeddedStores, monkeypatch: pytest.MonkeyPatch, file: Path, name: str
) -> None:
    settings = await existing_store(servers, name, f"drafted_{name}")
    await draft(monkeypatch, settings, "--output", str(file))

    if "currency" not in parsed(file)["store"]:
        assert refusals(file) == {"store.currency"}
        edit(file, ("[store]\n", '[store]\ncurrency = "EUR"\n'))
    assert read_profile(str(file)).store.name == f"drafted_{name}"
