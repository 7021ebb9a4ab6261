"""The commands that plan many steps, as somebody on a command line meets them."""

from dataclasses import replace

from tests.commanding import run_command
from tests.gateway.test_suggestions import delivery_store
from tests.loading import existing_store, indexed, make_database
from tests.servers import Servers


async def test_a_backfill_is_shown_before_it_is_done(servers: Servers) -> None:
    settings = await delivery_store(servers, "commanded")
    shown = await run_command(settings, "backfill", "--no-create")
    assert shown.status == 0
    assert shown.out.startswith("To do: 2 linked, 1 repaired, 1 left for review. Nothing was written")
    assert "LINK: ACCOUNT:user-3, DELIVERY:cust-1: They share the phone +919876543201." in shown.out
    limited = await run_command(settings, "backfill", "--no-create", "--limit", "1", "--json")
    assert limited.json["counts"]["linked"] == 1
    assert limited.json["counts"]["repaired"] == 0
    done = await run_command(settings, "backfill", "--no-create", "--live", "--json")
    assert (done.status, done.json["state"]) == (0, "APPLIED")
    assert (done.json["done"], done.json["total"]) == (4, 4)
    assert done.json["counts"]["repaired"] == 1
    again = await run_command(settings, "backfill", "--no-create", "--live")
    assert again.out.startswith("Done: 1 left for review.")


async def test_leads_are_attached(without_mongo: Servers) -> None:
    settings = await indexed(await existing_store(without_mongo, "renos", "commanded_leads"))
    shown = await run_command(settings, "attach-leads", "--no-create")
    assert shown.out.startswith("To do: 2 attached, 2 left for review.")
    done = await run_command(settings, "attach-leads", "--no-create", "--live", "--json")
    assert done.json["counts"]["attached"] == 2


async def test_what_cannot_be_done_is_said(servers: Servers, without_mongo: Servers) -> None:
    renos = await indexed(await existing_store(without_mongo, "renos", "commanded_nothing"))
    refused = await run_command(renos, "backfill")
    assert refused.status == 2
    assert "nothing to do" in refused.err.lower()
    named = await run_command(renos, "attach-leads", "--tenant", "x")
    assert named.status == 2
    delivery = replace(
        await existing_store(servers, "delivery", "commanded_bare"),
        postgres_url=await make_database(servers, "commanded_bare"),
    )
    bare = await run_command(delivery, "backfill")
    assert bare.status == 2
    assert "migrate" in bare.err
    wrong = await run_command(delivery, "backfill", "--limit", "0")
    assert wrong.status == 2
