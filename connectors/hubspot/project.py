"""The HubSpot project of one's own installation: an app with its scopes, and webhooks to one's own address."""

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from connectors.hubspot.fields import PREFIX
from connectors.hubspot.needs import COMPANY, CONTACT, DEAL, needs
from scoring.model import ScoringModel

APP = "src/app/app-hsmeta.json"
WEBHOOKS = "src/app/webhooks/webhooks-hsmeta.json"
PROJECT = "hsproject.json"
MOST = 1_000
"""Subscriptions that HubSpot allows an app."""

_ALWAYS = {
    "oauth": "HubSpot asks for it of every app",
    "crm.objects.contacts.read": "contacts are what is scored, and their webhooks need it",
    "crm.objects.contacts.write": "scores and stages are written into contacts; tasks for sales need it, too",
    "crm.schemas.contacts.read": "to know which fields there are",
    "crm.schemas.contacts.write": "to create the fields that leadscore writes",
    "crm.objects.owners.read": "to know whose lead it is when sales is told, and who answered",
}
_SOMETIMES = {
    "forms": ("form_submission", "form submissions and their answers"),
    "crm.lists.read": ("lists", "membership of lists that a model names"),
    "crm.objects.companies.read": (COMPANY, "fields of the company that a model names"),
    "crm.schemas.companies.read": (COMPANY, "to know which fields companies have"),
    "crm.objects.deals.read": (DEAL, "deals won, lost and open, that a model names"),
    "crm.schemas.deals.read": (DEAL, "pipelines and their stages"),
}
_ENTERPRISE = "business-intelligence"
"""The scope for single page views, which an Enterprise tier has: an app that required it could not be installed on
others."""
_NEVER_TOLD = frozenset({"num_unique_conversion_events", "lastmodifieddate"})
"""Properties that HubSpot's webhooks guide names as not to be subscribed to."""
_CONVERTED = "recent_conversion_date"
"""Changes when somebody sends a form, of which HubSpot has no notice: it says that it is time to look."""
_EVENTS = ("creation", "deletion", "merge", "restore")


def scopes(models: Sequence[ScoringModel]) -> Mapping[str, str]:
    """The scopes that these models need, each with its reason."""
    found = needs(models)
    wanted = {*found.properties, *found.activities, *(("lists",) if found.lists else ())}
    more = {scope: reason for scope, (need, reason) in _SOMETIMES.items() if need in wanted}
    return _ALWAYS | more


def subscriptions(models: Sequence[ScoringModel]) -> dict[str, list[dict[str, Any]]]:
    """What HubSpot is to tell us: what the models read, one subscription a property, and nothing that we write except
    the field in which sales answers. Raises ValueError where HubSpot would not take so many."""
    asked: list[dict[str, Any]] = []
    for object, names in needs(models).properties.items():
        asked += [{"subscriptionType": f"object.{event}", "objectType": object, "active": True} for event in _EVENTS]
        wanted = {*names} - _NEVER_TOLD
        if object == CONTACT:
            wanted |= {"email", _CONVERTED} if "form_submission" in needs(models).activities else {"email"}
        for name in sorted(one for one in wanted if not one.startswith(PREFIX) or one in _answered(models)):
            change = {"subscriptionType": "object.propertyChange", "objectType": object, "propertyName": name}
            asked.append(change | {"active": True})
    asked.append({"subscriptionType": "object.associationChange", "objectType": CONTACT, "active": True})
    if len(asked) >= MOST:
        raise ValueError(f"The models read so many properties that {len(asked):,} subscriptions are needed; HubSpot "
                         f"allows {MOST:,} an app. Read fewer properties, or leave the webhooks and poll.")  # fmt: skip
    erased = [{"subscriptionType": "contact.privacyDeletion", "active": True}]
    return {"crmObjects": asked, "legacyCrmObjects": [], "hubEvents": erased}


def project_files(models: Sequence[ScoringModel], url: str, target: str) -> dict[str, str]:
    """The files of the project by path. `url` is our public origin, `target` the whole address of the door."""
    app, hooks = _template(APP), _template(WEBHOOKS)
    app["config"]["auth"]["requiredScopes"] = list(scopes(models))
    app["config"]["auth"]["optionalScopes"] = [_ENTERPRISE] if "page_view" in needs(models).activities else []
    app["config"]["permittedUrls"]["fetch"] = [url]
    hooks["config"]["settings"]["targetUrl"] = target
    hooks["config"]["subscriptions"] = subscriptions(models)
    made = {PROJECT: _template(PROJECT), APP: app, WEBHOOKS: hooks}
    return {path: json.dumps(content, indent=2) + "\n" for path, content in made.items()}


def _answered(models: Sequence[ScoringModel]) -> set[str]:
    fields = {model.feedback.field.get("hubspot", "") for model in models if model.feedback is not None} - {""}
    return fields | {f"{name}_note" for name in fields}


def _template(path: str) -> Any:
    return json.loads((files("connectors.hubspot") / "app" / path).read_text(encoding="utf-8"))
