"""An explanation shows the lines, what is not met, and what would raise the score most."""

import pytest
from sqlalchemy import Engine

from config.model_file import parse_model
from connectors.protocol import SeenRecord
from leadscore.jobs.explain import Raise, explain
from leadscore.jobs.imports import import_activities
from leadscore.jobs.refused import Refused
from leadscore.jobs.rescore import rescore
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.status import distribution, put_aside, status, top
from leadscore.jobs.sync import sync
from leadscore.store.errors import StoreError
from scoring.model import ScoringModel
from tests.jobs.models import SMALL, rulebook
from tests.jobs.portal import Portal
from tests.store.seen import HOUR, NOW, contact, did

DAY = 24 * HOUR


def load(text: str) -> ScoringModel:
    return parse_model(text, "a model of then")


def lines(store: Engine, book: Rulebook, who: str, at: int = NOW, *, past: bool = False) -> dict[str | None, int]:
    score = explain(store, book, who, at, past=past, load=load).score
    return {line.rule: line.points for line in score.contributions}


def test_a_person_is_explained_by_id_or_address(store: Engine, portal: Portal, book: Rulebook) -> None:
    portal.show("contacts", contact("1", {"jobtitle": "CEO"}, email="ana@b.example"))
    portal.show("activities", did("form_submission", NOW - DAY, "s1", record="1", form="Demo"))
    sync(store, portal, book, NOW)
    for who in ("1", "Ana@B.example"):
        told = explain(store, book, who, NOW)
        assert (told.person.id, told.person.email, told.score.total) == ("1", "ana@b.example", 70)
        assert told.score.next_change_at == NOW + 29 * DAY
    assert lines(store, book, "1") == {"Boss": 20, "Demo": 50}
    unmet = [rule for _, _, rule in explain(store, book, "1", NOW).unmet]
    assert unmet == ["Manager", "Student", "Software", "Bought before", "Pricing", "Webinar"]


def test_what_would_raise_a_score_most_is_counted_after_all_limits(
    store: Engine, portal: Portal, book: Rulebook
) -> None:
    portal.show("contacts", contact("1", {"jobtitle": "Manager and student", "industry": "Software"}))
    portal.show("activities", *(did("page_view", NOW - n, f"p{n}", record="1", url="/pricing") for n in (1, 2)))
    sync(store, portal, book, NOW)
    told = explain(store, book, "1", NOW)
    assert told.score.total == 55
    # Boss would give 20 - 0, of which the group's limit of 20 takes 5; of a Bought before the score's limit takes none.
    assert told.raises == (
        Raise("engagement", "Forms", "Demo", 0, 50, 50),
        Raise("fit", "Firm", "Bought before", 0, 25, 25),
        Raise("fit", "Role", "Boss", 0, 20, 15),
    )


def test_a_penalty_that_would_go_away_counts_as_a_raise(store: Engine, portal: Portal) -> None:
    text = SMALL
    for points in ("50", "30", "25", "20", "15", "10"):
        text = text.replace(f"points: {points}", "points: 1")
    portal.show("contacts", contact("1", {"jobtitle": "Student"}))
    book = rulebook(text)
    sync(store, portal, book, NOW)
    best = explain(store, book, "1", NOW).raises
    assert best[0] == Raise("fit", "Role", "Student", -10, 0, 10)
    assert [one.gain for one in best[1:]] == [1, 1]


def test_the_past_is_explained_with_the_facts_and_the_models_of_then(
    store: Engine, portal: Portal, book: Rulebook
) -> None:
    history = {"jobtitle": [("Student", NOW - 20 * DAY), ("CEO", NOW - 10 * DAY)]}
    portal.show("contacts", contact("1", {"jobtitle": "CEO"}, history=history))
    sync(store, portal, book, NOW)
    rescore(store, book, NOW)
    later = rulebook(SMALL.replace("points: 20}", "points: 12}", 1))
    rescore(store, later, NOW + DAY)
    told = {days: lines(store, later, "1", NOW + days * DAY, past=True) for days in (-21, -20, -10, 0, 1)}
    assert told == {-21: {}, -20: {"Student": -10}, -10: {"Boss": 20}, 0: {"Boss": 20}, 1: {"Boss": 12}}


def test_what_was_learned_later_was_not_known_then(store: Engine, portal: Portal, book: Rulebook) -> None:
    portal.show("contacts", contact("1", {"jobtitle": ""}, history={"jobtitle": [("", NOW - 2)]}))
    sync(store, portal, book, NOW)
    portal.show("contacts", contact("1", {"jobtitle": "CEO"}, history={"jobtitle": [("", NOW - 2), ("CEO", NOW - 1)]}))
    sync(store, portal, book, NOW + DAY)
    assert lines(store, book, "1", NOW + DAY - 1) == {}
    assert lines(store, book, "1", NOW + DAY) == {"Boss": 20}


def test_an_archived_person_is_not_explained(store: Engine, portal: Portal, book: Rulebook) -> None:
    portal.show("contacts", contact("1", {}), SeenRecord("contact", "1", {}, archived=True))
    sync(store, portal, book, NOW)
    with pytest.raises(Refused, match="archived"):
        explain(store, book, "1", NOW)


def test_activities_from_elsewhere_are_taken_in_once(store: Engine, portal: Portal, book: Rulebook) -> None:
    fair = [
        did("event_attended", NOW - DAY, "e1", email="ana@b.example", name="Fair"),
        did("event_attended", NOW - DAY, "e2", record="2", name="Fair"),
        did("event_attended", NOW - DAY, "e3", email="new@b.example", name="Fair"),
        did("event_attended", NOW - DAY, "e4", name="Fair"),
    ]
    with pytest.raises(StoreError, match="leadscore sync"):
        import_activities(store, fair, NOW)
    portal.show("contacts", contact("1", {}, email="ana@b.example"), contact("2", {}))
    sync(store, portal, book, NOW)
    first, again = import_activities(store, fair, NOW), import_activities(store, fair, NOW)
    assert (first.read, first.kept, first.waiting) == (4, 2, 1)
    assert (again.read, again.kept, again.waiting) == (4, 0, 0)
    assert [one.record_id for one in put_aside(store)] == ["e4"]
    assert lines(store, book, "1") == lines(store, book, "2") == {"Webinar": 20}


def test_the_status_and_the_best_people(store: Engine, portal: Portal, book: Rulebook) -> None:
    assert status(store, NOW).binding is None
    portal.show("contacts", *(contact(t, {"jobtitle": t}) for t in ("Cook", "Manager", "CEO", "cook")))
    portal.show("activities", did("call", NOW, "c1", email="nobody@b.example"))
    sync(store, portal, book, NOW)
    assert status(store, NOW).due == 4
    rescore(store, book, NOW)
    told = status(store, NOW)
    assert (told.records, told.due, told.unmatched) == ({"contact": 4}, 0, 1)
    assert told.bands == {"cold": 4}
    assert [stream.finished_at for stream in told.streams] == [NOW] * 5
    assert [model.name for model in told.models.models] == ["small"]
    assert distribution(store) == {0: 2, 15: 1, 20: 1}
    best = [(person.id, score.total, score.reason) for person, score in top(store, book, NOW, 2)]
    assert [one[:2] for one in best] == [("CEO", 20), ("Manager", 15)]
    assert best[0][2] is not None
    assert best[0][2].startswith("Boss")
