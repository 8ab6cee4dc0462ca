"""Writes very many rows into Salesforce by one job of its Bulk API 2.0, and tells for each one what became of it."""

import csv
import io
from collections.abc import Iterator, Mapping

from connectors.errors import RetryLater
from connectors.protocol import WriteAnswer
from connectors.salesforce.answers import Fault, Refused
from connectors.salesforce.client import Client, Row
from connectors.salesforce.collections import Rows, answer_of, passes, update_rows

_EMPTY = "#N/A"
"""Empties a field; an empty cell leaves it as it is."""

_LONGEST = 3600.0
_ENDED = frozenset({"JobComplete", "Failed", "Aborted"})


def update_by_job(client: Client, object: str, rows: Rows) -> dict[str, WriteAnswer]:
    """As `collections.update_rows`, for thousands of rows and a handful of calls. No assignment rule is named, so that
    none runs. Rows that a lock or a flow stopped, and all that a job left undone, go again by collections."""
    job = _open(client, object)
    _upload(client, job, _table(rows))
    if _state(client, job, {"state": "UploadComplete"}) != "JobComplete":
        return update_rows(client, object, rows)
    again: dict[str, None] = {row["Id"]: None for row in _results(client, job, "unprocessedrecords")}
    answers: dict[str, WriteAnswer] = {}
    for row in _results(client, job, "failedResults"):
        # In any order: a row is known by its id, the one that we sent where Salesforce repeats none.
        id, fault = row.get("Id") or row.get("sf__Id") or "", _fault(row.get("sf__Error") or "")
        if id in rows and passes(fault):
            again[id] = None
        elif id in rows:
            answers[id] = answer_of(id, fault)
    repeated = {id: rows[id] for id in again if id in rows}
    if repeated:
        answers |= update_rows(client, object, repeated)
    return {id: answers.get(id) or WriteAnswer(id, "written") for id in rows}


def _open(client: Client, object: str) -> str:
    job = {"object": object, "operation": "update", "contentType": "CSV", "lineEnding": "LF"}
    return str(client.rest("POST", "jobs/ingest", job)["id"])


def _upload(client: Client, job: str, table: bytes) -> None:
    try:
        client.raw("PUT", f"jobs/ingest/{job}/batches", table)
    except Refused as refused:
        # The upload was sent again after a lost answer, and a job takes one only.
        if refused.code != "INVALIDJOBSTATE":
            raise


def _state(client: Client, job: str, wanted: Row) -> str:
    """Starts the job and waits for its end. Raises RetryLater when it takes too long: sending all again is safe."""
    try:
        client.rest("PATCH", f"jobs/ingest/{job}", wanted)
    except Refused as refused:
        if refused.code != "INVALIDJOBSTATE":
            raise
    deadline, wait = client.time.tick() + _LONGEST, 1.0
    while True:
        state = str(client.rest("GET", f"jobs/ingest/{job}").get("state"))
        if state in _ENDED:
            return state
        if client.time.tick() + wait > deadline:
            raise RetryLater(f"The bulk job {job} is not done after an hour. Look at Setup > Bulk Data Load Jobs.", 60)
        client.time.sleep(wait)
        wait = min(wait * 1.5, 30.0)


def _table(rows: Rows) -> bytes:
    names = list(dict.fromkeys(name for values in rows.values() for name in values))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["Id", *names])
    for id, values in rows.items():
        writer.writerow([id, *(_cell(values, name) for name in names)])
    return out.getvalue().encode()


def _cell(values: Mapping[str, object], name: str) -> str:
    if name not in values:
        return ""
    value = values[name]
    return _EMPTY if value is None else str(value)


def _results(client: Client, job: str, which: str) -> Iterator[dict[str, str]]:
    """Line breaks inside of a cell stay where they are."""
    text = client.raw("GET", f"jobs/ingest/{job}/{which}").body.decode("utf-8-sig")
    return iter(csv.DictReader(io.StringIO(text, newline="")))


def _fault(text: str) -> Fault:
    """`CODE:message:fields --`, of which the message may hold colons."""
    code, _, rest = text.partition(":")
    words, _, fields = rest.rpartition(":")
    return Fault(code, words or rest, tuple(fields.removesuffix("--").split()))
