"""The browser of this machine, for the tests that need a real one."""

import os
import shutil

import pytest

#: Chromium asks its maker's hosts of its own accord at every start unless told not to.
QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic")
NAMES = ("chromium", "chromium-browser", "google-chrome")


def browser_path() -> str:
    """Name the browser of this machine; without one the tests are skipped, except in CI, where they fail."""
    named = os.environ.get("GATEWAY_CHROMIUM")
    found = named or next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is not None:
        return found
    reason = "no Chromium: install it, or name it in GATEWAY_CHROMIUM"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
