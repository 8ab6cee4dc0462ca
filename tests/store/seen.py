"""Short ways to say what a CRM showed, for tests of what the store keeps of it."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Engine, delete, select

from connectors.protocol import Needs, Page, PastValue, SeenActivity, SeenForm, SeenList, SeenRecord
from leadscore.store.database import reading, writing
from leadscore.store.facts_now import Current, facts_now, sight
from leadscore.store.facts_past import facts_of
from leadscore.store.pages import keep_page
from leadscore.store.people import find_person
from leadscore.store.places import FieldPlaces, places_of
from leadscore.store.scores import due_subjects
from leadscore.store.streams import begin_pass, read_states
from leadscore.store.tables import records
from leadscore.store.work_tables import due as due_table
from scoring.facts import Facts, Value
from scoring.model import Field, ScoringModel

NOW = 1_780_000_000_000
HOUR = 3_600_000
NEEDS = Needs({"contact": ("email", "jobtitle"), "company": ("industry",)}, {})
Past = tuple[str, int]


def contact(
    id: str,
    values: Mapping[str, str | None] | None = None,
    *,
    history: Mapping[str, Sequence[Past]] | None = None,
    company: str | None = None,
    email: str | None = None,
    created_at: int | None = None,
    modified_at: int | None = None,
    archived: bool = False,
) -> SeenRecord:
    return SeenRecord(
        "contact",
        id,
        values or {},
        created_at=created_at,
        modified_at=modified_at,
        email=email,
        history=_history(history),
        links={"company": (company,) if company else ()},
        archived=archived,
    )


def company(
    id: str, values: Mapping[str, str | None], *, history: Mapping[str, Sequence[Past]] | None = None
) -> SeenRecord:
    return SeenRecord("company", id, values, history=_history(history))


def deal(id: str, contacts: Sequence[str], *statuses: Past, archived: bool = False) -> SeenRecord:
    return SeenRecord(
        "deal",
        id,
        {"$status": statuses[-1][0]} if statuses else {},
        history=_history({"$status": statuses}) if statuses else {},
        links={"contact": tuple(contacts)},
        archived=archived,
    )


def did(
    type: str, at: int, id: str, *, record: str | None = None, email: str | None = None, **details: str
) -> SeenActivity:
    return SeenActivity(type, at, details, id, record_id=record, email=email)


def keep(
    store: Engine,
    *seen: SeenRecord | SeenActivity | SeenList | SeenForm,
    now: int = NOW,
    stream: str = "contacts",
    last: bool = True,
) -> None:
    """Keeps one page of a stream, as a sync does."""
    page = Page(
        cursor=str(now),
        records=tuple(one for one in seen if isinstance(one, SeenRecord)),
        activities=tuple(one for one in seen if isinstance(one, SeenActivity)),
        lists=tuple(one for one in seen if isinstance(one, SeenList)),
        forms=tuple(one for one in seen if isinstance(one, SeenForm)),
        last=last,
    )
    with writing(store) as connection:
        state = begin_pass(read_states(connection).get(stream), stream, NEEDS, over=False)
        keep_page(connection, page, state, now)


def places(**fields: str | tuple[str, ...]) -> tuple[FieldPlaces, ...]:
    """Text fields with their places."""
    paths = {name: (where,) if isinstance(where, str) else where for name, where in fields.items()}
    model = ScoringModel("m", {name: Field("text", {"hubspot": where}) for name, where in paths.items()}, ())
    return places_of((model,), "hubspot")


def subject_of(store: Engine, who: str) -> int:
    with reading(store) as connection:
        person = find_person(connection, who)
    assert person is not None, f"nobody is known as {who}"
    return person.subject


def current(store: Engine, who: str, fields: tuple[FieldPlaces, ...] = (), as_of: int = NOW) -> Current | None:
    """What the bulk reader says of one person."""
    subject = subject_of(store, who)
    with reading(store) as connection:
        return next(facts_now(connection, [subject], sight(connection, fields, {}), as_of), None)


def values_now(store: Engine, who: str, **fields: str | tuple[str, ...]) -> dict[str, str]:
    """The values of a person's fields now, by our names."""
    found = current(store, who, places(**fields))
    assert found is not None
    return dict(found.facts.current)


def everything(store: Engine, who: str, fields: tuple[FieldPlaces, ...] = ()) -> Facts:
    """Everything known of a person, with times."""
    subject = subject_of(store, who)
    with reading(store) as connection:
        facts = facts_of(connection, subject, fields, sight(connection, fields, {}).counted)
    assert facts is not None
    return facts


def history(store: Engine, who: str, **fields: str | tuple[str, ...]) -> set[tuple[str, int | None, int | None]]:
    """(value, valid_at, learned_at) of the fields' values."""
    return {(v.value, v.valid_at, v.learned_at) for v in everything(store, who, places(**fields)).history}


def value_at(facts: Facts, field: str, at: int) -> str:
    """The value of a field at an instant, by the words of scoring.md."""
    known = [v for v in facts.history if v.field == field and (v.valid_at or 0) <= at and (v.learned_at or 0) <= at]
    by_source: dict[int, Value] = {}
    for value in sorted(known, key=lambda v: (v.valid_at or 0, v.learned_at or v.valid_at or 0, v.value)):
        by_source[value.source] = value
    return next((by_source[rank].value for rank in sorted(by_source) if by_source[rank].value.strip()), "")


def due(store: Engine) -> set[str]:
    """The CRM ids of the people who are due."""
    with reading(store) as connection:
        subjects = due_subjects(connection, NOW)
        query = select(records.c.record_id).where(records.c.subject.in_(subjects))
        return set(connection.execute(query).scalars())


def settle(store: Engine) -> None:
    """Takes every notice away, as a rescore does."""
    with writing(store) as connection:
        connection.execute(delete(due_table))


def _history(history: Mapping[str, Sequence[Past]] | None) -> dict[str, tuple[PastValue, ...]]:
    return {name: tuple(PastValue(value, at) for value, at in past) for name, past in (history or {}).items()}
