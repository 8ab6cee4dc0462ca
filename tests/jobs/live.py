"""A live path in miniature: a CRM in memory that tells us of changes, and one turn of every job after the other."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Engine, select

from connectors.protocol import SeenRecord
from leadscore.jobs.apply import apply_plan
from leadscore.jobs.inbox import take_in
from leadscore.jobs.moves import HANDLERS
from leadscore.jobs.plan import make_plan
from leadscore.jobs.refetch import refetch
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.sync import sync
from leadscore.jobs.worker import Hook, Worker
from leadscore.jobs.write_back import write_back
from leadscore.jobs.writing_policy import WritePolicy
from leadscore.store import deliveries
from leadscore.store.database import reading, writing
from leadscore.store.deliveries import Stored
from leadscore.store.work_tables import ledgers, scores
from tests.jobs.models import rulebook
from tests.jobs.portal import ACCOUNT, Portal
from tests.store.seen import NOW
from webhooks.delivery import NamedRecord

MINUTE = 60_000


def notice(
    key: str, id: str, *, object: str = "contact", kind: str = "changed", property: str | None = None, at: int = NOW
) -> Stored:
    """What the CRM tells of one record."""
    named = (NamedRecord("itself", object, id),) if id else ()
    return Stored(key, "hubspot", ACCOUNT.id, kind, object, named, property, at, b"{}", at)


@dataclass
class Live:
    """A store that was synced and applied once, with its CRM."""

    store: Engine
    portal: Portal
    book: Rulebook = field(default_factory=rulebook)
    policy: WritePolicy = field(default_factory=WritePolicy)
    hooks: tuple[Hook, ...] = ()
    most_an_hour: int = 30

    def begin(self, *seen: SeenRecord, now: int = NOW) -> None:
        """The first sync and the first apply."""
        self.portal.page_size = 500
        self.portal.show("contacts", *seen)
        sync(self.store, self.portal, self.book, now)
        plan = make_plan(self.store, self.portal, self.book, now, self.policy).plan
        apply_plan(self.store, self.portal, self.portal, plan, self.book, now)
        self.portal.writes.clear()

    def tell(self, *notices: Stored) -> int:
        """Notices come in; returns how many were new."""
        with writing(self.store) as connection:
            return deliveries.add(connection, notices)

    def worker(self, name: str = "w") -> Worker:
        return Worker(self.store, self.book, self.policy, name=name, hooks=self.hooks, most_an_hour=self.most_an_hour)

    def turn(self, now: int) -> int:
        """One turn of every job; returns how much was done."""
        needs = self.portal.needs(self.book.models)
        read = refetch(self.store, self.portal, needs, now, "w")
        done = take_in(self.store, now, handlers=HANDLERS) + read.read + read.missing
        scored = self.worker().score_due(now)
        written = write_back(self.store, self.portal, now, "w", reader=self.portal)
        return done + scored.scored + scored.gone + written.written + written.same

    def settle(self, now: int) -> None:
        """Turns until nothing is left to do."""
        for _ in range(50):
            if not self.turn(now):
                return
        raise AssertionError("the live path does not come to rest")

    def writes(self) -> dict[str, dict[str, str]]:
        """What was written since the beginning, by record."""
        found: dict[str, dict[str, str]] = {}
        for batch in self.portal.writes:
            for write in batch:
                found[write.id] = found.get(write.id, {}) | dict(write.values)
        return found

    def scores(self) -> list[Sequence[object]]:
        """Every saved score with its lines, without what tells only when it was made."""
        told = ("scored_at", "moved", "generation")
        columns = [c for c in scores.columns if c.name not in told]
        query = select(*columns, ledgers.c.lines).join(ledgers, ledgers.c.subject == scores.c.subject)
        with reading(self.store) as connection:
            return [tuple(row) for row in connection.execute(query.order_by(scores.c.subject))]
