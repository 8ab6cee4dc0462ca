"""What leadscore holds about one person, and erasing it on the spot."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine

from leadscore.jobs.refused import Refused
from leadscore.store.account import bound
from leadscore.store.database import one_writer, reading, writing
from leadscore.store.erased import Key
from leadscore.store.erasing import Place, Whose, erase, had_address, whose
from leadscore.store.folding import address
from leadscore.store.holdings import Rows, holdings
from leadscore.store.people import find_person
from leadscore.store.scrubbing import scrub

_PEOPLE = {"hubspot": ("contact",), "salesforce": ("Lead", "Contact")}


@dataclass(frozen=True, slots=True)
class Held:
    """Everything held about one person, by table. `emails`: every address that was ever known."""

    records: tuple[Place, ...]
    emails: tuple[str, ...]
    tables: dict[str, Rows]

    def as_data(self) -> dict[str, Any]:
        """For JSON."""
        named = [{"object": one.object, "id": one.id} for one in self.records]
        return {"records": named, "emails": list(self.emails), "held": self.tables}


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure met. `clean`: the files hold no trace of it any more; else a later run of the service or of
    `leadscore privacy scrub` clears them."""

    records: int
    addresses: int
    clean: bool


def report(store: Engine, who: str) -> Held:
    """Raises Refused where nothing is held under this id or address."""
    with reading(store) as connection:
        found = _found(connection, who)
        tables = holdings(connection, found)
    if not tables:
        raise Refused(f"Nothing is held about {who!r}. Give the record id or the e-mail address as the CRM has it.")
    return Held(tuple(found.records), tuple(found.emails), tables)


def forget(store: Engine, who: str, now: int, *, unseen: bool = False) -> Erased:
    """Erases a person, by record id or e-mail address, in all their records, and keeps them out by a hash of each id
    and address. `unseen`: also when nothing is held, so that they never come in. Raises Refused where nothing is held.
    """
    with writing(store) as connection:
        one_writer(connection)
        crm = bound(connection).account.crm
        found = _found(connection, who)
        if not holdings(connection, found) and not unseen:
            raise Refused(
                f"Nothing is held about {who!r}: look at the spelling. With --unseen they are kept out all the same."
            )
        keys: set[Key] = {(one.object, one.id) for one in found.records}
        if not keys and "@" not in who:
            keys = {(object, who.strip()) for object in _PEOPLE.get(crm, ("contact",))}
        gone = erase(connection, keys, found.emails, now)
    return Erased(len(gone.records), len(gone.emails), scrub(store))


def clear(store: Engine) -> bool:
    """Clears the files of what was erased; returns whether nothing is left."""
    return scrub(store)


def _found(connection: Connection, who: str) -> Whose:
    """By id or address; by an address that somebody had once if nobody has it now."""
    person, email = find_person(connection, who), address(who) if "@" in who else None
    keys: list[Key] = [] if person is None else [(person.object, person.id)]
    if person is None and email is not None:
        keys = had_address(connection, email)
    return whose(connection, keys, [] if email is None else [email])
