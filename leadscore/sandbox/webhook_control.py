"""The strings for webhooks: who is called for what, what was sent, and waiting until all is sent.

GET  /_sandbox/webhooks               settings, and how many events wait, were delivered, dropped, given up
POST /_sandbox/webhooks               any of subscriptions.Webhooks: target_url, client_secret, app_id, subscriptions,
                                      dialect, signed_url, back_off_ms, faults {seed, duplicates, drops, delays, ...}
DELETE /_sandbox/webhooks             nobody is called any more, and what waits is forgotten
GET  /_sandbox/webhooks/deliveries?since=0&limit=   every attempt with its status and its events
POST /_sandbox/webhooks/flush         {timeout_s?: 30, hurry?: false} waits until nothing is left to send; in a hurry
                                      it cuts delays and back-off short -> {"empty": bool, "waiting": n, ...}
POST /_sandbox/webhooks/resend        {"state"?: "given_up"|"dropped"} puts those back in the queue -> {"queued": n}
"""

from __future__ import annotations

import threading
from time import monotonic

import msgspec

from leadscore.sandbox import sender, subscriptions
from leadscore.sandbox.state import Portal
from leadscore.sandbox.wire import Json, Request


def counts(portal: Portal) -> Json:
    by_state = dict(portal.db.execute("SELECT state, COUNT(*) FROM notices GROUP BY state").fetchall())
    sql = "SELECT COALESCE(SUM(count), 0) FROM deliveries WHERE status BETWEEN 200 AND 299"
    delivered = portal.db.execute(sql).fetchone()[0]
    states = ("waiting", "sending", "dropped", "given_up")
    return {state: by_state.get(state, 0) for state in states} | {"delivered": delivered}


def shown(portal: Portal, _request: Request) -> Json:
    settings: Json = msgspec.to_builtins(subscriptions.current(portal))
    return settings | counts(portal)


def change(portal: Portal, request: Request) -> Json:
    subscriptions.change(portal, request.json())
    portal.committed.set()
    return shown(portal, request)


def clear(portal: Portal, request: Request) -> Json:
    portal.db.execute("DELETE FROM settings WHERE key='webhooks'")
    forget(portal)
    return shown(portal, request)


def forget(portal: Portal) -> None:
    """Empties the queue and the list of attempts; subscriptions stay."""
    portal.db.execute("DELETE FROM notices")
    portal.db.execute("DELETE FROM deliveries")


def deliveries(portal: Portal, request: Request) -> Json:
    since, limit = int(request.text("since") or 0), request.number("limit", 1000, 100_000)
    return {"deliveries": sender.deliveries(portal, since, limit)}


def resend(portal: Portal, request: Request) -> Json:
    state = request.json().get("state", "given_up")
    if state not in ("given_up", "dropped"):
        raise ValueError(f"state is given_up or dropped, not {state!r}")
    done = portal.db.execute("UPDATE notices SET state='waiting', attempt=0, due=0 WHERE state=?", (state,))
    portal.committed.set()
    return {"queued": done.rowcount}


def flush(portal: Portal, request: Request) -> Json:
    """Must be called without the portal's lock, which the sender needs."""
    given = request.json()
    ends = monotonic() + float(given.get("timeout_s", 30))
    pause = threading.Event()
    while True:
        with portal.transaction() as db:
            if given.get("hurry"):
                db.execute("UPDATE notices SET due=0 WHERE state='waiting'")
            now = counts(portal)
        empty = not now["waiting"] and not now["sending"]
        if empty or monotonic() >= ends:
            return {"empty": empty} | now
        portal.committed.set()
        pause.wait(0.01)


ACTS = {
    ("GET", "webhooks"): shown,
    ("POST", "webhooks"): change,
    ("DELETE", "webhooks"): clear,
    ("GET", "webhooks/deliveries"): deliveries,
    ("POST", "webhooks/resend"): resend,
}
WAITING_ACTS = {("POST", "webhooks/flush"): flush}
