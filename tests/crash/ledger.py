"""The ledger of what was sent to the door and what it answered, kept outside the product, and the sender that fills it.

Event n carries the eventId FIRST + n; request r holds the events r * many to (r + 1) * many - 1. What was not answered
with 200 is sent again at the end, as a CRM does, so that everything was acknowledged once.
"""

import http.client
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import Engine, select

from leadscore.cli.clock import now
from leadscore.store.database import reading
from leadscore.store.live_tables import deliveries
from tests.serve.service import PUBLIC, SECRET, change
from webhooks.blueprint import PATH
from webhooks.signatures import TIMESTAMP, V3, sign_v3, signed_uri

FIRST = 10**12
_PATIENCE = 10.0


@dataclass
class Ledger:
    """Events about these contacts, `many` a request. `lags`: seconds from when a request was to go until its 200."""

    url: str
    ids: Sequence[str]
    many: int = 1
    acked: set[int] = field(default_factory=set)
    open: set[int] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)
    lags: list[float] = field(default_factory=list)
    _sent: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _made_at: int = field(default_factory=now)

    def send(self, rate: float, threads: int, stop: threading.Event) -> list[threading.Thread]:
        """Starts to send so many requests a second, evenly, whatever becomes of them; ends when told to stop."""
        began = time.monotonic()
        made = [
            threading.Thread(target=self._send, args=(began + number / rate, threads / rate, stop), daemon=True)
            for number in range(threads)
        ]
        for thread in made:
            thread.start()
        return made

    def send_open(self) -> int:
        """Sends what was never acknowledged once more; returns how much is still open."""
        wire = _Wire(self.url)
        for request in sorted(self.open):
            self._ask(wire, request, None)
        wire.close()
        return len(self.open)

    def lost(self, store: Engine) -> int:
        """How many acknowledged events the store does not hold."""
        with reading(store) as connection:
            rows = connection.execute(select(deliveries.c.raw), execution_options={"yield_per": 5_000})
            held = {int(msgspec.json.decode(row[0])["eventId"]) for row in rows}
        return len({FIRST + event for request in self.acked for event in self._events(request)} - held)

    @property
    def count(self) -> int:
        """How many events were acknowledged."""
        return len(self.acked) * self.many

    def _events(self, request: int) -> range:
        return range(request * self.many, (request + 1) * self.many)

    def _send(self, due: float, gap: float, stop: threading.Event) -> None:
        wire = _Wire(self.url)
        while not stop.wait(max(0.0, due - time.monotonic())):
            with self._lock:
                request, self._sent = self._sent, self._sent + 1
                self.open.add(request)
            self._ask(wire, request, due)
            due += gap
        wire.close()

    def _ask(self, wire: "_Wire", request: int, due: float | None) -> None:
        body = msgspec.json.encode([self._event(number) for number in self._events(request)])
        answer = wire.post(body)
        with self._lock:
            self.answers[answer] += 1
            if answer == "200":
                self.acked.add(request)
                self.open.discard(request)
                if due is not None:
                    self.lags.append(time.monotonic() - due)

    def _event(self, number: int) -> dict[str, Any]:
        about = int(self.ids[number % len(self.ids)])
        told = {"propertyName": "level", "propertyValue": "1", "occurredAt": self._made_at}
        return change(about, "", FIRST + number) | told


class _Wire:
    """A connection that is kept, and made anew when it broke."""

    def __init__(self, url: str) -> None:
        self._place = urlsplit(url)
        self._wire: http.client.HTTPConnection | None = None

    def post(self, body: bytes) -> str:
        """The status as text, or the class of what went wrong."""
        stamp = str(now()).encode()
        signature = sign_v3(SECRET, "POST", signed_uri(f"{PUBLIC}{PATH}", b""), body, stamp).decode()
        headers = {V3: signature, TIMESTAMP: stamp.decode(), "Content-Type": "application/json"}
        try:
            if self._wire is None:
                place = self._place
                self._wire = http.client.HTTPConnection(place.hostname or "", place.port or 80, timeout=_PATIENCE)
            self._wire.request("POST", PATH, body, headers)
            answer = self._wire.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            # A service that is down answers nothing at once: who asks again at once only burns the processor.
            time.sleep(0.02)
            return type(error).__name__
        return str(answer.status)

    def close(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None
