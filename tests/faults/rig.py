"""The whole product in one process, stepped by hand: a real portal over HTTP, a real store, a door, and one clock."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import Engine, update

from connectors.http import Patience
from connectors.hubspot.fields import property_name
from leadscore.jobs.apply import apply_plan
from leadscore.jobs.chores import do_chore
from leadscore.jobs.crew import Shift
from leadscore.jobs.inbox import StoreInbox
from leadscore.jobs.plan import make_plan
from leadscore.jobs.scheduler import rhythms
from leadscore.jobs.shifts import Work, shifts
from leadscore.jobs.sync import sync
from leadscore.metrics import Metrics
from leadscore.sandbox import Sandbox, serve
from leadscore.sandbox.clock import real_now
from leadscore.store.backlog import backlog
from leadscore.store.chore_table import chores
from leadscore.store.chores import ask
from leadscore.store.database import open_store, reading, writing
from leadscore.store.live_tables import troubles
from leadscore.web import Open, create_app
from leadscore.wiring import Parts, parts
from tests.faults.gateway import Gateway, gateway
from tests.faults.models import LEVELS
from tests.serve.service import PUBLIC, SECRET, Place
from tests.webhooks.door import serving
from webhooks.blueprint import PATH

HOUR = 3_600_000
DAY = 24 * HOUR
TOTAL = property_name("total")
QUICK = Patience(connect=2.0, read=2.0, total=4.0)
"""So long is a call to the portal tried: a test waits no longer for what hangs."""
ONCE = Patience(connect=2.0, read=2.0, total=0.3)
RHYTHMS = rhythms(30, 900, 6)


@dataclass
class Rig:
    """A store that was synced and applied once, its portal, and the `way` between them. `ahead` (ms) is how far both
    clocks are ahead."""

    sandbox: Sandbox
    way: Gateway
    directory: Path
    database: str
    made: Parts
    store: Engine
    inbox: StoreInbox
    ids: list[str] = field(default_factory=list)
    url: str = ""
    ahead: int = 0
    patience: Patience = QUICK
    steps: Sequence[Shift] = ()
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def clock(self) -> int:
        return real_now() + self.ahead

    def advance(self, by: int) -> None:
        """Moves the clocks of both. PostgreSQL's own, by which chores are done, cannot be moved: they move instead."""
        self.ahead += by
        if self.store.dialect.name == "postgresql":
            with writing(self.store) as connection:
                connection.execute(update(chores).values(next_at=chores.c.next_at - by))
        self.control("clock", {"advance_ms": by})

    def control(self, path: str, body: Any = None, method: str = "") -> Any:
        """Pulls a string behind the stage of the portal."""
        verb = method or ("GET" if body is None else "POST")
        answer = requests.request(verb, f"{self.sandbox.url}/_sandbox/{path}", json=body, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """A call as the customer's own programs make it."""
        headers = {"Authorization": f"Bearer {self.sandbox.token}"}
        answer = requests.request(method, self.sandbox.url + path, json=body, headers=headers, timeout=60)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def begin(self) -> None:
        """Fields, the first sync and the first apply."""
        book = self.made.rulebook
        installer = self.made.installer
        for _ in installer.carry_out(installer.plan(book.models), book.models):
            pass
        sync(self.store, self.made.reader, book, self.clock())
        plan = make_plan(self.store, self.made.reader, book, self.clock(), self.made.policy).plan
        apply_plan(self.store, self.made.reader, self.made.writer, plan, book, self.clock())
        self.control("reset", {})
        self.unlimited()
        self.restart()

    def unlimited(self) -> None:
        self.control("limits", {"burst": 100_000, "search_per_second": 1_000})

    def restart(self) -> None:
        """The shifts of a new process; what the old one had in memory is gone."""
        self.made.close()
        made = self.made = parts(self.directory, self.patience)
        name = f"rig:{next(self.numbers)}"
        work = Work(
            name=name,
            store=self.store,
            reader=made.reader,
            writer=made.writer,
            rulebook=made.rulebook,
            policy=made.policy,
            rhythms=RHYTHMS,
            clock=self.clock,
            messenger=made.messenger,
        )
        self.steps = [shift for shift in shifts(work, 1) if shift.name != "chores"]

    def hear(self, *subscriptions: str, **more: Any) -> None:
        """From now on the portal calls the door."""
        hooks = {"target_url": self.url, "signed_url": f"{PUBLIC}{PATH}", "client_secret": SECRET}
        self.control("webhooks", hooks | {"subscriptions": subscriptions, "back_off_ms": [50] * 40} | more)

    def delivered(self) -> None:
        """Waits until the portal has told everything."""
        assert self.control("webhooks/flush", {"timeout_s": 30, "hurry": True})["empty"]

    def turn(self) -> int:
        """One step of every shift; what one of them meets passes through."""
        return sum(shift.step() for shift in self.steps)

    def settle(self, turns: int = 100) -> None:
        """Tells and works until there is nothing left to do."""
        for _ in range(turns):
            self.delivered()
            if not self.turn():
                return
        raise AssertionError(f"it does not come to rest: {self.waiting()}")

    def endure(self, until: Callable[[], bool], turns: int = 400) -> list[Exception]:
        """Steps every shift by itself, whatever it meets, until it is done; what was met."""
        met: list[Exception] = []
        for _ in range(turns):
            for shift in self.steps:
                try:
                    shift.step()
                except Exception as error:  # noqa: BLE001 (as the crew does)
                    met.append(error)
            if until():
                return met
        raise AssertionError(f"never done: {self.waiting()}, {met[-3:]}")

    def chores(self) -> list[str]:
        """Does every chore whose time has come; their outcomes."""
        with writing(self.store) as connection:
            ask(connection, RHYTHMS, self.clock())
        done: list[str] = []
        made = self.made
        while do_chore(self.store, made.reader, made.rulebook, RHYTHMS, self.clock, "rig:chores"):
            done.append("done")
        return done

    def pass_a_minute(self) -> None:
        """As if whatever keeps work from going on had been met a minute before."""
        with writing(self.store) as connection:
            connection.execute(update(troubles).values(seen_at=troubles.c.seen_at - 60_001))

    def waiting(self) -> dict[str, int]:
        with reading(self.store) as connection:
            return {name: count for name, count in backlog(connection, self.clock()).waiting.items() if count}

    def journal(self, property: str = TOTAL) -> list[tuple[str, str]]:
        """Every write of a property of a contact that the portal took, in order."""
        entries = self.control("journal?since=0&limit=100000")["entries"]
        return [(e["id"], e["properties"][property]) for e in entries if property in (e["properties"] or {})]

    def shown(self, *words: str) -> dict[str, dict[str, str]]:
        """What the portal shows of our fields, by contact."""
        found = self.made.reader.outputs(self.ids, words or ("total",))
        return {id: {word: text or "" for word, text in values.items()} for id, values in found.items()}

    def totals(self) -> dict[str, str]:
        return {id: values["total"] for id, values in self.shown("total").items()}

    def edit(self, id: str, **values: str) -> None:
        self.control("people/edit", {"id": int(id), "properties": values})

    def calls(self) -> int:
        """How many requests of the product the portal has seen."""
        return int(self.control("requests")["total"])


@contextmanager
def rig(
    directory: Path,
    database: str,
    rows: Sequence[dict[str, str]],
    *,
    model: str = LEVELS,
    token_file: bool = False,
    **settings: str,
) -> Iterator[Rig]:
    """A rig whose portal has these contacts and the numbers `level` and `touched` on them. `token_file`: the token
    stands in the file `token`."""
    with ExitStack() as open_things:
        sandbox = open_things.enter_context(serve())
        way = open_things.enter_context(gateway(sandbox.url))
        (directory / "models").mkdir(exist_ok=True)
        (directory / "models" / "model.yaml").write_text(model)
        (directory / "token").write_text(sandbox.token)
        token = {
            "HUBSPOT_TOKEN": "" if token_file else sandbox.token,
            "LEADSCORE_API_SHARE": "1",
            "LEADSCORE_LEAST_DISK_MB": "1",
        }
        if token_file:
            token["HUBSPOT_TOKEN_FILE"] = "token"
        Place(directory, database).prepare(way.url, **(token | settings))
        store = open_store(database)
        open_things.callback(store.dispose)
        inbox = StoreInbox(database, least_free=0)
        open_things.callback(inbox.close)
        made = Rig(sandbox, way, directory, database, parts(directory, QUICK), store, inbox)
        open_things.callback(lambda: made.made.close())
        made.unlimited()
        for name in ("level", "touched"):
            own = {"name": name, "label": name, "type": "number", "fieldType": "number"}
            made.api("POST", "/crm/v3/properties/contacts", own | {"groupName": "contactinformation"})
        made.ids = [str(id) for id in made.control("people/import", {"rows": list(rows)})["ids"]]
        made.begin()
        app = create_app(Open(made.made, store, inbox, made.clock, Metrics(store, made.clock)))
        made.url = f"http://127.0.0.1:{open_things.enter_context(serving(app))}{PATH}"
        yield made


def people(many: int, **values: str) -> list[dict[str, str]]:
    """Rows of contacts, level 1."""
    return [{"email": f"p{number}@faults.example", "level": "1", **values} for number in range(many)]
