"""Acts upon what the CRM tells of records that were merged, and of people who are to be forgotten."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from leadscore.jobs.inbox import OBJECTS, Handler
from leadscore.store.deliveries import Stored
from leadscore.store.erasing import erase
from leadscore.store.merging import merge
from leadscore.store.records import PEOPLE
from leadscore.store.unnaming import without_erased


def merged(connection: Connection, notices: Sequence[Stored], now: int) -> None:
    """Makes merged records one, in any order of the notices. Ids that were never seen are remembered as dead, too. Who
    became somebody that was erased is erased."""
    for one in without_erased(connection, notices):
        if one.kind == "erased":
            erased(connection, [one], now)
            continue
        named = [record for record in one.records if record.object in OBJECTS]
        into = next((record for part in ("new", "primary") for record in named if record.part == part), None)
        if into is None:
            continue
        order = sorted(named, key=lambda record: record.part != "primary")
        gone = [record.id for record in order if record is not into and record.object == into.object]
        merge(connection, into.object, into.id, gone, now)


def erased(connection: Connection, notices: Sequence[Stored], now: int) -> None:
    """Erases our copies of people whom the CRM has deleted for privacy, and remembers that by hashes only."""
    erase(connection, [(r.object, r.id) for one in notices for r in one.records if r.object in PEOPLE], (), now)


HANDLERS: Mapping[str, Handler] = {"merged": merged, "erased": erased}
"""For `inbox.take_in`. All else that is told of a record (created, changed, deleted, restored, linked) is a hint to
read it again: the CRM's answer decides whether it lives."""
