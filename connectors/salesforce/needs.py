"""What the models make us read from Salesforce: which fields of Leads, Contacts and Accounts, which activities."""

from collections.abc import Iterator, Sequence

from connectors.protocol import Needs
from connectors.salesforce.fields import note_of
from scoring.conditions import Condition, OnList, Submitted, leaves
from scoring.model import ScoringModel
from scoring.rules import FieldRule, Rule

CRM = "salesforce"
LEAD, CONTACT, ACCOUNT, OPPORTUNITY = "Lead", "Contact", "Account", "Opportunity"
PEOPLE = (LEAD, CONTACT)
PREFIXES = {"00Q": LEAD, "003": CONTACT, "001": ACCOUNT, "006": OPPORTUNITY}
"""The first three characters of an id tell the object."""

DEAL_FIELDS = ("StageName", "Amount", "CloseDate", "IsClosed", "IsWon")
DEAL_ACTIVITIES = frozenset({"deal_stage", "deal_won", "deal_lost"})
OPTED_OUT, BOUNCED = "HasOptedOutOfEmail", "EmailBouncedDate"
DERIVED = {"unsubscribe": OPTED_OUT, "email_bounce": BOUNCED}
"""Activity types that a person's own fields tell."""

SOURCED = frozenset({"campaign_response", "call", "meeting", *DERIVED, *DEAL_ACTIVITIES})
"""Every activity type that Salesforce can supply here; all others come by import."""


def needs(models: Sequence[ScoringModel]) -> Needs:
    """A place without an object is a field of Leads and of Contacts, of either only where just one has it. Fields are
    watched, so that the past can be scored as far as the org tracks their history."""
    people: dict[str, None] = {}
    account: dict[str, None] = {}
    counts = False
    for place in (place for model in models for field in model.fields.values() for place in field.places.get(CRM, ())):
        object, _, name = place.rpartition(".")
        if object == ACCOUNT:
            account[name] = None
        elif object == "opportunities":
            counts = True
        elif not object:
            people[name] = None
    for model in models:
        people |= dict.fromkeys(_own_fields(model))
    activities = frozenset(_activities(models))
    mine = tuple(sorted(people))
    properties = {LEAD: mine, CONTACT: mine}
    if account:
        properties[ACCOUNT] = tuple(sorted(account))
    watched = dict(properties)
    if counts or activities & DEAL_ACTIVITIES:
        properties[OPPORTUNITY] = DEAL_FIELDS
    lists = dict.fromkeys(name for leaf in _leaves(models) if isinstance(leaf, OnList) for name in leaf.lists)
    feedback = dict.fromkeys(m.feedback.field[CRM] for m in models if m.feedback and CRM in m.feedback.field)
    return Needs(properties, watched, tuple(lists), activities, tuple(feedback))


def object_of(id: str) -> str:
    """The object of a record's id; "" for one that we do not read."""
    return PREFIXES.get(id[:3], "")


def _own_fields(model: ScoringModel) -> Iterator[str]:
    """The stage field and the fields that sales fills in."""
    if model.lifecycle is not None and CRM in model.lifecycle.field:
        yield model.lifecycle.field[CRM]
    if model.feedback is not None and CRM in model.feedback.field:
        yield model.feedback.field[CRM]
        yield note_of(model.feedback.field[CRM])


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
        conditions.append(rule.when if isinstance(rule, FieldRule) else rule.where)
    for model in models:
        conditions.append(model.applies_to)
        if model.lifecycle is not None:
            conditions += [model.lifecycle.exclude, *(enter.when for enter in model.lifecycle.enter)]
    return (leaf for condition in conditions for leaf in leaves(condition))
