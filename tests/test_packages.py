"""The application runs from its checkout: no package of the registry stands in for one of ours."""

from importlib import import_module
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
PACKAGES = ("gateway", "schema", "resolvers", "loaders", "sources", "domain")


@pytest.mark.parametrize("name", PACKAGES)
def test_each_package_is_imported_from_the_repository(name: str) -> None:
    file = import_module(name).__file__
    assert file is not None
    assert Path(file).parent == REPOSITORY / name
