"""Deals as HubSpot keeps them: stages with their history, two ways of having won, a stage that no longer exists."""

from __future__ import annotations

from random import Random
from typing import Any

from leadscore.sandbox.clock import DAY_MS, iso
from leadscore.sandbox.generator.outcome import Deal

_WAY = ("appointmentscheduled", "qualifiedtobuy", "contractsent")
GONE_STAGE = "legacy_4711"


def document(random: Random, deal: Deal, name: str, owner: int, now: int) -> tuple[dict[str, str], list[Any]]:
    """The deal's properties and its history entries. An open deal has a close date too: a guess, not the truth."""
    pipeline, stages = _stages(random, deal, now)
    amount = str(random.choice((1200, 4800, 9600, 12500, 24000, 60000)))
    closed = deal.state != "open"
    closes = deal.closes if closed else max(deal.begins + 45 * DAY_MS, now + DAY_MS)
    doc = {
        "dealname": name,
        "amount": amount,
        "amount_in_home_currency": amount,
        "deal_currency_code": "USD",
        "pipeline": pipeline,
        "dealtype": "newbusiness",
        "hubspot_owner_id": str(owner),
        "closedate": iso(closes),
        "hs_createdate": iso(deal.begins),
        "num_associated_contacts": "1",
    }
    doc["dealstage"] = stages[-1][1]
    doc["hs_v2_date_entered_current_stage"] = iso(stages[-1][0])
    if doc["dealstage"] != GONE_STAGE:
        doc |= {
            "hs_is_closed": str(closed).lower(),
            "hs_is_closed_won": str(deal.state == "won").lower(),
            "hs_is_closed_lost": str(deal.state == "lost").lower(),
            "hs_deal_stage_probability": {"won": "1", "lost": "0"}.get(deal.state, "0.4"),
        }
    if deal.state == "won":
        doc["hs_closed_won_date"] = iso(deal.closes)
    return doc, _entries(stages, owner)


def _entries(stages: list[tuple[int, str]], owner: int) -> list[Any]:
    """The owner moved the deal from stage to stage in the app."""
    made: list[Any] = []
    old = None
    for at, stage in stages:
        before = {"dealstage": old} if old else None
        made.append([at, "CRM_UI", f"userId:{owner + 9000}", owner + 9000, {"dealstage": stage}, before])
        old = stage
    return made


def _stages(random: Random, deal: Deal, now: int) -> tuple[str, list[tuple[int, str]]]:
    if random.random() < 0.1:
        last = {"won": "90310002", "lost": "90310003"}.get(deal.state)
        return "75e28846", [(deal.begins, "90310001"), *([(deal.closes, last)] if last else [])]
    end = min(deal.closes, now)
    passed = [deal.begins, *sorted(random.randrange(deal.begins, max(deal.begins + 1, end)) for _ in range(2))]
    way = list(zip(passed, _WAY, strict=True))[: random.randint(1, 3)]
    if deal.state == "won":
        way.append((deal.closes, "closedwon" if random.random() < 0.85 else "wonwithpilot"))
    elif deal.state == "lost":
        old = now - deal.closes > 500 * DAY_MS and random.random() < 0.3
        way.append((deal.closes, GONE_STAGE if old else "closedlost"))
    return "default", way
