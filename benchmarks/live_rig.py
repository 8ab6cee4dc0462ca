"""What the live measurements share: a store that was applied once, a CRM that takes no time, and signed notices."""

import logging
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import msgspec
from flask import Flask

from benchmarks.fields import PROPERTIES, raw_values, typed_values
from benchmarks.filling import NOW, fill, pretend_written
from benchmarks.million import rulebook
from connectors.protocol import Needs, Page, Reader, RecordWrite, SeenRecord, WriteAnswer
from leadscore.cli.web_server import WebServer
from leadscore.jobs.crew import Crew, Watch
from leadscore.jobs.inbox import StoreInbox
from leadscore.jobs.rescore import rescore
from leadscore.jobs.shifts import Work, shifts
from leadscore.jobs.writing_policy import WritePolicy
from leadscore.store.account import note
from leadscore.store.database import connect, open_store, writing
from scoring.model import ScoringModel
from webhooks.blueprint import PATH, DoorSettings, hubspot_door
from webhooks.delivery import Inbox
from webhooks.hubspot import Portal
from webhooks.signatures import TIMESTAMP, V3, sign_v3, signed_uri

ACCOUNT = "1"
SECRET = "a client secret"  # noqa: S105  # of a portal that does not exist
PUBLIC = f"https://leads.example.com{PATH}"
NEEDS = Needs({"contact": tuple(one.name for one in PROPERTIES)}, {})
_THREADS = 8


@dataclass
class Crm:
    """A CRM that takes `pause` seconds for an answer. Each reading shows a contact with other values than before, and
    writes are taken. Another `start` begins with other values."""

    start: int = 0
    pause: float = 0.0
    batch: int = 100
    turns: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        draw = random.Random(3)
        self._pool = [raw_values(typed_values(draw)) for _ in range(500)]

    def needs(self, _models: Sequence[ScoringModel]) -> Needs:
        """The properties of the made-up people."""
        return NEEDS

    def fetch_with_activities(self, object: str, ids: Sequence[str], _needs: Needs) -> Page:
        """These contacts, with no activity of their own."""
        time.sleep(self.pause)
        return Page("", tuple(self._record(object, id) for id in ids), last=True)

    def write(self, writes: Sequence[RecordWrite]) -> tuple[WriteAnswer, ...]:
        """As the Protocol says."""
        time.sleep(self.pause)
        return tuple(WriteAnswer(one.id, "written") for one in writes)

    def _record(self, object: str, id: str) -> SeenRecord:
        self.turns[id] += 1
        drawn = self._pool[(int(id) * 7 + self.start + self.turns[id]) % len(self._pool)]
        values = {name: text for name, text in drawn.items() if name != "email"}
        return SeenRecord(object, id, values, modified_at=NOW)

    def reader(self) -> Reader:
        """Of a Reader, the service asks only what stands above, as long as no chore is asked for."""
        return cast(Reader, self)


def prepare(path: Path, contacts: int) -> str:
    """A store of so many people that was scored and applied once; its address."""
    url = f"sqlite:///{path}"
    fill(path, contacts)
    store = connect(url, "NORMAL")
    rescore(store, rulebook(edited=False), NOW, processes=1)
    pretend_written(store, rulebook(edited=False))
    with writing(store) as connection:
        note(connection, baseline_at=NOW - 1)
    store.dispose()
    return url


def clock() -> int:
    """ms UTC."""
    return time.time_ns() // 1_000_000


@contextmanager
def service(url: str, watch: Watch, *, inbox: Inbox | None = None, pause: float = 0.0) -> Iterator[str]:
    """The door on a free port with a worker beside it, in this process, as `leadscore serve` has them; its address.
    `inbox`: another one than the product's. `pause`: seconds for an answer of the CRM."""
    # It tells of every request that waits for a thread.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    with ExitStack() as open_things:
        store = open_store(url, "NORMAL")
        open_things.callback(store.dispose)
        crm = Crm(start=250, pause=pause)
        work = Work("bench", store, crm.reader(), crm, rulebook(edited=False), WritePolicy(), (), clock)
        crew = Crew(shifts(work, 1), clock, watch)
        if inbox is None:
            own = StoreInbox(url, least_free=0, ring=lambda: crew.ring("inbox"))
            open_things.callback(own.close)
            inbox = own
        app = Flask("door")
        app.register_blueprint(hubspot_door(DoorSettings(PUBLIC, Portal(ACCOUNT), (SECRET,)), inbox, clock))
        server = WebServer(app, "127.0.0.1:0", _THREADS)
        open_things.callback(crew.end, 20.0)
        open_things.callback(server.stop)
        crew.start()
        server.start()
        yield server.url


def events(first: int, many: int, contacts: int) -> bytes:
    """A body of so many events, none like another, as HubSpot sends it."""
    at = clock()
    return msgspec.json.encode(
        [
            {
                "eventId": number,
                "subscriptionId": 1,
                "portalId": int(ACCOUNT),
                "appId": 5,
                "occurredAt": at,
                "subscriptionType": "contact.propertyChange",
                "attemptNumber": 0,
                "objectId": 1 + number * 7919 % contacts,
                "propertyName": "title",
                "propertyValue": f"title {number}",
                "changeSource": "CRM_UI",
                "sourceId": "userId:1",
            }
            for number in range(first, first + many)
        ]
    )


class Sender:
    """One connection over which signed bodies are sent. Not for several threads."""

    def __init__(self, url: str) -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=30)

    def send(self, body: bytes) -> int:
        """Signs a body as of now and sends it; the status of the answer."""
        stamp = str(clock()).encode()
        signature = sign_v3(SECRET, "POST", signed_uri(PUBLIC, b""), body, stamp)
        headers = {V3: signature.decode(), TIMESTAMP: stamp.decode(), "Content-Type": "application/json"}
        self._connection.request("POST", PATH, body, headers)
        answer = self._connection.getresponse()
        answer.read()
        return answer.status

    def close(self) -> None:
        """Ends the connection."""
        self._connection.close()


def percentile(values: Sequence[float], part: float) -> float:
    """The value that so many (0 to 1) of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def milliseconds(values: Sequence[float]) -> str:
    """p50 and p99 in words."""
    return f"p50 {percentile(values, 0.5) * 1000:.1f} ms, p99 {percentile(values, 0.99) * 1000:.1f} ms"
