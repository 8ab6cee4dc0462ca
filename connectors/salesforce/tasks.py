"""Makes tasks for sales in Salesforce, each once whatever breaks in between, and knows who can be given one."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.errors import RetryLater
from connectors.salesforce.answers import Refused
from connectors.salesforce.client import Client, Row
from connectors.salesforce.instants import iso
from connectors.salesforce.needs import ACCOUNT, CONTACT, LEAD, PREFIXES
from connectors.salesforce.sight import Sight
from connectors.salesforce.soql import among, ids_of, quoted, select
from connectors.tasks import Lead, Owner, TaskAnswer, TaskDraft

_MARKER = re.compile(r"[A-Za-z0-9_-]+")
_SUBJECT = 255
_COLUMNS = {LEAD: ("OwnerId", "Name", "Company", "Email"), CONTACT: ("OwnerId", "Name", "Email")}


class SalesforceTaskWriter:
    """A `connectors.tasks.TaskWriter`. Threads may share it."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._sight = Sight(client)

    def owners(self) -> Mapping[str, Owner]:
        """People only: a Lead may belong to a queue, and a queue is nobody whom a task could be given."""
        soql = select(["Id", "Name", "Email", "IsActive"], "User", "UserType = 'Standard'")
        return {str(row["Id"]): _owner(row) for row in self._client.rows(soql)}

    def leads(self, object: str, ids: Sequence[str]) -> Mapping[str, Lead]:
        """Converted Leads are missing: their Contact stands for them."""
        prefix = next(prefix for prefix, name in PREFIXES.items() if name == object)
        names = ["Id", *self._sight.readable(object, _COLUMNS[object]).values()]
        names += ["Account.Name"] if object == CONTACT and self._sight.readable(ACCOUNT, ["Name"]) else []
        living = "IsConverted = false" if object == LEAD else ""
        return {
            str(row["Id"]): _lead(row)
            for batch in ids_of(ids, prefix)
            for row in self._client.rows(select(names, object, among("Id", batch), living))
        }

    def create_task(self, draft: TaskDraft, *, maybe_sent: bool) -> TaskAnswer:
        """A task that was made is looked for by its marker among the record's tasks, closed, archived and deleted ones
        too: one that somebody has done away with is not made again."""
        if not _MARKER.fullmatch(draft.marker):
            raise ValueError(f"the marker {draft.marker!r} has other characters than letters, digits, - and _")
        if maybe_sent and (task := self._find(draft)) is not None:
            return TaskAnswer("found", task)
        try:
            answer = self._client.post_once("sobjects/Task", _document(draft))
        except Refused as refused:
            return TaskAnswer("rejected", words=refused.words)
        if not isinstance(answer, dict) or not answer.get("id"):
            raise RetryLater("Salesforce did not say which task it made; leadscore looks for it later.")
        return TaskAnswer("created", str(answer["id"]))

    def _find(self, draft: TaskDraft) -> str | None:
        marked = re.compile(rf"(?<![A-Za-z0-9_-]){re.escape(draft.marker)}(?![A-Za-z0-9_-])")
        soql = select(["Id", "Description"], "Task", f"WhoId = {quoted(draft.record)}")
        tasks = self._client.rows(soql, deleted=True)
        return next((str(row["Id"]) for row in tasks if marked.search(str(row.get("Description") or ""))), None)


def _owner(row: Row) -> Owner:
    return Owner(
        str(row.get("Email") or "").lower(), bool(row.get("IsActive")), str(row.get("Name") or ""), str(row["Id"])
    )


def _lead(row: Row) -> Lead:
    company = row.get("Company") or (row.get("Account") or {}).get("Name") or ""
    email = str(row.get("Email") or "").lower()
    return Lead(row.get("OwnerId") or None, str(row.get("Name") or ""), str(company), email)


def _document(draft: TaskDraft) -> dict[str, Any]:
    """A task has a day, not a time; the reminder has the time. With a Lead as its person it may name nothing else."""
    document: dict[str, Any] = {
        "WhoId": draft.record,
        "Subject": draft.subject[:_SUBJECT],
        "Description": f"{draft.body}\n\n{draft.marker}",
        "ActivityDate": iso(draft.due)[:10],
        "Priority": "High",
        "IsReminderSet": True,
        "ReminderDateTime": iso(draft.due),
    }
    return document if draft.owner is None else document | {"OwnerId": draft.owner}
