"""A service beside a real portal: what a notice names is read, within the budget that all processes share."""

from pathlib import Path

from sqlalchemy import Engine, select

from leadscore.cli.clock import now
from leadscore.jobs.status import status
from leadscore.sandbox import generate, serve
from leadscore.store import deliveries
from leadscore.store.database import open_store, reading, writing
from leadscore.store.live_tables import budget
from tests.jobs.live import notice
from tests.serve.service import Place, change, post, stop, until


def test_a_running_service_reads_what_it_is_told_and_what_it_is_not(tmp_path: Path) -> None:
    with serve() as portal:
        generate(portal.portal, 5, 1)
        site = Place(tmp_path, f"sqlite:///{tmp_path / 'store.db'}")
        site.prepare(crm=portal.url, HUBSPOT_TOKEN=portal.token)
        try:
            site.bind()
            store = open_store(site.database)
            old = notice("old", "1", at=now() - 15 * 86_400_000)._replace(state="done")
            with writing(store) as connection:
                deliveries.add(connection, [old])
            process, said = site.start("serve", "--listen", "127.0.0.1:0")
            until(lambda: status(store, now()).records.get("contact") == 5)
            assert post(said["url"], [change(1, "x")]).status_code == 200
            until(lambda: status(store, now()).backlog.waiting["deliveries"] == 0)
            with reading(store) as connection:
                assert connection.execute(select(budget.c.used).where(budget.c.kind == "day")).scalar_one() > 0
            until(lambda: "tidy" in done(store))
            assert stop(process) == 0
            assert status(store, now()).leader is None
            with reading(store) as connection:
                assert [one.state for one in deliveries.find_deliveries(connection)] == ["done"]
                assert deliveries.by_key(connection, "old") == []
            store.dispose()
        finally:
            site.end()


def done(store: Engine) -> set[str]:
    """The chores that came to a good end."""
    return {chore.name for chore in status(store, now()).chores if chore.outcome == "done"}
