"""Compares every score with what the CRM holds, and lists the changes: who moves, why, and how many calls it takes."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from sqlalchemy import Connection, Engine

from connectors.outputs import ADMIN, REPS, RIDERS, output_values, score_words
from connectors.plan import RecordPlan, WritePlan
from connectors.protocol import Needs, Reader
from leadscore.jobs.bulk import no_collector
from leadscore.jobs.feedback_values import FeedbackValues
from leadscore.jobs.refused import Refused
from leadscore.jobs.rescore import MUCH, WINDOW, rescore
from leadscore.jobs.rule_counts import RuleCount, count_rules, mute_rules
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.writing_policy import WritePolicy, differences, worth_writing
from leadscore.store.account import Binding, bound, require_same
from leadscore.store.batch import chunks
from leadscore.store.database import connect, reading, writing
from leadscore.store.due import left_out
from leadscore.store.facts_now import facts_now, sight
from leadscore.store.people import activity_types, count_people
from leadscore.store.places import places_of
from leadscore.store.scores import subject_bounds
from leadscore.store.streams import grown, read_states
from leadscore.store.writes import Standing, save_held, standings
from scoring.engine import compile_models
from scoring.facts import Kind
from scoring.ledger import Score

ROWS_A_CALL = 100
"""How many records one call reads or writes."""


@dataclass(frozen=True, slots=True)
class PlanReport:
    """A plan with what a person wants to know before it is applied. `calls`: write calls that it takes. `mute`: rules
    that can give nothing, because this account does not offer their activities, with the reason. `missing`: records
    that the CRM no longer has. `bands` and `stages`: how many records go from one to another ("" is none). `parked`:
    people put aside now, because scoring them failed; like all who are put aside or held, they are left as they are."""

    plan: WritePlan
    rules: tuple[RuleCount, ...]
    calls: int
    mute: Mapping[str, str]
    missing: tuple[str, ...]
    bands: Mapping[tuple[str, str], int]
    stages: Mapping[tuple[str, str], int]
    parked: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record whose values may have to be written."""

    subject: int
    record: int
    object: str
    id: str
    values: Mapping[str, str]
    held: Mapping[str, str]
    touched: bool
    moved: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """A range [low, high) of subjects to be compared in one process."""

    url: str
    rulebook: Rulebook
    crm: str
    as_of: int
    policy: WritePolicy
    low: int
    high: int


def output_words(rulebook: Rulebook) -> tuple[str, ...]:
    """The words that a score of these models fills, in a fixed order."""
    return (*REPS, *ADMIN, *score_words(rulebook.models))


def make_plan(
    store: Engine,
    reader: Reader | None,
    rulebook: Rulebook,
    as_of: int,
    policy: WritePolicy | None = None,
    *,
    processes: int = 2,
) -> PlanReport:
    """Scores whoever is due at `as_of`, and plans what must be written then.

    With a reader the changed records are looked up in the CRM, so that the plan's old values are true; without one
    they are those last written or seen. Raises Refused if what the models need was not read to its end, StoreError if
    the store is empty or of another account, and lets the reader's errors through.
    """
    policy = policy or WritePolicy()
    mute: Mapping[str, str] = {}
    needs = None if reader is None else reader.needs(rulebook.models)
    account = None if reader is None else reader.account()
    with reading(store) as connection:
        if account is not None:
            require_same(bound(connection), account.crm, account.id)
        _require_complete(connection, needs)
        imported = activity_types(connection)
    if reader is not None and needs is not None:
        mute = mute_rules(rulebook.models, reader.capabilities(needs), imported)
    scored = rescore(store, rulebook, as_of, processes=processes)
    with reading(store) as connection:
        found = bound(connection)
        low, high = subject_bounds(connection)
        rules = count_rules(connection, rulebook.models)
        known = count_people(connection)
    candidates = _compare(store, rulebook, found, as_of, policy, (low, high + 1), processes)
    rows, missing = _rows(store, reader, candidates, rulebook, as_of, policy)
    plan = WritePlan(
        crm=found.account.crm,
        account=found.account.id,
        account_name=found.account.name,
        account_kind=found.account.kind,
        as_of=as_of,
        digests=rulebook.digests,
        baseline=found.baseline_at is None,
        sample=found.sampled,
        known=known,
        rows=tuple(rows),
    )
    calls = -(-len(rows) // ROWS_A_CALL)
    return PlanReport(plan, rules, calls, mute, missing, _moves(rows, "band"), _moves(rows, "stage"), scored.parked)


def compare_range(work: Comparison) -> list[Candidate]:
    """The candidates of one range, found in a process of its own."""
    store = connect(work.url)
    try:
        return _compare_windows(store, work)
    finally:
        store.dispose()


def _compare(
    store: Engine,
    rulebook: Rulebook,
    found: Binding,
    as_of: int,
    policy: WritePolicy,
    bounds: tuple[int, int],
    processes: int,
) -> list[Candidate]:
    low, high = bounds
    parts = 1 if high - low <= MUCH or processes < 2 else processes * 4
    step = max(1, -(-(high - low) // parts))
    url = store.url.render_as_string(hide_password=False)
    work = [
        Comparison(url, rulebook, found.account.crm, as_of, policy, start, min(start + step, high))
        for start in range(low, high, step)
    ]
    if len(work) <= 1:
        return [candidate for one in work for candidate in _compare_windows(store, one)]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        return [candidate for part in pool.map(compare_range, work) for candidate in part]


def _compare_windows(store: Engine, work: Comparison) -> list[Candidate]:
    words = output_words(work.rulebook)
    causing = [word for word in words if word not in RIDERS]
    scorer = compile_models(work.rulebook.models, work.rulebook.tables)
    places = places_of(work.rulebook.models, work.crm)
    beside = FeedbackValues(work.rulebook.models, scorer)
    kinds: dict[int, Kind] = {}
    found: list[Candidate] = []
    for low in range(work.low, work.high, WINDOW):
        with no_collector():
            with reading(store) as connection:
                high = min(low + WINDOW, work.high)
                aside = left_out(connection, work.as_of, low, high)
                standing_now = [one for one in standings(connection, low, high) if one.subject not in aside]
                known_beside = beside.known(connection, {s.subject: s.model for s in standing_now}, work.as_of)
                wanted = [
                    standing
                    for standing in standing_now
                    if standing.subject in known_beside.answered
                    or _wanted(
                        standing,
                        output_values(_plain(standing, work.as_of), causing)
                        | known_beside.values.get(standing.subject, {}),
                        work.policy,
                    )
                ]
                subjects = sorted({standing.subject for standing in wanted})
                known = sight(connection, places, kinds)
                facts = {one.subject: one.facts for one in facts_now(connection, subjects, known, work.as_of)}
            # Only now, for the few that differ: the reason costs several scorings, and it may have changed since.
            values: dict[int, dict[str, str]] = {}
            for who, theirs in facts.items():
                score = scorer(theirs, work.as_of)
                more = known_beside.values.get(who, {}) | beside.emptying(theirs, score)
                values[who] = output_values(score, words) | more
            found += [
                Candidate(s.subject, s.record, s.object, s.id, values[s.subject], s.held or {}, s.touched, s.moved)
                for s in wanted
                if s.subject in values
            ]
    return found


def _wanted(standing: Standing, new: Mapping[str, str], policy: WritePolicy) -> bool:
    held = standing.held or {}
    changes = differences(new, {word: text for word, text in held.items() if word in new})
    return worth_writing(changes, held, policy, touched=standing.touched, moved=standing.moved)


def _plain(standing: Standing, as_of: int) -> Score:
    """The saved score without its lines: enough to see whether it differs from what the CRM holds."""
    return Score(
        standing.model,
        as_of,
        standing.scores,
        standing.adjustment,
        standing.total,
        standing.band,
        standing.grade,
        standing.stage,
        None,
        (),
        (),
        _no_reason,
    )


def _no_reason(_score: Score) -> str:
    return ""


def _rows(
    store: Engine,
    reader: Reader | None,
    candidates: Sequence[Candidate],
    rulebook: Rulebook,
    as_of: int,
    policy: WritePolicy,
) -> tuple[list[RecordPlan], tuple[str, ...]]:
    filled = {word for candidate in candidates for word in candidate.values}
    words = [word for word in output_words(rulebook) if word in filled]
    rows: list[RecordPlan] = []
    missing: list[str] = []
    for chunk in chunks(candidates, ROWS_A_CALL):
        held = {candidate.record: dict(candidate.held) for candidate in chunk}
        if reader is not None:
            shown = reader.outputs([candidate.id for candidate in chunk], words)
            told = {id: {w: v or "" for w, v in values.items()} for id, values in shown.items()}
            held = {c.record: {**c.held, **told[c.id]} for c in chunk if c.id in told}
            missing += [candidate.id for candidate in chunk if candidate.id not in shown]
            with writing(store) as connection:
                save_held(connection, held, as_of)
        for c in chunk:
            if c.record in held:
                changes = differences(c.values, held[c.record])
                if worth_writing(changes, held[c.record], policy, touched=c.touched, moved=c.moved):
                    rows.append(RecordPlan(c.object, c.id, c.subject, changes))
    return rows, tuple(missing)


def _moves(rows: Sequence[RecordPlan], word: str) -> dict[tuple[str, str], int]:
    moves: dict[tuple[str, str], int] = {}
    for row in rows:
        change = row.change(word)
        if change is not None:
            moves[change.old, change.new] = moves.get((change.old, change.new), 0) + 1
    return dict(sorted(moves.items(), key=lambda item: (-item[1], item[0])))


def _require_complete(connection: Connection, needs: Needs | None) -> None:
    bound(connection)
    states = read_states(connection).values()
    cut = [state.name for state in states if not state.passes]
    if cut:
        raise Refused(
            f"The first reading was cut before its end ({', '.join(cut)}): scores would rest on half of the facts. "
            "Run `leadscore sync` to go on with it."
        )
    if needs is not None and any(grown(state, needs) for state in states):
        raise Refused("The models name more than was read so far. Run `leadscore sync` to read it, with its past.")
