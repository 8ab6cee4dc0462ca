"""Commands that score leave out who is not to be scored now, and put aside at whom it fails; the neighbours go on."""

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, Engine, select, update

from leadscore.jobs.plan import make_plan
from leadscore.jobs.rescore import rescore
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.sync import sync
from leadscore.store import due
from leadscore.store.database import reading, writing
from leadscore.store.loops import put_in_quarantine, release
from leadscore.store.parked import all_parked
from leadscore.store.tables import records
from leadscore.store.work_tables import scores
from tests.jobs.live import MINUTE, Live
from tests.jobs.models import SMALL, rulebook
from tests.jobs.portal import Portal
from tests.store.seen import NOW, contact

IDS = ("0", "1", "2", "3", "4")
LATER = NOW + MINUTE
EDITED = rulebook(SMALL.replace("words: [ceo]}}, points: 20", "words: [ceo]}}, points: 18"))


@pytest.fixture
def live(store: Engine, portal: Portal) -> Live:
    """Five clerks who have become CEO, as the store knows and nobody has scored."""
    live = Live(store, portal)
    live.begin(*(contact(id, {"jobtitle": "Clerk"}) for id in IDS))
    portal.show("contacts", *(contact(id, {"jobtitle": "CEO"}) for id in IDS))
    sync(store, portal, live.book, LATER)
    return live


def subject(connection: Connection, id: str) -> int:
    return int(connection.execute(select(records.c.subject).where(records.c.record_id == id)).scalar_one())


def totals(live: Live) -> dict[str, int]:
    query = select(records.c.record_id, scores.c.total).join_from(
        records, scores, scores.c.subject == records.c.subject
    )
    with reading(live.store) as connection:
        return {row.record_id: row.total for row in connection.execute(query)}


def spoil(live: Live, document: str) -> None:
    with writing(live.store) as connection:
        connection.execute(update(records).where(records.c.record_id == "2").values(document=document))


def document(live: Live) -> str:
    with reading(live.store) as connection:
        return str(connection.execute(select(records.c.document).where(records.c.record_id == "2")).scalar_one())


@pytest.mark.parametrize("book", [rulebook(), EDITED], ids=["same models", "other models"])
def test_a_person_at_whom_scoring_fails_is_put_aside_with_the_reason_and_the_neighbours_go_on(
    live: Live, book: Rulebook
) -> None:
    whole = document(live)
    spoil(live, '{"jobtitle": ')
    report = rescore(live.store, book, LATER)
    assert (report.scored, report.parked) == (4, 1)
    with reading(live.store) as connection:
        (aside,) = all_parked(connection)
        who = subject(connection, "2")
    assert (aside.job, aside.object, aside.record_id) == ("score", "subject", str(who))
    assert aside.reason.startswith("This person could not be scored: ")
    assert totals(live)["2"] == 0
    planned = make_plan(live.store, live.portal, book, LATER, live.policy)
    assert (planned.parked, sorted(row.id for row in planned.plan.rows)) == (0, ["0", "1", "3", "4"])
    spoil(live, whole)
    with writing(live.store) as connection:
        release(connection, [who], LATER)
    assert rescore(live.store, book, LATER).scored == 1
    assert totals(live)["2"] == totals(live)["1"] > 0


def test_a_plan_tells_how_many_it_had_to_put_aside(live: Live) -> None:
    spoil(live, "[]")
    planned = make_plan(live.store, live.portal, live.book, LATER, live.policy)
    assert (planned.parked, sorted(row.id for row in planned.plan.rows)) == (1, ["0", "1", "3", "4"])


def quarantined(connection: Connection, who: int) -> None:
    put_in_quarantine(connection, {who: "It loops."}, LATER)


def held(connection: Connection, who: int) -> None:
    due.hold(connection, [who], "merged", LATER)


@pytest.mark.parametrize("book", [rulebook(), EDITED], ids=["same models", "other models"])
@pytest.mark.parametrize("keep", [quarantined, held])
def test_who_is_in_quarantine_or_not_yet_read_after_a_merge_keeps_score_and_fields(
    live: Live, keep: Callable[[Connection, int], None], book: Rulebook
) -> None:
    with writing(live.store) as connection:
        who = subject(connection, "2")
        keep(connection, who)
        connection.execute(update(scores).where(scores.c.subject == who).values(wake_at=LATER))
    planned = make_plan(live.store, live.portal, book, LATER, live.policy)
    assert totals(live)["2"] == 0
    assert sorted(row.id for row in planned.plan.rows) == ["0", "1", "3", "4"]
    with writing(live.store) as connection:
        due.let_go(connection, [who])
        release(connection, [who], LATER)
    assert rescore(live.store, book, LATER).scored == 1
    assert totals(live)["2"] > 0
