"""A token that does not open, or not everything: one sentence that says what to do, and never the token itself."""

import time

import pytest

from connectors.errors import AccessDenied
from connectors.hubspot.connect import connect
from connectors.protocol import Needs
from tests.connectors.portal import CONTACTS_ONLY, NOW, Portal

TOKEN = "pat-na1-deadbeef-0000-4000-8000-00000000beef"


def test_a_malformed_token_is_told_apart_from_an_unknown_one(portal: Portal) -> None:
    with pytest.raises(AccessDenied, match="not in the form of a token"):
        portal.open("short").reader.account()
    with pytest.raises(AccessDenied, match="does not know this token") as denied:
        portal.open(TOKEN).reader.account()
    assert TOKEN not in str(denied.value)


def test_an_expired_token_is_named_so(portal: Portal) -> None:
    portal.post("settings", token_expires_at=NOW - 1000)
    with pytest.raises(AccessDenied, match="has expired"):
        portal.open().reader.account()


def test_a_token_with_characters_that_no_header_takes_is_refused_before_any_call() -> None:
    with pytest.raises(ValueError, match="characters that no token has"):
        connect("pat-na1-“quoted”")
    with pytest.raises(ValueError, match="is empty"):
        connect(" ")


def test_spaces_around_a_token_do_not_matter(portal: Portal) -> None:
    assert portal.open(f" {portal.sandbox.token}\n").reader.account().id == str(portal.sandbox.portal_id)


def test_a_missing_scope_is_named(portal: Portal) -> None:
    portal.post("settings", scopes=["oauth", "crm.objects.contacts.read"])
    with pytest.raises(AccessDenied, match="add forms to the key") as denied:
        portal.open().reader.forms()
    assert denied.value.scopes == ("forms",)


def test_without_contacts_nothing_is_read_and_the_scope_is_named(portal: Portal) -> None:
    portal.post("settings", scopes=["oauth", "forms"])
    with pytest.raises(AccessDenied, match=r"crm\.objects\.contacts\.read"):
        portal.open().reader.streams(CONTACTS_ONLY)


def test_what_a_scope_does_not_give_is_no_stream_and_mutes_its_activities(portal: Portal) -> None:
    portal.post("settings", scopes=["oauth", "crm.objects.contacts.read"])
    needs = Needs(
        {"contact": ("jobtitle",), "company": ("industry",), "deal": ("dealstage",)},
        {},
        ("Do not score",),
        frozenset({"form_submission", "deal_won", "page_view", "event_attended"}),
    )
    reader = portal.open().reader
    assert reader.streams(needs) == ("contacts", "archived")
    abilities = {ability.name: ability for ability in reader.capabilities(needs)}
    missing = {name for name, ability in abilities.items() if not ability.available}
    assert missing == {"companies", "deals", "forms", "page views", "lists", "activities from elsewhere"}
    muted = {type for ability in abilities.values() if not ability.available for type in ability.activities}
    assert muted == {"form_submission", "deal_stage", "deal_won", "deal_lost", "event_attended"}
    assert all(abilities[name].remedy for name in missing)


def test_what_nobody_needs_is_not_asked_for(portal: Portal) -> None:
    reader = portal.open().reader
    assert [ability.name for ability in reader.capabilities(CONTACTS_ONLY)] == ["contacts"]
    assert portal.get("requests")["total"] == 1


def test_a_list_that_is_not_there_is_told_with_its_name(portal: Portal) -> None:
    needs = Needs({"contact": ()}, {}, ("Do not score", "Nobody's list"))
    found = {ability.name: ability.available for ability in portal.open().reader.capabilities(needs)}
    assert found == {"contacts": True, "lists": True, "list Do not score": True, "list Nobody's list": False}


def test_the_portals_time_is_told_for_a_look_at_our_own(portal: Portal) -> None:
    assert abs(portal.open().reader.clock() - time.time() * 1000) < 5000
