"""Forms and submissions: newest first, fifty a page, without a contact id."""

from __future__ import annotations

from typing import Any

import requests

from tests.sandbox.conftest import NOW, Caller

DEMO = "3a5b8c1e-0001-4d6f-9a01-6f1d2e3c4b01"


def _submissions(http: Caller, **params: Any) -> requests.Response:
    return http.get(f"/form-integrations/v1/submissions/forms/{DEMO}", **params)


def _submit(http: Caller, at: int = NOW, **answers: Any) -> Any:
    wish = {"form": DEMO, "values": answers, "page_url": "https://www.example.com/demo?x=1", "at": at}
    return http.control("people/submit-form", wish)["contact"]


def test_which_forms_come_depends_on_the_types_asked_for(http: Caller) -> None:
    path = "/marketing/v3/forms"
    names = {form["name"] for form in http.get(path, limit=50).json()["results"]}
    assert "Newsletter" not in names
    assert {"Request a demo", "Checklist", "Webinar registration"} <= names
    both = http.get(f"{path}?formTypes=hubspot&formTypes=flow&limit=50").json()["results"]
    assert {form["name"] for form in both} == names | {"Newsletter"}
    assert http.get(path, formTypes="all", limit=50).json()["results"] == both
    assert http.get(path, formTypes="paper").status_code == 400


def test_forms_are_paged(http: Caller) -> None:
    path, found, after = "/marketing/v3/forms/", [], ""
    for _ in range(3):
        page = http.get(path, formTypes="all", limit=3, **({"after": after} if after else {})).json()
        found += [form["id"] for form in page["results"]]
        after = page.get("paging", {}).get("next", {}).get("after", "")
    assert (len(set(found)), after) == (8, "")


def test_a_submission_holds_answers_but_no_contact(http: Caller) -> None:
    _submit(http, email="A@x.example", firstname="Ana", product_interest=["Planning", "Billing"])
    found = _submissions(http).json()["results"][0]
    conversion = found.pop("conversionId")
    assert len(conversion) == 36
    assert found == {
        "submittedAt": NOW,
        "pageUrl": "https://www.example.com/demo?x=1",
        "values": [
            {"name": "email", "value": "A@x.example", "objectTypeId": "0-1"},
            {"name": "firstname", "value": "Ana", "objectTypeId": "0-1"},
            {"name": "product_interest", "value": "Planning", "objectTypeId": "0-1"},
            {"name": "product_interest", "value": "Billing", "objectTypeId": "0-1"},
        ],
    }


def test_pages_go_from_new_to_old_and_hold_fifty(http: Caller) -> None:
    for number in range(52):
        _submit(http, at=NOW + number // 2, email="a@x.example")
    assert len(_submissions(http).json()["results"]) == 20
    first = _submissions(http, limit=50).json()
    _submit(http, at=NOW + 100, email="a@x.example")
    rest = _submissions(http, limit=50, after=first["paging"]["next"]["after"]).json()
    times = [row["submittedAt"] for row in first["results"] + rest["results"]]
    assert times == sorted((NOW + number // 2 for number in range(52)), reverse=True)
    assert "paging" not in rest
    assert _submissions(http, limit=51).status_code == 400
    assert _submissions(http, after="%%%").status_code == 400


def test_an_unknown_form_is_404(http: Caller) -> None:
    assert http.get("/form-integrations/v1/submissions/forms/none").status_code == 404
    assert http.get("/marketing/v3/forms/none").status_code == 404
    assert http.get(f"/marketing/v3/forms/{DEMO}").json()["name"] == "Request a demo"


def test_an_unknown_visitor_becomes_a_lead_and_a_known_one_is_changed(http: Caller) -> None:
    made = _submit(http, email="new@x.example", firstname="Ana", numemployees="many")
    found = http.read(str(made), "firstname", "lifecyclestage", "numemployees")
    assert (found["firstname"], found["lifecyclestage"], found["numemployees"]) == ("Ana", "lead", None)
    assert _submit(http, email="NEW@x.example", firstname="Anna") == made
    assert http.read(str(made), "firstname")["firstname"] == "Anna"


def test_conversions_are_counted_with_the_last_and_first_form(http: Caller) -> None:
    contact = str(_submit(http, email="a@x.example"))
    _submit(http, at=NOW + 5000, email="a@x.example")
    http.control("people/submit-form", {"form": "Checklist", "values": {"email": "a@x.example"}, "at": NOW + 9000})
    found = http.read(
        contact,
        "num_conversion_events",
        "num_unique_conversion_events",
        "recent_conversion_date",
        "recent_conversion_event_name",
        "first_conversion_date",
    )
    assert (found["num_conversion_events"], found["num_unique_conversion_events"]) == ("3", "2")
    assert found["recent_conversion_date"] == found["lastmodifieddate"] == "2027-01-15T08:00:09.000Z"
    assert found["recent_conversion_event_name"] == "Page: Checklist"
    assert found["first_conversion_date"] == "2027-01-15T08:00:00.000Z"


def test_an_answer_without_an_address_belongs_to_nobody(http: Caller) -> None:
    assert _submit(http, message="hello") is None
    assert len(_submissions(http).json()["results"]) == 1
    assert http.get("/crm/v3/objects/contacts").json()["results"] == []


def test_a_form_with_an_additional_address_belongs_to_its_contact(http: Caller) -> None:
    contact = http.contact(email="first@x.example")
    http.control("people/add-email", {"contact": contact, "email": "Second@x.example"})
    assert str(_submit(http, email="second@x.example", firstname="Ana")) == contact
    assert http.read(contact, "email", "firstname")["email"] == "first@x.example"
    filters = [{"propertyName": "hs_additional_emails", "operator": "CONTAINS_TOKEN", "value": "second@x.example"}]
    assert http.search(filterGroups=[{"filters": filters}]).json()["results"][0]["id"] == contact
    assert http.post("/crm/v3/objects/contacts", {"properties": {"email": "second@x.example"}}).status_code == 409


def test_whether_an_additional_address_is_found_by_get_is_a_setting(http: Caller) -> None:
    contact = http.contact(email="first@x.example")
    http.control("people/add-email", {"contact": contact, "email": "second@x.example"})
    path = "/crm/v3/objects/contacts/second%40x.example?idProperty=email"
    assert http.get(path).status_code == 404
    http.control("settings", {"secondary_email_resolves": True})
    assert http.get(path).json()["id"] == contact


def test_a_form_can_be_renamed_and_archived_and_keeps_its_submissions(http: Caller) -> None:
    _submit(http, email="a@x.example")
    http.control("forms", {"guid": DEMO, "name": "Book a demo"})
    assert http.get(f"/marketing/v3/forms/{DEMO}").json()["name"] == "Book a demo"
    http.control("forms", {"guid": DEMO, "name": "Book a demo", "archived": True})
    listed = http.get("/marketing/v3/forms", limit=50).json()["results"]
    assert "Book a demo" not in [form["name"] for form in listed]
    assert len(_submissions(http).json()["results"]) == 1
    made = http.control("forms", {"name": "New"})["guid"]
    assert http.get(f"/marketing/v3/forms/{made}").json()["formType"] == "hubspot"
