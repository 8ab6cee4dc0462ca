"""A day in which nobody reached anybody: afterwards store and portal agree again, without anybody doing anything."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from leadscore.jobs.plan import make_plan
from leadscore.jobs.status import status
from leadscore.store.database import reading
from leadscore.store.records import find_records
from tests.faults.gateway import Reply
from tests.faults.models import EVERYTHING
from tests.faults.rig import DAY, HOUR, ONCE, Rig, people, rig


@pytest.fixture
def made(tmp_path: Path, database_url: str) -> Iterator[Rig]:
    with rig(tmp_path, database_url, people(12), model=EVERYTHING) as one:
        yield one


def living(made: Rig) -> dict[str, str]:
    """The contacts that the portal has, with their level."""
    found = made.api("GET", "/crm/v3/objects/contacts?limit=100&properties=level")["results"]
    return {one["id"]: one["properties"]["level"] for one in found}


def work(made: Rig, hours: int) -> None:
    """As a service does from restart on: what is due is asked for and done, half an hour after the other."""
    made.restart()
    for _ in range(hours * 2):
        made.chores()
        made.endure(lambda: not made.waiting())
        made.advance(HOUR // 2)


def test_after_a_day_without_network_and_a_restart_everything_agrees_again(made: Rig) -> None:
    """Changed, new, deleted, merged and answered records, forms and page views; no notice of any of it ever came."""
    made.control("forms", {"name": "Demo", "guid": "demo-form"})
    made.patience = ONCE
    work(made, 1)
    changed, gone, kept, merged, answered, submitted, viewed, late = made.ids[:8]
    made.way.rule = lambda _method, _path: Reply(how="reset")
    made.advance(DAY // 2)
    made.edit(changed, level="40")
    made.control("people/delete", {"id": int(gone)})
    made.edit(merged, level="33")
    winner = str(made.control("people/merge", {"primary": int(kept), "other": int(merged)})["id"])
    (fresh,) = made.control("people/import", {"rows": [{"email": "new@faults.example", "level": "50"}]})["ids"]
    made.edit(answered, leadscore_feedback="not_ready")
    made.control(
        "people/submit-form", {"form": "Demo", "values": {"email": f"p{made.ids.index(submitted)}@faults.example"}}
    )
    made.control("people/view-page", {"contact": int(viewed), "url": "https://example.com/pricing/teams"})
    for _ in range(3):
        # The service ran all the time, and failed all the time.
        assert made.chores()
        made.advance(2 * HOUR)
    made.edit(late, level="22")
    made.advance(DAY // 4)

    made.way.rule = lambda _method, _path: None
    work(made, 7)
    made.ids = sorted(living(made), key=int)
    assert gone not in made.ids
    assert str(fresh) in made.ids
    held = made.shown("total", "adjustment")
    totals = {id: values["total"] for id, values in held.items()}
    expected = dict(living(made)) | {answered: "0", submitted: "51", viewed: "11"}
    assert totals == expected
    assert winner in totals
    book = made.made.rulebook
    plan = make_plan(made.store, made.made.reader, book, made.clock(), made.made.policy).plan
    assert list(plan.rows) == []
    with reading(made.store) as connection:
        records = find_records(connection, [("contact", id) for id in (gone, merged, kept, winner)])
    assert {id: record.until is None for (_, id), record in records.items()} == {
        gone: False, merged: False, kept: kept == winner, winner: True,
    }  # fmt: skip
    assert status(made.store, made.clock()).records["contact"] == len(made.ids)
