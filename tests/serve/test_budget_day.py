"""The day of an account ends at its own midnight, whether or not the CRM could be asked where that is."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from connectors.protocol import Account
from leadscore.cli.clock import now
from leadscore.store.account import bind
from leadscore.store.budget import calls_states
from leadscore.store.database import reading, writing
from leadscore.wiring import CALL_PATIENCE, parts
from tests.serve.service import Place


def test_a_service_knows_the_midnight_of_its_portal_from_its_start(
    store: Engine, database_url: str, tmp_path: Path
) -> None:
    Place(tmp_path, database_url).prepare()
    with writing(store) as connection:
        bind(connection, Account("hubspot", "1", "Acme", "sandbox", "Asia/Kolkata", ""), now())
    before = now()
    made = parts(tmp_path, CALL_PATIENCE)
    assert made.crm
    with reading(store) as connection:
        ends = calls_states(connection, now())["day"].ends
    made.close()
    assert ends is not None
    local = datetime.fromtimestamp(ends / 1000, UTC).astimezone(ZoneInfo("Asia/Kolkata"))
    assert (local.hour, local.minute, local.second) == (0, 0, 0)
    assert before < ends <= now() + 86_400_000
