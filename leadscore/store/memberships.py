"""Who was on which CRM list, as facts: a list that was read has an entry for everybody, members or not."""

from collections.abc import Callable, Mapping

from sqlalchemy import Connection, select

from leadscore.store import tables
from leadscore.store.batch import chunks
from leadscore.store.prepared import Prepared
from leadscore.store.tables import ALWAYS
from scoring.facts import Membership


def read_lists(connection: Connection) -> dict[str, str]:
    """The names of the lists whose membership was read, by the CRM's id."""
    return dict(_LISTS.rows(connection))


_LISTS = Prepared(select(tables.lists.c.list_id, tables.lists.c.name).order_by(tables.lists.c.list_id))


def memberships_of(
    connection: Connection, subjects: Mapping[int, int], lists: Mapping[str, str]
) -> Callable[[int], tuple[Membership, ...]]:
    """A look-up of memberships by subject, for the subjects of these records (record -> subject)."""
    nowhere = tuple(Membership(name, False) for name in lists.values())
    found: dict[int, dict[str, list[tuple[int, int | None]]]] = {}
    memberships = tables.memberships
    for chunk in chunks(sorted(subjects)) if lists else ():
        for row in connection.execute(select(memberships).where(memberships.c.record.in_(chunk))):
            spans = found.setdefault(subjects[row.record], {}).setdefault(row.list_id, [])
            spans.append((row.since, row.until))
    built = {
        subject: tuple(
            membership
            for id, name in lists.items()
            for membership in _spans(name, sorted(spans.get(id, ()), key=_start))
        )
        for subject, spans in found.items()
    }
    return lambda subject: built.get(subject, nowhere)


def _start(span: tuple[int, int | None]) -> int:
    return span[0]


def _spans(name: str, spans: list[tuple[int, int | None]]) -> list[Membership]:
    if not spans:
        return [Membership(name, False)]
    told = [] if spans[0][0] == ALWAYS else [Membership(name, False)]
    for since, until in spans:
        told.append(Membership(name, True, None if since == ALWAYS else since))
        if until is not None:
            told.append(Membership(name, False, until))
    return told
