"""Sends webhook events: signed arrays of at most 100, from a thread of its own, again and again until they are taken.

Waits run in real time, whatever the portal's clock does. An attempt ends after `timeout_ms`; the whole array is tried
again with attemptNumber one higher. A restart sends what was on its way once more, as HubSpot's duplicates do.
"""

from __future__ import annotations

import http.client
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from time import monotonic
from urllib.parse import urlsplit

import msgspec

from leadscore.sandbox import signing
from leadscore.sandbox.clock import iso, real_now
from leadscore.sandbox.state import Portal
from leadscore.sandbox.subscriptions import Webhooks, current
from leadscore.sandbox.wire import Json

_NOT_AGAIN = (400, 401, 403, 404, 405)


@dataclass(frozen=True)
class _Batch:
    """`rows` are the numbers of the notices, with the attempt that this is."""

    rows: list[tuple[int, int]]
    events: list[Json]


class Sender:
    """The thread behind `/_sandbox/webhooks`; `stop` leaves unsent events in the store."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._stopping = False
        self._busy = 0
        self._pool = ThreadPoolExecutor(64, "webhook")
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        with self._portal.transaction() as db:
            db.execute("UPDATE notices SET state='waiting' WHERE state='sending'")
        self._thread.start()

    def stop(self) -> None:
        with self._portal.lock:
            self._stopping = True
        self._portal.committed.set()
        self._thread.join(timeout=5)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        while not self._stopping:
            self._portal.committed.clear()
            with self._portal.lock:
                if self._stopping:
                    return
                webhooks = current(self._portal)
                while webhooks.target_url and self._busy < webhooks.concurrency:
                    batch = self._take(webhooks)
                    if batch is None:
                        break
                    self._busy += 1
                    self._pool.submit(self._deliver, webhooks, batch)
                wait = self._next_due()
            self._portal.committed.wait(wait)

    def _take(self, webhooks: Webhooks) -> _Batch | None:
        with self._portal.transaction() as db:
            sql = "SELECT seq, attempt, doc FROM notices WHERE state='waiting' AND due<=? ORDER BY due, seq LIMIT ?"
            rows = db.execute(sql, (real_now(), webhooks.batch_size)).fetchall()
            db.executemany("UPDATE notices SET state='sending' WHERE seq=?", [(row[0],) for row in rows])
        if not rows:
            return None
        events = []
        for seq, attempt, doc in rows:
            event = msgspec.json.decode(doc, type=Json) | {"attemptNumber": attempt}
            if attempt and webhooks.new_ids_on_retry:
                event["eventId"] += 1_000_000_000 * attempt + seq
            events.append(event)
        return _Batch([(seq, attempt) for seq, attempt, _ in rows], events)

    def _next_due(self) -> float:
        row = self._portal.db.execute("SELECT MIN(due) FROM notices WHERE state='waiting'").fetchone()
        return 60.0 if row[0] is None else min(60.0, max(0.005, (row[0] - real_now()) / 1000))

    def _deliver(self, webhooks: Webhooks, batch: _Batch) -> None:
        began, status, error = monotonic(), None, None
        try:
            status = self._post(webhooks, msgspec.json.encode(batch.events))
        except (OSError, http.client.HTTPException) as failure:
            error = f"{type(failure).__name__}: {failure}"
        ms = round((monotonic() - began) * 1000)
        with self._portal.lock:
            self._busy -= 1
            if not self._stopping:
                self._settle(webhooks, batch, status, error, ms)
        self._portal.committed.set()

    def _post(self, webhooks: Webhooks, body: bytes) -> int:
        target = urlsplit(webhooks.target_url)
        at = (self._portal.now() if webhooks.clock == "portal" else real_now()) + webhooks.skew_ms
        signed = webhooks.signed_url or webhooks.target_url
        headers = signing.headers(webhooks.client_secret, signed, body, at, webhooks.signatures)
        headers |= {"Content-Type": "application/json", "Accept": "*/*", "User-Agent": "sandbox-webhooks"}
        wire = http.client.HTTPConnection(target.hostname or "", target.port or 80, timeout=webhooks.timeout_ms / 1000)
        try:
            path = (target.path or "/") + (f"?{target.query}" if target.query else "")
            wire.request("POST", path, body, headers)
            return wire.getresponse().status
        finally:
            wire.close()

    def _settle(self, webhooks: Webhooks, batch: _Batch, status: int | None, error: str | None, ms: int) -> None:
        taken = status is not None and 200 <= status < 300
        final = status in _NOT_AGAIN and not webhooks.retry_4xx
        with self._portal.transaction() as db:
            text = msgspec.json.encode(batch.events).decode()
            row = (self._portal.now(), status, error, ms, len(batch.events), text)
            db.execute("INSERT INTO deliveries (at, status, error, ms, count, events) VALUES (?,?,?,?,?,?)", row)
            draw = Random(f"{webhooks.faults.seed}:{batch.rows[0]}")
            now, stretch = real_now(), 1 + webhooks.jitter * draw.random()
            for seq, attempt in batch.rows:
                if taken:
                    db.execute("DELETE FROM notices WHERE seq=?", (seq,))
                elif final or attempt >= len(webhooks.back_off_ms):
                    db.execute("UPDATE notices SET state='given_up' WHERE seq=?", (seq,))
                else:
                    due = now + round(webhooks.back_off_ms[attempt] * stretch)
                    sql = "UPDATE notices SET state='waiting', attempt=?, due=? WHERE seq=?"
                    db.execute(sql, (attempt + 1, due, seq))


def deliveries(portal: Portal, since: int, limit: int) -> list[Json]:
    """Attempts after the number `since`, oldest first; `status` is null where no answer came, and `error` says why."""
    sql = "SELECT seq, at, status, error, ms, events FROM deliveries WHERE seq>? ORDER BY seq LIMIT ?"
    return [
        {
            "seq": seq, "at": at, "time": iso(at), "status": status, "error": error, "ms": ms,
            "events": msgspec.json.decode(events),
        }
        for seq, at, status, error, ms, events in portal.db.execute(sql, (since, limit))
    ]  # fmt: skip
