"""Links between records: both directions, primary companies, and the 207 for who has none."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Caller

TO_COMPANIES = "/crm/v4/associations/contacts/companies/batch"
DATED = "/crm/associations/2026-09/contacts/companies/batch"


def _link(http: Caller, contact: str, company: str, *types: int) -> None:
    specs = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_} for type_ in types]
    row = {"from": {"id": contact}, "to": {"id": company}, "types": specs}
    assert http.post(f"{TO_COMPANIES}/create", {"inputs": [row]}).status_code == 201


def _links(http: Caller, contact: str) -> dict[str, list[int]]:
    answer = http.post(f"{TO_COMPANIES}/read", {"inputs": [{"id": contact}]}).json()
    return {
        str(target["toObjectId"]): sorted(label["typeId"] for label in target["associationTypes"])
        for result in answer["results"]
        for target in result["to"]
    }


def _primary(http: Caller, contact: str) -> Any:
    return http.read(contact, "associatedcompanyid")["associatedcompanyid"]


def test_the_first_company_is_the_primary_one_and_the_field_follows(http: Caller) -> None:
    contact, first, second = http.contacts(1)[0], http.record("companies"), http.record("companies")
    _link(http, contact, first, 279)
    _link(http, contact, second, 279)
    assert _links(http, contact) == {first: [1, 279], second: [279]}
    assert _primary(http, contact) == first
    http.control("clock", {"advance_ms": 1000})
    _link(http, contact, second, 1)
    assert _links(http, contact) == {first: [279], second: [1, 279]}
    assert _primary(http, contact) == second
    assert http.read(contact)["lastmodifieddate"] == "2027-01-15T08:00:01.000Z"


def test_ids_of_targets_are_numbers_and_labels_are_named(http: Caller) -> None:
    contact, company = http.contacts(1)[0], http.record("companies")
    _link(http, contact, company, 1)
    answer = http.post(f"{DATED}/read", {"inputs": [{"id": contact}]}).json()
    assert answer["results"][0]["from"] == {"id": contact}
    assert answer["results"][0]["to"] == [
        {
            "toObjectId": int(company),
            "associationTypes": [
                {"category": "HUBSPOT_DEFINED", "typeId": 1, "label": "Primary"},
                {"category": "HUBSPOT_DEFINED", "typeId": 279, "label": None},
            ],
        }
    ]
    back = http.post("/crm/v4/associations/companies/contacts/batch/read", {"inputs": [{"id": company}]}).json()
    assert [label["typeId"] for label in back["results"][0]["to"][0]["associationTypes"]] == [2, 280]


def test_who_has_no_company_is_an_error_entry_of_a_207(http: Caller) -> None:
    linked, alone = http.contacts(2)
    _link(http, linked, http.record("companies"), 279)
    answer = http.post(f"{TO_COMPANIES}/read", {"inputs": [{"id": linked}, {"id": alone}]})
    assert answer.status_code == 207
    assert len(answer.json()["results"]) == answer.json()["numErrors"] == 1
    error = answer.json()["errors"][0]
    assert error["subCategory"] == "crm.associations.NO_ASSOCIATIONS_FOUND"
    assert error["context"]["fromObjectId"] == [alone]


def test_more_than_five_hundred_links_are_paged_per_record(http: Caller) -> None:
    company, contacts = http.record("companies"), http.contacts(502)
    rows = [{"from": {"id": contact}, "to": {"id": company}, "types": []} for contact in contacts]
    assert http.post(f"{TO_COMPANIES}/associate/default", {"inputs": rows}).status_code == 201
    path = "/crm/v4/associations/companies/contacts/batch/read"
    first = http.post(path, {"inputs": [{"id": company}]}).json()["results"][0]
    after = first["paging"]["next"]["after"]
    rest = http.post(path, {"inputs": [{"id": company, "after": after}]}).json()["results"][0]
    assert (len(first["to"]), len(rest["to"]), "paging" in rest) == (500, 2, False)
    counted = http.get(f"/crm/v3/objects/companies/{company}", properties="num_associated_contacts").json()
    assert counted["properties"]["num_associated_contacts"] == "502"


def test_a_removed_link_takes_the_primary_company_along(http: Caller) -> None:
    contact, company = http.contacts(1)[0], http.record("companies")
    _link(http, contact, company, 279)
    row = {"from": {"id": contact}, "to": [{"id": company}]}
    assert http.post(f"{TO_COMPANIES}/archive", {"inputs": [row]}).status_code == 204
    assert _links(http, contact) == {}
    assert _primary(http, contact) is None


def test_put_replaces_the_labels_and_delete_ends_the_link(http: Caller) -> None:
    contact, company = http.contacts(1)[0], http.record("companies")
    path = f"/crm/v4/objects/contacts/{contact}/associations"
    assert http.send("PUT", f"{path}/default/companies/{company}").status_code == 200
    spec = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    assert http.send("PUT", f"{path}/companies/{company}", spec).status_code == 201
    assert http.get(f"{path}/companies").json()["results"][0]["toObjectId"] == int(company)
    dated = f"/contacts/{contact}/associations/companies"
    assert http.get(f"/crm/objects/2026-03{dated}").status_code == 200
    assert http.get(f"/crm/objects/2026-09{dated}").status_code == 404
    assert http.send("DELETE", f"{path}/companies/{company}").status_code == 204
    assert http.get(f"{path}/companies").json()["results"] == []


def test_a_deal_is_made_together_with_its_links(http: Caller) -> None:
    contact, company = http.contacts(1)[0], http.record("companies")
    wanted = [
        {"to": {"id": contact}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 3}]},
        {"to": {"id": company}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 5}]},
    ]
    body = {"properties": {"dealname": "Acme"}, "associations": wanted}
    deal = http.post("/crm/v3/objects/deals", body).json()["id"]
    found = http.get(f"/crm/v3/objects/contacts/{contact}", associations="deals,companies").json()["associations"]
    assert found == {"deals": {"results": [{"id": deal, "type": "contact_to_deal"}]}}
    assert http.read(contact, "num_associated_deals")["num_associated_deals"] == "1"
    bad = {"properties": {"dealname": "x"}, "associations": [{"to": {"id": "4242"}, "types": wanted[0]["types"]}]}
    assert http.post("/crm/v3/objects/deals", bad).status_code == 400
    assert len(http.get("/crm/v3/objects/deals").json()["results"]) == 1


@pytest.mark.parametrize(("path", "most"), [("read", 1000), ("create", 2000)])
def test_a_batch_of_links_has_its_own_size(http: Caller, path: str, most: int) -> None:
    rows = [{"id": "1", "from": {"id": "1"}, "to": {"id": "1"}}] * (most + 1)
    answer = http.post(f"{TO_COMPANIES}/{path}", {"inputs": rows})
    assert answer.json()["message"] == f"The maximum number of inputs is {most}, got {most + 1}"


def test_a_label_of_the_wrong_direction_is_refused(http: Caller) -> None:
    contact, company = http.contacts(1)[0], http.record("companies")
    spec = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 280}]
    row = {"from": {"id": contact}, "to": {"id": company}, "types": spec}
    assert http.post(f"{TO_COMPANIES}/create", {"inputs": [row]}).status_code == 400
    labels = http.get("/crm/v4/associations/contacts/companies/labels").json()["results"]
    assert [label["typeId"] for label in labels] == [1, 279]
