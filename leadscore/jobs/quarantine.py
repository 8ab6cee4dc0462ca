"""Who is scored no more because somebody's workflow answers to what we write, and letting them out again."""

from typing import NamedTuple

from sqlalchemy import Engine

from leadscore.jobs.refused import Refused
from leadscore.store.database import one_writer, reading, writing
from leadscore.store.loops import in_quarantine
from leadscore.store.loops import release as let_out
from leadscore.store.people import Person, find_person, people_by_subject


class Held(NamedTuple):
    """Somebody in quarantine. `person` None: no living record shows them any more. `since`: ms UTC."""

    subject: int
    person: Person | None
    since: int
    reason: str


def held_people(store: Engine) -> tuple[Held, ...]:
    """Everybody in quarantine, the latest first."""
    with reading(store) as connection:
        found = in_quarantine(connection)
        people = people_by_subject(connection, [one.subject for one in found])
    return tuple(Held(one.subject, people.get(one.subject), one.since, one.reason) for one in found)


def release(store: Engine, who: str, now: int) -> Person:
    """Lets one person out, to be scored at once. Raises Refused where nobody in quarantine is known by that id or
    address."""
    with writing(store) as connection:
        one_writer(connection)
        person = find_person(connection, who)
        if person is None:
            raise Refused(f"Nobody is known as {who!r}. `leadscore quarantine list` shows who is in quarantine.")
        if not in_quarantine(connection, [person.subject]):
            raise Refused(f"{who!r} is not in quarantine. `leadscore quarantine list` shows who is.")
        let_out(connection, [person.subject], now)
    return person


def release_all(store: Engine, now: int) -> int:
    """Lets everybody out; returns how many there were."""
    with writing(store) as connection:
        one_writer(connection)
        found = in_quarantine(connection)
        let_out(connection, [one.subject for one in found], now)
    return len(found)
