"""Commands that score beside a service, or before its start, keep nothing from the CRM that the service would tell."""

import pytest
from sqlalchemy import Engine, func, select

from leadscore.jobs.apply import apply_plan
from leadscore.jobs.plan import make_plan
from leadscore.jobs.rescore import rescore
from leadscore.jobs.sync import sync
from leadscore.store.database import reading
from leadscore.store.work_tables import due
from tests.jobs.live import MINUTE, Live
from tests.jobs.models import SMALL, rulebook
from tests.jobs.portal import Portal
from tests.store.seen import HOUR, NOW, contact, did

DAY = 24 * HOUR


@pytest.fixture
def live(store: Engine, portal: Portal) -> Live:
    live = Live(store, portal)
    live.begin(contact("1", {"jobtitle": "Clerk"}), contact("2", {"jobtitle": "CEO"}))
    return live


def waiting(live: Live) -> int:
    with reading(live.store) as connection:
        return connection.execute(select(func.count()).select_from(due)).scalar_one()


def promote(live: Live, now: int) -> None:
    """Somebody becomes CEO, and a sync by hand reads and scores it."""
    live.portal.show("contacts", contact("1", {"jobtitle": "CEO"}))
    sync(live.store, live.portal, live.book, now)
    rescore(live.store, live.book, now)


def test_what_a_sync_by_hand_has_scored_is_written_by_the_service(live: Live) -> None:
    promote(live, NOW + MINUTE)
    live.settle(NOW + 2 * MINUTE)
    assert live.portal.outputs_held["1"]["total"] == "20"
    assert live.writes().keys() == {"1"}
    assert waiting(live) == 0


def test_looking_at_a_plan_takes_nothing_away_from_the_service(live: Live) -> None:
    promote(live, NOW + MINUTE)
    for later in (2, 3):
        make_plan(live.store, live.portal, live.book, NOW + later * MINUTE, live.policy)
    live.settle(NOW + 4 * MINUTE)
    assert live.portal.outputs_held["1"]["total"] == "20"


def test_a_score_that_time_alone_has_changed_is_written_too(live: Live) -> None:
    live.portal.show("activities", did("form_submission", NOW, "s1", record="2", form="Demo"))
    sync(live.store, live.portal, live.book, NOW + MINUTE)
    live.settle(NOW + MINUTE)
    assert live.portal.outputs_held["2"]["total"] == "70"
    rescore(live.store, live.book, NOW + 70 * DAY)
    live.settle(NOW + 70 * DAY)
    assert live.portal.outputs_held["2"]["total"] == "20"


def test_after_an_apply_nobody_is_left_to_be_looked_at(live: Live) -> None:
    promote(live, NOW + MINUTE)
    assert waiting(live) == 1
    now = NOW + 2 * MINUTE
    plan = make_plan(live.store, live.portal, live.book, now, live.policy).plan
    apply_plan(live.store, live.portal, live.portal, plan, live.book, now)
    assert live.portal.outputs_held["1"]["total"] == "20"
    assert waiting(live) == 0


def test_what_happens_between_a_plan_and_its_apply_stays_to_be_done(live: Live) -> None:
    promote(live, NOW + MINUTE)
    plan = make_plan(live.store, live.portal, live.book, NOW + 2 * MINUTE, live.policy).plan
    live.portal.show("contacts", contact("1", {"jobtitle": "Clerk"}))
    sync(live.store, live.portal, live.book, NOW + 3 * MINUTE)
    apply_plan(live.store, live.portal, live.portal, plan, live.book, NOW + 4 * MINUTE)
    assert waiting(live) == 1
    live.settle(NOW + 5 * MINUTE)
    assert live.portal.outputs_held["1"]["total"] == "0"


def test_other_models_are_written_by_nobody_but_an_apply(live: Live) -> None:
    rescore(live.store, rulebook(SMALL.replace("points: 20}", "points: 19}")), NOW + MINUTE)
    assert waiting(live) == 0
