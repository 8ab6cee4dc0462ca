"""Salesforce's records, told in our words with their history."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from connectors.protocol import Needs, PastValue, SeenRecord
from connectors.salesforce.client import Client, Row
from connectors.salesforce.feedback import read_feedback
from connectors.salesforce.fields import plain_text
from connectors.salesforce.instants import instant
from connectors.salesforce.needs import ACCOUNT, CONTACT, DERIVED, LEAD, PEOPLE
from connectors.salesforce.past import Past, values_of
from connectors.salesforce.sight import Sight
from connectors.salesforce.soql import among, ids_of, select
from connectors.salesforce.windows import STAMP

_OWN = {
    LEAD: ("Email", "IsConverted", "ConvertedContactId"),
    CONTACT: ("Email", "AccountId"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to read of one object: fields by the models' word with Salesforce's own name, those whose history counts,
    those in which sales answers, further ones that tell activities, what the reader itself needs, and whether its
    company is asked for."""

    object: str
    names: Mapping[str, str]
    watched: tuple[str, ...] = ()
    feedback: tuple[str, ...] = ()
    telling: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    company: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        return ("CreatedDate", *self.own, *self.names.values(), *self.telling)


@dataclass(frozen=True, slots=True)
class Told:
    """A record in our words, beside Salesforce's row and the rows of its history by field."""

    record: SeenRecord
    row: Row
    past: Mapping[str, tuple[Row, ...]]


def wanted(sight: Sight, needs: Needs, object: str) -> Wanted:
    """Of what the models ask for, that which the object has and our user may see."""
    names = sight.readable(object, needs.properties.get(object, ()))
    if object not in PEOPLE:
        return Wanted(object, names, tuple(name for name in needs.watched.get(object, ()) if name in names))
    telling = [name for type, name in DERIVED.items() if type in needs.activities]
    return Wanted(
        object,
        names,
        tuple(name for name in needs.watched.get(object, ()) if name in names),
        tuple(name for name in needs.feedback if name in names),
        tuple(sight.readable(object, telling).values()),
        tuple(sight.readable(object, _OWN[object]).values()),
        object == CONTACT and ACCOUNT in needs.properties,
    )


def read_rows(client: Client, asked: Wanted, ids: Iterable[str], prefix: str) -> list[Row]:
    """These records as they are now; unknown ids are missing."""
    columns = ("Id", STAMP, *asked.columns)
    return [
        row for batch in ids_of(ids, prefix) for row in client.rows(select(columns, asked.object, among("Id", batch)))
    ]


def told(past: Past, asked: Wanted, rows: Sequence[Row]) -> list[Told]:
    """Records in our words, with the history of what is watched or tells activities."""
    names = dict.fromkeys((*(asked.names[name] for name in asked.watched), *asked.telling))
    pasts = past.read(asked.object, [str(row["Id"]) for row in rows], tuple(names))
    return [Told(_seen(past, asked, row, mine), row, mine) for row in rows for mine in [pasts.get(str(row["Id"]), {})]]


def _seen(past: Past, asked: Wanted, row: Row, mine: Mapping[str, tuple[Row, ...]]) -> SeenRecord:
    id, created = str(row["Id"]), instant(row.get("CreatedDate"))
    values = {name: plain_text(row.get(real)) for name, real in asked.names.items()}
    history: dict[str, tuple[PastValue, ...]] = {}
    for name in asked.watched:
        if found := values_of(mine.get(asked.names[name], ()), created, values[name]):
            history[name] = found
    email = str(row.get("Email") or "").strip().lower() if asked.object in PEOPLE else ""
    became = row.get("ConvertedContactId") if row.get("IsConverted") else None
    company = {ACCOUNT: (str(row["AccountId"]),) if row.get("AccountId") else ()} if asked.company else {}
    return SeenRecord(
        object=asked.object,
        id=id,
        values=values,
        created_at=created,
        modified_at=instant(row.get(STAMP)),
        email=email or None,
        history=history,
        links=company,
        feedback=read_feedback(asked.feedback, values, history, past),
        became=(CONTACT, str(became)) if became else None,
    )
