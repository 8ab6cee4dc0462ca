"""Both spellings of HubSpot's paths lead to the same, and the official client confirms what ours wrote and read."""

from typing import Any

import pytest
from hubspot import HubSpot as Official

from connectors.hubspot.paths import Paths
from connectors.protocol import Needs, RecordWrite
from tests.connectors.models import MODEL
from tests.connectors.portal import NOW, Portal


@pytest.mark.parametrize(
    ("old", "dated"),
    [
        ("/crm/v3/objects/contacts", "/crm/objects/2026-09/contacts"),
        ("/crm/v3/objects/contacts/batch/read", "/crm/objects/2026-09/contacts/batch/read"),
        ("/crm/v3/lists/", "/crm/lists/2026-09"),
        ("/crm/v3/properties/contacts/groups/leadscore", "/crm/properties/2026-09/contacts/groups/leadscore"),
        ("/crm/v4/associations/a/b/batch/read", "/crm/associations/2026-09/a/b/batch/read"),
        ("/events/v3/events/", "/events/event-occurrences/2026-09"),
        ("/account-info/v3/details", "/account-info/2026-09/details"),
        ("/marketing/v3/forms/", "/marketing/v3/forms"),
        ("/form-integrations/v1/submissions/forms/x", "/form-integrations/v1/submissions/forms/x"),
    ],
)
def test_a_path_has_a_dated_spelling_where_hubspot_has_one(old: str, dated: str) -> None:
    assert Paths("2026-09").spell(old) == dated
    assert Paths().spell(old) == old.rstrip("/")


def test_a_version_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no HubSpot API version"):
        Paths("latest")


def test_dated_paths_read_the_same_as_the_old_ones(portal: Portal) -> None:
    ids = portal.import_contacts([{"email": f"p{number}@example.com", "jobtitle": "CEO"} for number in range(70)])
    portal.post("people/submit-form", form="Newsletter", values={"email": "p1@example.com"})
    portal.post("people/view-page", contact=ids[2], url="https://x.example/")
    portal.post("lists", name="Do not score", members=[int(ids[3])])
    old, dated = portal.open().reader, portal.open(version="2026-09").reader
    needs = old.needs([MODEL])
    needs = Needs(needs.properties, needs.watched, ("Do not score",), needs.activities | {"deal_won"})
    assert old.streams(needs) == dated.streams(needs)
    for stream in old.streams(needs):
        pages = [list(reader.read(stream, None, needs, NOW)) for reader in (old, dated)]
        assert pages[0] == pages[1]
    assert old.account() == dated.account()
    assert old.properties("contact") == dated.properties("contact")


def official(portal: Portal) -> Any:
    return Official(access_token=portal.sandbox.token, host=portal.sandbox.url)


def test_the_official_client_sees_what_was_written(portal: Portal) -> None:
    (id,) = portal.import_contacts([{"email": "a@example.com"}])
    hubspot = portal.open()
    list(hubspot.installer.carry_out(hubspot.installer.plan([MODEL]), [MODEL]))
    hubspot.writer.write([RecordWrite("contact", id, {"total": "95", "grade_band": "A1 hot", "scored_at": str(NOW)})])
    names = ["leadscore_total", "leadscore_grade_band", "leadscore_scored_at"]
    shown = official(portal).crm.contacts.basic_api.get_by_id(id, properties=names, _request_timeout=10).properties
    assert {name: shown[name] for name in names} == {
        "leadscore_total": "95",
        "leadscore_grade_band": "A1 hot",
        "leadscore_scored_at": "2027-01-15T08:00:00.000Z",
    }


def test_the_official_client_reads_the_same_contacts(portal: Portal) -> None:
    ids = portal.import_contacts([{"email": f"p{number}@example.com", "jobtitle": "CEO"} for number in range(120)])
    read = official(portal).crm.contacts.get_all(properties=["jobtitle", "email"])
    theirs = {contact.id: (contact.properties["email"], contact.properties["jobtitle"]) for contact in read}
    needs = Needs({"contact": ("jobtitle",)}, {})
    ours = {
        record.id: (record.email, record.values["jobtitle"])
        for record in portal.open().reader.fetch("contact", ids, needs)
    }
    assert ours == theirs
