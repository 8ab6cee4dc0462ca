"""The vendor's own client works against the sandbox with nothing but its host changed."""

from __future__ import annotations

import pytest
from hubspot import HubSpot
from hubspot.crm import associations, contacts, lists, properties
from hubspot.crm.contacts.exceptions import ApiException

from tests.sandbox.conftest import NOW, Caller


def _create(client: HubSpot, **values: str) -> str:
    made = client.crm.contacts.basic_api.create(
        contacts.SimplePublicObjectInputForCreate(properties=values, associations=[])
    )
    return str(made.id)


def test_a_contact_is_created_read_changed_and_archived(client: HubSpot) -> None:
    api = client.crm.contacts.basic_api
    contact = _create(client, email="jane+x@ex.example", firstname="Zoë 🎉")
    assert api.get_by_id("jane+x@ex.example", id_property="email").properties["firstname"] == "Zoë 🎉"
    changed = api.update(contact, contacts.SimplePublicObjectInput(properties={"firstname": "Jo"}))
    assert changed.properties["firstname"] == "Jo"
    api.archive(contact)
    with pytest.raises(ApiException) as caught:
        api.get_by_id(contact)
    assert caught.value.status == 404
    assert [found.id for found in api.get_page(archived=True).results] == [contact]


def test_pages_are_followed_to_the_end(client: HubSpot, http: Caller) -> None:
    http.contacts(25)
    found, after = [], None
    while True:
        page = client.crm.contacts.basic_api.get_page(limit=10, after=after, archived=False)
        found += [item.properties["email"] for item in page.results]
        if page.paging is None:
            break
        after = page.paging.next.after
    assert found == [f"c{number}@x.example" for number in range(25)]


def test_batches_are_read_created_updated_upserted_and_archived(client: HubSpot) -> None:
    api = client.crm.contacts.batch_api
    rows = [{"properties": {"email": f"b{n}@x.example"}, "associations": []} for n in range(3)]
    made = api.create(contacts.BatchInputSimplePublicObjectBatchInputForCreate(inputs=rows))
    ids = [item.id for item in made.results]
    updates = [{"id": item, "properties": {"city": "Köln"}} for item in ids]
    updated = api.update(contacts.BatchInputSimplePublicObjectBatchInput(inputs=updates))
    assert {item.id for item in updated.results} == set(ids)
    upserts = [
        {"id": "b0@x.example", "idProperty": "email", "properties": {"city": "Bonn"}},
        {"id": "new@x.example", "idProperty": "email", "properties": {"city": "Ulm"}},
    ]
    upserted = api.upsert(contacts.BatchInputSimplePublicObjectBatchInputUpsert(inputs=upserts))
    assert [item.new for item in upserted.results] == [False, True]
    read = api.read(
        contacts.BatchReadInputSimplePublicObjectId(
            properties=["city"],
            properties_with_history=[],
            inputs=[{"id": "b0@x.example"}, {"id": "b1@x.example"}],
            id_property="email",
        )
    )
    assert sorted(item.properties["city"] for item in read.results) == ["Bonn", "Köln"]
    api.archive(contacts.BatchInputSimplePublicObjectId(inputs=[{"id": ids[0]}]))
    assert len(client.crm.contacts.basic_api.get_page().results) == 3


def test_search_filters_sorts_and_pages(client: HubSpot, http: Caller) -> None:
    http.contacts(5)
    request = contacts.PublicObjectSearchRequest(
        filter_groups=[{"filters": [{"propertyName": "lastmodifieddate", "operator": "GTE", "value": str(NOW)}]}],
        sorts=[{"propertyName": "hs_object_id", "direction": "DESCENDING"}],
        limit=2,
        after=0,
        properties=["email"],
        query=None,
    )
    found = client.crm.contacts.search_api.do_search(request)
    assert found.total == 5
    assert [item.properties["email"] for item in found.results] == ["c4@x.example", "c3@x.example"]
    assert found.paging.next.after == "2"


def test_property_groups_and_properties_are_made_and_archived(client: HubSpot) -> None:
    api = client.crm.properties
    api.groups_api.create("contacts", properties.PropertyGroupCreate(name="scores", label="Scores", display_order=-1))
    wish = properties.PropertyCreate(
        name="my_score", label="My score", type="number", field_type="number", group_name="scores"
    )
    assert api.core_api.create("contacts", wish).name == "my_score"
    api.core_api.update("contacts", "my_score", properties.PropertyUpdate(label="Score"))
    assert api.core_api.get_by_name("contacts", "my_score").label == "Score"
    assert "my_score" in [item.name for item in api.core_api.get_all("contacts", archived=False).results]
    api.core_api.archive("contacts", "my_score")
    assert "my_score" not in [item.name for item in api.core_api.get_all("contacts").results]
    api.groups_api.archive("contacts", "scores")
    assert "scores" not in [item.name for item in api.groups_api.get_all("contacts").results]


def test_owners_pipelines_and_forms_can_be_read(client: HubSpot) -> None:
    assert [owner.id for owner in client.crm.owners.owners_api.get_page(limit=100).results] == ["501", "502"]
    pipelines = client.crm.pipelines.pipelines_api.get_all("deals").results
    won = [
        stage.id
        for pipeline in pipelines
        for stage in pipeline.stages
        if stage.metadata == {"isClosed": "true", "probability": "1.0"}
    ]
    assert won == ["closedwon", "wonwithpilot", "90310002"]
    forms = client.marketing.forms.forms_api.get_page(form_types=["hubspot", "flow"], limit=50).results
    assert "Request a demo" in [form.name for form in forms]
    assert [form.name for form in forms if form.form_type == "flow"] == ["Newsletter"]


def test_lists_are_made_filled_found_by_name_and_read(client: HubSpot, http: Caller) -> None:
    ids = http.contacts(3)
    api = client.crm.lists
    wish = lists.ListCreateRequest(object_type_id="0-1", processing_type="MANUAL", name="Partners / EU")
    made = api.lists_api.create(wish).list
    api.memberships_api.add(made.list_id, ids[:2])
    found = api.lists_api.get_by_name("Partners / EU", "0-1").list
    assert found.list_id == made.list_id
    assert [item.record_id for item in api.memberships_api.get_page(found.list_id).results] == ids[:2]
    api.memberships_api.remove(made.list_id, ids[:1])
    assert [item.list_id for item in api.memberships_api.get_lists("0-1", ids[1]).results] == [made.list_id]
    assert api.memberships_api.get_lists("0-1", ids[0]).results == []


def test_page_views_come_as_events(client: HubSpot, http: Caller) -> None:
    contact = http.contacts(1)[0]
    http.control("people/view-page", {"contact": contact, "url": "https://www.example.com/pricing?plan=team"})
    page = client.events.events_api.get_page(object_type="contact", object_id=int(contact), event_type="e_visited_page")
    assert [event.properties["hs_url"] for event in page.results] == ["https://www.example.com/pricing?plan=team"]


def test_associations_are_made_and_read_in_batches(client: HubSpot, http: Caller) -> None:
    contact, company = http.contacts(1)[0], http.record("companies", name="Acme")
    api = client.crm.associations.v4
    api.basic_api.create_default("contacts", contact, "companies", company)
    inputs = associations.v4.BatchInputPublicFetchAssociationsBatchRequest(inputs=[{"id": contact}])
    found = api.batch_api.get_page("contacts", "companies", inputs).results[0]
    assert [str(target.to_object_id) for target in found.to] == [company]
    assert sorted(label.type_id for label in found.to[0].association_types) == [1, 279]
    companies = client.crm.companies.basic_api.get_by_id(company, properties=["num_associated_contacts"])
    assert companies.properties["num_associated_contacts"] == "1"


def test_a_refusal_reaches_the_client_as_its_own_exception(client: HubSpot) -> None:
    _create(client, email="a@x.example")
    with pytest.raises(ApiException) as caught:
        _create(client, email="A@x.example")
    assert caught.value.status == 409
    assert "Contact already exists. Existing ID: 1001" in str(caught.value.body)
