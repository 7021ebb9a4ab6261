"""GraphiQL in a real browser, against a running gateway with the demo's data, under the policy that the pages carry."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, Request, Route, async_playwright, expect

from tests.browsing import QUIET, browser_path

QUERY_EDITOR = ".graphiql-query-editor .CodeMirror"
ANSWER = ".result-window"


@dataclass  # without slots: playwright leaves marks on the owner of a listener
class Watch:
    """What went wrong in a page while a test drove it. *refused* is set where a test provokes refusals on purpose."""

    home: str
    problems: list[str] = field(default_factory=list)
    refused: bool = False

    def console(self, message: ConsoleMessage) -> None:
        provoked = self.refused and message.text.startswith("Failed to load resource")
        if message.type in ("error", "warning") and not provoked:
            self.problems.append(f"{message.type}: {message.text}")

    def request(self, request: Request) -> None:
        if urlsplit(request.url).scheme != "data" and not request.url.startswith(f"{self.home}/"):
            self.problems.append(f"asked another host: {request.url}")


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    path = browser_path()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=[*QUIET])
        yield browser
        await browser.close()


@pytest.fixture
def watch(live_server: str) -> Watch:
    return Watch(live_server.rstrip("/"))


@pytest.fixture
async def page(browser: Browser, watch: Watch) -> AsyncIterator[Page]:
    """Open a page as a first visitor has it, and hold at its end that nothing broke or was fetched elsewhere."""
    context = await browser.new_context(base_url=watch.home)
    page = await context.new_page()
    page.on("console", watch.console)
    page.on("pageerror", lambda error: watch.problems.append(str(error)))
    page.on("request", watch.request)
    yield page
    await context.close()
    assert watch.problems == []


async def open_graphiql(page: Page) -> None:
    await page.goto("/graphql")
    await page.locator(QUERY_EDITOR).wait_for()


async def run(page: Page) -> None:
    await page.get_by_role("button", name="Execute query").click()


async def write_query(page: Page, query: str) -> None:
    await page.locator(QUERY_EDITOR).click()
    await page.keyboard.press("ControlOrMeta+A")
    await page.keyboard.type(query)


async def test_a_typed_query_is_answered(page: Page) -> None:
    await open_graphiql(page)

    await write_query(page, "{ viewer { subject } }")
    await page.keyboard.press("Control+Enter")

    await expect(page.locator(ANSWER)).to_contain_text('"subject"')
    await expect(page.locator(ANSWER)).not_to_contain_text('"errors"')


async def test_the_first_example_is_open_under_the_title(page: Page) -> None:
    await open_graphiql(page)

    await expect(page.get_by_role("heading", name="Customer Gateway")).to_be_visible()
    await expect(page.locator(QUERY_EDITOR)).to_contain_text("query CustomersPage")
    await expect(page.locator(".graphiql-editor-tool")).to_contain_text('"first": 10')


@pytest.mark.parametrize(
    ("tab", "answered"),
    [("CustomersPage", '"endCursor"'), ("Dashboard", '"newCustomers"'), ("LookAround", '"viewer"')],
)
async def test_every_example_is_a_tab_and_is_answered_without_errors(page: Page, tab: str, answered: str) -> None:
    await open_graphiql(page)

    await page.get_by_role("tab", name=tab).click()
    async with page.expect_response("**/graphql") as asked:
        await run(page)
    answer = await (await asked.value).json()

    assert "errors" not in answer, answer["errors"]
    assert answered in await (await asked.value).text()
    await expect(page.locator(ANSWER)).to_contain_text('"data"')


async def test_the_example_of_a_dashboard_shows_figures_of_the_demo(page: Page) -> None:
    await open_graphiql(page)

    await page.get_by_role("tab", name="Dashboard").click()
    # The demo's data are of some years, whenever this runs.
    await page.locator(".graphiql-editor-tool .CodeMirror").first.click()
    await page.keyboard.press("ControlOrMeta+A")
    quarter = '{"from": "2026-01-01T00:00:00+01:00", "to": "2026-04-01T00:00:00+02:00"}'
    await page.keyboard.type(f'{{"period": {quarter}}}')
    async with page.expect_response("**/graphql") as asked:
        await run(page)
    board = (await (await asked.value).json())["data"]["dashboard"]

    assert [point["start"] for point in board["series"]] == ["2026-01-01", "2026-02-01", "2026-03-01"]
    assert all(point["leads"] and point["bookings"] and float(point["revenue"]["amount"]) for point in board["series"])
    assert sum(point["bookings"] for point in board["series"]) == board["bookings"]["total"]
    assert len(board["topCustomers"]) == 5
    await expect(page.locator(ANSWER)).to_contain_text('"bySegment"')


async def test_a_closed_example_can_be_opened_again(page: Page) -> None:
    await open_graphiql(page)
    await page.get_by_role("button", name="Close Tab").first.click()
    await expect(page.get_by_role("tab", name="CustomersPage")).to_have_count(0)

    await page.get_by_role("button", name="Show Examples").click()
    await page.get_by_role("button", name="Frontend teams").click()

    await expect(page.get_by_role("tab", name="CustomersPage")).to_have_count(1)
    await expect(page.locator(QUERY_EDITOR)).to_contain_text("query CustomersPage")
    await expect(page.locator(".graphiql-editor-tool")).to_contain_text('"first": 10')


async def test_the_documentation_shows_the_queries(page: Page) -> None:
    await open_graphiql(page)

    await page.get_by_role("button", name="Show Documentation Explorer").click()
    docs = page.locator(".graphiql-doc-explorer")
    await docs.get_by_role("link", name="Query", exact=True).first.click()

    await expect(docs).to_contain_text("customers")
    await expect(docs).to_contain_text("viewer")


async def test_dialogs_open_without_inline_styles(page: Page) -> None:
    await open_graphiql(page)

    await page.get_by_role("button", name="Open settings dialog").click()

    await expect(page.get_by_role("dialog")).to_contain_text("Theme")
    await expect(page.get_by_role("dialog")).not_to_contain_text("Persist headers")


async def test_the_token_and_the_tenant_are_sent_and_kept_for_the_session_alone(page: Page) -> None:
    await open_graphiql(page)
    await page.get_by_label("Token").fill("Bearer made-up")
    await page.get_by_label("X-Tenant").fill("acme")

    # The answer is made here: what a gateway says to this token is tested elsewhere.
    async def answer(route: Route) -> None:
        await route.fulfill(json={"data": {"viewer": {"subject": "made up"}}})

    await page.route("**/graphql", answer)
    async with page.expect_request(lambda request: "CustomersPage" in (request.post_data or "")) as asked:
        await run(page)
    headers = (await asked.value).headers

    assert headers["authorization"] == "Bearer made-up"
    assert headers["x-tenant"] == "acme"
    assert "made-up" in await page.evaluate("JSON.stringify(sessionStorage)")
    assert "made-up" not in await page.evaluate("JSON.stringify(localStorage)")


@dataclass(frozen=True, slots=True)
class Refusal:
    status: int
    content_type: str
    body: str
    shown: str


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal(
            401, "application/json", '{"errors": [{"message": "The token has expired."}]}', "The token has expired."
        ),
        Refusal(403, "application/json", '{"problem": "another tenant"}', "another tenant"),
        Refusal(503, "text/plain", "try later", "try later"),
        Refusal(200, "application/json", "null", '"body": null'),
    ],
    ids=lambda refusal: f"{refusal.status} {refusal.content_type}",
)
async def test_a_refusal_is_shown_as_it_came(page: Page, watch: Watch, refusal: Refusal) -> None:
    watch.refused = True

    async def refuse(route: Route) -> None:
        if route.request.method == "POST":
            await route.fulfill(status=refusal.status, content_type=refusal.content_type, body=refusal.body)
        else:
            await route.continue_()

    await page.route("**/graphql", refuse)
    await open_graphiql(page)
    await run(page)

    await expect(page.locator(ANSWER)).to_contain_text(refusal.shown)
    await expect(page.locator(QUERY_EDITOR)).to_contain_text("query CustomersPage")


async def test_a_gateway_that_is_gone_is_told_in_plain_words(page: Page, watch: Watch) -> None:
    watch.refused = True
    await open_graphiql(page)
    await page.route("**/graphql", lambda route: route.abort("connectionrefused"))
    await run(page)
    answer = page.locator(ANSWER)
    await expect(answer).to_contain_text("The gateway does not answer.")
    await expect(answer).not_to_contain_text("stack")


async def test_the_first_page_leads_to_graphiql(page: Page) -> None:
    await page.goto("/")

    await page.get_by_role("link", name="/graphql").first.click()

    await expect(page.locator(QUERY_EDITOR)).to_be_visible()
