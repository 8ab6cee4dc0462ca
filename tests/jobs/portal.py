"""A CRM in memory that keeps the promises of connectors.protocol, and can be told to fail."""

# ruff: noqa: ARG002 (the Protocols hand over more than a CRM in memory has a use for)
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.protocol import (
    Account,
    Capability,
    Cursor,
    Needs,
    Page,
    PropertyInfo,
    Quota,
    RecordWrite,
    SeenActivity,
    SeenForm,
    SeenList,
    SeenRecord,
    WriteAnswer,
)
from scoring.model import ScoringModel

Thing = SeenRecord | SeenActivity | SeenList | SeenForm
ACCOUNT = Account("hubspot", "4711", "Acme", "sandbox", "UTC", "https://crm.example/{id}")


@dataclass
class Portal:
    """Reader and Writer at once. What happened stands in `events`, in order; a cursor is a place in it."""

    events: list[tuple[str, Thing]] = field(default_factory=list)
    outputs_held: dict[str, dict[str, str]] = field(default_factory=dict)
    identity: Account = ACCOUNT
    page_size: int = 2
    needed: Needs | None = None
    abilities: tuple[Capability, ...] = ()
    refuses: dict[str, str] = field(default_factory=dict)
    fails_after: int | None = None
    failure: Exception | None = None
    writes: list[tuple[RecordWrite, ...]] = field(default_factory=list)
    reads: list[tuple[str, Cursor | None]] = field(default_factory=list)
    crm: str = "hubspot"
    batch: int = 100
    offered: tuple[str, ...] = ("companies", "contacts", "deals", "activities", "lists")

    def show(self, stream: str, *things: Thing) -> None:
        """Something happened in the CRM."""
        self.events += [(stream, thing) for thing in things]
        for thing in things:
            if isinstance(thing, SeenRecord) and thing.object == "contact":
                self.outputs_held.setdefault(thing.id, {})

    def needs(self, models: Sequence[ScoringModel]) -> Needs:
        if self.needed is not None:
            return self.needed
        paths = {path for m in models for f in m.fields.values() for path in f.places.get("hubspot", ())}
        own = tuple(sorted(path for path in paths if "." not in path))
        return Needs({"contact": own, "deal": ("$status",)}, {})

    def account(self) -> Account:
        return self.identity

    def capabilities(self, needs: Needs) -> tuple[Capability, ...]:
        return self.abilities

    def clock(self) -> int:
        return 0

    def supplied(self) -> frozenset[str]:
        return frozenset({"page_view", "form_submission"})

    def quota(self) -> Quota:
        return Quota(1000, 10, None)

    def properties(self, object: str) -> tuple[PropertyInfo, ...]:
        return ()

    def forms(self) -> tuple[SeenForm, ...]:
        return tuple(thing for _, thing in self.events if isinstance(thing, SeenForm))

    def stages(self, property: str) -> tuple[str, ...]:
        return ()

    def streams(self, needs: Needs) -> tuple[str, ...]:
        return self.offered

    def read(
        self, stream: str, cursor: Cursor | None, needs: Needs, now: int, limit: int | None = None
    ) -> Iterator[Page]:
        self.reads.append((stream, cursor))
        things = [thing for name, thing in self.events if name == stream]
        things = things if limit is None else things[:limit]
        start = int(cursor or 0)
        while True:
            self._perhaps_fail()
            end = min(start + self.page_size, len(things))
            yield _page(things[start:end], end, len(things))
            if end >= len(things):
                return
            start = end

    def fetch(self, object: str, ids: Sequence[str], needs: Needs) -> tuple[SeenRecord, ...]:
        latest = {
            thing.id: thing for _, thing in self.events if isinstance(thing, SeenRecord) and thing.object == object
        }
        return tuple(latest[id] for id in ids if id in latest)

    def fetch_with_activities(self, object: str, ids: Sequence[str], needs: Needs) -> Page:
        """Activities that were shown in the stream of contacts come with them, as clicks do."""
        records = self.fetch(object, ids, needs)
        told = [t for stream, t in self.events if stream == "contacts" and isinstance(t, SeenActivity)]
        return Page("", records, tuple(t for t in told if object == "contact" and t.record_id in ids), last=True)

    def filled(self, object: str, property: str) -> tuple[int, int]:
        return (0, len(self.outputs_held))

    def outputs(self, ids: Sequence[str], words: Sequence[str]) -> Mapping[str, Mapping[str, str | None]]:
        return {
            id: {word: self.outputs_held[id].get(word, "") for word in words} for id in ids if id in self.outputs_held
        }

    def write(self, writes: Sequence[RecordWrite]) -> tuple[WriteAnswer, ...]:
        self._perhaps_fail()
        assert len({write.id for write in writes}) == len(writes) <= self.batch
        self.writes.append(tuple(writes))
        return tuple(self._answer(write) for write in writes)

    def _answer(self, write: RecordWrite) -> WriteAnswer:
        if write.id in self.refuses:
            return WriteAnswer(write.id, "rejected", self.refuses[write.id])
        if write.id not in self.outputs_held:
            return WriteAnswer(write.id, "missing")
        self.outputs_held[write.id] |= write.values
        return WriteAnswer(write.id, "written")

    def _perhaps_fail(self) -> None:
        if self.failure is None or self.fails_after is None:
            return
        if self.fails_after == 0:
            failure, self.failure = self.failure, None
            raise failure
        self.fails_after -= 1


def _page(things: Sequence[Thing], end: int, many: int) -> Page:
    return Page(
        cursor=str(end),
        records=tuple(thing for thing in things if isinstance(thing, SeenRecord)),
        activities=tuple(thing for thing in things if isinstance(thing, SeenActivity)),
        lists=tuple(thing for thing in things if isinstance(thing, SeenList)),
        forms=tuple(thing for thing in things if isinstance(thing, SeenForm)),
        last=end >= many,
        remaining=many - end,
    )
