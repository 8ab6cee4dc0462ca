"""The HubSpot project of an installation asks for what its models read, says why, and leads to its own door."""

import json

from config.defaults import shipped
from config.model_file import parse_model, read_model
from connectors.hubspot.project import APP, PROJECT, WEBHOOKS, project_files, scopes, subscriptions

MODELS = (read_model(shipped("b2b")),)
SMALL = (read_model(shipped("minimal")),)


def test_the_files_lead_to_our_door_and_ask_for_every_scope_with_a_reason() -> None:
    made = project_files(MODELS, "https://leads.example.com", "https://leads.example.com/crm/webhooks/hubspot")
    assert sorted(made) == sorted((APP, PROJECT, WEBHOOKS))
    app, hooks = json.loads(made[APP]), json.loads(made[WEBHOOKS])
    assert app["config"]["permittedUrls"]["fetch"] == ["https://leads.example.com"]
    assert app["config"]["auth"]["requiredScopes"] == list(scopes(MODELS))
    assert app["config"]["auth"]["optionalScopes"] == ["business-intelligence"], "not every portal has it"
    assert all(scopes(MODELS).values())
    assert hooks["config"]["settings"]["targetUrl"] == "https://leads.example.com/crm/webhooks/hubspot"


def test_nothing_that_we_write_is_subscribed_to_but_the_answer_of_sales() -> None:
    asked = subscriptions(MODELS)["crmObjects"]
    ours = {one["propertyName"] for one in asked if one.get("propertyName", "").startswith("leadscore_")}
    assert ours == {"leadscore_feedback", "leadscore_feedback_note"}


def test_what_hubspot_never_tells_of_is_not_asked_for() -> None:
    text = shipped("minimal").read_text(encoding="utf-8")
    counting = text.replace("fields:", "fields:\n  forms: {type: number, hubspot: num_unique_conversion_events}", 1)
    names = {one.get("propertyName") for one in subscriptions([parse_model(counting, "m")])["crmObjects"]}
    assert "email" in names
    assert "num_unique_conversion_events" not in names


def test_who_counts_forms_hears_when_somebody_sent_one() -> None:
    names = {one.get("propertyName") for one in subscriptions(MODELS)["crmObjects"]}
    assert "recent_conversion_date" in names


def test_each_object_that_is_read_tells_of_its_changes_merges_and_ends() -> None:
    asked = subscriptions(MODELS)["crmObjects"]
    told = {(one["objectType"], one["subscriptionType"]) for one in asked}
    for event in ("creation", "deletion", "merge", "restore", "propertyChange"):
        assert {("contact", f"object.{event}"), ("company", f"object.{event}"), ("deal", f"object.{event}")} <= told
    assert len({json.dumps(one, sort_keys=True) for one in asked}) == len(asked)
    assert subscriptions(MODELS)["hubEvents"] == [{"subscriptionType": "contact.privacyDeletion", "active": True}]


def test_a_model_that_reads_contacts_only_asks_for_nothing_about_deals() -> None:
    assert not [scope for scope in scopes(SMALL) if "deals" in scope]
    assert {one["objectType"] for one in subscriptions(SMALL)["crmObjects"]} <= {"contact", "company"}
