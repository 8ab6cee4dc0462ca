"""Fifty made-up rules over what people do, and people who do it: forms, pages, mail, events, calls and silence."""

import random
from collections.abc import Iterator
from decimal import Decimal

from scoring.conditions import Test
from scoring.facts import Activity, Kind
from scoring.rules import (
    ActivityRule,
    Count,
    Decay,
    HalfLife,
    Limit,
    Range,
    RangeRule,
    RecencyRule,
    Rule,
    Steps,
)
from scoring.values import DAY

SECTIONS = ("pricing", "customers", "product", "blog", "docs", "careers", "events", "security", "partners", "about")
FORMS = tuple(f"Form {n:02}" for n in range(12))
MAILS = tuple(f"Campaign {n:02}" for n in range(30))
WEBINARS = tuple(f"Webinar {n:02}" for n in range(8))
AVERAGE = 20
"""How many activities a person has on average; some have none, some a hundred."""
_SPAN = 400 * DAY


def page_groups() -> Iterator[tuple[str, Limit | None, tuple[Rule, ...]]]:
    """Groups of rules as (name, limit, rules): 28 on pages, 22 on the rest."""
    decays: tuple[Decay | None, ...] = (None, HalfLife(14 * DAY), HalfLife(60 * DAY), Steps(25, 30 * DAY), None)
    counts: tuple[Count, ...] = ("each", "once_per_path", "each", "once", "once_per_day")
    sections = tuple(
        ActivityRule(
            f"Reads {name}",
            ("page_view",),
            4 if name != "careers" else -5,
            where=Test("url", "url", "path", (f"/{name}/*",)),
            within=(30, 60, 90)[n % 3] * DAY,
            count=counts[n % 5],
            decay=decays[n % 5],
            limit=Limit(max=16) if n % 2 else None,
        )
        for n, name in enumerate(SECTIONS)
    )
    single = tuple(
        ActivityRule(
            f"Page {name} {n}",
            ("page_view",),
            6,
            where=Test("url", "url", "path", (f"/{name}/{n}",)),
            within=45 * DAY if n % 2 else None,
            decay=HalfLife(30 * DAY) if n % 3 == 0 else None,
            count="once" if n % 3 == 1 else "each",
        )
        for name in SECTIONS[:5]
        for n in range(3)
    )
    ranges = tuple(
        RangeRule(
            f"Reads a lot of {name or 'everything'}",
            (Range(Decimal(3), Decimal(5), 2), Range(Decimal(6), None, 5)),
            on=("page_view",),
            where=Test("url", "url", "path", (f"/{name}*",)),
            within=30 * DAY,
        )
        for name in ("docs", "blog", "")
    )
    yield "Sections", Limit(max=60), sections
    yield "Single pages", Limit(max=40), single
    yield "Reading", None, ranges


def other_groups() -> Iterator[tuple[str, Limit | None, tuple[Rule, ...]]]:
    """The 22 rules on forms, mail, events, calls and silence."""
    forms = tuple(
        ActivityRule(
            name,
            ("form_submission",),
            5 + n,
            where=Test("form", "text", "in", (name,)),
            count=("once", "first", "each", "once_per_form")[n % 4],
            decay=(Steps(50, 60 * DAY), None, HalfLife(90 * DAY))[n % 3],
        )
        for n, name in enumerate(FORMS)
    )
    mail = tuple(
        ActivityRule(
            f"Clicked within {days} days",
            ("email_click",),
            3,
            where=Test("name", "text", "in", MAILS[n * 10 : n * 10 + 10]),
            within=days * DAY,
            count="once_per_day",
        )
        for n, days in enumerate((30, 60, 90))
    )
    events: tuple[Rule, ...] = (
        ActivityRule("Attended", ("event_attended",), 20, decay=HalfLife(60 * DAY), limit=Limit(max=50)),
        ActivityRule("Registered", ("event_registered",), 5, within=90 * DAY, count="once"),
        ActivityRule("Meeting", ("meeting", "call"), 15, decay=Steps(20, 30 * DAY)),
        ActivityRule("Unsubscribed", ("unsubscribe",), -20, count="once"),
    )
    everything = ("form_submission", "page_view", "email_click", "meeting")
    silence: tuple[Rule, ...] = (
        RecencyRule("Asked lately", ("form_submission",), ("within", 14 * DAY, None), 5),
        RecencyRule("Cooling", ("email_click",), ("between", 60 * DAY, 120 * DAY), -5),
        RecencyRule("Silent", everything, ("older_than", 120 * DAY, None), -15),
    )
    yield "Forms", Limit(max=80), forms
    yield "Mail", Limit(max=15), mail
    yield "Events", None, events
    yield "Silence", None, silence


def draw_kinds(draw: random.Random) -> list[Kind]:
    """Every kind of activity that happens in this world, the frequent ones named more often."""
    kinds: list[Kind] = []
    for section in SECTIONS:
        for page in range(40):
            times = 1 + 12 // (1 + page)
            address = f"https://www.example.com/{section}/{page}"
            kinds += [Kind("page_view", (("url", address),))] * times
            kinds.append(Kind("page_view", (("url", f"{address}?utm_source=mail{draw.randrange(9)}"),)))
    kinds += [Kind("form_submission", (("form", f"Form {n:02}"),)) for n in range(20)] * 4
    kinds += [Kind("email_open", (("name", name),)) for name in MAILS] * 10
    kinds += [Kind("email_click", (("name", name),)) for name in MAILS] * 3
    kinds += [Kind(type, (("name", name),)) for type in ("event_registered", "event_attended") for name in WEBINARS]
    kinds += [Kind("meeting"), Kind("call"), Kind("unsubscribe")] * 4
    return kinds


def draw_activities(draw: random.Random, kinds: list[Kind], now: int) -> tuple[Activity, ...]:
    """What one person did until `now`, oldest first, more of it lately than long ago."""
    many = min(150, int(draw.expovariate(1 / (AVERAGE + 0.5))))
    times = sorted(now - int(_SPAN * draw.random() ** 1.5) for _ in range(many))
    return tuple(Activity(kind, at) for kind, at in zip(draw.choices(kinds, k=many), times, strict=True))
