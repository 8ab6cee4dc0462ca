"""Property definitions: the real types, and what may be made and changed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Caller

PROPERTIES = "/crm/v3/properties"
SCORE = {
    "name": "my_score",
    "label": "My score",
    "type": "number",
    "fieldType": "number",
    "groupName": "contactinformation",
}


@pytest.mark.parametrize(
    ("kind", "name", "type_", "field_type", "read_only"),
    [
        ("contacts", "numemployees", "enumeration", "select", False),
        ("contacts", "industry", "string", "text", False),
        ("contacts", "annualrevenue", "string", "text", False),
        ("contacts", "associatedcompanyid", "number", "number", False),
        ("contacts", "hs_email_optout", "bool", "booleancheckbox", True),
        ("contacts", "hs_analytics_source", "enumeration", "select", False),
        ("contacts", "hs_email_last_open_date", "datetime", "date", True),
        ("contacts", "hubspotscore", "number", "calculation_score", True),
        ("companies", "numberofemployees", "number", "number", False),
        ("companies", "annualrevenue", "number", "number", False),
        ("companies", "industry", "enumeration", "select", False),
        ("deals", "dealstage", "enumeration", "radio", False),
        ("deals", "hs_is_closed_won", "bool", "booleancheckbox", True),
    ],
)
def test_a_property_has_its_real_type(
    http: Caller, kind: str, name: str, type_: str, field_type: str, read_only: bool
) -> None:
    found = http.get(f"{PROPERTIES}/{kind}/{name}").json()
    assert (found["type"], found["fieldType"]) == (type_, field_type)
    assert found["modificationMetadata"]["readOnlyValue"] is read_only


def test_options_come_with_value_label_and_order(http: Caller) -> None:
    sizes = http.get(f"{PROPERTIES}/contacts/numemployees").json()["options"]
    assert [entry["value"] for entry in sizes] == ["1-5", "5-25", "25-50", "50-100", "100-500", "500-1000", "1000+"]
    stages = http.get(f"{PROPERTIES}/contacts/lifecyclestage").json()["options"]
    assert [entry["displayOrder"] for entry in stages] == list(range(8))
    industries = http.get(f"{PROPERTIES}/companies/industry").json()["options"]
    assert {"Computer Software": "COMPUTER_SOFTWARE", "Airlines/Aviation": "AIRLINES_AVIATION"}.items() <= {
        entry["label"]: entry["value"] for entry in industries
    }.items()


def test_a_made_property_takes_values(http: Caller) -> None:
    made = http.post(f"{PROPERTIES}/contacts", SCORE)
    assert (made.status_code, made.json()["hubspotDefined"]) == (201, False)
    assert http.read(http.contact(email="a@x.example", my_score=70), "my_score")["my_score"] == "70"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": None},
        {"label": ""},
        {"name": "My Score"},
        {"name": "1score"},
        {"groupName": "no_such_group"},
        {"type": "integer"},
        {"type": "datetime", "fieldType": "datetime"},
        {"type": "string", "fieldType": "number"},
        {
            "type": "bool",
            "fieldType": "booleancheckbox",
            "options": [{"label": "Yes", "value": "true", "hidden": False}],
        },
        {"type": "enumeration", "fieldType": "select", "options": [{"label": "A", "value": "a"}]},
    ],
)
def test_a_wrong_definition_is_refused(http: Caller, wrong: dict[str, Any]) -> None:
    assert http.post(f"{PROPERTIES}/contacts", SCORE | wrong).status_code == 400
    assert http.get(f"{PROPERTIES}/contacts/my_score").status_code == 404


@pytest.mark.parametrize("status", [409, 400])
def test_an_existing_name_is_refused_in_either_way(http: Caller, status: int) -> None:
    http.control("settings", {"existing_property_status": status})
    http.post(f"{PROPERTIES}/contacts", SCORE)
    again = http.post(f"{PROPERTIES}/contacts", SCORE)
    assert again.status_code == status
    assert "already exists" in again.json()["message"]


def test_options_of_a_select_can_be_added_to_hubspots_own_but_not_its_label(http: Caller) -> None:
    path = f"{PROPERTIES}/companies/industry"
    assert http.post("/crm/v3/objects/companies", {"properties": {"industry": "SPACE"}}).status_code == 400
    options = [*http.get(path).json()["options"], {"label": "Space", "value": "SPACE", "hidden": False}]
    assert http.patch(path, {"options": options}).status_code == 200
    http.record("companies", industry="SPACE")
    assert http.patch(path, {"label": "Branche"}).status_code == 400


def test_an_archived_property_takes_and_shows_nothing(http: Caller) -> None:
    http.post(f"{PROPERTIES}/contacts", SCORE)
    contact = http.contact(my_score=1)
    assert http.send("DELETE", f"{PROPERTIES}/contacts/my_score").status_code == 204
    assert "my_score" not in http.read(contact, "my_score")
    assert http.patch(f"/crm/v3/objects/contacts/{contact}", {"properties": {"my_score": 2}}).status_code == 400
    assert http.get(f"{PROPERTIES}/contacts/my_score", archived="true").json()["archived"] is True
    assert http.send("DELETE", f"{PROPERTIES}/contacts/email").status_code == 400


def test_batches_of_definitions_name_what_failed(http: Caller) -> None:
    made = http.post(f"{PROPERTIES}/contacts/batch/create", {"inputs": [SCORE, SCORE | {"name": "BAD"}]})
    assert (made.status_code, made.json()["numErrors"]) == (207, 1)
    read = http.post(f"{PROPERTIES}/contacts/batch/read", {"inputs": [{"name": "my_score"}], "archived": False})
    assert [item["name"] for item in read.json()["results"]] == ["my_score"]
    gone = http.post(f"{PROPERTIES}/contacts/batch/archive", {"inputs": [{"name": "my_score"}]})
    assert gone.status_code == 204
    assert http.get(f"{PROPERTIES}/contacts/my_score").status_code == 404


def test_groups_are_made_once_renamed_and_archived_when_empty(http: Caller) -> None:
    path = f"{PROPERTIES}/contacts/groups"
    group = {"name": "scores", "label": "Scores"}
    assert http.post(path, group).status_code == 201
    assert http.post(path, group).status_code == 409
    assert http.post(path, {"name": "Scores!", "label": "x"}).status_code == 400
    assert http.patch(f"{path}/scores", {"label": "Points"}).json()["label"] == "Points"
    http.post(f"{PROPERTIES}/contacts", SCORE | {"groupName": "scores"})
    assert http.send("DELETE", f"{path}/scores").status_code == 400
    http.send("DELETE", f"{PROPERTIES}/contacts/my_score")
    assert http.send("DELETE", f"{path}/scores").status_code == 204
    assert http.get(f"{path}/scores").status_code == 404


def test_a_stage_order_of_the_portals_own_is_obeyed(http: Caller) -> None:
    path = f"{PROPERTIES}/contacts/lifecyclestage"
    options = http.get(path).json()["options"]
    for entry in options:
        entry["displayOrder"] = 7 - entry["displayOrder"]
    http.patch(path, {"options": options})
    contact = http.contact(lifecyclestage="customer")
    http.patch(f"/crm/v3/objects/contacts/{contact}", {"properties": {"lifecyclestage": "lead"}})
    assert http.read(contact, "lifecyclestage")["lifecyclestage"] == "lead"
