"""Webhook events: every change of a contact, company or deal becomes one for each subscription that wants it.

An event is stored in the transaction of its change, so that a refused write tells nothing; the sender takes it from
there. Shapes follow live captures: objectId is a number, propertyValue a text, "" for a cleared one.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import msgspec

from leadscore.sandbox.catalogue import SINGULAR, TYPE_IDS
from leadscore.sandbox.clock import real_now
from leadscore.sandbox.happening import Happening
from leadscore.sandbox.state import Portal
from leadscore.sandbox.subscriptions import Mishaps, Subscription, Webhooks, current
from leadscore.sandbox.wire import Json

_GENERIC_ONLY = ("fromObjectTypeId", "toObjectTypeId", "associationTypeId", "associationCategory")


def watch(portal: Portal) -> None:
    """From now on, changes that somebody subscribed to are stored for sending."""
    portal.watchers.append(lambda news: _store(portal, news))


def _store(portal: Portal, news: Happening) -> None:
    webhooks = current(portal)
    if not webhooks.target_url or (news.uncertain and not webhooks.uncertain):
        return
    for subscription in webhooks.subscriptions:
        if (subscription.object, subscription.what) in ((news.type, news.what), (news.type, _also(news))):
            for event in _events(portal, webhooks, subscription, news):
                _queue(portal, webhooks, event)


def _also(news: Happening) -> str:
    """The values of a new record are told as changes too."""
    return "propertyChange" if news.what == "creation" else news.what


def _events(portal: Portal, webhooks: Webhooks, subscription: Subscription, news: Happening) -> Iterator[Json]:
    if subscription.what != "propertyChange":
        flags = {"creation": "NEW" if webhooks.dialect == "eventType" else "CREATED", "deletion": "DELETED"}
        more: Json = {"changeFlag": flags[subscription.what]} if subscription.what in flags else {}
        yield _event(portal, webhooks, subscription, news, more | _details(webhooks, subscription, news))
        return
    definitions = portal.definitions(news.type)
    for name, value in news.values.items():
        if subscription.property not in ("*", name):
            continue
        if name in definitions and definitions[name].read_only and not webhooks.uncertain:
            continue
        yield _event(portal, webhooks, subscription, news, {"propertyName": name, "propertyValue": value or ""})


def _details(webhooks: Webhooks, subscription: Subscription, news: Happening) -> Json:
    if webhooks.dialect == "generic" or subscription.what != "associationChange":
        return dict(news.details)
    return {name: value for name, value in news.details.items() if name not in _GENERIC_ONLY}


def _event(portal: Portal, webhooks: Webhooks, subscription: Subscription, news: Happening, more: Json) -> Json:
    generic = webhooks.dialect == "generic" and subscription.what != "privacyDeletion"
    name = f"{'object' if generic else SINGULAR[news.type]}.{subscription.what}"
    event: Json = {
        "eventId": portal.next_id("event"),
        "subscriptionId": subscription.id,
        "portalId": portal.settings.portal_id,
        "appId": webhooks.app_id,
        "occurredAt": news.at,
        "eventType" if webhooks.dialect == "eventType" else "subscriptionType": name,
        "attemptNumber": 0,
        "objectId": news.id,
    }
    if subscription.what == "associationChange" and not webhooks.association_object_id:
        del event["objectId"]
    if subscription.what == "merge" and webhooks.merge_object_id != "new":
        del event["objectId"]
        if webhooks.merge_object_id == "primary":
            event["objectId"] = news.details["primaryObjectId"]
    if generic:
        event |= {"objectTypeId": TYPE_IDS[news.type], "isSensitive": False}
    event |= more | {"changeSource": news.source.type}
    if news.source.id is not None:
        event["sourceId"] = news.source.id
    return event


def _queue(portal: Portal, webhooks: Webhooks, event: Json) -> None:
    faults, now = webhooks.faults, real_now()
    draw = Random(f"{faults.seed}:{event['eventId']}")
    if draw.random() < faults.same_ids:
        event["eventId"] -= 1
    text = msgspec.json.encode(event).decode()
    state = "dropped" if draw.random() < faults.drops else "waiting"
    sql = "INSERT INTO notices (doc, due, state) VALUES (?,?,?)"
    portal.db.execute(sql, (text, now + _lateness(draw, faults), state))
    if draw.random() < faults.duplicates:
        portal.db.execute(sql, (text, now + 1 + draw.randrange(1 + max(faults.delay_ms, 1)), "waiting"))


def _lateness(draw: Random, faults: Mishaps) -> int:
    late = draw.randrange(1 + faults.delay_ms) if draw.random() < faults.delays else 0
    return late + (draw.randrange(1 + faults.disorder_ms) if draw.random() < faults.disorder else 0)
