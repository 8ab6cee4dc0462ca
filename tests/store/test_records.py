"""Values of records are kept with their times; reading them again changes nothing."""

import pytest
from sqlalchemy import Engine, func, select

from leadscore.store import tables
from leadscore.store.database import reading
from tests.store.seen import (
    HOUR,
    NOW,
    company,
    contact,
    current,
    deal,
    did,
    due,
    everything,
    history,
    keep,
    places,
    settle,
    subject_of,
    value_at,
    values_now,
)

LATER = NOW + HOUR


def contents(store: Engine) -> dict[str, list[str]]:
    """All rows of the store but the times of reading."""
    with reading(store) as connection:
        return {
            table.name: sorted(repr(row) for row in connection.execute(select(table)))
            for table in tables.metadata.sorted_tables
            if table.name not in ("streams", "due")
        }


def test_the_same_page_again_changes_nothing(store: Engine) -> None:
    seen = (
        company("9", {"industry": "Software"}),
        contact(
            "1", {"jobtitle": "CEO"}, history={"jobtitle": [("CTO", 5), ("CEO", 9)]}, company="9", email="a@b.example"
        ),
        deal("7", ["1"], ("open", 10), ("won", 20)),
        did("page_view", 30, "p1", record="1", url="https://x.example/"),
        did("form_submission", 40, "s1", email="nobody@b.example", form="Demo"),
    )
    keep(store, *seen)
    once = contents(store)
    settle(store)
    keep(store, *seen)
    assert contents(store) == once
    assert due(store) == set()


def test_what_the_first_reading_brings_counts_as_known_at_its_own_time(store: Engine) -> None:
    keep(store, contact("1", {"jobtitle": "CEO"}, history={"jobtitle": [("CTO", 5), ("CEO", 9)]}))
    assert history(store, "1", title="jobtitle") == {("CTO", 5, None), ("CEO", 9, None)}


def test_what_comes_later_was_learned_when_it_was_read(store: Engine) -> None:
    keep(store, contact("1", {"jobtitle": "CTO"}, history={"jobtitle": [("CTO", 5)]}))
    keep(store, contact("1", {"jobtitle": "CEO"}, history={"jobtitle": [("CTO", 5), ("CEO", 9)]}), now=LATER)
    assert history(store, "1", title="jobtitle") == {("CTO", 5, None), ("CEO", 9, LATER)}


def test_a_newly_mapped_property_is_known_at_its_own_time(store: Engine) -> None:
    keep(store, contact("1", {"email": "a@b.example"}))
    seen = contact("1", {"email": "a@b.example", "jobtitle": "CEO"}, history={"jobtitle": [("CEO", 9)]})
    keep(store, seen, now=LATER)
    assert history(store, "1", title="jobtitle") == {("CEO", 9, None)}


def test_a_value_without_history_holds_always_until_it_is_seen_to_change(store: Engine) -> None:
    keep(store, contact("1", {"jobtitle": "CTO"}))
    keep(store, contact("1", {"jobtitle": "CEO"}, modified_at=NOW + 5), now=LATER)
    assert history(store, "1", title="jobtitle") == {("CTO", None, None), ("CEO", NOW + 5, LATER)}
    keep(store, contact("1", {"jobtitle": None}, modified_at=LATER + 5), now=LATER + HOUR)
    facts = everything(store, "1", places(title="jobtitle"))
    assert value_at(facts, "title", LATER) == "CEO"
    assert value_at(facts, "title", LATER + HOUR) == ""
    assert values_now(store, "1", title="jobtitle") == {}


def test_a_change_makes_the_person_due_and_no_change_does_not(store: Engine) -> None:
    keep(store, contact("1", {"jobtitle": "CTO"}), contact("2", {"jobtitle": "CTO"}))
    assert due(store) == {"1", "2"}
    settle(store)
    keep(store, contact("1", {"jobtitle": "CTO"}, modified_at=LATER), contact("2", {"jobtitle": "CEO"}))
    assert due(store) == {"2"}


def test_a_change_of_a_company_makes_its_contacts_due(store: Engine) -> None:
    keep(store, company("9", {"industry": "A"}), contact("1", {}, company="9"), contact("2", {}))
    settle(store)
    keep(store, company("9", {"industry": "B"}))
    assert due(store) == {"1"}


def test_a_change_of_a_deal_makes_its_contacts_due_also_one_that_it_leaves(store: Engine) -> None:
    keep(store, contact("1", {}), contact("2", {}), contact("3", {}), deal("7", ["1", "2"], ("open", 5)))
    settle(store)
    keep(store, deal("7", ["2"], ("open", 5), ("won", 9)))
    assert due(store) == {"1", "2"}


def test_a_person_whom_only_a_deal_names_is_nobody_yet(store: Engine) -> None:
    keep(store, deal("7", ["1"], ("won", 5)))
    assert current(store, "1") is None
    keep(store, contact("1", {"jobtitle": "CEO"}))
    assert values_now(store, "1", title="jobtitle", won="deals.won") == {"title": "CEO", "won": "1"}


def test_an_archived_person_is_gone_and_may_come_back(store: Engine) -> None:
    keep(store, contact("1", {"jobtitle": "CEO"}))
    settle(store)
    keep(store, contact("1", archived=True))
    assert due(store) == {"1"}
    assert current(store, "1") is None
    keep(store, contact("1", {"jobtitle": "CEO"}))
    assert values_now(store, "1", title="jobtitle") == {"title": "CEO"}


@pytest.mark.parametrize("value", ["Grüße 👋🏽", "x" * 65_536, "a\0b", "\ud800", "Ünï" * 20_000])
def test_any_text_is_kept(store: Engine, value: str) -> None:
    keep(store, contact("2", {"jobtitle": value}, history={"jobtitle": [(value, 5)]}, email=value))
    keep(store, did("page_view", 5, value, record="1", url=value), contact("1", {}))
    with reading(store) as connection:
        kept = connection.execute(select(tables.property_facts.c.value)).scalar_one()
        assert connection.execute(select(func.count()).select_from(tables.activities)).scalar_one() == 1
    assert kept == value.replace("\0", "�").replace("\ud800", "�")


def test_a_value_from_the_future_counts_once_its_time_has_come(store: Engine) -> None:
    keep(store, contact("1", {"jobtitle": "CEO"}, history={"jobtitle": [("CTO", 5), ("CEO", LATER)]}))
    fields = places(title="jobtitle")
    found = current(store, "1", fields)
    assert found is not None
    assert value_at(found.facts, "title", NOW) == "CTO"
    assert found.arrives == LATER
    after = current(store, "1", fields, as_of=LATER)
    assert after is not None
    assert (after.facts.current, after.arrives) == ({"title": "CEO"}, None)


def test_people_are_found_by_id_and_by_address(store: Engine) -> None:
    keep(store, contact("1", {"email": "Ana@B.example"}), contact("2", {}, email="bo@b.example"))
    assert subject_of(store, "ana@b.EXAMPLE ") == subject_of(store, "1")
    assert subject_of(store, "bo@b.example") == subject_of(store, "2")
