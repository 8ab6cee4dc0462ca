"""Who buys: the truth that a backtest on the generated portal should find.

A contact's deal is won with probability 1 / (1 + exp(-z)), where

    z = -5.6
        + 1.4 decision maker (executive)      + 0.6 manager              - 2.0 student
        + 0.8 technology industry             + 0.8 company of 50..500   - 0.6 company below 5
        + 0.4 home market (US, GB, CA)        - 1.2 free mail            - 3.0 throw-away mail
        + 2.4 asked for a demo, a quote or sales (spam does not count)
        + 0.7 webinar or technical guide      + 0.2 checklist or white paper
        + 0.35 for each view of a pricing page (at most 4)
        + 0.25 for each different customer story (at most 3)
        - 0.5 looked at careers               - 0.8 unsubscribed from all mail

from what the contact really is (title and company as they are, not as the CRM spells them) and did before the deal
began. Bots, spammers, staff, competitors and partners never buy. Mail opens mean nothing. A contact that does not buy
may have a lost deal, with probability 1 / (1 + exp(-(z + 1.5))). A deal begins 1 to 10 days after the last of these
acts and takes a log-normal time (median 40 days) to close; one that would close after "now" is still open.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import Literal

from leadscore.sandbox.clock import DAY_MS
from leadscore.sandbox.generator import words
from leadscore.sandbox.generator.companies import Company
from leadscore.sandbox.generator.people import Person

BASE = -5.6
BOTTOM, MIDDLE, TOP = frozenset({0, 1, 2}), frozenset({5, 6}), frozenset({3, 4})


@dataclass(frozen=True)
class Deal:
    """`closes` is the true end, also of a deal that is still open at "now"."""

    begins: int
    closes: int
    state: Literal["won", "lost", "open"]


def fit(person: Person, company: Company | None) -> float:
    """The part of z that comes from who the contact is."""
    z = {words.EXECUTIVE: 1.4, words.MANAGER: 0.6, words.STUDENT: -2.0}.get(person.role, 0.0)
    if company is not None:
        z += 0.8 * (company.industry in words.TECHNOLOGY)
        z += 0.8 * (50 <= company.size <= 500) - 0.6 * (company.size < 5)
    z += 0.4 * (person.place.code in words.HOME_MARKETS)
    return z - {"free": 1.2, "disposable": 3.0}.get(person.mail, 0.0)


def interest(forms: Iterable[int], paths: Iterable[str], opted_out: bool) -> float:
    """The part of z that comes from what the contact did; `forms` are places in setup.FORMS, `paths` have no query."""
    seen, viewed = set(forms), list(paths)
    pricing = sum(path.startswith("/pricing") for path in viewed)
    cases = len({path for path in viewed if path.startswith("/customers/")})
    z = 2.4 * bool(seen & BOTTOM) + 0.7 * bool(seen & MIDDLE) + 0.2 * bool(seen & TOP)
    z += 0.35 * min(pricing, 4) + 0.25 * min(cases, 3)
    return z - 0.5 * any(path.startswith("/careers") for path in viewed) - 0.8 * opted_out


def never_buys(person: Person) -> bool:
    return person.bot or person.spammer or person.staff or person.competitor or person.partner


def probability(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def deal(random: Random, person: Person, z: float, last_act: int, now: int) -> Deal | None:
    """Draws the outcome; None when no deal has begun by `now`."""
    draw, second = random.random(), random.random()
    begins = last_act + round(random.uniform(1, 10) * DAY_MS)
    closes = begins + round(random.lognormvariate(math.log(40), 0.6) * DAY_MS)
    if never_buys(person) or begins > now:
        return None
    won = draw < probability(BASE + z)
    if not won and second >= probability(BASE + z + 1.5):
        return None
    if closes > now:
        return Deal(begins, closes, "open")
    return Deal(begins, closes, "won" if won else "lost")
