"""Writes rows into Salesforce by collections, two hundred a call, and tells for each one what became of it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from connectors.errors import NotInstalled, RetryLater
from connectors.protocol import WriteAnswer
from connectors.salesforce.answers import Fault, Refused, fault_of
from connectors.salesforce.client import Client
from connectors.salesforce.fields import is_ours

MOST = 200
_SIZES = (MOST, 50, 10, 1)
"""After the org's own automation failed the rows go again in smaller pieces, at last one by one: what a flow does to
many records at once may take too long, and one bad record may fail its neighbours."""

_LOCK_WAITS = (0.5, 1.0, 2.0, 4.0)
_LOCKED = frozenset({"UNABLE_TO_LOCK_ROW"})
_GONE = frozenset({"ENTITY_IS_DELETED", "NOT_FOUND", "MALFORMED_ID", "INVALID_CROSS_REFERENCE_KEY"})
_CONVERTED = "CANNOT_UPDATE_CONVERTED_LEAD"
_UNKNOWN_FIELD = frozenset({"INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE"})
_FLOWS = frozenset({"CANNOT_EXECUTE_FLOW_TRIGGER", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"})
_FIELD = re.compile(r"\b\w+__c\b")

Values = Mapping[str, str | int | float | None]
Rows = Mapping[str, Values]
"""New values by record id and field; None empties one."""


def update_rows(client: Client, object: str, rows: Rows) -> dict[str, WriteAnswer]:
    """One answer for each id, any number. Doing it again is safe. Raises as `protocol.Writer.write` does, and
    NotInstalled when a field of ours is missing or our user may not edit it."""
    sending = _Sending(client, object)
    left = dict(rows)
    for size in _SIZES:
        failed: dict[str, Values] = {}
        for group in _groups(left, size):
            failed |= sending.write(group, final=size == 1)
        left = failed
        if not left:
            break
    return sending.answers


def answer_of(id: str, fault: Fault) -> WriteAnswer:
    """What a fault of a row means for it, for good. Raises NotInstalled."""
    check_installed(fault)
    if fault.code == _CONVERTED:
        return WriteAnswer(id, "missing", "This Lead was converted; its Contact carries the score from now on.")
    if fault.code in _GONE and all(name.lower() == "id" for name in fault.fields):
        return WriteAnswer(id, "missing", fault.words)
    return WriteAnswer(id, "rejected", f"{fault.code}: {fault.words}")


def passes(fault: Fault) -> bool:
    """Whether the same row may be taken when it is sent again, alone or later."""
    return fault.code in _LOCKED or _is_automation(fault)


def check_installed(fault: Fault) -> None:
    """A field of ours that Salesforce does not know, or that our user may not edit, is no fault of the row."""
    if fault.code not in _UNKNOWN_FIELD:
        return
    gone = sorted({name for name in (*fault.fields, *_FIELD.findall(fault.words)) if is_ours(name)})
    if gone:
        raise NotInstalled(
            f"Salesforce lacks fields of ours, or leadscore's user may not edit them: {', '.join(gone)}. Run "
            "`leadscore install`, assign its permission set Lead_Score_Integration to the user, then go on."
        )


@dataclass(slots=True)
class _Sending:
    """The answers so far, by record id."""

    client: Client
    object: str
    answers: dict[str, WriteAnswer] = field(default_factory=dict)

    def write(self, rows: dict[str, Values], *, final: bool) -> dict[str, Values]:
        """Writes a group and gives back the rows that the org's automation refused, to be tried in smaller groups;
        none when this is `final`. Locked rows are tried again here."""
        failed: dict[str, Values] = {}
        for wait in (*_LOCK_WAITS, None):
            locked: dict[str, Values] = {}
            for id, fault in self._send(rows):
                if fault is None:
                    self.answers[id] = WriteAnswer(id, "written")
                elif fault.code in _LOCKED and wait is not None:
                    locked[id] = rows[id]
                elif _is_automation(fault) and not final:
                    failed[id] = rows[id]
                else:
                    self.answers[id] = answer_of(id, fault)
            rows = locked
            if not rows or wait is None:
                break
            self.client.time.sleep(wait)
        return failed

    def _send(self, rows: Mapping[str, Values]) -> Iterator[tuple[str, Fault | None]]:
        """One call. Salesforce answers in the order of the request; a failed row has no id."""
        records = [{"attributes": {"type": self.object}, "id": id, **values} for id, values in rows.items()]
        try:
            told = self.client.rest("PATCH", "composite/sobjects", {"allOrNone": False, "records": records})
        except Refused as refused:
            check_installed(Fault(refused.code, refused.words, refused.fields))
            raise
        if not isinstance(told, list) or len(told) != len(records):
            raise RetryLater("Salesforce did not answer for each row; a proxy may stand in between. Try again later.")
        for id, row in zip(rows, told, strict=True):
            yield id, None if row.get("success") else _fault(row)


def _fault(row: Mapping[str, Any]) -> Fault:
    errors = row.get("errors") or ()
    return fault_of(errors[0]) if errors else Fault("UNKNOWN", "Salesforce gave no reason.")


def _is_automation(fault: Fault) -> bool:
    return fault.code in _FLOWS or "CPU time limit" in fault.words


def _groups(rows: Mapping[str, Values], size: int) -> Iterator[dict[str, Values]]:
    left = iter(rows.items())
    while group := dict(islice(left, size)):
        yield group
