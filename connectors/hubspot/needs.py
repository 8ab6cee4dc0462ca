"""What the models make us read from HubSpot: which properties, whose history, which lists and activities."""

from collections.abc import Iterator, Sequence

from connectors.protocol import Needs
from scoring.conditions import Condition, OnList, Submitted, leaves
from scoring.model import ScoringModel
from scoring.rules import ActivityRule, FieldRule, RangeRule, RecencyRule, Rule

CRM = "hubspot"
CONTACT, COMPANY, DEAL = "contact", "company", "deal"

MODIFIED = {CONTACT: "lastmodifieddate", COMPANY: "hs_lastmodifieddate", DEAL: "hs_lastmodifieddate"}
PRIMARY_COMPANY = "associatedcompanyid"
DEAL_PROPERTIES = ("dealstage", "pipeline", "amount", "closedate", "hs_is_closed_won", "hs_is_closed_lost",
                   "hs_closed_won_date")  # fmt: skip
DEAL_ACTIVITIES = frozenset({"deal_stage", "deal_won", "deal_lost"})

DERIVED = {
    "email_click": "hs_email_last_click_date",
    "email_open": "hs_email_last_open_date",
    "email_reply": "hs_sales_email_last_replied",
    "meeting": "engagements_last_meeting_booked",
    "unsubscribe": "hs_email_optout",
    "email_bounce": "hs_email_bounce",
}
"""Activity types that are read from the history of one contact property."""

LAST_URL = "hs_analytics_last_url"

SOURCED = frozenset({"form_submission", "page_view", *DERIVED, *DEAL_ACTIVITIES})
"""Every activity type that HubSpot can supply; all others come by import."""


def needs(models: Sequence[ScoringModel]) -> Needs:
    """Properties by object, contacts always. Properties are watched, so that the past can be scored."""
    named: dict[str, dict[str, None]] = {object: {} for object in (CONTACT, COMPANY, DEAL)}
    for place in (place for model in models for field in model.fields.values() for place in field.places.get(CRM, ())):
        object, _, name = place.rpartition(".")
        if object in ("", COMPANY):
            named[object or CONTACT][name] = None
        elif object == "deals":
            named[DEAL] |= dict.fromkeys(DEAL_PROPERTIES)
    for model in models:
        named[CONTACT] |= dict.fromkeys(_own_fields(model))
    activities = frozenset(_activities(models))
    if activities & DEAL_ACTIVITIES:
        named[DEAL] |= dict.fromkeys(DEAL_PROPERTIES)
    if named[COMPANY]:
        named[CONTACT][PRIMARY_COMPANY] = None
    properties = {object: tuple(sorted(names)) for object, names in named.items() if names or object == CONTACT}
    watched = {object: tuple(filter(_is_watched, names)) for object, names in properties.items()}
    lists = dict.fromkeys(name for leaf in _leaves(models) if isinstance(leaf, OnList) for name in leaf.lists)
    feedback = dict.fromkeys(m.feedback.field[CRM] for m in models if m.feedback and CRM in m.feedback.field)
    return Needs(properties, watched, tuple(lists), activities, tuple(feedback))


def _is_watched(name: str) -> bool:
    """Of a deal only its stage has a history that counts; a link has none."""
    return name != PRIMARY_COMPANY and (name == "dealstage" or name not in DEAL_PROPERTIES)


def history_for(activities: frozenset[str], views_by_event: bool) -> tuple[str, ...]:
    """The contact properties whose history supplies these activity types."""
    names = [name for type, name in DERIVED.items() if type in activities]
    if "page_view" in activities and not views_by_event:
        names.append(LAST_URL)
    return tuple(names)


def _own_fields(model: ScoringModel) -> Iterator[str]:
    """The stage field and the field that sales fills in."""
    if model.lifecycle is not None and CRM in model.lifecycle.field:
        yield model.lifecycle.field[CRM]
    if model.feedback is not None and CRM in model.feedback.field:
        yield model.feedback.field[CRM]
        yield f"{model.feedback.field[CRM]}_note"


def _activities(models: Sequence[ScoringModel]) -> Iterator[str]:
    for rule in _rules(models):
        if not isinstance(rule, FieldRule):
            yield from rule.on
    if any(isinstance(leaf, Submitted) for leaf in _leaves(models)):
        yield "form_submission"


def _rules(models: Sequence[ScoringModel]) -> Iterator[Rule]:
    return (rule for model in models for score in model.scores for group in score.groups for rule in group.rules)


def _leaves(models: Sequence[ScoringModel]) -> Iterator[Condition]:
    conditions: list[Condition | None] = []
    for rule in _rules(models):
        conditions.append(rule.when if isinstance(rule, FieldRule) else _where(rule))
    for model in models:
        conditions.append(model.applies_to)
        if model.lifecycle is not None:
            conditions += [model.lifecycle.exclude, *(enter.when for enter in model.lifecycle.enter)]
    return (leaf for condition in conditions for leaf in leaves(condition))


def _where(rule: ActivityRule | RecencyRule | RangeRule) -> Condition | None:
    return rule.where
