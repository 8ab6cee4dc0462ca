"""Makes tasks for sales in HubSpot, each once whatever breaks in between, and knows who can be given one."""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.errors import RetryLater
from connectors.hubspot.answers import Refused, rows_of
from connectors.hubspot.client import Client
from connectors.hubspot.instants import iso
from connectors.hubspot.links import linked
from connectors.hubspot.needs import CONTACT
from connectors.hubspot.paths import TASKS
from connectors.hubspot.records import BATCH, PLURAL, Raw, Wanted, next_page, read_batch
from connectors.tasks import Lead, Owner, TaskAnswer, TaskDraft

_TO_TASK = {"contact": 204, "company": 192, "deal": 216}
"""HubSpot's number of the association from a task to a record; the other direction has another."""

_MARKER = re.compile(r"[A-Za-z0-9_-]+")
_OWNERS_PAGE = 100
_LEAD = ("firstname", "lastname", "company", "hubspot_owner_id")


class HubSpotTaskWriter:
    """A `connectors.tasks.TaskWriter`. Threads may share it."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def owners(self) -> Mapping[str, Owner]:
        return dict(item for archived in (True, False) for item in self._owners(archived))

    def leads(self, object: str, ids: Sequence[str]) -> Mapping[str, Lead]:
        """Contacts only have a name and a company."""
        wanted = Wanted(object, _LEAD if object == CONTACT else ("hubspot_owner_id",))
        raws = read_batch(self._client, wanted, ids) if ids else ()
        return {str(raw["id"]): _lead(raw) for raw in raws if not raw.get("archived")}

    def create_task(self, draft: TaskDraft, *, maybe_sent: bool) -> TaskAnswer:
        """A task that was made is looked for by its marker among the record's tasks, not by search, which lags. One
        that somebody has deleted meanwhile is not found."""
        if not _MARKER.fullmatch(draft.marker):
            raise ValueError(f"the marker {draft.marker!r} has other characters than letters, digits, - and _")
        if maybe_sent and (task := self._find(draft)) is not None:
            return TaskAnswer("found", task)
        try:
            status, answer = self._client.post_once(TASKS, _document(draft))
        except Refused as refused:
            return TaskAnswer("rejected", words=refused.words)
        id = answer.get("id") if isinstance(answer, dict) else None
        if status != 201 or not id:
            raise RetryLater(f"HubSpot answered HTTP {status} to a new task, not 201; leadscore looks for it later.")
        return TaskAnswer("created", str(id))

    def _find(self, draft: TaskDraft) -> str | None:
        tasks = linked(self._client, PLURAL[draft.object], "tasks", [draft.record]).get(draft.record, ())
        newest_first = sorted(tasks, key=int, reverse=True)
        marked = re.compile(rf"(?<![A-Za-z0-9_-]){re.escape(draft.marker)}(?![A-Za-z0-9_-])")
        for start in range(0, len(newest_first), BATCH):
            inputs = [{"id": id} for id in newest_first[start : start + BATCH]]
            body = {"properties": ["hs_task_body"], "propertiesWithHistory": [], "inputs": inputs}
            answer = self._client.call(self._client.batches.read, "tasks", body)
            for raw in rows_of(answer):
                if marked.search(str((raw.get("properties") or {}).get("hs_task_body") or "")):
                    return str(raw["id"])
        return None

    def _owners(self, archived: bool) -> Iterator[tuple[str, Owner]]:
        after: str | None = ""
        while after is not None:
            answer = self._client.call(
                self._client.owners.get_page, limit=_OWNERS_PAGE, after=after or None, archived=archived
            )
            for raw in rows_of(answer):
                yield str(raw["id"]), _owner(raw, archived)
            after = next_page(answer)


def _owner(raw: Mapping[str, Any], archived: bool) -> Owner:
    """Deactivated owners have their user id under another name."""
    name = " ".join(part for part in (raw.get("firstName"), raw.get("lastName")) if part)
    user = raw.get("userId") or raw.get("userIdIncludingInactive") or ""
    active = not (archived or raw.get("archived"))
    return Owner(str(raw.get("email") or "").lower(), active, name, str(user))


def _lead(raw: Raw) -> Lead:
    values = {name: str(value or "").strip() for name, value in (raw.get("properties") or {}).items()}
    name = " ".join(part for part in (values.get("firstname"), values.get("lastname")) if part)
    owner = values.get("hubspot_owner_id") or None
    return Lead(owner, name, values.get("company", ""), values.get("email", "").lower())


def _document(draft: TaskDraft) -> dict[str, Any]:
    """The association stands in the same call, so that nothing is ever half done. HubSpot shows the body as HTML."""
    told = html.escape(draft.body).replace("\n", "<br>")
    properties = {
        "hs_timestamp": iso(draft.due),
        "hs_task_subject": draft.subject,
        "hs_task_body": f"{told}<br><br>{draft.marker}",
        "hs_task_status": "NOT_STARTED",
        "hs_task_type": "TODO",
        "hs_task_priority": "HIGH",
    }
    if draft.owner is not None:
        properties["hubspot_owner_id"] = draft.owner
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": _TO_TASK[draft.object]}]
    return {"properties": properties, "associations": [{"to": {"id": draft.record}, "types": types}]}
