"""Time passes and nothing else: scores stay what a full rescore would give, and the CRM hears only what matters."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import Engine, func, select

from connectors.outputs import RIDERS
from connectors.protocol import SeenRecord
from leadscore.jobs.rescore import rescore
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.write_back import write_back
from leadscore.jobs.writing_policy import WritePolicy
from leadscore.store.account import bound
from leadscore.store.batch import to_json
from leadscore.store.database import reading
from leadscore.store.facts_now import facts_now, sight
from leadscore.store.places import places_of
from leadscore.store.work_tables import ledgers, scores
from scoring.engine import compile_models
from scoring.ledger import Score
from tests.jobs.live import Live
from tests.jobs.models import rulebook
from tests.jobs.portal import Portal
from tests.store.seen import HOUR, NOW, contact, did

DAY = 24 * HOUR
STEP = 5
EDGES = {"band", "grade", "grade_band", "stage", "model"}
MODEL = """
name: fading
fields:
  title: {type: text, hubspot: jobtitle}
  trial: {type: date, hubspot: trial_ends}
scores:
  fit:
    groups:
      - name: Role
        rules:
          - {name: Boss, when: {title: {words: [ceo]}}, points: 20}
          - {name: Trial ends soon, when: {trial: {in_next: 5 days}}, points: 12}
  engagement:
    limit: {max: 90}
    groups:
      - name: Done
        rules:
          - {name: Fair, on: event_attended, points: 30, decay: {half_life: 6 days}}
          - {name: Demo, on: form_submission, points: 40, count: once, decay: {lose: 20%, every: 5 days}}
          - {name: Pricing, on: page_view, where: {url: {path: "/pricing*"}}, points: 3, within: 9 days}
          - {name: Reads, on: page_view, ranges: {"3..5": 4, "6..": 9}, within: 7 days}
          - {name: Silent, on: [page_view, form_submission], last: {older_than: 12 days}, points: -10}
bands: {cold: null, warm: 35, hot: 65}
lifecycle:
  mode: observe
  field: {hubspot: lifecyclestage}
  stages: {lead: {hubspot: lead}, mql: {hubspot: marketingqualifiedlead}, sql: {hubspot: salesqualifiedlead}}
  enter:
    - {stage: sql, when: {total: {at_least: 65}}}
    - {stage: mql, when: {total: {at_least: 35}}}
"""


def people(draw: random.Random, many: int) -> Iterator[SeenRecord]:
    for number in range(many):
        title = draw.choice(["CEO", "Clerk"])
        ends = str(NOW + draw.randrange(30) * DAY) if draw.random() < 0.3 else ""
        yield contact(str(number), {"jobtitle": title, "trial_ends": ends})


def show_what_they_did(portal: Portal, draw: random.Random, many: int) -> None:
    for number in range(many):
        for which in range(draw.randrange(9)):
            kind = draw.choice(["event_attended", "form_submission", "page_view", "page_view"])
            # Some of it is known before it happens.
            at = NOW - draw.randrange(20 * DAY) if draw.random() < 0.9 else NOW + draw.randrange(10 * DAY)
            more = {"url": "https://a.example/pricing/1"} if kind == "page_view" else {"form": "Demo"}
            portal.show("activities", did(kind, at, f"{number}-{which}", record=str(number), **more))


def begin(live: Live, seed: int, many: int) -> None:
    draw = random.Random(seed)
    show_what_they_did(live.portal, draw, many)
    live.begin(*people(draw, many))


def stored(store: Engine) -> dict[int, tuple[object, ...]]:
    s = scores.c
    columns = (s.subject, s.total, s.scores, s.band, s.grade, s.stage, s.next_change_at, ledgers.c.lines)
    with reading(store) as connection:
        found = connection.execute(select(*columns).join(ledgers, ledgers.c.subject == s.subject))
        return {row[0]: tuple(row[1:]) for row in found}


def full(store: Engine, book: Rulebook, now: int) -> dict[int, tuple[object, ...]]:
    """What scoring everybody from their facts gives at this instant."""
    scorer = compile_models(book.models, book.tables)
    with reading(store) as connection:
        known = sight(connection, places_of(book.models, bound(connection).account.crm), {})
        everybody = list(connection.execute(select(scores.c.subject).order_by(scores.c.subject)).scalars())
        return {one.subject: told(scorer(one.facts, now)) for one in facts_now(connection, everybody, known, now)}


def told(score: Score) -> tuple[object, ...]:
    lines = to_json(score.contributions)
    points = to_json(dict(score.scores))
    return (score.total, points, score.band, score.grade, score.stage, score.next_change_at, lines)


def by_worker(live: Live, now: int) -> int:
    worker, done = live.worker(), 0
    while found := worker.score_due(now).scored:
        done += found
    return done


def in_bulk(live: Live, now: int) -> int:
    return rescore(live.store, live.book, now, processes=1).scored


@pytest.mark.parametrize("score", [by_worker, in_bulk])
@pytest.mark.parametrize("seed", [1, 2])
def test_after_any_wait_every_stored_score_equals_a_full_rescore(
    store: Engine, portal: Portal, seed: int, score: Callable[[Live, int], int]
) -> None:
    live = Live(store, portal, rulebook(MODEL))
    begin(live, seed, 40)
    draw, now, scored, waits = random.Random(seed), NOW, 0, 0
    while now < NOW + 40 * DAY:
        now += draw.choice([1, draw.randrange(HOUR), draw.randrange(DAY), draw.randrange(4 * DAY)])
        scored, waits = scored + score(live, now), waits + 1
        assert stored(store) == full(store, live.book, now)
    assert 40 < scored < 40 * waits / 2


def test_a_score_changes_at_its_instant_and_at_none_before(store: Engine, portal: Portal) -> None:
    live = Live(store, portal, rulebook(MODEL))
    begin(live, 3, 12)
    for _ in range(60):
        with reading(store) as connection:
            now = connection.execute(select(func.min(scores.c.wake_at))).scalar_one()
        if now is None:
            break
        before = stored(store)
        assert by_worker(live, now - 1) == 0
        assert full(store, live.book, now - 1) == before
        assert by_worker(live, now) > 0
        assert stored(store) == full(store, live.book, now)


@dataclass
class Heard:
    """What the CRM was told, one write at a time, beside what it held."""

    held: dict[str, dict[str, str]]
    writes: list[tuple[dict[str, str], dict[str, str]]] = field(default_factory=list)

    def take(self, portal: Portal) -> None:
        for batch in portal.writes:
            for write in batch:
                before = self.held.setdefault(write.id, {})
                self.writes.append((dict(before), dict(write.values)))
                before |= write.values
        portal.writes.clear()


def matters(before: dict[str, str], values: dict[str, str]) -> bool:
    changed = {word for word, text in values.items() if text != before.get(word, "")} - RIDERS
    numbers = {word for word in changed if word in ("total", "adjustment") or word.startswith("score_")}
    return bool(changed & EDGES) or any(
        abs(int(values[word] or 0) - int(before.get(word) or 0)) >= STEP for word in numbers
    )


def test_time_alone_writes_only_changes_of_grade_band_stage_and_steps(store: Engine, portal: Portal) -> None:
    live = Live(store, portal, rulebook(MODEL), WritePolicy(write_step=STEP))
    begin(live, 4, 60)
    heard = Heard({id: dict(values) for id, values in portal.outputs_held.items()})
    scored = 0
    for hours in range(6, 24 * 30, 6):
        now = NOW + hours * HOUR
        scored += by_worker(live, now)
        while write_back(store, portal, now, "w").written:
            pass
        heard.take(portal)
    assert all(matters(before, values) for before, values in heard.writes)
    assert {"total" in values for _, values in heard.writes} == {True}
    # Most of what time moves is not worth a write.
    assert 20 < len(heard.writes) < scored / 2
