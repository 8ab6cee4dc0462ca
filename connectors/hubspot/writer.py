"""Writes scores into HubSpot, a hundred contacts a call, and tells for each one what became of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.errors import NotInstalled
from connectors.hubspot.answers import Refused, hidden, own_words
from connectors.hubspot.client import Client
from connectors.hubspot.fields import PREFIX, property_name
from connectors.hubspot.records import BATCH, PLURAL
from connectors.protocol import RecordWrite, WriteAnswer

_BAD_ROWS_AT_EASE = 8
_MISSING = frozenset({"OBJECT_NOT_FOUND", "RESOURCE_NOT_FOUND"})


@dataclass(slots=True)
class _Tally:
    """The answers so far, by record id."""

    answers: dict[str, WriteAnswer] = field(default_factory=dict)

    def written(self, id: str) -> None:
        self.answers[id] = WriteAnswer(id, "written")

    def failed(self, id: str, category: str, words: str) -> None:
        self.answers[id] = WriteAnswer(id, "missing" if category in _MISSING else "rejected", words)


class HubSpotWriter:
    """A `connectors.protocol.Writer`. Threads may share it."""

    batch = BATCH

    def __init__(self, client: Client) -> None:
        self._client = client

    def write(self, writes: Sequence[RecordWrite]) -> tuple[WriteAnswer, ...]:
        """Also raises NotInstalled when HubSpot does not know a field of ours, and ValueError for more than `batch`
        records or an id that comes twice. A bad row costs 8 calls at most, many bad rows one to two each."""
        if len(writes) > self.batch:
            raise ValueError(f"{len(writes)} records in one call; HubSpot takes {self.batch}")
        if len({(write.object, write.id) for write in writes}) < len(writes):
            raise ValueError("a record comes twice in one call; join its fields first")
        answers: list[WriteAnswer] = []
        for object in dict.fromkeys(write.object for write in writes):
            rows = [_row(write) for write in writes if write.object == object]
            tally = _Tally()
            self._write_all(object, rows, tally)
            answers += [tally.answers[row["id"]] for row in rows]
        return tuple(answers)

    def _write_all(self, object: str, rows: list[dict[str, Any]], tally: _Tally) -> None:
        """HubSpot either writes the good rows and names the bad ones (207), or refuses the batch as a whole: then the
        first bad row is searched and the rest goes again. The first few bad rows leave the rest in one piece; when
        they are many, pieces get smaller, down to one row a call, and larger again with every piece that goes well."""
        piece = len(rows) * _BAD_ROWS_AT_EASE
        while rows:
            group, rows = rows[:piece], rows[piece:]
            refusal = self._send(object, group, tally)
            if refusal is None:
                piece *= 2
            else:
                piece = max(piece // 2, 1)
                rows = self._isolate(object, group, refusal, tally) + rows

    def _isolate(
        self, object: str, suspects: list[dict[str, Any]], refusal: Refused, tally: _Tally
    ) -> list[dict[str, Any]]:
        """Finds the first bad row of a refused group by halves and gives back the rows of which nothing is known yet.
        Where a first half is good it is written by that, so that the refusal speaks of the second."""
        unknown: list[dict[str, Any]] = []
        while len(suspects) > 1:
            half = len(suspects) // 2
            first, second = suspects[:half], suspects[half:]
            refused = self._send(object, first, tally)
            if refused is None:
                suspects = second
            else:
                suspects, unknown, refusal = first, second + unknown, refused
        tally.failed(suspects[0]["id"], _category(refusal), refusal.words)
        return unknown

    def _send(self, object: str, rows: list[dict[str, Any]], tally: _Tally) -> Refused | None:
        """One call. A refusal of the whole is given back; everything else is put into the tally."""
        try:
            answer = self._client.call(self._client.batches.update, PLURAL[object], {"inputs": rows})
        except Refused as refused:
            if refused.status not in (400, 404, 409, 422):
                raise
            _check_installed(refused.errors)
            return refused
        wrong = dict(_errors(answer or {}))
        told = {str(result["id"]) for result in (answer or {}).get("results") or ()}
        for row in rows:
            id = row["id"]
            if id in wrong:
                tally.failed(id, *wrong[id])
            elif id in told:
                tally.written(id)
            else:
                tally.failed(id, "OBJECT_NOT_FOUND", "HubSpot answered without this record; merged or deleted?")
        return None


def _row(write: RecordWrite) -> dict[str, Any]:
    """The trace id brings each error back with the record that it belongs to."""
    properties = {property_name(word): value for word, value in write.values.items()}
    return {"id": write.id, "objectWriteTraceId": write.id, "properties": properties}


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
