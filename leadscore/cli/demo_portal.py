"""What the demo sees of its local portal, and how it makes people act there: over HTTP, as anybody could."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import requests

_CONTACTS = "/crm/v3/objects/contacts"
_OURS = ("total", "grade_band", "stage", "reason", "score_fit", "adjustment", "feedback", "last_feedback",
         "last_feedback_by")  # fmt: skip
_THEIRS = ("email", "firstname", "lastname", "jobtitle", "company", "lifecyclestage", "hs_email_optout")
_PROPERTIES = ",".join((*_THEIRS, *(f"leadscore_{name}" for name in _OURS)))
_PATIENCE = 60.0
_PAUSE = 0.03


class Untrue(Exception):
    """Something that the demo claims did not happen; the sentence says what was seen instead."""


@dataclass(frozen=True, slots=True)
class Lead:
    """A contact as the portal shows it at one moment."""

    id: str
    shown: Mapping[str, str]

    def ours(self, name: str) -> str:
        """One of our fields, "" where it is empty."""
        return self.shown.get(f"leadscore_{name}", "")

    def points(self, name: str) -> int:
        """One of our numbers; 0 where it is empty."""
        return int(float(self.ours(name) or 0))

    @property
    def name(self) -> str:
        named = " ".join(part for part in (self.shown.get("firstname"), self.shown.get("lastname")) if part)
        return named or self.shown.get("email", self.id)


@dataclass(frozen=True, slots=True)
class Seen:
    """A lead, and how many seconds after something had happened the portal showed it so."""

    after: float
    lead: Lead


@dataclass(frozen=True, slots=True)
class Task:
    """A task in the portal: whose it is, and what it says."""

    owner: str
    subject: str


@dataclass(frozen=True, slots=True)
class PortalView:
    """A portal at an address, seen with its token."""

    url: str
    token: str

    def pull(self, what: str, body: Mapping[str, Any] | None = None) -> Any:
        """Pulls a string behind the stage: people who act, the clock, webhooks."""
        method = "GET" if body is None else "POST"
        answer = requests.request(method, f"{self.url}/_sandbox/{what}", json=body, timeout=300)
        answer.raise_for_status()
        return answer.json()

    def drop(self, what: str) -> None:
        """Ends what was begun behind the stage."""
        requests.delete(f"{self.url}/_sandbox/{what}", timeout=30).raise_for_status()

    def get(self, path: str, **query: str | int) -> Any:
        """What HubSpot's API answers."""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = requests.get(f"{self.url}{path}", params=query, headers=headers, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def lead(self, id: str) -> Lead:
        """One contact, now."""
        return _lead(self.get(f"{_CONTACTS}/{id}", properties=_PROPERTIES))

    def leads(self) -> Iterator[Lead]:
        """Every contact."""
        more: dict[str, str | int] = {"limit": 100, "properties": _PROPERTIES}
        while True:
            page = self.get(_CONTACTS, **more)
            yield from map(_lead, page["results"])
            if "paging" not in page:
                return
            more["after"] = page["paging"]["next"]["after"]

    def watch(
        self, id: str, since: float, true: Callable[[Lead], bool], claim: str, patience: float = _PATIENCE
    ) -> list[Seen]:
        """Looks at a contact until something is true of it; returns each score that it showed on the way, with the
        seconds since `since` (of the monotonic clock). Raises Untrue with the claim when it never becomes true."""
        seen: list[Seen] = []
        while True:
            lead = self.lead(id)
            after = time.monotonic() - since
            if not seen or lead.ours("total") != seen[-1].lead.ours("total"):
                seen.append(Seen(after, lead))
            if true(lead):
                seen[-1] = Seen(seen[-1].after, lead)
                return seen
            if after > patience:
                raise Untrue(f"{claim}; after {after:.0f} s the portal shows {standing(lead)}")
            time.sleep(_PAUSE)

    def past(self, id: str, property: str) -> list[str]:
        """All values that a property of a contact had, oldest first, "" where it was cleared."""
        raw = self.get(f"{_CONTACTS}/{id}", propertiesWithHistory=property)
        return [entry["value"] or "" for entry in reversed(raw["propertiesWithHistory"].get(property, []))]

    def tasks(self, id: str) -> list[Task]:
        """The tasks on a contact, oldest first."""
        links = self.get(f"/crm/v4/objects/contacts/{id}/associations/tasks")["results"]
        found = []
        for number in sorted(link["toObjectId"] for link in links):
            told = self.get(f"/crm/v3/objects/tasks/{number}", properties="hs_task_subject,hubspot_owner_id")
            owner = self.get(f"/crm/v3/owners/{told['properties']['hubspot_owner_id']}")
            name = f"{owner['firstName']} {owner['lastName']}"
            found.append(Task(name, told["properties"]["hs_task_subject"]))
        return found

    def notices(self, id: str, property: str) -> list[float]:
        """After how many seconds each signed notice of a change of this property of a contact was taken."""
        return [
            (delivery["at"] - event["occurredAt"]) / 1000
            for delivery in self.pull("webhooks/deliveries?limit=10000")["deliveries"]
            for event in delivery["events"]
            if delivery["status"] == 200 and (str(event.get("objectId")), event.get("propertyName")) == (id, property)
        ]


def standing(lead: Lead) -> str:
    """Points, grade, band and stage in one phrase."""
    found = " ".join(part for part in (lead.ours("total"), lead.ours("grade_band"), lead.ours("stage")) if part)
    return found or "no score"


def _lead(raw: Any) -> Lead:
    return Lead(str(raw["id"]), {name: value or "" for name, value in raw["properties"].items()})
