"""A plan lists exactly the differences that are worth a write."""

import pytest
from sqlalchemy import Engine

from connectors.outputs import output_values
from connectors.protocol import Capability, SeenRecord
from leadscore.jobs.apply import apply_plan
from leadscore.jobs.explain import explain
from leadscore.jobs.plan import make_plan, output_words
from leadscore.jobs.refused import Refused
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.sync import sync
from leadscore.jobs.writing_policy import WritePolicy
from tests.jobs.models import SMALL, rulebook
from tests.jobs.portal import Portal
from tests.store.seen import HOUR, NOW, contact, did

DAY = 24 * HOUR


def write_all(store: Engine, portal: Portal, book: Rulebook, now: int = NOW, policy: WritePolicy | None = None) -> int:
    sync(store, portal, book, now)
    plan = make_plan(store, portal, book, now, policy).plan
    apply_plan(store, portal, portal, plan, book, now)
    return len(plan.rows)


def test_after_an_apply_the_crm_holds_what_the_scorer_says_and_a_second_plan_is_empty(
    store: Engine, portal: Portal, book: Rulebook
) -> None:
    portal.show(
        "contacts",
        contact("1", {"jobtitle": "CEO"}),
        contact("2", {"jobtitle": "Student"}),
        contact("3", {"jobtitle": "Cook"}),
    )
    portal.show("activities", did("form_submission", NOW - DAY, "s1", record="1", form="Demo"))
    assert write_all(store, portal, book) == 2
    for id in ("1", "2"):
        score = explain(store, book, id, NOW).score
        expected = {word: text for word, text in output_values(score, output_words(book)).items() if text}
        assert {word: text for word, text in portal.outputs_held[id].items() if text} == expected
    assert portal.outputs_held["1"]["reason"].startswith("Demo")
    assert portal.outputs_held["1"]["scored_at"] == str(NOW)
    assert portal.outputs_held["3"] == {}
    assert make_plan(store, portal, book, NOW).plan.rows == ()


def test_people_whom_no_rule_ever_touched_stay_empty_unless_asked(
    store: Engine, portal: Portal, book: Rulebook
) -> None:
    portal.show("contacts", contact("1", {"jobtitle": "Cook"}), contact("2", {"jobtitle": "CEO"}))
    assert write_all(store, portal, book) == 1
    assert write_all(store, portal, book, policy=WritePolicy(untouched=True)) == 1
    assert portal.outputs_held["1"]["total"] == "0"


def test_who_was_touched_once_is_written_down_to_0(store: Engine, portal: Portal, book: Rulebook) -> None:
    portal.show("contacts", contact("1", {"jobtitle": "CEO"}))
    write_all(store, portal, book)
    portal.show("contacts", contact("1", {"jobtitle": "Cook"}))
    assert write_all(store, portal, book) == 1
    assert portal.outputs_held["1"]["total"] == "0"


def test_a_person_whom_no_model_is_for_any_more_is_emptied(store: Engine, portal: Portal) -> None:
    book = rulebook(SMALL.replace("name: small", "name: small\nfor: {title: {words: [ceo]}}"))
    portal.show("contacts", contact("1", {"jobtitle": "CEO"}))
    write_all(store, portal, book)
    portal.show("contacts", contact("1", {"jobtitle": "Cook"}))
    assert write_all(store, portal, book) == 1
    assert set(portal.outputs_held["1"].values()) == {""}


def test_riders_go_along_and_never_cause_a_write(store: Engine, portal: Portal, book: Rulebook) -> None:
    portal.show("contacts", contact("1", {"jobtitle": "CEO"}))
    write_all(store, portal, book)
    portal.show("activities", did("form_submission", NOW - 70 * DAY, "s0", record="1", form="Demo"))
    sync(store, portal, book, NOW + 1)
    assert make_plan(store, portal, book, NOW + 1).plan.rows == ()
    portal.show("activities", did("form_submission", NOW, "s1", record="1", form="Demo"))
    sync(store, portal, book, NOW + 2)
    (row,) = make_plan(store, portal, book, NOW + 2).plan.rows
    words = {change.word for change in row.changes}
    assert words == {
        "total",
        "score_engagement",
        "band",
        "grade_band",
        "stage",
        "first_sql_at",
        "last_sql_at",
        "reason",
        "scored_at",
        "next_change_at",
    }


@pytest.mark.parametrize(("step", "written"), [(1, 1), (10, 1), (11, 0)])
def test_numbers_that_only_time_moves_wait_for_a_whole_step(
    store: Engine, portal: Portal, book: Rulebook, step: int, written: int
) -> None:
    views = [did("page_view", NOW - n * DAY, f"p{n}", record="1", url="/pricing") for n in (1, 2)]
    portal.show("contacts", contact("1", {}))
    portal.show("activities", *views)
    write_all(store, portal, book)
    policy = WritePolicy(write_step=step)
    assert len(make_plan(store, portal, book, NOW + 28 * DAY, policy).plan.rows) == written


def test_a_fact_moves_numbers_at_once_and_time_moves_a_band_at_once(
    store: Engine, portal: Portal, book: Rulebook
) -> None:
    policy = WritePolicy(write_step=1000)
    portal.show("contacts", contact("1", {"jobtitle": "Manager"}))
    portal.show("activities", did("page_view", NOW, "p0", record="1", url="/pricing"))
    write_all(store, portal, book, policy=policy)
    portal.show("activities", did("page_view", NOW + 1, "p1", record="1", url="/pricing"))
    assert write_all(store, portal, book, NOW + 1, policy) == 1
    assert portal.outputs_held["1"]["band"] == "warm"
    (row,) = make_plan(store, portal, book, NOW + 30 * DAY, policy).plan.rows
    assert row.change("band") is not None


def test_a_plan_counts_rules_calls_and_moves(store: Engine, portal: Portal, book: Rulebook) -> None:
    portal.page_size = 500
    portal.show("contacts", *(contact(str(n), {"jobtitle": "CEO" if n else "Student"}) for n in range(150)))
    portal.abilities = (
        Capability("events", False, "This tier has no web events.", ("page_view", "event_attended"), "Upgrade."),
        Capability("meetings", True, activities=("event_attended",)),
    )
    sync(store, portal, book, NOW)
    report = make_plan(store, portal, book, NOW)
    assert report.calls == 2
    assert report.bands == {("", "cold"): 150}
    counts = {one.rule: (one.subjects, one.of, one.flag) for one in report.rules}
    assert counts["Boss"] == (149, 150, "nearly all")
    assert counts["Student"] == (1, 150, None)
    assert counts["Manager"] == (0, 150, "never")
    assert report.mute == {"small: Pricing": "This tier has no web events. Upgrade."}
    plan = report.plan
    assert (plan.account, plan.account_name, plan.known, plan.baseline, plan.as_of) == ("4711", "Acme", 150, True, NOW)


def test_a_type_that_was_imported_is_not_mute(store: Engine, portal: Portal, book: Rulebook) -> None:
    portal.abilities = (Capability("events", False, "No events.", ("page_view", "event_attended")),)
    portal.show("contacts", contact("1", {}))
    portal.show("activities", did("page_view", NOW, "p", record="1", url="/"))
    sync(store, portal, book, NOW)
    assert set(make_plan(store, portal, book, NOW).mute) == {"small: Webinar"}


def test_old_values_are_those_of_the_crm_and_not_what_we_once_wrote(
    store: Engine, portal: Portal, book: Rulebook
) -> None:
    portal.show("contacts", contact("1", {"jobtitle": "CEO"}))
    write_all(store, portal, book)
    portal.outputs_held["1"]["total"] = "99"
    portal.show("contacts", contact("1", {"jobtitle": "Manager"}))
    sync(store, portal, book, NOW)
    (row,) = make_plan(store, portal, book, NOW).plan.rows
    change = row.change("total")
    assert change is not None
    assert (change.old, change.new) == ("99", "15")


def test_a_fresh_store_over_a_written_crm_plans_nothing_that_is_there_already(
    store: Engine, portal: Portal, book: Rulebook
) -> None:
    portal.show("contacts", contact("1", {"jobtitle": "CEO"}))
    sync(store, portal, book, NOW)
    portal.outputs_held["1"] = output_values(explain(store, book, "1", NOW).score, output_words(book))
    assert make_plan(store, portal, book, NOW).plan.rows == ()


def test_a_record_that_the_crm_no_longer_has_is_named_and_not_planned(
    store: Engine, portal: Portal, book: Rulebook
) -> None:
    portal.show("contacts", contact("1", {"jobtitle": "CEO"}), contact("2", {"jobtitle": "CEO"}))
    sync(store, portal, book, NOW)
    del portal.outputs_held["1"]
    report = make_plan(store, portal, book, NOW)
    assert report.missing == ("1",)
    assert [row.id for row in report.plan.rows] == ["2"]


def test_an_archived_person_is_not_planned(store: Engine, portal: Portal, book: Rulebook) -> None:
    portal.show("contacts", contact("1", {"jobtitle": "CEO"}), SeenRecord("contact", "1", {}, archived=True))
    sync(store, portal, book, NOW)
    assert make_plan(store, portal, book, NOW).plan.rows == ()


def test_nothing_is_planned_over_a_portal_without_anybody(store: Engine, portal: Portal, book: Rulebook) -> None:
    sync(store, portal, book, NOW)
    report = make_plan(store, portal, book, NOW)
    assert (report.plan.rows, report.plan.known, report.calls) == ((), 0, 0)


def test_a_plan_without_a_reader_trusts_what_was_written(store: Engine, portal: Portal, book: Rulebook) -> None:
    portal.show("contacts", contact("1", {"jobtitle": "CEO"}))
    write_all(store, portal, book)
    assert make_plan(store, None, book, NOW).plan.rows == ()


def test_nobody_is_explained_by_an_unknown_name(store: Engine, portal: Portal, book: Rulebook) -> None:
    sync(store, portal, book, NOW)
    with pytest.raises(Refused, match=r"Nobody is known as 'x@y\.example'"):
        explain(store, book, "x@y.example", NOW)
