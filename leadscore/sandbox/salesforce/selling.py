"""What sales did in the generated org: opportunities with their stages, calls, replies and meetings."""

from __future__ import annotations

from random import Random

from leadscore.sandbox.clock import DAY_MS
from leadscore.sandbox.generator.behaviour import Journey
from leadscore.sandbox.generator.companies import Company
from leadscore.sandbox.generator.outcome import BOTTOM, Deal
from leadscore.sandbox.generator.people import Person
from leadscore.sandbox.salesforce.filling import Filler
from leadscore.sandbox.salesforce.soql.run import day_text

_ENDS = {"won": "Closed Won", "lost": "Closed Lost"}
_ARCHIVED = 365 * DAY_MS


def deal(
    filler: Filler,
    random: Random,
    deal: Deal,
    person: Person,
    company: Company | None,
    ends: tuple[str, str | None, str],
    now: int,
) -> None:
    """An Opportunity with its history and the Contact's role in it; `ends` are Contact, Account and owner.

    The close date of an open one is a guess, as people make it.
    """
    contact, account, owner = ends
    amount = float(random.choice((1200, 4800, 9600, 12500, 24000, 60000)))
    closed = deal.state != "open"
    closes = day_text(deal.closes if closed else max(deal.begins + 45 * DAY_MS, now + DAY_MS))
    stages = _stages(random, deal, now)
    last = stages[-1][0]
    opportunity = filler.put(
        "Opportunity", deal.begins, last, Name=f"{company.name if company else person.email} - new", AccountId=account,
        StageName=stages[-1][1], CloseDate=closes, Amount=amount, IsClosed=int(closed),
        IsWon=int(deal.state == "won"), OwnerId=owner,
    )  # fmt: skip
    for at, stage in stages:
        line = {"OpportunityId": opportunity, "StageName": stage, "CloseDate": closes}
        filler.put("OpportunityHistory", at, at, Amount=amount, **line)
    role = {"OpportunityId": opportunity, "ContactId": contact, "Role": "Decision Maker"}
    filler.put("OpportunityContactRole", deal.begins, deal.begins, IsPrimary=1, **role)


def _stages(random: Random, deal: Deal, now: int) -> list[tuple[int, str]]:
    end = min(deal.closes, now)
    passed = sorted(random.randrange(deal.begins, max(deal.begins + 1, end)) for _ in range(2))
    way = list(zip((deal.begins, *passed), ("Prospecting", "Qualification", "Proposal/Price Quote"), strict=True))
    way = way[: random.randint(1, 3)]
    if deal.state != "open":
        way.append((deal.closes, _ENDS[deal.state]))
    return way


def activities(
    filler: Filler, random: Random, way: Journey, deal: Deal | None, ends: tuple[str, str], now: int
) -> None:
    """A call after somebody asked for sales, a reply and a meeting as a deal begins; `ends` are person and owner.

    What is closed and older than a year is archived.
    """
    who, owner = ends
    for act in way.submissions:
        called = act.at + round(random.uniform(0.1, 3) * DAY_MS)
        if act.form in BOTTOM and random.random() < 0.5 and called < now:
            _task(filler, who, owner, "Call", "Call: your question", called, now)
    if deal is None:
        return
    replied = deal.begins - 3_600_000
    if random.random() < 0.6:
        _task(filler, who, owner, "Email", "Email: Re: our talk", replied, now)
    meets = deal.begins + DAY_MS
    filler.put(
        "Event", deal.begins, deal.begins, WhoId=who, OwnerId=owner, Subject="Meeting", ActivityDate=day_text(meets),
        StartDateTime=meets // 1000 * 1000, EndDateTime=(meets + 1_800_000) // 1000 * 1000, DurationInMinutes=30,
        IsArchived=int(meets < now - _ARCHIVED),
    )  # fmt: skip


def _task(filler: Filler, who: str, owner: str, kind: str, subject: str, at: int, now: int) -> None:
    filler.put(
        "Task", at, at, WhoId=who, OwnerId=owner, Subject=subject, TaskSubtype=kind, Status="Completed", IsClosed=1,
        ActivityDate=day_text(at), CompletedDateTime=at // 1000 * 1000, IsArchived=int(at < now - _ARCHIVED),
        CallType="Outbound" if kind == "Call" else None,
    )  # fmt: skip
