"""A month passes and nothing happens: who is scored again, whether that is enough, and what the CRM is told."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import Engine, select

from benchmarks.filling import NOW, fill, pretend_written
from benchmarks.million import alone
from benchmarks.models import TABLES, full_model
from benchmarks.results import Row, Section
from connectors.outputs import RIDERS
from connectors.protocol import RecordWrite, WriteAnswer
from leadscore.jobs.rescore import rescore
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.worker import Worker
from leadscore.jobs.write_back import write_back
from leadscore.jobs.writing_policy import WritePolicy
from leadscore.store.account import bound, note
from leadscore.store.batch import to_json
from leadscore.store.database import connect, reading, writing
from leadscore.store.facts_now import facts_now, sight
from leadscore.store.places import places_of
from leadscore.store.tables import records
from leadscore.store.work_tables import scores, written
from leadscore.store.writes import held_values
from scoring.engine import compile_models
from scoring.facts import Kind
from scoring.model import Group
from scoring.rules import ActivityRule, HalfLife, Rule
from scoring.values import DAY

HOUR = DAY // 24
DAYS = 30
STEP = 5
GOALS = {"windows only": 20, "half-lives": 4}
EDGES = ("stage", "grade", "band")
_SAMPLED = 97
_WINDOW = 4_000


@dataclass
class Crm:
    """Takes every write, and counts what made it necessary."""

    held: dict[str, dict[str, str]]
    batch: int = 100
    causes: Counter[str] = field(default_factory=Counter)

    def write(self, writes: Sequence[RecordWrite]) -> tuple[WriteAnswer, ...]:
        """As the Protocol says."""
        for one in writes:
            before = self.held.setdefault(one.id, {})
            self.causes[cause(before, one.values)] += 1
            before |= one.values
        return tuple(WriteAnswer(one.id, "written") for one in writes)


def cause(before: Mapping[str, str], values: Mapping[str, str]) -> str:
    """The first of stage, grade and band that a write changes; else a number's step; else nothing."""
    changed = {word for word, text in values.items() if text != before.get(word, "")} - RIDERS
    for edge in EDGES:
        if edge in changed:
            return edge
    numbers = [word for word in changed if word in ("total", "adjustment") or word.startswith("score_")]
    steps = (abs(int(values[word] or 0) - int(before.get(word) or 0)) for word in numbers)
    return "step" if any(step >= STEP for step in steps) else "nothing"


@dataclass(frozen=True, slots=True)
class Month:
    """`scored`: how often somebody was scored; `checked`: stored scores compared with fresh ones, of which `wrong`
    differed; `full`, `due`: CPU seconds of scoring everybody once, and of a day of scoring only whom it concerned."""

    contacts: int
    scored: int
    checked: int
    wrong: int
    full: float
    due: float
    causes: Counter[str]


def rulebook(which: str) -> Rulebook:
    """The full model with its half-lives and more of them, or without any decay."""
    change = _windows if which == "windows only" else _half_lives
    model = full_model()

    def changed(group: Group) -> Group:
        return replace(group, rules=tuple(change(rule) for rule in group.rules))

    specs = tuple(replace(spec, groups=tuple(changed(group) for group in spec.groups)) for spec in model.scores)
    return Rulebook((replace(model, scores=specs),), ("made up",), TABLES)


def _windows(rule: Rule) -> Rule:
    if isinstance(rule, ActivityRule) and rule.decay is not None:
        return replace(rule, decay=None)
    return rule


def _half_lives(rule: Rule) -> Rule:
    if isinstance(rule, ActivityRule) and not isinstance(rule.decay, HalfLife) and rule.within is None:
        return replace(rule, decay=HalfLife(60 * DAY))
    return rule


def simulate(path: Path, which: str, contacts: int) -> Month:
    """Lets a month pass, with a look at the due queue every hour."""
    rules = rulebook(which)
    fill(path, contacts)
    store = connect(f"sqlite:///{path}", "NORMAL")
    _, full = _cpu(lambda: rescore(store, rules, NOW, processes=1))
    pretend_written(store, rules)
    with writing(store) as connection:
        note(connection, baseline_at=NOW)
    crm = Crm(_held(store))
    worker = Worker(store, rules, WritePolicy(write_step=STEP), name="month")
    scored = checked = wrong = 0
    spent = 0.0
    for hours in range(1, DAYS * 24 + 1):
        now = NOW + hours * HOUR
        done, seconds = _cpu(lambda now=now: _score_due(worker, now))  # type: ignore[misc] # bound at once
        scored, spent = scored + done, spent + seconds
        while write_back(store, crm, now, "month").written:
            pass
        if hours % _SAMPLED == 0 or hours == DAYS * 24:
            many, bad = _compare(store, rules, now)
            checked, wrong = checked + many, wrong + bad
    store.dispose()
    return Month(contacts, scored, checked, wrong, full, spent / DAYS, crm.causes)


def _score_due(worker: Worker, now: int) -> int:
    done = 0
    while found := worker.score_due(now).scored:
        done += found
    return done


def _cpu(function: Callable[[], object]) -> tuple[int, float]:
    begun = time.process_time()
    result = function()
    return result if isinstance(result, int) else 0, time.process_time() - begun


def _held(store: Engine) -> dict[str, dict[str, str]]:
    with reading(store) as connection:
        known = select(records.c.record_id).join(written, written.c.record == records.c.id)
        ids = list(connection.execute(known).scalars())
        return {id: values for id, (_, values) in held_values(connection, "contact", ids).items()}


def _compare(store: Engine, rules: Rulebook, now: int) -> tuple[int, int]:
    """How many stored scores were compared with fresh ones, and how many differ in anything."""
    scorer = compile_models(rules.models, rules.tables)
    s, kinds, many, wrong = scores.c, dict[int, Kind](), 0, 0
    columns = (s.subject, s.total, s.scores, s.band, s.grade, s.stage, s.next_change_at)
    with reading(store) as connection:
        kept = {row[0]: tuple(row[1:]) for row in connection.execute(select(*columns).order_by(s.subject))}
        places, everybody = places_of(rules.models, bound(connection).account.crm), list(kept)
        for low in range(0, len(everybody), _WINDOW):
            known = sight(connection, places, kinds)
            for one in facts_now(connection, everybody[low : low + _WINDOW], known, now):
                score = scorer(one.facts, now)
                points = to_json(dict(score.scores))
                fresh = (score.total, points, score.band, score.grade, score.stage, score.next_change_at)
                many, wrong = many + 1, wrong + (fresh != kept[one.subject])
    return many, wrong


def run(folder: Path, quick: bool) -> tuple[Section, ...]:
    """Both models, each over its month."""
    contacts = 500 if quick else 10_000
    found: dict[str, Month] = {}
    for which in GOALS:
        path = folder / f"month {which}.db"
        found[which] = alone(simulate, path, which, contacts)
        for file in folder.glob(f"{path.name}*"):
            file.unlink()
    return _touched(found), _told(found)


def _touched(found: Mapping[str, Month]) -> Section:
    rows: list[Row] = []
    for which, month in found.items():
        fewer = month.contacts * DAYS / max(1, month.scored)
        measured = f"{fewer:.1f}x fewer: {month.scored / DAYS:,.0f} scorings a day, not {month.contacts:,}"
        rows.append(Row(which, f">= {GOALS[which]}x fewer", measured, fewer >= GOALS[which]))
        equal = f"{month.checked - month.wrong:,} of {month.checked:,}"
        rows.append(Row(f"{which}: scores equal to fresh ones", "all", equal, month.wrong == 0))
        spent = f"{month.due:.2f} s a day; scoring everybody once {month.full:.2f} s"
        rows.append(Row(f"{which}: CPU", "", spent))
    contacts = next(iter(found.values())).contacts
    return Section(
        "Only who is due, or everybody every night",
        f"{contacts:,} contacts over {DAYS} days in which nothing happens but time. The due queue is looked at every "
        "hour, and driven by the next instant of each score alone; a nightly rescan scores everybody once a day, and "
        "is wrong in between. Sampled at eight instants, every stored score, band, grade, stage and next change is "
        "compared with a fresh one. The hundred rules of above, without any decay; and with half-lives on all "
        "activities that have no window.",
        tuple(rows),
    )


def _told(found: Mapping[str, Month]) -> Section:
    rows: list[Row] = []
    for which, month in found.items():
        told = ", ".join(f"{month.causes[name]:,} {name}" for name in (*EDGES, "step"))
        measured = f"{month.causes.total():,} writes for {month.scored:,} scorings: {told}"
        nothing = month.causes["nothing"]
        rows.append(Row(which, "0 for anything else", f"{measured}; {nothing:,} for anything else", nothing == 0))
    return Section(
        "What time alone writes into the CRM",
        f"The writes of the same month, each counted once, by the first of these that it changes: stage, grade, band, "
        f"or a number by at least the write step, which is {STEP} here. Other numbers wait until one of these moves.",
        tuple(rows),
    )
