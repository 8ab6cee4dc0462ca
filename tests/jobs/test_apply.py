"""An apply writes exactly its plan, stops where a person must decide, and goes on where it was cut."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import Engine

from connectors.errors import RetryLater
from connectors.plan import WritePlan
from connectors.protocol import RecordWrite, WriteAnswer
from leadscore.jobs.apply import ApplyReport, Skipped, apply_plan
from leadscore.jobs.plan import make_plan
from leadscore.jobs.refused import ConfirmationNeeded, FuseBlown, StalePlan
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.status import put_aside, status
from leadscore.jobs.sync import sync
from leadscore.store.errors import StoreError
from tests.jobs.models import SMALL, rulebook
from tests.jobs.portal import ACCOUNT, Portal
from tests.store.seen import HOUR, NOW, contact, did

DAY = 24 * HOUR


def planned(store: Engine, portal: Portal, book: Rulebook, now: int = NOW) -> WritePlan:
    portal.page_size = 500
    sync(store, portal, book, now)
    return make_plan(store, portal, book, now).plan


def bosses(portal: Portal, many: int) -> None:
    portal.show("contacts", *(contact(str(n), {"jobtitle": "CEO"}) for n in range(many)))


def test_a_plan_is_written_in_calls_of_100(store: Engine, portal: Portal, book: Rulebook) -> None:
    bosses(portal, 230)
    seen: list[tuple[int, int]] = []
    plan = planned(store, portal, book)
    report = apply_plan(store, portal, portal, plan, book, NOW, progress=lambda done, of: seen.append((done, of)))
    assert (report.written, report.complete) == (230, True)
    assert sorted(len(batch) for batch in portal.writes) == [30, 100, 100]
    assert seen[-1] == (230, 230)
    values = {write.id: write.values for batch in portal.writes for write in batch}
    assert values == {row.id: row.values for row in plan.rows}


def test_the_same_plan_again_writes_nothing(store: Engine, portal: Portal, book: Rulebook) -> None:
    bosses(portal, 3)
    plan = planned(store, portal, book)
    apply_plan(store, portal, portal, plan, book, NOW)
    again = apply_plan(store, portal, portal, plan, book, NOW)
    assert (again.written, again.already) == (0, 3)
    assert len(portal.writes) == 1


def test_a_value_that_somebody_changed_since_is_left_alone_and_reported(
    store: Engine, portal: Portal, book: Rulebook
) -> None:
    bosses(portal, 2)
    plan = planned(store, portal, book)
    portal.outputs_held["1"]["total"] = "7"
    report = apply_plan(store, portal, portal, plan, book, NOW)
    assert report.skipped == [Skipped("1", "total", "", "7")]
    assert (report.written, report.complete) == (1, False)
    assert portal.outputs_held["1"] == {"total": "7"}
    (row,) = make_plan(store, portal, book, NOW).plan.rows
    change = row.change("total")
    assert change is not None
    assert (change.old, change.new) == ("7", "20")


def test_a_refused_row_is_put_aside_with_the_crms_words_and_its_neighbours_are_written(
    store: Engine, portal: Portal, book: Rulebook
) -> None:
    bosses(portal, 3)
    plan = planned(store, portal, book)
    portal.refuses["1"] = "Property values were not valid"
    report = apply_plan(store, portal, portal, plan, book, NOW)
    assert (report.written, report.rejected) == (2, [("1", "Property values were not valid")])
    (aside,) = put_aside(store)
    assert (aside.job, aside.record_id, aside.reason) == ("apply", "1", "Property values were not valid")
    assert '"total":"20"' in aside.content


def test_a_record_that_is_gone_is_missing(store: Engine, portal: Portal, book: Rulebook) -> None:
    bosses(portal, 2)
    plan = planned(store, portal, book)
    del portal.outputs_held["1"]
    report = apply_plan(store, portal, portal, plan, book, NOW)
    assert (report.written, report.missing) == (1, ["1"])


def test_a_plan_of_other_models_is_stale(store: Engine, portal: Portal, book: Rulebook) -> None:
    bosses(portal, 1)
    plan = planned(store, portal, book)
    with pytest.raises(StalePlan, match="models were changed"):
        apply_plan(store, portal, portal, plan, rulebook(SMALL.replace("points: 30", "points: 31")), NOW)
    assert portal.writes == []


def test_a_plan_of_another_account_is_refused(store: Engine, portal: Portal, book: Rulebook) -> None:
    bosses(portal, 1)
    plan = planned(store, portal, book)
    with pytest.raises(StalePlan, match="hubspot account 815"):
        apply_plan(store, portal, portal, replace(plan, account="815"), book, NOW)
    portal.identity = replace(ACCOUNT, id="815")
    with pytest.raises(StoreError, match="4711"):
        apply_plan(store, portal, portal, plan, book, NOW)
    assert portal.writes == []


def test_a_baseline_plan_is_stale_once_another_one_was_applied(store: Engine, portal: Portal, book: Rulebook) -> None:
    bosses(portal, 1)
    old = planned(store, portal, book)
    newer = planned(store, portal, book, NOW + 1)
    apply_plan(store, portal, portal, newer, book, NOW + 1)
    with pytest.raises(StalePlan, match="before the first apply"):
        apply_plan(store, portal, portal, old, book, NOW + 2)


def test_the_first_write_to_a_production_account_needs_its_id(store: Engine, portal: Portal, book: Rulebook) -> None:
    portal.identity = replace(ACCOUNT, kind="production")
    bosses(portal, 1)
    plan = planned(store, portal, book)
    for given in (None, "4712"):
        with pytest.raises(ConfirmationNeeded, match="first write to the production account Acme") as refused:
            apply_plan(store, portal, portal, plan, book, NOW, confirmed_account=given)
        assert refused.value.account == "4711"
    assert portal.writes == []
    assert apply_plan(store, portal, portal, plan, book, NOW, confirmed_account="4711").written == 1
    portal.show("contacts", contact("0", {"jobtitle": "Manager"}))
    assert apply_plan(store, portal, portal, planned(store, portal, book, NOW + 1), book, NOW + 1).written == 1


def after_baseline(store: Engine, portal: Portal, book: Rulebook, many: int, moving: int) -> WritePlan:
    """`many` people are written; then `moving` of them cross into a stage."""
    bosses(portal, many)
    first = planned(store, portal, book)
    assert first.baseline
    apply_plan(store, portal, portal, first, book, NOW)
    portal.show(
        "activities", *(did("form_submission", NOW, f"s{n}", record=str(n), form="Demo") for n in range(moving))
    )
    return planned(store, portal, book, NOW + 1)


def test_a_flood_of_stage_changes_blows_the_fuse_and_force_goes_on(
    store: Engine, portal: Portal, book: Rulebook
) -> None:
    plan = after_baseline(store, portal, book, 60, 51)
    assert not plan.baseline
    with pytest.raises(FuseBlown, match="51 of 60"):
        apply_plan(store, portal, portal, plan, book, NOW + 1)
    assert len(portal.writes) == 1
    assert apply_plan(store, portal, portal, plan, book, NOW + 1, force=True).written == 51
    newest, refused, *_ = [run for run in status(store, NOW).runs if run.job == "apply"]
    assert (newest.outcome, newest.trace["forced"]) == ("done", True)
    assert refused.outcome == "refused"
    assert "51 of 60" in str(refused.trace["fuse"])


def test_the_fuse_counts_what_moved_within_a_day_and_forgets_it_then(
    store: Engine, portal: Portal, book: Rulebook
) -> None:
    plan = after_baseline(store, portal, book, 60, 40)
    apply_plan(store, portal, portal, plan, book, NOW + 1)
    more = [did("form_submission", NOW + 1, f"t{n}", record=str(n), form="Demo") for n in range(40, 55)]
    portal.show("activities", *more)
    second = planned(store, portal, book, NOW + 2)
    with pytest.raises(FuseBlown, match="40 of them already"):
        apply_plan(store, portal, portal, second, book, NOW + 2)
    later = NOW + DAY + 2
    assert apply_plan(store, portal, portal, planned(store, portal, book, later), book, later).written == 15


def test_the_first_plan_moves_everybody_and_no_fuse_stops_it(store: Engine, portal: Portal, book: Rulebook) -> None:
    portal.show("activities", *(did("form_submission", NOW, f"s{n}", record=str(n), form="Demo") for n in range(60)))
    bosses(portal, 60)
    assert apply_plan(store, portal, portal, planned(store, portal, book), book, NOW).written == 60


@pytest.mark.parametrize("calls", [0, 2, 7])
def test_an_apply_that_is_cut_goes_on_where_it_was(store: Engine, portal: Portal, book: Rulebook, calls: int) -> None:
    bosses(portal, 90)
    portal.batch = 10
    plan = planned(store, portal, book)
    portal.failure, portal.fails_after = RetryLater("HubSpot does not answer. Try again later."), calls
    with pytest.raises(RetryLater):
        apply_plan(store, portal, portal, plan, book, NOW)
    report = apply_plan(store, portal, portal, plan, book, NOW)
    assert report.written + report.already == 90
    assert report.already >= calls * 10
    assert sorted(write.id for batch in portal.writes for write in batch) == sorted(row.id for row in plan.rows)
    assert make_plan(store, portal, book, NOW).plan.rows == ()
    assert [run.outcome for run in status(store, NOW).runs if run.job == "apply"] == ["done", "stopped"]


def test_a_write_that_landed_before_the_cut_is_recognised(store: Engine, portal: Portal, book: Rulebook) -> None:
    bosses(portal, 150)
    plan = planned(store, portal, book)

    class Cut(Portal):
        def write(self, writes: Sequence[RecordWrite]) -> tuple[WriteAnswer, ...]:
            portal.write(writes)
            raise RetryLater("The connection broke after the call was sent. Try again.")

    with pytest.raises(RetryLater):
        apply_plan(store, portal, Cut(), plan, book, NOW)
    report = apply_plan(store, portal, portal, plan, book, NOW)
    assert (report.already, report.written, report.skipped) == (150, 0, [])
    assert sorted(len(batch) for batch in portal.writes) == [50, 100]


def test_a_report_with_something_left_over_is_not_complete() -> None:
    assert ApplyReport(written=3).complete
    assert not ApplyReport(missing=["1"]).complete
