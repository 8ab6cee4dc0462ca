"""A sync reads what is new, goes on where it was cut, and keeps to one account."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from connectors.errors import RetryLater
from connectors.protocol import Needs, SeenList
from leadscore.jobs.apply import apply_plan
from leadscore.jobs.plan import make_plan
from leadscore.jobs.refused import Refused, StalePlan
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.status import status
from leadscore.jobs.sync import Progress, sync
from leadscore.store.errors import StoreError
from tests.jobs.portal import ACCOUNT, Portal
from tests.store.seen import HOUR, NOW, company, contact, deal, did, due, history, settle, values_now

LATER = NOW + HOUR


def five(portal: Portal) -> None:
    portal.show("companies", company("9", {"industry": "Software"}))
    portal.show(
        "contacts", *(contact(str(n), {"jobtitle": "CEO"}, company="9", email=f"p{n}@b.example") for n in range(5))
    )
    portal.show("deals", deal("7", ["1"], ("won", 5)))
    portal.show(
        "activities", *(did("page_view", n, f"p{n}", record=str(n), url="https://b.example/pricing") for n in range(5))
    )
    portal.show("lists", SeenList("L", "44", frozenset({"1"})))


def test_a_sync_reads_every_stream_and_names_whom_it_concerns(store: Engine, portal: Portal, book: Rulebook) -> None:
    five(portal)
    seen: list[Progress] = []
    report = sync(store, portal, book, NOW, progress=seen.append)
    assert {one.name: (one.records, one.activities) for one in report.streams} == {
        "companies": (1, 0),
        "contacts": (5, 0),
        "deals": (1, 0),
        "activities": (0, 5),
        "lists": (1, 0),
    }
    assert due(store) == {"0", "1", "2", "3", "4"}
    contacts = [(p.done, p.remaining, p.quota.used) for p in seen if p.stream == "contacts"]
    assert contacts == [(0, None, 10), (2, 3, 10), (4, 1, 10), (5, 0, 10)]


def test_the_next_sync_reads_only_what_is_new(store: Engine, portal: Portal, book: Rulebook) -> None:
    five(portal)
    sync(store, portal, book, NOW)
    settle(store)
    portal.show("contacts", contact("5", {"jobtitle": "CTO"}))
    report = sync(store, portal, book, LATER)
    assert sum(one.records + one.activities for one in report.streams) == 1
    assert due(store) == {"5"}


@pytest.mark.parametrize("pages", range(9))
def test_a_sync_that_is_cut_keeps_what_it_read_and_goes_on_there(
    store: Engine, portal: Portal, book: Rulebook, pages: int
) -> None:
    five(portal)
    portal.failure, portal.fails_after = RetryLater("The network is down. Try again later."), pages
    with pytest.raises(RetryLater):
        sync(store, portal, book, NOW)
    with pytest.raises(Refused, match="first reading was cut"):
        make_plan(store, portal, book, NOW)
    sync(store, portal, book, NOW)
    whole = status(store, NOW)
    assert (whole.records, whole.activities) == ({"company": 1, "contact": 5, "deal": 1}, 5)
    assert [run.outcome for run in whole.runs] == ["done", "stopped"]
    contact_pages = [cursor for stream, cursor in portal.reads if stream == "contacts"]
    assert contact_pages[-1] == {0: None, 1: None, 2: "2", 3: "4"}.get(pages, "5" if pages > 3 else None)
    assert make_plan(store, portal, book, NOW).plan.rows


def test_a_store_is_bound_to_one_account(store: Engine, portal: Portal, book: Rulebook) -> None:
    five(portal)
    sync(store, portal, book, NOW)
    other = Portal(identity=replace(ACCOUNT, id="815", name="Other"))
    with pytest.raises(StoreError, match=r"belongs to hubspot account 4711 \(Acme\), not to hubspot account 815"):
        sync(store, other, book, NOW)
    with pytest.raises(StoreError, match="4711"):
        make_plan(store, other, book, NOW)


def test_a_sample_is_for_looking_only_until_everything_is_read(store: Engine, portal: Portal, book: Rulebook) -> None:
    five(portal)
    sync(store, portal, book, NOW, sample=2)
    assert status(store, NOW).records["contact"] == 2
    report = make_plan(store, portal, book, NOW)
    assert report.plan.sample
    assert report.plan.rows
    with pytest.raises(StalePlan, match="sample"):
        apply_plan(store, portal, portal, report.plan, book, NOW)
    assert portal.writes == []
    sync(store, portal, book, LATER)
    assert status(store, NOW).records["contact"] == 5
    whole = make_plan(store, portal, book, LATER).plan
    assert not whole.sample
    assert len(apply_plan(store, portal, portal, whole, book, LATER).rejected) == 0


def test_a_full_sync_reads_everything_again_and_changes_nothing(store: Engine, portal: Portal, book: Rulebook) -> None:
    five(portal)
    sync(store, portal, book, NOW)
    settle(store)
    report = sync(store, portal, book, LATER, full=True)
    assert sum(one.records + one.activities for one in report.streams) == 13
    assert due(store) == set()


def test_a_newly_mapped_property_is_read_of_everybody_with_its_past(
    store: Engine, portal: Portal, book: Rulebook
) -> None:
    portal.needed = Needs({"contact": ("jobtitle",)}, {"contact": ("jobtitle",)})
    portal.show("contacts", contact("1", {"jobtitle": "CEO"}, history={"jobtitle": [("CEO", 5)]}))
    sync(store, portal, book, NOW)
    portal.events.clear()
    wider = {"jobtitle": "CEO", "industry": "Software"}
    portal.show("contacts", contact("1", wider, history={"jobtitle": [("CEO", 5)], "industry": [("Software", 7)]}))
    sync(store, portal, book, LATER)
    assert values_now(store, "1", industry="industry") == {}
    portal.needed = Needs({"contact": ("jobtitle", "industry")}, {"contact": ("jobtitle", "industry")})
    sync(store, portal, book, LATER)
    assert history(store, "1", industry="industry") == {("Software", 7, None)}
    assert values_now(store, "1", industry="industry") == {"industry": "Software"}


def test_a_sample_over_a_whole_reading_is_refused(store: Engine, portal: Portal, book: Rulebook) -> None:
    five(portal)
    sync(store, portal, book, NOW)
    with pytest.raises(Refused, match="more than a sample"):
        sync(store, portal, book, LATER, sample=2)
    assert make_plan(store, portal, book, LATER).plan.sample is False


def test_models_that_name_more_than_was_read_are_not_planned(store: Engine, portal: Portal, book: Rulebook) -> None:
    five(portal)
    portal.needed = Needs({"contact": ("jobtitle",)}, {})
    sync(store, portal, book, NOW)
    portal.needed = Needs({"contact": ("jobtitle",)}, {}, activities=frozenset({"meeting"}))
    with pytest.raises(Refused, match="name more than was read"):
        make_plan(store, portal, book, NOW)
    sync(store, portal, book, LATER)
    assert make_plan(store, portal, book, LATER).plan.rows


def test_a_stream_that_is_no_longer_read_keeps_nobody_waiting(store: Engine, portal: Portal, book: Rulebook) -> None:
    five(portal)
    portal.failure, portal.fails_after = RetryLater("The network is down. Try again later."), 6
    with pytest.raises(RetryLater):
        sync(store, portal, book, NOW)
    portal.offered = ("companies", "contacts", "deals")
    sync(store, portal, book, NOW)
    assert make_plan(store, portal, book, NOW).plan.rows


def test_an_address_that_shows_later_finds_what_waited_for_it(store: Engine, portal: Portal, book: Rulebook) -> None:
    portal.show("contacts", contact("1", {"jobtitle": "Cook"}))
    portal.show("activities", did("form_submission", 5, "s1", email="ana@b.example", form="Demo"))
    sync(store, portal, book, NOW)
    assert status(store, NOW).unmatched == 1
    portal.show("contacts", contact("1", {"jobtitle": "Cook"}, email="ana@b.example"))
    sync(store, portal, book, NOW)
    assert status(store, NOW).unmatched == 0
