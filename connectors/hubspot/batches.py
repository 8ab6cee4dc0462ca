"""Writes rows into HubSpot in batches and tells for each one what became of it; a bad row is found and left alone."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.errors import NotInstalled
from connectors.hubspot.answers import Refused, hidden, own_words, rows_of
from connectors.hubspot.client import Client
from connectors.hubspot.fields import PREFIX
from connectors.hubspot.records import PLURAL
from connectors.protocol import WriteAnswer

_BAD_ROWS_AT_EASE = 8
_MISSING = frozenset({"OBJECT_NOT_FOUND", "RESOURCE_NOT_FOUND"})


def update_records(client: Client, object: str, properties: Mapping[str, Mapping[str, str]]) -> dict[str, WriteAnswer]:
    """Writes these properties, by record id, 100 records at most; one answer for each id. A bad row costs 8 calls at
    most, many bad rows one to two each. Raises as `protocol.Writer.write` does, and NotInstalled when HubSpot does not
    know a field of ours."""
    sending = _Sending(client, object)
    sending.write([_row(id, values) for id, values in properties.items()])
    return sending.answers


@dataclass(slots=True)
class _Sending:
    """The answers so far, by record id."""

    client: Client
    object: str
    answers: dict[str, WriteAnswer] = field(default_factory=dict)

    def write(self, rows: list[dict[str, Any]]) -> None:
        """HubSpot either writes the good rows and names the bad ones (207), or refuses the batch as a whole: then the
        first bad row is searched and the rest goes again. The first few bad rows leave the rest in one piece; when
        they are many, pieces get smaller, down to one row a call, and larger again with every piece that goes well."""
        piece = len(rows) * _BAD_ROWS_AT_EASE
        while rows:
            group, rows = rows[:piece], rows[piece:]
            refusal = self._send(group)
            if refusal is None:
                piece *= 2
            else:
                piece = max(piece // 2, 1)
                rows = self._isolate(group, refusal) + rows

    def _isolate(self, suspects: list[dict[str, Any]], refusal: Refused) -> list[dict[str, Any]]:
        """Finds the first bad row of a refused group by halves and gives back the rows of which nothing is known yet.
        Where a first half is good it is written by that, so that the refusal speaks of the second."""
        unknown: list[dict[str, Any]] = []
        while len(suspects) > 1:
            half = len(suspects) // 2
            first, second = suspects[:half], suspects[half:]
            refused = self._send(first)
            if refused is None:
                suspects = second
            else:
                suspects, unknown, refusal = first, second + unknown, refused
        self._failed(suspects[0]["id"], _category(refusal), refusal.words)
        return unknown

    def _send(self, rows: list[dict[str, Any]]) -> Refused | None:
        """One call. A refusal of the whole is given back; everything else is answered."""
        try:
            answer = self.client.call(self.client.batches.update, PLURAL[self.object], {"inputs": rows})
        except Refused as refused:
            if refused.status not in (400, 404, 409, 422):
                raise
            _check_installed(refused.errors)
            return refused
        told = {str(result["id"]) for result in rows_of(answer)}
        wrong = dict(_errors(answer))
        for row in rows:
            id = row["id"]
            if id in wrong:
                self._failed(id, *wrong[id])
            elif id in told:
                self.answers[id] = WriteAnswer(id, "written")
            else:
                self._failed(id, "OBJECT_NOT_FOUND", "HubSpot answered without this record; merged or deleted?")
        return None

    def _failed(self, id: str, category: str, words: str) -> None:
        self.answers[id] = WriteAnswer(id, "missing" if category in _MISSING else "rejected", words)


def _row(id: str, properties: Mapping[str, str]) -> dict[str, Any]:
    """The trace id brings each error back with the record that it belongs to."""
    return {"id": id, "objectWriteTraceId": id, "properties": dict(properties)}


def _errors(answer: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, str]]]:
    """(record id, (category, HubSpot's words)) for each bad row of a 207, by trace id or by id, never by position."""
    for error in answer.get("errors") or ():
        words = own_words(error)
        _check_installed(hidden(str(error.get("message") or "")))
        context = error.get("context") or {}
        for id in (*(context.get("objectWriteTraceId") or ()), *(context.get("ids") or ())):
            yield str(id), (str(error.get("category") or ""), words)


def _category(refused: Refused) -> str:
    """What kind of refusal a whole call met; a record that is gone may stand at the top or in an entry only."""
    entries = {str(entry.get("category")) for entry in refused.errors}
    return "OBJECT_NOT_FOUND" if refused.status == 404 or entries & _MISSING else refused.category


def _check_installed(entries: Iterable[Mapping[str, Any]]) -> None:
    """A field of ours that HubSpot does not know is no fault of the row: every row has it."""
    gone = {
        str(entry.get("name"))
        for entry in entries
        if entry.get("error") == "PROPERTY_DOESNT_EXIST" and str(entry.get("name")).startswith(PREFIX)
    }
    if gone:
        names = ", ".join(sorted(gone))
        raise NotInstalled(
            f"HubSpot lacks fields of ours: {names}. Run `leadscore install`, then the same command again."
        )
