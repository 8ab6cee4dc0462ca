"""Believable people for the local HubSpot: the same bytes for the same seed and the same clock.

Most contacts are cold: they took a newsletter or were imported. A few per cent are in the market just now. Who buys
follows a known formula, so that a backtest has a truth to find: see outcome.py.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from leadscore.sandbox.clock import DAY_MS
from leadscore.sandbox.generator import behaviour, companies, folding, outcome, people
from leadscore.sandbox.generator.filling import Filler
from leadscore.sandbox.setup import DO_NOT_SCORE
from leadscore.sandbox.state import Portal

_CHUNK = 2_000
Seen = Callable[[people.Person, companies.Company | None, behaviour.Journey, outcome.Deal | None], None]
"""Hears of each person with company, acts and deal, in order."""


def generate(portal: Portal, contacts: int, seed: int, seen: Seen | None = None) -> dict[str, int]:
    """Adds that many contacts with companies, acts and deals, as of the portal's clock; returns what was made.

    The same bytes come out for the same count, seed, clock and previous content. About 0.4 ms a contact.
    """
    if contacts < 0:
        raise ValueError(f"contacts is a number from 0 on, not {contacts}")
    random, now = Random(seed), portal.now()
    with portal.transaction():
        firms = companies.companies(random, max(1, contacts * 2 // 5)) if contacts else []
        filler = Filler(portal, random, now)
        filler.companies(firms)
        imports = [now - round(random.uniform(20, 680) * DAY_MS) for _ in range(1 + contacts // 250)]
        first = portal.next_id("contacts", contacts) if contacts else 0
        for start in range(0, contacts, _CHUNK):
            count = min(_CHUNK, contacts - start)
            for person in people.people(random, count, firms, first + start):
                company = firms[person.company] if person.company is not None else None
                fit = outcome.fit(person, company)
                way = behaviour.journey(random, person, fit, now, imports)
                z = fit + outcome.interest(
                    (act.form for act in way.submissions), way.paths(), way.opted_out is not None
                )
                deal = outcome.deal(random, person, z, way.last_act(), now) if way.submissions else None
                filler.contact(person, way, folding.fold(random, person, way, deal), deal, company)
                if seen is not None:
                    seen(person, company, way, deal)
            filler.flush()
        filler.finish(DO_NOT_SCORE)
    return filler.made
