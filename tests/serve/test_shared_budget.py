"""Commands and services of one store make their calls out of one budget."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from leadscore.sandbox import serve
from leadscore.store.database import connect, open_store, reading
from leadscore.store.live_tables import budget
from leadscore.wiring import CALL_PATIENCE, parts
from tests.serve.service import place


def calls(database: str) -> int:
    store = connect(database)
    try:
        with reading(store) as connection:
            query = select(func.coalesce(func.sum(budget.c.used), 0)).where(budget.c.kind == "day")
            return int(connection.execute(query).scalar_one())
    finally:
        store.dispose()


@pytest.mark.parametrize("patience", [None, CALL_PATIENCE], ids=["command", "service"])
def test_every_call_is_counted_in_the_store(patience: object, tmp_path: Path, database_url: str) -> None:
    with serve() as crm, place(tmp_path, database_url) as made:
        made.prepare(crm.url, HUBSPOT_TOKEN=crm.token)
        open_store(database_url).dispose()
        before = calls(database_url)
        for _ in range(2):
            one = parts(tmp_path, CALL_PATIENCE if patience else None)
            one.reader.account()
            one.close()
        assert calls(database_url) == before + 2


def test_before_there_is_a_store_a_command_calls_all_the_same_and_makes_none(tmp_path: Path) -> None:
    file = tmp_path / "later.db"
    with serve() as crm, place(tmp_path, f"sqlite:///{file}") as made:
        made.prepare(crm.url, HUBSPOT_TOKEN=crm.token)
        command = parts(tmp_path)
        assert command.reader.account().id == str(crm.portal_id)
        command.close()
    assert not file.exists()
