"""Activities find their people, once each; forms and lists keep their times."""

from dataclasses import replace

from sqlalchemy import Engine, select

from connectors.protocol import SeenForm, SeenList
from leadscore.store import tables
from leadscore.store.batch import insert_new
from leadscore.store.database import reading, writing
from leadscore.store.parked import all_parked, count_parked
from scoring.facts import Answer, Membership
from tests.store.seen import HOUR, NOW, contact, current, did, due, everything, keep, places, settle, subject_of

LATER = NOW + HOUR


def done(store: Engine, who: str) -> list[tuple[str, int, int | None]]:
    return [(a.kind.type, a.occurred_at, a.learned_at) for a in everything(store, who).activities]


def test_an_activity_finds_its_person_by_record_or_by_address(store: Engine) -> None:
    keep(store, contact("1", {}, email="ana@b.example"))
    keep(
        store,
        did("page_view", 5, "p1", record="1", url="https://x.example/pricing"),
        did("form_submission", 6, "s1", email="ana@b.example", form="Demo"),
        stream="activities",
    )
    assert done(store, "1") == [("page_view", 5, None), ("form_submission", 6, None)]
    found = current(store, "1")
    assert found is not None
    assert set(found.facts.activities) == set(everything(store, "1").activities)


def test_an_activity_waits_for_its_person_and_then_makes_them_due(store: Engine) -> None:
    keep(store, did("form_submission", 6, "s1", email="ana@b.example", form="Demo"), contact("1", {}))
    settle(store)
    keep(store, contact("1", {"email": "ana@b.example"}, email="ana@b.example"))
    assert done(store, "1") == [("form_submission", 6, None)]
    assert due(store) == {"1"}
    with reading(store) as connection:
        assert connection.execute(select(tables.unmatched)).all() == []


def test_a_further_address_of_a_person_finds_them_too(store: Engine) -> None:
    """One form was sent before we heard of the address, one after; a record's own address comes first."""
    keep(store, did("form_submission", 6, "s1", email="ana@home.example", form="Demo"), contact("1", {}))
    settle(store)
    keep(store, replace(contact("1", {}, email="ana@b.example"), other_emails=("ana@home.example", "a@old.example")))
    keep(store, did("form_submission", 7, "s2", email="a@old.example", form="Demo"))
    assert [at for _type, at, _learned in done(store, "1")] == [6, 7]
    assert due(store) == {"1"}
    keep(store, replace(contact("1", {}, email="ana@b.example"), other_emails=()))
    keep(store, contact("2", {}, email="a@old.example"))
    keep(store, did("form_submission", 8, "s3", email="a@old.example", form="Demo"))
    assert [at for _type, at, _learned in done(store, "2")] == [8]


def test_an_activity_that_names_nobody_is_put_aside_and_its_neighbours_are_kept(store: Engine) -> None:
    keep(store, contact("1", {}), did("call", 5, "c1"), did("call", 6, "c2", record="1"))
    assert done(store, "1") == [("call", 6, None)]
    with reading(store) as connection:
        assert count_parked(connection) == {"sync": 1}
        (aside,) = all_parked(connection)
    assert (aside.object, aside.record_id) == ("call", "c1")
    assert "names neither" in aside.reason


def test_an_activity_read_later_was_learned_later(store: Engine) -> None:
    keep(store, contact("1", {}))
    keep(store, did("call", 5, "c1", record="1"), stream="calls")
    keep(store, did("call", 5, "c1", record="1"), did("call", 7, "c2", record="1"), stream="calls", now=LATER)
    assert done(store, "1") == [("call", 5, None), ("call", 7, LATER)]


def test_a_person_with_answers_is_read_with_all_of_their_past(store: Engine) -> None:
    keep(store, contact("1", {"jobtitle": "CEO"}, history={"jobtitle": [("CTO", 5), ("CEO", 9)]}), contact("2", {}))
    answer = (subject_of(store, "1"), 1, 7, "Not ready", "rep@b.example", "too early", None)
    with writing(store) as connection:
        columns = ("subject", "record", "at", "answer", "author", "note", "learned_at")
        insert_new(connection, tables.answers, columns, [answer, answer])
    found = current(store, "1", places(title="jobtitle"))
    assert found is not None
    assert found.facts.answers == (Answer("Not ready", 7, "rep@b.example", "too early"),)
    assert [(v.value, v.valid_at) for v in found.facts.history] == [("CTO", 5), ("CEO", 9)]
    assert found.facts.current == {}


def test_an_activity_from_the_future_wakes_the_person_when_it_comes(store: Engine) -> None:
    keep(store, contact("1", {}), did("event_registered", LATER, "e1", record="1", name="Fair"))
    found = current(store, "1")
    assert found is not None
    assert found.arrives == LATER


def test_a_kind_is_kept_once_and_is_one_object_in_memory(store: Engine) -> None:
    views = [did("page_view", at, f"p{at}", record="1", url="https://x.example/") for at in (1, 2, 3)]
    keep(store, contact("1", {}), *views)
    with reading(store) as connection:
        assert len(connection.execute(select(tables.kinds)).all()) == 1
    found = current(store, "1")
    assert found is not None
    assert len({id(activity.kind) for activity in found.facts.activities}) == 1


def test_a_form_has_the_name_that_it_had_when_it_was_submitted(store: Engine) -> None:
    keep(store, contact("1", {}), SeenForm("f", "Get a demo"))
    keep(store, SeenForm("f", "Talk to us"), now=LATER)
    keep(
        store,
        did("form_submission", 5, "s1", record="1", form_id="f", form="Talk to us"),
        did("form_submission", LATER, "s2", record="1", form_id="f", form="Talk to us"),
        did("form_submission", 6, "s3", record="1", form_id="unknown", form="As the CRM says"),
        now=LATER,
    )
    names = {a.id: dict(a.kind.details)["form"] for a in everything(store, "1").activities}
    assert names == {"s1": "Get a demo", "s2": "Talk to us", "s3": "As the CRM says"}


def test_everybody_is_on_a_list_or_not_once_it_was_read(store: Engine) -> None:
    keep(store, contact("1", {}), contact("2", {}))
    assert everything(store, "1").memberships == ()
    settle(store)
    keep(store, SeenList("Do not score", "44", frozenset({"1"})), stream="lists")
    assert everything(store, "1").memberships == (Membership("Do not score", True),)
    assert everything(store, "2").memberships == (Membership("Do not score", False),)
    assert due(store) == {"1", "2"}


def test_joining_and_leaving_a_list_have_their_times_and_make_due_whom_they_concern(store: Engine) -> None:
    keep(store, *(contact(id, {}) for id in "123"))
    keep(store, SeenList("L", "44", frozenset({"1", "3"})), stream="lists")
    settle(store)
    keep(store, SeenList("L", "44", frozenset({"2", "3"})), stream="lists", now=LATER)
    assert due(store) == {"1", "2"}
    assert everything(store, "1").memberships == (Membership("L", True), Membership("L", False, LATER))
    assert everything(store, "2").memberships == (Membership("L", False), Membership("L", True, LATER))
    found = current(store, "3")
    assert found is not None
    assert found.facts.memberships == (Membership("L", True),)
