"""What this account, its tier and this token offer, found out by asking for one record of each kind."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connectors.hubspot.answers import Forbidden, Refused
from connectors.hubspot.client import Client
from connectors.hubspot.lists import find_list
from connectors.hubspot.needs import COMPANY, DEAL, DEAL_ACTIVITIES, SOURCED
from connectors.hubspot.records import PLURAL
from connectors.hubspot.visitors import EVENT
from connectors.protocol import Capability, Needs

CONTACTS, COMPANIES, DEALS, FORMS, VIEWS, LISTS = "contacts", "companies", "deals", "forms", "page views", "lists"


@dataclass(frozen=True, slots=True)
class _Probe:
    """A question that costs one call, and what falls away when the answer is no."""

    name: str
    ask: Callable[[Client], Any]
    activities: tuple[str, ...]
    detail: str
    remedy: str


def _object(object: str) -> Callable[[Client], Any]:
    return lambda client: client.call(client.objects.get_page, PLURAL[object], limit=1, properties=["hs_object_id"])


def _views(client: Client) -> Any:
    someone = _object("contact")(client).get("results") or [{"id": "1"}]
    asked = {"object_type": "contact", "object_id": int(someone[0]["id"]), "event_type": EVENT, "limit": 1}
    return client.call(client.events.get_page, **asked)


_PROBES = (
    _Probe(CONTACTS, _object("contact"), (), "Without contacts there is nobody to score.",
           "Add the scope crm.objects.contacts.read to the key."),
    _Probe(COMPANIES, _object("company"), (), "Fields of the company stay unknown; the contact's own fields speak.",
           "Add the scope crm.objects.companies.read to the key."),
    _Probe(DEALS, _object("deal"), tuple(sorted(DEAL_ACTIVITIES)), "Deals are not seen: won, lost, open are unknown.",
           "Add the scopes crm.objects.deals.read and crm.schemas.deals.read to the key."),
    _Probe(FORMS, lambda client: client.call(client.forms.get_page, limit=1, form_types=["hubspot"]),
           ("form_submission",), "Form submissions and their answers are not seen.", "Add the scope forms to the key."),
    _Probe(VIEWS, _views, (), "Single page views need an Enterprise tier; instead the last page of each visit is read, "
           "so that counts of views are lower than they were.", "Nothing to do, or an Enterprise tier of any hub."),
    _Probe(LISTS, lambda client: client.call(client.lists.do_search, {"count": 1, "offset": 0}), (),
           "Membership of lists is unknown.", "Add the scope crm.lists.read to the key."),
)  # fmt: skip


class Abilities:
    """Asks each question once and only when it matters; a connector lives for one run."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, tuple[bool, str]] = {}

    def may(self, name: str) -> bool:
        """Raises AccessDenied for a token that opens nothing at all."""
        return self._asked(next(probe for probe in _PROBES if probe.name == name))[0]

    def all(self, needs: Needs) -> tuple[Capability, ...]:
        """What these needs touch, contacts always; and the activity types that HubSpot has no source of."""
        found = [self._capability(probe) for probe in _PROBES if probe.name in _touched(needs)]
        if any(ability.name == LISTS and ability.available for ability in found):
            found += [self._list(name) for name in needs.lists]
        if unsourced := tuple(sorted(needs.activities - SOURCED)):
            found.append(
                Capability(
                    "activities from elsewhere",
                    False,
                    "HubSpot has no source of these activity types: " + ", ".join(unsourced),
                    unsourced,
                    "Bring them in with `leadscore import activities.csv`.",
                )
            )
        return tuple(found)

    def _capability(self, probe: _Probe) -> Capability:
        available, words = self._asked(probe)
        if available:
            return Capability(probe.name, True)
        return Capability(probe.name, False, f"{probe.detail} ({words})", probe.activities, probe.remedy)

    def _list(self, name: str) -> Capability:
        if find_list(self._client, name) is not None:
            return Capability(f"list {name}", True)
        detail = f"The portal has no contact list named {name!r}; being on it is unknown."
        return Capability(f"list {name}", False, detail, remedy="Make the list, or correct its name in the model.")

    def _asked(self, probe: _Probe) -> tuple[bool, str]:
        if probe.name not in self._known:
            try:
                probe.ask(self._client)
                self._known[probe.name] = (True, "")
            except Forbidden as denied:
                self._known[probe.name] = (False, str(denied))
            except Refused as refused:
                gone = refused.status in (402, 404, 405)
                self._known[probe.name] = (not gone, refused.words)
        return self._known[probe.name]


def _touched(needs: Needs) -> frozenset[str]:
    touched = {
        CONTACTS: True,
        COMPANIES: COMPANY in needs.properties,
        DEALS: DEAL in needs.properties,
        FORMS: "form_submission" in needs.activities,
        VIEWS: "page_view" in needs.activities,
        LISTS: bool(needs.lists),
    }
    return frozenset(name for name, does in touched.items() if does)
