"""Scores follow facts, models and time, and only those who are due are touched."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from connectors.protocol import SeenRecord
from leadscore.jobs import plan as plan_module
from leadscore.jobs import rescore as rescore_module
from leadscore.jobs.plan import make_plan
from leadscore.jobs.rescore import rescore
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.sync import sync
from leadscore.store.account import note
from leadscore.store.database import open_store, reading, writing
from leadscore.store.errors import StoreError
from leadscore.store.people import find_person
from leadscore.store.scores import saved_lines
from leadscore.store.tables import records
from leadscore.store.work_tables import ledgers, scores, stage_changes
from tests.jobs.models import SMALL, rulebook
from tests.jobs.portal import Portal
from tests.store.seen import HOUR, NOW, contact, deal, did

DAY = 24 * HOUR
DEMO = {"form": "Demo"}


def totals(store: Engine) -> dict[str, int | None]:
    with reading(store) as connection:
        query = select(records.c.record_id, scores.c.total).join_from(
            records, scores, scores.c.subject == records.c.subject
        )
        return {row.record_id: row.total for row in connection.execute(query)}


def read(store: Engine, portal: Portal, book: Rulebook, now: int = NOW) -> None:
    sync(store, portal, book, now)
    rescore(store, book, now)


def test_everybody_is_scored_once_and_then_only_who_is_due(store: Engine, portal: Portal, book: Rulebook) -> None:
    portal.show("contacts", contact("1", {"jobtitle": "CEO"}), contact("2", {"jobtitle": "Student"}))
    portal.show("deals", deal("7", ["1"], ("won", 5)))
    sync(store, portal, book, NOW)
    first = rescore(store, book, NOW)
    assert (first.scored, first.model_changed) == (2, True)
    assert totals(store) == {"1": 45, "2": -10}
    assert rescore(store, book, NOW).scored == 0
    portal.show("contacts", contact("2", {"jobtitle": "CEO"}))
    sync(store, portal, book, NOW + 1)
    again = rescore(store, book, NOW + 1)
    assert (again.scored, again.model_changed) == (1, False)
    assert totals(store) == {"1": 45, "2": 20}


def test_a_score_falls_at_its_instant_and_not_before(store: Engine, portal: Portal, book: Rulebook) -> None:
    portal.show("contacts", contact("1", {}), contact("2", {}))
    portal.show("activities", did("form_submission", NOW - DAY, "s1", record="1", **DEMO))
    read(store, portal, book)
    falls = NOW - DAY + 30 * DAY
    assert rescore(store, book, falls - 1).scored == 0
    assert rescore(store, book, falls).scored == 1
    assert totals(store) == {"1": 25, "2": 0}
    assert rescore(store, book, falls + 30 * DAY).scored == 1
    assert totals(store) == {"1": 0, "2": 0}


def test_a_fact_of_the_future_counts_when_its_time_comes(store: Engine, portal: Portal, book: Rulebook) -> None:
    portal.show("contacts", contact("1", {"jobtitle": "CEO"}, history={"jobtitle": [("CEO", NOW + DAY)]}))
    portal.show("activities", did("event_attended", NOW + 2 * DAY, "e1", record="1", name="Fair"))
    read(store, portal, book)
    told = {}
    for at in (NOW + DAY - 1, NOW + DAY, NOW + 2 * DAY - 1, NOW + 2 * DAY):
        rescore(store, book, at)
        told[at - NOW] = totals(store)["1"]
    assert list(told.values()) == [0, 20, 20, 40]


def test_other_models_score_everybody_anew(store: Engine, portal: Portal, book: Rulebook) -> None:
    portal.show("contacts", contact("1", {"jobtitle": "CEO"}), contact("2", {"jobtitle": "Manager"}))
    read(store, portal, book)
    edited = rulebook(
        SMALL.replace(
            "{name: Boss, when: {title: {words: [ceo]}}, points: 20}",
            "{name: Boss, when: {title: {words: [ceo]}}, points: 18}",
        )
    )
    report = rescore(store, edited, NOW)
    assert (report.scored, report.model_changed) == (2, True)
    assert totals(store) == {"1": 18, "2": 15}
    relabelled = rulebook("# a comment\n" + SMALL.replace("name: small", "name: small\ndescription: the same"))
    rescore(store, book, NOW)
    assert rescore(store, relabelled, NOW).scored == 0


def test_the_first_model_that_is_for_a_person_scores_them_and_without_one_there_is_no_score(
    store: Engine, portal: Portal
) -> None:
    first = SMALL.replace("name: small", "name: bosses\nfor: {title: {words: [ceo]}}")
    second = SMALL.replace("name: small", "name: managers\nfor: {title: {words: [manager]}}")
    book = rulebook(first, second)
    portal.show("contacts", *(contact(t, {"jobtitle": t}) for t in ("CEO", "Manager", "Cook")))
    read(store, portal, book)
    with reading(store) as connection:
        query = select(records.c.record_id, scores.c.model).join_from(
            records, scores, scores.c.subject == records.c.subject
        )
        assert {row[0]: row[1] for row in connection.execute(query)} == {
            "CEO": "bosses",
            "Manager": "managers",
            "Cook": None,
        }


def test_an_archived_person_has_no_score_any_more(store: Engine, portal: Portal, book: Rulebook) -> None:
    portal.show("contacts", contact("1", {"jobtitle": "CEO"}), contact("2", {}))
    read(store, portal, book)
    portal.show("contacts", SeenRecord("contact", "1", {}, archived=True))
    sync(store, portal, book, NOW)
    assert rescore(store, book, NOW).removed == 1
    assert totals(store) == {"2": 0}
    assert rescore(store, book, NOW).removed == 0


def test_the_lines_and_the_changes_of_stage_are_kept(store: Engine, portal: Portal, book: Rulebook) -> None:
    portal.show("contacts", contact("1", {"jobtitle": "Manager"}))
    read(store, portal, book)
    portal.show("activities", did("form_submission", NOW + 5, "s1", record="1", **DEMO))
    read(store, portal, book, NOW + 10)
    with reading(store) as connection:
        person = find_person(connection, "1")
        assert person is not None
        lines = saved_lines(connection, person.subject) or ()
        changes = connection.execute(select(stage_changes)).all()
    assert [(line.rule, line.points) for line in lines] == [("Manager", 15), ("Demo", 50)]
    assert [(row.at, row.before, row.after) for row in changes] == [(NOW + 10, None, "sql")]


def test_who_comes_after_the_first_apply_enters_the_stage_of_the_first_score(
    store: Engine, portal: Portal, book: Rulebook
) -> None:
    portal.show("contacts", contact("1", {"jobtitle": "CEO"}))
    portal.show("activities", did("form_submission", NOW, "s1", record="1", **DEMO))
    read(store, portal, book)
    with writing(store) as connection:
        note(connection, baseline_at=NOW)
    portal.show("contacts", contact("2", {"jobtitle": "CEO"}), contact("3", {}))
    portal.show("activities", did("form_submission", NOW + 5, "s2", record="2", **DEMO))
    read(store, portal, book, NOW + 10)
    with reading(store) as connection:
        person = find_person(connection, "2")
        changes = connection.execute(select(stage_changes)).all()
    assert person is not None
    assert [tuple(row) for row in changes] == [(person.subject, NOW + 10, None, "sql")]


def test_a_stage_that_ages_alone_take_away_wakes_the_person_though_the_score_stays(
    store: Engine, portal: Portal
) -> None:
    seen = SMALL.replace("fields:", "fields:\n  visited: {type: datetime, hubspot: visited}").replace(
        "when: {total: {at_least: 35}}", "when: {visited: {within: 10 days}}"
    )
    book = rulebook(seen.replace("decay: {lose: 50%, every: 30 days}", ""))
    portal.show("contacts", contact("1", {"jobtitle": "CEO", "visited": str(NOW - DAY)}))
    portal.show("activities", did("form_submission", NOW, "s1", record="1", **DEMO))
    read(store, portal, book)
    with reading(store) as connection:
        row = connection.execute(select(scores.c.stage, scores.c.next_change_at, scores.c.wake_at)).one()
    assert tuple(row) == ("sql", None, NOW + 9 * DAY)


def test_an_empty_store_is_told_to_sync_first(store: Engine, book: Rulebook) -> None:
    with pytest.raises(StoreError, match="leadscore sync"):
        rescore(store, book, NOW)


def dump(store: Engine) -> Mapping[str, list[tuple[object, ...]]]:
    with reading(store) as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(table.c.subject))]
            for table in (scores, ledgers)
        }


def test_two_processes_come_to_the_same_scores_and_plan_as_one(
    tmp_path: Path, store: Engine, portal: Portal, book: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal.page_size = 100
    titles = ("CEO", "Manager", "Student", "")
    views = [did("page_view", NOW - n * HOUR, f"p{n}", record=str(n % 60), url="/pricing") for n in range(200)]
    portal.show("contacts", *(contact(str(n), {"jobtitle": titles[n % 4]}) for n in range(60)))
    portal.show("activities", *views)
    monkeypatch.setattr(rescore_module, "MUCH", 10)
    monkeypatch.setattr(plan_module, "MUCH", 10)
    alone = open_store(f"sqlite:///{tmp_path / 'alone.db'}")
    results = []
    for engine, processes in ((alone, 1), (store, 2)):
        sync(engine, portal, book, NOW)
        assert rescore(engine, book, NOW, processes=processes).scored == 60
        results.append((dump(engine), make_plan(engine, portal, book, NOW, processes=processes).plan))
    alone.dispose()
    assert results[0] == results[1]
    assert len(results[0][1].rows) > 40
