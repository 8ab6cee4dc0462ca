"""What comes through the door, in whatever order, however often and however broken, ends in the same CRM."""

import json
import random
from typing import Any

import requests

from leadscore.jobs.plan import make_plan
from leadscore.store import deliveries
from leadscore.store.database import reading
from tests.faults.rig import DAY, Rig
from tests.serve.service import PUBLIC, SECRET, post
from tests.webhooks.door import serving
from webhooks.blueprint import PATH
from webhooks.signatures import TIMESTAMP, V3, sign_v3


def swallow(_environ: dict[str, Any], start: Any) -> list[bytes]:
    """Takes every notice and forgets it."""
    start("200 OK", [("Content-Length", "0")])
    return [b""]


def told(made: Rig, changes: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """Makes these changes, and gives the events that the portal tells of them, none of which the product hears."""
    with serving(swallow) as port:
        since = max((one["seq"] for one in made.control("webhooks/deliveries")["deliveries"]), default=0)
        made.hear("contact.propertyChange:level", target_url=f"http://127.0.0.1:{port}", faults={"same_ids": 0.5})
        for id, level in changes:
            made.edit(id, level=level)
        made.delivered()
        found = made.control(f"webhooks/deliveries?since={since}")["deliveries"]
    return [event for one in found for event in one["events"]]


def test_events_three_times_in_any_order_end_in_the_crm_of_the_run_in_order(made: Rig) -> None:
    base = made.url.removesuffix(PATH)
    levels = dict.fromkeys(made.ids, "1")
    for seed in range(3):
        draw = random.Random(seed)
        changes = [(draw.choice(made.ids), str(draw.randint(1, 60))) for _ in range(50)]
        events = told(made, changes)
        assert len({event["eventId"] for event in events}) < len(events), "ids collide with other content"
        storm = [event | {"attemptNumber": attempt} for event in events for attempt in range(3)]
        draw.shuffle(storm)
        for start in range(0, len(storm), 7):
            assert post(base, storm[start : start + 7]).status_code == 200
            if draw.random() < 0.3:
                made.turn()
        made.settle()
        levels |= dict(changes)
        assert made.totals() == levels
    book = made.made.rulebook
    plan = make_plan(made.store, made.made.reader, book, made.clock(), made.made.policy).plan
    assert list(plan.rows) == []


def raw(made: Rig, body: bytes) -> int:
    """Delivers bytes as they are, rightly signed."""
    stamp = str(made.clock()).encode()
    signature = sign_v3(SECRET, "POST", f"{PUBLIC}{PATH}".encode(), body, stamp)
    headers = {V3: signature.decode(), TIMESTAMP: stamp.decode()}
    return requests.post(made.url, data=body, headers=headers, timeout=10).status_code


def broken(draw: random.Random, body: bytes) -> bytes:
    """The body with a few bytes put in, taken out or turned."""
    changed = bytearray(body)
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(changed))
        odd = [b'"', b"\\", b"[", b"}", b"\x00", b"\xed\xa0\x80", b"NaN", b"1e999", b"\\ud800", b"\\u0000", b"-0"]
        changed[at : at + draw.choice((0, 0, 1, 9))] = draw.choice(odd)
    return bytes(changed)


ODD: tuple[object, ...] = (
    None,
    True,
    -1,
    2**63,
    10**30,
    1.5,
    "",
    "\u0000",
    "\ud800",
    "x" * 70_000,
    [],
    {},
    [[]],
    "NaN",
)


def test_broken_bodies_by_the_hundred_stop_nobody_and_none_is_lost(made: Rig) -> None:
    """All are kept, what can be read is acted upon, and the rest lies among the dead letters with a reason."""
    good = told(made, [(id, "7") for id in made.ids[:2]])
    whole = json.dumps(good).encode()
    draw = random.Random(3)
    bodies = [broken(draw, whole) for _ in range(120)]
    for kind in ("contact.merge", "contact.propertyChange"):
        full = good[0] | {"subscriptionType": kind, "primaryObjectId": 1, "mergedObjectIds": [2], "toObjectId": 4}
        bodies += [json.dumps([full | {name: odd}]).encode() for name in full for odd in ODD]
    statuses = {raw(made, body) for body in bodies}
    assert statuses == {200}
    hundred = [json.dumps(good[0] | {"eventId": 10_000 + number, "objectId": int(id)}).encode()
               for number, id in enumerate((made.ids * 3)[:99])]  # fmt: skip
    for id in made.ids:
        made.edit(id, level="9")
    assert raw(made, b"[" + b",".join([*hundred[:50], b'{"a":NaN}', *hundred[50:]]) + b"]") == 200
    made.settle()
    assert made.totals() == dict.fromkeys(made.ids, "9")
    with reading(made.store) as connection:
        states = deliveries.count_states(connection)
        dead = deliveries.find_deliveries(connection, states=[deliveries.DEAD], limit=10_000)
    assert "open" not in states
    assert len(dead) > 60
    assert all(one.reason for one in dead)
    assert [one.reason for one in dead if one.raw == b'{"a":NaN}'] == ["event 51 of 100: NaN and Infinity are no JSON"]


def test_a_notice_of_any_time_is_a_hint_and_a_clock_far_off_refuses_only_what_is_signed_by_it(lone: Rig) -> None:
    """HubSpot's clock and ours differ: the record is read as it is, whenever it is said to have changed."""
    (event,) = told(lone, [(lone.ids[0], "30")])
    base = lone.url.removesuffix(PATH)
    for number, at in enumerate((0, 1, lone.clock() - 400 * DAY, lone.clock() + 400 * DAY)):
        lone.edit(lone.ids[0], level=str(31 + number))
        assert post(base, [event | {"occurredAt": at}]).status_code == 200
        lone.settle()
        assert lone.totals()[lone.ids[0]] == str(31 + number)
    lone.hear("contact.propertyChange:level", clock="real", skew_ms=-290_000)
    lone.edit(lone.ids[0], level="40")
    lone.settle()
    assert lone.totals()[lone.ids[0]] == "40"
    lone.control("webhooks", {"skew_ms": 600_000, "back_off_ms": []})
    lone.edit(lone.ids[0], level="41")
    lone.control("webhooks/flush", {"timeout_s": 5, "hurry": True})
    assert lone.control("webhooks/deliveries")["deliveries"][-1]["status"] == 401
    # What was refused for its time is found by looking.
    lone.chores()
    lone.settle()
    assert lone.totals()[lone.ids[0]] == "41"
