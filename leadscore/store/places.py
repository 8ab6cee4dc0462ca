"""Where each field of the models is kept in the CRM, worked out once for all subjects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from scoring.model import ScoringModel

COUNTED: Mapping[str, str] = {"deals": "deal", "opportunities": "Opportunity"}
"""The words before a dot that mean a count of records, and the object that is counted."""


class Place(NamedTuple):
    """One place of a field. `own`: a property of the person's record; `linked`: of the record of `object` that it
    belongs to; `count`: how many records of `object` are `name` (open, won, lost, total). `rank`: the lowest speaks."""

    kind: Literal["own", "linked", "count"]
    object: str
    name: str
    rank: int


@dataclass(frozen=True, slots=True)
class FieldPlaces:
    """A field with its places, best first."""

    field: str
    type: str
    places: tuple[Place, ...]


def places_of(models: Sequence[ScoringModel], crm: str) -> tuple[FieldPlaces, ...]:
    """The places of every field of the models in one CRM. A field that two models name is read as the first says."""
    found: dict[str, FieldPlaces] = {}
    for model in models:
        for name, spec in model.fields.items():
            paths = spec.places.get(crm, ())
            if paths and name not in found:
                parsed = tuple(_place(path, rank) for rank, path in enumerate(paths))
                found[name] = FieldPlaces(name, spec.type, parsed)
    return tuple(found.values())


def _place(path: str, rank: int) -> Place:
    head, dot, name = path.partition(".")
    if not dot:
        return Place("own", "", path, rank)
    if head in COUNTED:
        return Place("count", COUNTED[head], name, rank)
    return Place("linked", head, name, rank)
