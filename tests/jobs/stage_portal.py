"""A whole live path beside a real local HubSpot, for tests of what becomes of lifecycle stages."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import Engine, select, update

from connectors.budget import LocalBudget
from connectors.http import Time
from connectors.hubspot.connect import HubSpot, connect
from leadscore.jobs.apply import ApplyReport, apply_plan
from leadscore.jobs.notices import rises
from leadscore.jobs.plan import make_plan
from leadscore.jobs.refetch import refetch
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.stages import StageMover, StageReport, enrol, move_all, request_stages
from leadscore.jobs.sync import sync
from leadscore.jobs.worker import Worker
from leadscore.jobs.write_back import write_back
from leadscore.jobs.writing_policy import WritePolicy
from leadscore.sandbox import Sandbox, records, serve, visitors
from leadscore.sandbox.faults import Fault
from leadscore.sandbox.happening import Source
from leadscore.store.database import reading, writing
from leadscore.store.known_stages import Past, past_moves
from leadscore.store.live_tables import notices
from leadscore.store.records import find_records
from leadscore.store.refetches import name_records
from leadscore.store.tables import records as store_records
from tests.connectors.portal import Portal
from tests.jobs.models import rulebook

NOW = 1_800_000_000_000
MINUTE = 60_000
DAY = 86_400_000
LEAD, MQL, SQL = "lead", "marketingqualifiedlead", "salesqualifiedlead"
FIELD = "lifecyclestage"

MODEL: Mapping[str, Any] = {
    "name": "staged",
    "fields": {
        "title": {"type": "text", "hubspot": "jobtitle"},
        "industry": {"type": "text", "hubspot": "industry"},
        "city": {"type": "text", "hubspot": "city"},
    },
    "scores": {
        "fit": {
            "groups": [
                {
                    "name": "Who",
                    "rules": [
                        {"name": "Boss", "when": {"title": {"is": "CEO"}}, "points": 45},
                        {"name": "Software", "when": {"industry": {"is": "Software"}}, "points": 25},
                        {
                            "name": "Demo",
                            "on": "form_submission",
                            "points": 30,
                            "count": "once",
                            "within": "30 days",
                        },
                    ],
                }
            ]
        }
    },
    "bands": {"cold": None, "warm": 35, "hot": 65},
    "lifecycle": {
        "mode": "write",
        "field": {"hubspot": FIELD},
        "stages": {
            "subscriber": {"hubspot": "subscriber"},
            "lead": {"hubspot": LEAD},
            "mql": {"hubspot": MQL},
            "sql": {"hubspot": SQL},
            "customer": {"hubspot": "customer"},
        },
        "enter": [
            {"stage": "sql", "when": {"total": {"at_least": 65}}},
            {"stage": "mql", "when": {"total": {"at_least": 35}}},
        ],
        "otherwise": "lead",
        "down": True,
        "margin": 5,
        "never_leave": ["customer"],
        "exclude": {"city": {"is": "Nowhere"}},
    },
    "feedback": {
        "field": {"hubspot": "leadscore_feedback"},
        "answers": [
            {"answer": "not_ready", "label": "Not ready", "drop_to": 40},
            {"answer": "unqualified", "label": "Unqualified", "points": -100, "hold": "subscriber"},
        ],
    },
    "notify": [{"on": {"enters": "sql"}, "by": ["crm_task"], "text": "{name} is sales ready"}],
}


def staged(**lifecycle: Any) -> Rulebook:
    """The model, with other words in its lifecycle."""
    document = {**MODEL, "lifecycle": {**MODEL["lifecycle"], **lifecycle}}
    return rulebook(msgspec.json.encode(document).decode())


@dataclass
class Town:
    """A store beside a portal; both follow one clock, which stands still until it is told."""

    store: Engine
    sandbox: Sandbox
    hubspot: HubSpot
    book: Rulebook
    most_entries: int = 0
    now: int = NOW
    people: list[str] = field(default_factory=list)

    def at(self, now: int) -> "Town":
        self.now = now
        self.sandbox.portal.clock.freeze(now)
        return self

    def later(self, by: int = MINUTE) -> "Town":
        return self.at(self.now + by)

    def arrive(self, *rows: Mapping[str, str], at: int | None = None) -> list[str]:
        """People who come by an import; the service is not told."""
        with self.sandbox.portal.lock, self.sandbox.portal.transaction():
            named = [{"email": f"p{len(self.people) + n}@example.com", **row} for n, row in enumerate(rows)]
            found = visitors.import_rows(self.sandbox.portal, "contacts", named, at or self.now - DAY)
        ids = [str(id) for id in found]
        self.people += ids
        return ids

    def begin(self, *rows: Mapping[str, str]) -> list[str]:
        """People, the first sync and the first apply."""
        ids = self.arrive(*rows)
        Portal(self.sandbox).post("forms", name="Demo")
        self.install()
        sync(self.store, self.hubspot.reader, self.book, self.now)
        self.apply()
        return ids

    def install(self) -> None:
        installer = self.hubspot.installer
        for _ in installer.carry_out(installer.plan(self.book.models), self.book.models):
            pass

    def apply(self, *, enrol_current: bool = False, force: bool = False) -> ApplyReport:
        plan = make_plan(self.store, self.hubspot.reader, self.book, self.now).plan
        writer = self.hubspot.writer
        report = apply_plan(self.store, self.hubspot.reader, writer, plan, self.book, self.now, force=force)
        if plan.baseline or enrol_current:
            enrol(self.store, self.now, everybody=enrol_current)
        return report

    def edit(self, id: str, **properties: str) -> None:
        """A person changes a record, and the service is told."""
        self._change(id, Source.person(7), properties)

    def automate(self, id: str, **properties: str) -> None:
        """A workflow does."""
        self._change(id, Source("AUTOMATION_PLATFORM", "enrollmentId:1"), properties)

    def _change(self, id: str, source: Source, properties: Mapping[str, str]) -> None:
        with self.sandbox.portal.lock, self.sandbox.portal.transaction():
            visitors.bulk_edit(self.sandbox.portal, "contacts", [int(id)], properties, source, None)
        self.tell(id)

    def submit(self, id: str) -> None:
        """The person asks for a demo."""
        with self.sandbox.portal.lock, self.sandbox.portal.transaction():
            email = f"p{self.people.index(id)}@example.com"
            visitors.submit_form(self.sandbox.portal, "Demo", {"email": email}, at=self.now)
        self.take_in()

    def tell(self, *ids: str) -> None:
        with writing(self.store) as connection:
            known = find_records(connection, [("contact", id) for id in ids])
            name_records(connection, [held.id for held in known.values()], self.now)

    def take_in(self) -> None:
        """What changed is looked for, as by somebody without a service."""
        sync(self.store, self.hubspot.reader, self.book, self.now)

    def fault(self, **fault: Any) -> None:
        self.sandbox.portal.faults.append(Fault(**fault))

    def clear_faults(self) -> None:
        self.sandbox.portal.faults.clear()

    def delete(self, id: str) -> None:
        with self.sandbox.portal.lock, self.sandbox.portal.transaction():
            item = records.load_one(self.sandbox.portal, "contacts", int(id))
            assert item is not None
            records.archive(self.sandbox.portal, item, Source.person(7))

    def make_one(self, first: str, second: str) -> None:
        """From now on the second record shows the person of the first."""
        with writing(self.store) as connection:
            held = find_records(connection, [("contact", first), ("contact", second)])
            one, other = held["contact", first], held["contact", second]
            connection.execute(update(store_records).where(store_records.c.id == other.id).values(subject=one.subject))

    def mover(self, name: str = "m") -> StageMover:
        most = self.most_entries
        return StageMover(self.store, self.hubspot.stages, self.book, name=name, most_entries=most)

    def score(self) -> None:
        """Reads and scores until nobody is due."""
        needs = self.hubspot.reader.needs(self.book.models)
        models = self.book.models
        worker = Worker(self.store, self.book, WritePolicy(), name="w", hooks=[rises(models), request_stages(models)])
        for _ in range(50):
            read = refetch(self.store, self.hubspot.reader, needs, self.now, "r")
            scored = worker.score_due(self.now)
            if not (read.read + read.missing + scored.scored + scored.gone):
                return
        raise AssertionError("the live path does not come to rest")

    def move(self) -> StageReport:
        """Stages are moved until nothing is left to do now."""
        return move_all(self.mover(), lambda: self.now)

    def turn_until(self, comes: Callable[[], bool]) -> None:
        """Single turns of the stages, until something holds."""
        mover = self.mover()
        for _ in range(20):
            if comes():
                return
            mover.turn(self.now)
        raise AssertionError("it never came")

    def settle(self) -> StageReport:
        """Everything until nothing is left to do now; what we write comes back to us as notices do."""
        self.score()
        write_back(self.store, self.hubspot.writer, self.now, "o")
        moved = self.move()
        if moved.steps.done:
            self.tell(*self.people)
            self.score()
            again = self.move()
            assert not again.steps.done, "a stage flaps without new facts"
        return moved

    def stage(self, id: str) -> str:
        """What the portal shows."""
        seen = self.hubspot.stages.read_stages("contact", FIELD, [id], {})
        return seen[id].value

    def stages(self) -> list[str]:
        return [self.stage(id) for id in self.people]

    def history(self, id: str) -> list[str]:
        """Every value that the field had, oldest first."""
        asked = {"properties": [FIELD], "propertiesWithHistory": [FIELD], "inputs": [{"id": id}]}
        client = self.hubspot.client
        (raw,) = client.call(client.batches.read, "contacts", asked)["results"]
        return [entry["value"] for entry in reversed(raw["propertiesWithHistory"][FIELD])]

    def past(self) -> list[Past]:
        """Our changes, oldest first."""
        with reading(self.store) as connection:
            return list(reversed(past_moves(connection, 1000)))

    def told(self) -> list[tuple[int, str, int]]:
        """Of whom sales is told, and of what."""
        with reading(self.store) as connection:
            query = select(notices.c.subject, notices.c.event, notices.c.at).order_by(notices.c.at)
            return [tuple(row) for row in connection.execute(query)]


@contextmanager
def town(store: Engine, book: Rulebook | None = None, **settings: Any) -> Iterator[Town]:
    with serve(now=NOW) as sandbox:
        slept: list[float] = []
        clock = Time(wall=sandbox.portal.now, tick=lambda: sum(slept), sleep=slept.append)
        budget = LocalBudget(tick=clock.tick, wall=clock.wall, burst=1_000_000, searches_per_second=1e9, share=1.0)
        hubspot = connect(sandbox.token, url=sandbox.url, budget=budget, time=clock)
        try:
            yield Town(store, sandbox, hubspot, book or staged(), **settings)
        finally:
            hubspot.close()


def outcomes(past: Sequence[Past]) -> list[tuple[str, str, str]]:
    return [(one.before, one.after, one.outcome) for one in past]
