"""A service beside a real portal: what a notice names is read, within the budget that all processes share."""

from pathlib import Path

from sqlalchemy import select

from leadscore.cli.clock import now
from leadscore.jobs.status import status
from leadscore.sandbox import generate, serve
from leadscore.store.database import open_store, reading
from leadscore.store.live_tables import budget
from tests.serve.service import Place, change, post, stop, until


def test_a_running_service_reads_what_it_is_told_and_what_it_is_not(tmp_path: Path) -> None:
    with serve() as portal:
        generate(portal.portal, 5, 1)
        site = Place(tmp_path, f"sqlite:///{tmp_path / 'store.db'}")
        site.prepare(crm=portal.url, HUBSPOT_TOKEN=portal.token)
        try:
            site.bind()
            store = open_store(site.database)
            process, said = site.start("serve", "--listen", "127.0.0.1:0")
            until(lambda: status(store, now()).records.get("contact") == 5)
            assert post(said["url"], [change(1, "x")]).status_code == 200
            until(lambda: status(store, now()).backlog.waiting["deliveries"] == 0)
            with reading(store) as connection:
                assert connection.execute(select(budget.c.used).where(budget.c.kind == "day")).scalar_one() > 0
            assert stop(process) == 0
            assert status(store, now()).leader is None
            store.dispose()
        finally:
            site.end()
