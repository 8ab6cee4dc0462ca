"""Deals are open, won or lost by their pipeline's own rules, and each of their contacts is told."""

from collections.abc import Iterable

from connectors.hubspot.deals import Stage, current_status
from connectors.protocol import DEAL_STATUS, Needs, Page
from tests.connectors.portal import DAY, NOW, Portal

HOUR = 3_600_000
DEALS = Needs(
    {
        "contact": ("email",),
        "deal": ("dealstage", "amount", "hs_closed_won_date", "hs_is_closed_won", "hs_is_closed_lost"),
    },
    {"deal": ("dealstage",)},
    activities=frozenset({"deal_stage", "deal_won", "deal_lost"}),
)


def read(portal: Portal, now: int = NOW) -> list[Page]:
    return list(portal.open().reader.read("deals", None, DEALS, now))


def deal(portal: Portal, stage: str, contacts: Iterable[str], **properties: str) -> str:
    links = [
        {"to": {"id": id}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 3}]}
        for id in contacts
    ]
    document = {"properties": {"dealname": "D", "dealstage": stage, **properties}, "associations": links}
    return str(portal.api("POST", "/crm/v3/objects/deals", document)["id"])


def move(portal: Portal, id: str, stage: str, after: int) -> None:
    portal.post("clock", advance_ms=after)
    portal.api("PATCH", f"/crm/v3/objects/deals/{id}", {"properties": {"dealstage": stage}})


def test_a_won_deal_is_told_to_each_of_its_contacts(portal: Portal) -> None:
    ids = portal.import_contacts([{"email": f"p{number}@example.com"} for number in range(2)])
    made = deal(portal, "contractsent", ids, pipeline="default", amount="5000")
    move(portal, made, "wonwithpilot", HOUR)
    (page,) = read(portal, now=NOW + HOUR)
    (record,) = page.records
    assert record.values[DEAL_STATUS] == "won"
    assert [(past.value, past.at) for past in record.history[DEAL_STATUS]] == [("open", NOW), ("won", NOW + HOUR)]
    assert sorted(record.links["contact"]) == sorted(ids)
    won = [activity for activity in page.activities if activity.type == "deal_won"]
    assert {(activity.record_id, activity.id) for activity in won} == {
        (id, f"deal:{made}:won:{NOW + HOUR}:{id}") for id in ids
    }
    assert won[0].details == {"stage": "Won, starts as a pilot", "pipeline": "Sales Pipeline", "amount": "5000"}


def test_a_deal_that_was_won_lost_and_open_again_has_all_three_in_its_history(portal: Portal) -> None:
    ids = portal.import_contacts([{"email": "p@example.com"}])
    made = deal(portal, "90310001", ids, pipeline="75e28846")
    for stage in ("90310002", "90310003", "90310001"):
        move(portal, made, stage, HOUR)
    (page,) = read(portal, now=NOW + DAY)
    assert [past.value for past in page.records[0].history[DEAL_STATUS]] == ["open", "won", "lost", "open"]
    assert page.records[0].values[DEAL_STATUS] == "open"
    types = [activity.type for activity in page.activities]
    assert [types.count(type) for type in ("deal_stage", "deal_won", "deal_lost")] == [4, 1, 1]


def test_a_deal_that_was_imported_as_won_counts_at_its_won_date(portal: Portal) -> None:
    ids = portal.import_contacts([{"email": "p@example.com"}])
    made = deal(portal, "closedwon", ids, pipeline="default", closedate=str(NOW - 300 * DAY))
    (page,) = read(portal)
    (won,) = [activity for activity in page.activities if activity.type == "deal_won"]
    assert (won.occurred_at, won.id) == (NOW - 300 * DAY, f"deal:{made}:won:{NOW}:{ids[0]}")
    assert "amount" not in won.details


def test_a_deal_in_a_stage_that_no_pipeline_has_is_neither_lost_nor_open() -> None:
    stages = {"s1": Stage("Introduced", "Sales", "open")}
    assert current_status({"dealstage": "s1"}, stages) == "open"
    assert current_status({"dealstage": "closedlost_2019", "closedate": "2020-01-01"}, stages) == ""
    assert current_status({"dealstage": "gone", "hs_is_closed_won": "true"}, stages) == "won"
    assert current_status({"dealstage": "gone", "hs_is_closed_lost": True}, stages) == "lost"


def test_a_deal_with_more_contacts_than_one_answer_holds_has_them_all(portal: Portal) -> None:
    ids = portal.import_contacts([{"email": f"p{number}@example.com"} for number in range(1100)])
    deal(portal, "contractsent", ids, pipeline="default")
    (page,) = read(portal)
    assert sorted(page.records[0].links["contact"]) == sorted(ids)


def test_a_fetched_deal_brings_what_reading_tells_of_it(portal: Portal) -> None:
    ids = portal.import_contacts([{"email": f"p{number}@example.com"} for number in range(2)])
    made = deal(portal, "contractsent", ids, pipeline="default", amount="5000")
    move(portal, made, "wonwithpilot", HOUR)
    (page,) = read(portal, now=NOW + HOUR)
    fetched = portal.open().reader.fetch_with_activities("deal", [made, "999999"], DEALS)
    assert (fetched.records, fetched.activities) == (page.records, page.activities)
    assert "deal_won" in {activity.type for activity in fetched.activities}
