"""What the org offers for these models, what falls mute there, and what hides records from us without an error."""

from collections.abc import Iterator

from connectors.protocol import Capability, Needs
from connectors.salesforce.answers import Forbidden, Refused
from connectors.salesforce.client import Client
from connectors.salesforce.engagement import sources_for
from connectors.salesforce.needs import DEAL_ACTIVITIES, OPPORTUNITY, PEOPLE, SOURCED
from connectors.salesforce.past import Past
from connectors.salesforce.sight import Sight
from connectors.salesforce.soql import select

_GRANT = "Give the user of leadscore read access to {} in a permission set."
_DEFAULTS = {"Lead": "DefaultLeadAccess", "Contact": "DefaultContactAccess", OPPORTUNITY: "DefaultOpportunityAccess"}


def capabilities(client: Client, past: Past, needs: Needs) -> tuple[Capability, ...]:
    """What these needs touch."""
    sight = Sight(client)
    return (
        *(_object(sight, object, needs) for object in needs.properties),
        *_fields(sight, needs),
        *_activities(sight, needs),
        *_histories(past, needs),
        *_sharing(client, needs),
    )


def _object(sight: Sight, object: str, needs: Needs) -> Capability:
    if sight.may_read(object):
        return Capability(object, True)
    mute = tuple(sorted(needs.activities & DEAL_ACTIVITIES)) if object == OPPORTUNITY else ()
    return Capability(object, False, f"{object} records are hidden from leadscore.", mute, _GRANT.format(object))


def _fields(sight: Sight, needs: Needs) -> Iterator[Capability]:
    """A field without permission looks exactly like one that does not exist. One of Lead or of Contact alone is no
    fault of the other."""
    people = [object for object in PEOPLE if object in needs.properties]
    for name in dict.fromkeys(name for object in people for name in needs.properties[object]):
        if not any(sight.readable(object, [name]) for object in people):
            yield _hidden(f"{' and '.join(people)}.{name}")
    for object in needs.properties:
        if object not in PEOPLE:
            seen = sight.readable(object, needs.properties[object])
            yield from (_hidden(f"{object}.{name}") for name in needs.properties[object] if name not in seen)


def _hidden(what: str) -> Capability:
    detail = f"There is no field {what}, or our user may not see it; its value is unknown."
    return Capability(f"field {what}", False, detail, remedy=_GRANT.format("the field") + " Or correct the model.")


def _activities(sight: Sight, needs: Needs) -> Iterator[Capability]:
    for source in sources_for(needs).values():
        readable = sight.may_read(source.object)
        detail = "" if readable else f"{source.object} records are hidden from leadscore."
        mute, remedy = (() if readable else (source.type,)), "" if readable else _GRANT.format(source.object)
        yield Capability(source.object, readable, detail, mute, remedy)
    for name in needs.lists:
        detail = f"Salesforce has no lists of people; being on {name!r} is unknown there."
        remedy = "Test a field or a campaign response instead."
        yield Capability(f"list {name}", False, detail, remedy=remedy)
    if elsewhere := tuple(sorted(needs.activities - SOURCED)):
        yield Capability(
            "activities from elsewhere",
            False,
            "Salesforce itself has no source of these activity types: " + ", ".join(elsewhere),
            elsewhere,
            "Bring them in with `leadscore import activities.csv`.",
        )


def _histories(past: Past, needs: Needs) -> Iterator[Capability]:
    for object in (object for object in PEOPLE if object in needs.properties):
        if not past.tracks(object):
            mute = tuple({"unsubscribe"} & needs.activities)
            yield Capability(
                f"history of {object}",
                False,
                f"No change of a {object}'s fields is tracked: scores of past days rest on the values of today, and "
                "when and by whom sales answered is unknown.",
                mute,
                f"Setup > Object Manager > {object} > Fields & Relationships > Set History Tracking: the fields of the "
                "model, above all the one for feedback.",
            )


def _sharing(client: Client, needs: Needs) -> Iterator[Capability]:
    """Where records are private our user sees fewer of them, and no error says so."""
    asked = {object: name for object, name in _DEFAULTS.items() if object in needs.properties}
    try:
        (row,) = client.query(select(asked.values(), "Organization"))["records"]
    except (Refused, Forbidden, ValueError):
        return
    hidden = [object for object, name in asked.items() if row.get(name) in ("None", "Private")]
    if hidden:
        yield Capability(
            "sharing",
            False,
            f"{', '.join(hidden)} records are private in this org: leadscore sees only those shared with its user.",
            remedy="Give its permission set View All for these objects; compare the counts with a list view of all.",
        )
