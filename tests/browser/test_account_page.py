"""The page on which somebody sets a password, in a real browser."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, Route, async_playwright, expect

from tests.browsing import QUIET, browser_path
from tests.running import Gateway

PASSWORD = "correct horse battery"


@pytest.fixture
async def page(demo: Gateway) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser: Browser = await playwright.chromium.launch(executable_path=browser_path(), args=[*QUIET])
        context = await browser.new_context(base_url=demo.url)
        page = await context.new_page()
        problems: list[str] = []
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        yield page
        await browser.close()
        assert problems == []


async def test_a_password_is_set_and_the_token_leaves_the_address(page: Page, demo: Gateway) -> None:
    asked: list[tuple[str, str]] = []
    page.on("request", lambda request: asked.append((request.url, request.post_data or "")))

    async def answer(route: Route) -> None:
        await route.fulfill(json={"data": {"done": {"ok": True, "errors": []}}})

    await page.route("**/graphql", answer)
    await page.goto("/account#token=made-up&for=password&tenant=s%C3%BCd")
    assert await page.locator("input:visible").count() == 2
    await page.get_by_label("New password").fill(PASSWORD)
    await page.get_by_label("The same again").fill("something else")
    await page.get_by_role("button", name="Set the password").click()
    await expect(page.get_by_role("status")).to_have_text("The two passwords are not the same.")
    await page.get_by_label("The same again").fill(PASSWORD)
    async with page.expect_request("**/graphql") as sent:
        await page.get_by_role("button", name="Set the password").click()

    await expect(page.get_by_role("status")).to_contain_text("Your password is set.")
    assert page.url == f"{demo.url}/account"
    assert await page.locator("input:visible").count() == 0
    assert await (await sent.value).header_value("x-tenant") == "süd"
    assert [url for url, body in asked if "made-up" in url.partition("#")[0]] == []
    assert [body for url, body in asked if "made-up" in body and PASSWORD in body]


async def test_the_gateway_says_what_is_wrong_with_a_link(page: Page) -> None:
    await page.goto("/account#token=made-up&for=login")
    await page.get_by_role("button", name="Confirm the address").click()
    await expect(page.get_by_role("status")).not_to_be_empty()
    await expect(page.get_by_role("status")).to_have_class("wrong")


async def test_without_a_link_there_is_nothing_to_fill_in(page: Page) -> None:
    await page.goto("/account")
    await expect(page.get_by_role("status")).to_contain_text("reached by the link of a letter")
    await expect(page.get_by_role("button")).to_have_count(0)
