"""HubSpot's records, read in batches with their history and told in our words."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from connectors.hubspot.answers import rows_of
from connectors.hubspot.client import Client
from connectors.hubspot.feedback import read_feedback
from connectors.hubspot.instants import instant
from connectors.hubspot.needs import CONTACT, MODIFIED
from connectors.protocol import PastValue, SeenRecord

PLURAL = {"contact": "contacts", "company": "companies", "deal": "deals"}
BATCH = 100
BATCH_WITH_HISTORY = 50
_AT_ONCE = 4
_LONGEST_QUERY = 6000

Raw = Mapping[str, Any]
_MORE_EMAILS = "hs_additional_emails"
_MERGED = "hs_merged_object_ids"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to read of one object: properties, those of them (or more) with their history, and those in which sales
    answers."""

    object: str
    properties: tuple[str, ...]
    history: tuple[str, ...] = ()
    feedback: tuple[str, ...] = ()

    @property
    def own(self) -> tuple[str, ...]:
        """What the reader itself needs of every record."""
        more = ("email", _MORE_EMAILS) if self.object == CONTACT else ()
        return ("createdate", MODIFIED[self.object], _MERGED, *more)

    @property
    def all(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.own, *self.properties)))

    @property
    def page(self) -> int:
        return BATCH_WITH_HISTORY if self.history else BATCH


def read_batch(client: Client, wanted: Wanted, ids: Iterable[str]) -> list[Raw]:
    """These records as they are now, any number, a few batches at once; unknown ids are missing."""
    batches = _batches(dict.fromkeys(ids), wanted.page)

    def one(batch: Sequence[str]) -> list[Raw]:
        body = {
            "properties": list(wanted.all),
            "propertiesWithHistory": list(wanted.history),
            "inputs": [{"id": id} for id in batch],
        }
        answer = client.call(client.batches.read, PLURAL[wanted.object], body)
        return rows_of(answer)

    return [raw for raws in _at_once(one, batches) for raw in raws]


def read_page(client: Client, wanted: Wanted, after: str | None) -> tuple[list[Raw], str | None]:
    """One page of all records in HubSpot's order, and where the next one starts (None: there is none).

    The list takes its properties in the address, which has a longest length; beyond it ids are listed and then read.
    """
    kind = PLURAL[wanted.object]
    short = sum(len(name) + 25 for name in (*wanted.all, *wanted.history)) < _LONGEST_QUERY
    asked: dict[str, Any] = {"limit": BATCH, "properties": ["hs_object_id"]}
    if short:
        history = list(wanted.history) or None
        asked = {"limit": wanted.page, "properties": list(wanted.all), "properties_with_history": history}
    answer = client.call(client.objects.get_page, kind, after=after, archived=False, **asked)
    raws = rows_of(answer)
    return (raws if short else read_batch(client, wanted, [raw["id"] for raw in raws])), next_page(answer)


def next_page(answer: Raw) -> str | None:
    """The `after` of the next page; HubSpot leaves `paging` out on the last one."""
    following = (answer.get("paging") or {}).get("next") or {}
    after = following.get("after")
    return str(after) if after not in (None, "") else None


def seen(raw: Raw, wanted: Wanted, links: Mapping[str, tuple[str, ...]] | None = None) -> SeenRecord:
    """A record in our words; only properties that were asked for and that the portal has."""
    values = raw.get("properties") or {}
    email = (values.get("email") or "").strip().lower() if wanted.object == CONTACT else ""
    more = (values.get(_MORE_EMAILS) or "").lower().split(";") if wanted.object == CONTACT else ()
    pasts = {name: past for name in wanted.properties if (past := history(raw, name))}
    return SeenRecord(
        object=wanted.object,
        id=str(raw["id"]),
        values={name: values[name] for name in wanted.properties if name in values},
        created_at=instant(values.get("createdate")) or instant(raw.get("createdAt")),
        modified_at=instant(values.get(MODIFIED[wanted.object])) or instant(raw.get("updatedAt")),
        email=email or None,
        other_emails=tuple(address for part in more if (address := part.strip()) and address != email),
        history=pasts,
        links=links or {},
        archived=bool(raw.get("archived")),
        feedback=read_feedback(wanted.feedback, values, pasts),
        merged_ids=tuple(id for part in (values.get(_MERGED) or "").split(";") if (id := part.strip()).isdigit()),
    )


def history(raw: Raw, name: str, *, calculated: bool = False) -> tuple[PastValue, ...]:
    """The past values of one property, oldest first; of one instant too, since HubSpot tells the newest first. A
    calculated property shows the time of reading as its time, which is no history; it has none here unless asked
    for."""
    entries = (raw.get("propertiesWithHistory") or {}).get(name) or ()
    past = [_past(entry) for entry in reversed(entries) if calculated or entry.get("sourceType") != "CALCULATED"]
    return tuple(sorted((entry for entry in past if entry is not None), key=lambda entry: entry.at))


def _past(entry: Raw) -> PastValue | None:
    at = instant(entry.get("timestamp"))
    if at is None:
        return None
    source_id = str(entry.get("sourceId") or "")
    by = str(entry.get("updatedByUserId") or "") or source_id.partition("userId:")[2]
    value = entry.get("value")
    return PastValue("" if value is None else str(value), at, str(entry.get("sourceType") or ""), by)


def _batches(ids: Iterable[str], size: int) -> list[tuple[str, ...]]:
    everything = tuple(ids)
    return [everything[start : start + size] for start in range(0, len(everything), size)]


def _at_once(work: Callable[[Sequence[str]], T], batches: Sequence[Sequence[str]]) -> Iterator[T]:
    """In order. The first error ends it; what was already asked is awaited."""
    if len(batches) < 2:
        yield from map(work, batches)
        return
    with ThreadPoolExecutor(min(_AT_ONCE, len(batches))) as pool:
        yield from pool.map(work, batches)
