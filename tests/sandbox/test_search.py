"""Search: operators, limits, the wall at 10,000 results, and an index that lags behind."""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest

from tests.sandbox.conftest import NOW, Caller


def _filter(name: str, operator: str, value: object = None, **more: Any) -> list[dict[str, Any]]:
    filter_ = {"propertyName": name, "operator": operator, **more}
    return [{"filters": [filter_ if value is None else filter_ | {"value": value}]}]


def _emails(http: Caller, groups: list[dict[str, Any]], **more: Any) -> list[str]:
    answer = http.search(filterGroups=groups, sorts=["hs_object_id"], properties=["email"], **more)
    assert answer.status_code == 200, answer.text
    return [item["properties"]["email"][0] for item in answer.json()["results"]]


@pytest.mark.parametrize(
    ("name", "operator", "value", "more", "found"),
    [
        ("city", "EQ", "KÖLN", {}, ["a"]),
        ("city", "NEQ", "Köln", {}, ["b"]),
        ("associatedcompanyid", "LT", "9", {}, ["a"]),
        ("associatedcompanyid", "LTE", "10", {}, ["a", "b"]),
        ("associatedcompanyid", "GT", "9", {}, ["b"]),
        ("associatedcompanyid", "BETWEEN", "5", {"highValue": "9"}, ["a"]),
        ("closedate", "GTE", str(NOW), {}, ["b"]),
        ("closedate", "LT", "2027-01-15T08:00:00Z", {}, ["a"]),
        ("contract_renewal_date", "EQ", "2027-02-03", {}, ["c"]),
        ("city", "IN", None, {"values": ["köln", "ulm"]}, ["a"]),
        ("city", "IN", None, {"values": ["Köln"]}, []),
        ("city", "NOT_IN", None, {"values": ["köln"]}, ["b"]),
        ("lifecyclestage", "IN", None, {"values": ["lead"]}, ["a"]),
        ("city", "HAS_PROPERTY", None, {}, ["a", "b"]),
        ("city", "NOT_HAS_PROPERTY", None, {}, ["c"]),
        ("email", "CONTAINS_TOKEN", "ex", {}, ["b"]),
        ("email", "CONTAINS_TOKEN", "e*", {}, ["a", "b", "c"]),
        ("email", "NOT_CONTAINS_TOKEN", "ex", {}, ["a", "c"]),
        ("email", "EQ", "B@ex.example", {}, ["b"]),
        ("hs_object_id", "GT", "1001", {}, ["b", "c"]),
        ("createdate", "EQ", str(NOW), {}, ["a", "b", "c"]),
    ],
)
def test_an_operator_finds_what_it_means(
    http: Caller, name: str, operator: str, value: str | None, more: dict[str, Any], found: list[str]
) -> None:
    http.contact(email="a@x.example", city="Köln", associatedcompanyid=7, closedate=NOW - 1, lifecyclestage="lead")
    http.contact(email="b@ex.example", city="Bonn", associatedcompanyid=10, closedate=NOW)
    http.contact(email="c@x.example", contract_renewal_date="2027-02-03")
    assert _emails(http, _filter(name, operator, value, **more)) == found


def test_groups_are_alternatives_and_filters_conditions(http: Caller) -> None:
    http.contact(email="a@x.example", city="Köln", zip="1")
    http.contact(email="b@x.example", city="Köln", zip="2")
    http.contact(email="c@x.example", city="Bonn")
    both = _filter("city", "EQ", "köln")[0]["filters"] + _filter("zip", "EQ", "2")[0]["filters"]
    assert _emails(http, [{"filters": both}, *_filter("city", "EQ", "bonn")]) == ["b", "c"]


def test_free_text_is_found_in_names_and_addresses(http: Caller) -> None:
    http.contact(email="a@x.example", firstname="Benoît")
    http.contact(email="b@x.example")
    assert _emails(http, [], query="benoît") == ["a"]


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"sorts": ["email", "city"]},
        {"filterGroups": _filter("city", "EQ", "x") * 6},
        {"filterGroups": [{"filters": _filter("city", "EQ", "x")[0]["filters"] * 7}]},
        {"filterGroups": [{"filters": _filter("city", "EQ", "x")[0]["filters"] * 5}] * 4},
        {"filterGroups": _filter("no_such", "EQ", "x")},
        {"filterGroups": _filter("city", "SOUNDS_LIKE", "x")},
        {"filterGroups": _filter("city", "IN", "x")},
        {"filterGroups": _filter("closedate", "GT", "yesterday")},
        {"sorts": ["no_such"]},
        {"after": "next"},
        {"query": "x" * 3000},
    ],
)
def test_a_search_beyond_the_rules_is_refused(http: Caller, body: dict[str, Any]) -> None:
    assert http.search(**body).status_code == 400


def test_pages_hold_two_hundred_and_carry_the_total(http: Caller) -> None:
    http.contacts(201)
    page = http.search(limit=200).json()
    assert (page["total"], len(page["results"]), page["paging"]["next"]["after"]) == (201, 200, "200")
    rest = http.search(limit=200, after="200").json()
    assert len(rest["results"]) == 1
    assert "paging" not in rest
    assert len(http.search().json()["results"]) == 10


def test_beyond_ten_thousand_results_there_is_a_wall(http: Caller) -> None:
    http.contacts(10_050)
    last = http.search(limit=200, after="9800").json()
    assert (last["total"], last["paging"]["next"]["after"]) == (10_050, "10000")
    assert http.search(limit=200, after="10000").status_code == 400
    assert http.search(limit=200, after="9900").status_code == 400
    over_it = _filter("hs_object_id", "GT", last["results"][-1]["id"])
    rest = http.search(limit=200, filterGroups=over_it, sorts=["hs_object_id"]).json()
    assert (rest["total"], len(rest["results"])) == (50, 50)


def test_the_last_page_of_ten_thousand_is_as_quick_as_the_first(http: Caller) -> None:
    http.contacts(10_000)
    wish: dict[str, Any] = {
        "limit": 200,
        "sorts": ["hs_object_id"],
        "filterGroups": _filter("lastmodifieddate", "GTE", "0"),
    }
    assert _cost(http, after="9800", **wish) < max(0.03, 4 * _cost(http, after="0", **wish))


def _cost(http: Caller, **wish: Any) -> float:
    """Processor time of the quickest of five, so that a busy machine does not matter."""
    times = []
    for _ in range(5):
        began = process_time()
        assert http.search(**wish).status_code == 200
        times.append(process_time() - began)
    return min(times)


def test_a_new_record_is_found_only_after_the_lag(http: Caller) -> None:
    http.control("settings", {"search_lag_ms": 4000})
    contact = http.contact(email="a@x.example")
    assert http.read(contact, "email")["email"] == "a@x.example"
    assert http.search().json()["total"] == 0
    http.control("clock", {"advance_ms": 3999})
    assert http.search().json()["total"] == 0
    http.control("clock", {"advance_ms": 1})
    assert http.search().json()["total"] == 1


def test_until_the_index_catches_up_search_shows_each_earlier_state(http: Caller) -> None:
    contact = http.contact(email="a@x.example", city="one")
    http.control("settings", {"search_lag_ms": 4000})
    seen = []
    for city in ("two", "three"):
        http.patch(f"/crm/v3/objects/contacts/{contact}", {"properties": {"city": city}})
        http.control("clock", {"advance_ms": 2000})
        seen.append(http.search(properties=["city"]).json()["results"][0]["properties"]["city"])
    for _ in range(2):
        seen.append(http.search(properties=["city"]).json()["results"][0]["properties"]["city"])
        http.control("clock", {"advance_ms": 2000})
    assert seen == ["one", "two", "two", "three"]
    assert http.search(filterGroups=_filter("city", "EQ", "two")).json()["total"] == 0


def test_an_archived_record_lingers_for_the_lag(http: Caller) -> None:
    contact = http.contact(email="a@x.example")
    http.control("settings", {"search_lag_ms": 4000})
    http.send("DELETE", f"/crm/v3/objects/contacts/{contact}")
    assert http.search().json()["total"] == 1
    http.control("clock", {"advance_ms": 4000})
    assert http.search().json()["total"] == 0


def test_companies_and_deals_are_searched_by_their_own_date(http: Caller) -> None:
    for kind in ("companies", "deals"):
        http.record(kind)
        found = http.search(kind, filterGroups=_filter("hs_lastmodifieddate", "GTE", str(NOW)))
        assert found.json()["total"] == 1
        assert http.search(kind, filterGroups=_filter("lastmodifieddate", "GTE", str(NOW))).status_code == 400
