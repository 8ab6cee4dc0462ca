"""What contacts do: visits with their pages, forms with answers, mails opened and clicked, and one who unsubscribes.

Most contacts do little. A few come into the market: then they read prices and customer stories and ask for a demo,
all within some weeks. Bots open a hundred pages within seconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from random import Random

from leadscore.sandbox.clock import DAY_MS
from leadscore.sandbox.generator import words
from leadscore.sandbox.generator.people import Person
from leadscore.sandbox.setup import FORMS

_MINUTE = 60_000


@dataclass
class Visit:
    """Pages in order: (time, path with query, referrer)."""

    pages: list[tuple[int, str, str]]


@dataclass
class Submission:
    at: int
    form: int
    answers: dict[str, str]
    page: str


@dataclass
class Journey:
    """Everything in order of time; nothing lies after "now". `mails` are (time, act)."""

    created: int
    origin: str
    visits: list[Visit] = field(default_factory=list)
    submissions: list[Submission] = field(default_factory=list)
    mails: list[tuple[int, str]] = field(default_factory=list)
    opted_out: int | None = None

    def last_act(self) -> int:
        times = [visit.pages[-1][0] for visit in self.visits] + [act.at for act in self.submissions]
        return max(times, default=self.created)

    def paths(self) -> list[str]:
        return [url.partition("?")[0] for visit in self.visits for _, url, _ in visit.pages]


def journey(random: Random, person: Person, fit: float, now: int, imports: list[int]) -> Journey:
    """One contact's way up to `now`. Contacts that were imported share the time of their import."""
    imported = random.random() < 0.35 and not (person.bot or person.spammer)
    if imported:
        made = Journey(random.choice(imports), "IMPORT")
    else:
        age = min(1.0, random.betavariate(1.1, 1.7)) * 700 * DAY_MS
        made = Journey(now - max(_MINUTE * 90, round(age)), "FORM")
    if person.bot:
        _bot(random, person, made, now)
        return made
    if not imported:
        _first_visit(random, person, made)
    _later_visits(random, person, made, now, fit)
    _mails(random, made, now)
    made.visits.sort(key=lambda visit: visit.pages[0][0])
    made.submissions.sort(key=lambda act: act.at)
    return made


def _first_visit(random: Random, person: Person, made: Journey) -> None:
    """Ends with the form that makes the visitor known, at the instant of creation."""
    form = random.choices(range(len(FORMS)), (3, 2, 3, 18, 20, 14, 8, 32))[0]
    if person.spammer:
        form = 2
    pages = [random.choice(words.LANDINGS)]
    pages += random.choices(words.READING, k=random.choice((0, 0, 1, 1, 2, 3)))
    pages.append(FORMS[form][2])
    start = made.created - len(pages) * 45_000
    made.visits.append(_visit(random, start, pages, made.created))
    _submit(random, person, made, made.created, form)


def _visit(random: Random, start: int, pages: list[str], end: int | None = None) -> Visit:
    seen, at = [], start
    for number, page in enumerate(pages):
        referrer = random.choice(words.REFERRERS) if number == 0 else words.SITE + pages[number - 1]
        seen.append((at if end is None else min(at, end), page, referrer))
        at += random.randrange(8_000, 240_000) if end is None else random.randrange(8_000, 40_000)
    return Visit(seen)


def _later_visits(random: Random, person: Person, made: Journey, now: int, fit: float) -> None:
    left = (now - made.created) / DAY_MS
    for _ in range(_poisson(random, min(5.0, left / 90) * 0.35)):
        pages = random.choices(words.READING, k=random.choice((1, 1, 2, 3, 5)))
        if random.random() < 0.06:
            pages.append(random.choice(words.CAREERS))
        if random.random() < 0.08:
            pages.append(random.choice(words.PRICING))
        _at_any_time(random, made, pages, now)
    if person.role == words.STUDENT and random.random() < 0.3:
        _at_any_time(random, made, [random.choice(words.CAREERS)], now)
    if random.random() < min(0.5, 0.07 * math.exp(0.35 * fit)):
        _in_the_market(random, person, made, now)


def _at_any_time(random: Random, made: Journey, pages: list[str], now: int) -> None:
    latest = now - 2 * 3_600_000
    if latest > made.created + 3_600_000:
        made.visits.append(_visit(random, random.randrange(made.created + 3_600_000, latest), pages))


def _in_the_market(random: Random, person: Person, made: Journey, now: int) -> None:
    """Some weeks of real interest, often soon after the contact became known, often just now."""
    latest = now - 3 * 3_600_000
    if latest <= made.created + 3_600_000:
        return
    start = random.randrange(made.created + 3_600_000, latest)
    for _ in range(random.randint(1, 5)):
        at = start + round(random.uniform(0, 21) * DAY_MS)
        if at >= latest:
            continue
        pages = random.choices(words.READING, k=random.randint(0, 2))
        pages += random.choices(words.PRICING, k=random.choice((0, 1, 1, 2)))
        pages += random.choices(words.CASES, k=random.choice((0, 0, 1, 2)))
        form = None
        if random.random() < 0.45:
            form = random.choices(range(len(FORMS)), (10, 6, 6, 4, 6, 8, 6, 0))[0]
            pages.append(FORMS[form][2])
        if pages:
            visit = _visit(random, at, pages)
            made.visits.append(visit)
            if form is not None:
                _submit(random, person, made, visit.pages[-1][0] + 30_000, form)


def _submit(random: Random, person: Person, made: Journey, at: int, form: int) -> None:
    answers = {}
    for name in FORMS[form][3]:
        if name == "message":
            answers[name] = random.choice(words.SPAM_MESSAGES if person.spammer else words.MESSAGES)
        elif name in person.properties:
            answers[name] = person.properties[name]
    if random.random() < 0.1:
        answers["email"] = person.email.title()
    made.submissions.append(Submission(at, form, answers, FORMS[form][2]))


def _mails(random: Random, made: Journey, now: int) -> None:
    """A newsletter every four weeks; opens say little, clicks a bit more."""
    reads = random.betavariate(0.6, 1.6)
    clicks = reads * 0.12
    if random.random() < 0.04:
        made.opted_out = made.created + round(random.random() * (now - made.created))
    at = made.created + round(random.uniform(0, 28) * DAY_MS)
    end = min(now, made.opted_out or now)
    first = max(at, end - 12 * 28 * DAY_MS)
    at += (first - at) // (28 * DAY_MS) * 28 * DAY_MS
    while at < end:
        made.mails.append((at, "sent"))
        opened = at + round(random.expovariate(1 / 9) * 3_600_000)
        if random.random() < reads and opened < end:
            made.mails.append((opened, "opened"))
            clicked = opened + round(random.uniform(10, 400) * 1000)
            if random.random() < clicks and clicked < end:
                made.mails.append((clicked, "clicked"))
        at += 28 * DAY_MS
    made.mails.sort()


def _bot(random: Random, person: Person, made: Journey, now: int) -> None:
    """One submission, then up to 120 pages within seconds, again and again."""
    _submit(random, person, made, made.created, 7)
    for _ in range(random.randint(1, 2)):
        start = random.randrange(made.created, max(made.created + 1, now - 60_000))
        pages = random.choices(
            (*words.READING, *words.PRICING, *words.CASES, *words.CAREERS), k=random.randint(40, 120)
        )
        visit = Visit([(start + number * random.randrange(80, 400), page, "") for number, page in enumerate(pages)])
        visit.pages.sort()
        made.visits.append(visit)
    made.visits.sort(key=lambda visit: visit.pages[0][0])


def _poisson(random: Random, mean: float) -> int:
    count, product, limit = 0, random.random(), math.exp(-mean)
    while product > limit:
        count += 1
        product *= random.random()
    return count
