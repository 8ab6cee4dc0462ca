"""Brings lifecycle stages into the CRM: finishes what is begun, decides what was asked for, begins what may begin."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine

from connectors.errors import ConnectorError, QuotaExhausted, Rejected, RetryLater
from connectors.stages import StageWriter
from leadscore.jobs.lease_owner import new_owner
from leadscore.jobs.refused import Refused
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.stage_decisions import Decider, Decisions
from leadscore.jobs.stage_limits import Admission, admit
from leadscore.jobs.stage_requests import Stood, request_for
from leadscore.jobs.stage_walk import JOB, Steps, take_steps
from leadscore.jobs.worker import Hook, Settled
from leadscore.store import leases, stages
from leadscore.store.account import bound
from leadscore.store.database import one_writer, reading, writing
from leadscore.store.errors import StoreError
from leadscore.store.known_stages import ENROL, note, standing
from leadscore.store.leases import PARKED, Claim
from leadscore.store.live_tables import stage_intents
from leadscore.store.models import generation_at
from leadscore.store.parked import Parked, park
from leadscore.store.stages import BEGUN, DECIDE, Asked
from scoring.model import ScoringModel

MANY = 100
LEASE = 120_000
"""How long rows are lent, ms: a look, a write and a look again, each with all its tries, must end within it."""
TRIES = 5
_NEVER = 1_000_000_000
_HOUR = 3_600_000
_TROUBLE = 30_000
_WAIT = 5_000


@dataclass(slots=True)
class StageReport:
    """What one turn did; `busy`: how much, 0 when nothing is left to do now."""

    decisions: Decisions = field(default_factory=Decisions)
    steps: Steps = field(default_factory=Steps)
    admission: Admission = field(default_factory=Admission)
    busy: int = 0


class StageMover:
    """Moves the stages of one store with one set of models. Not for several threads at a time.

    `name` tells it from all others and must not end in a colon. `most_entries`: how many records a day may enter a
    stage, 0: any number.
    """

    def __init__(
        self, store: Engine, writer: StageWriter, rulebook: Rulebook, *, name: str, most_entries: int = 0
    ) -> None:
        self._store = store
        self._writer = writer
        self._rulebook = rulebook
        self._digests = rulebook.digests
        self._name = name
        self._most_entries = most_entries
        self._decider: Decider | None = None

    def turn(self, now: int, *, many: int = MANY) -> StageReport:
        """A step of up to `many` changes that are begun; else decisions; else lets decided changes begin.

        RetryLater, QuotaExhausted and AccessDenied pass through, and everything waits as long as they say. Raises
        Refused if other models were put in force since this was made, StoreError if the store is empty.
        """
        report = StageReport()
        with reading(self._store) as connection:
            if not stages.anything_ready(connection, now):
                return report
            self._in_force_on(bound(connection).account.crm, generation_at(connection).digests)
        many = min(many, self._writer.batch)
        if not (self._walk(now, many, report) or self._decide(now, many, report)):
            with writing(self._store) as connection:
                one_writer(connection)
                report.admission = admit(connection, now, self._most_entries, many=many)
            report.busy += report.admission.begun + report.admission.again
        return report

    def decide_all(self, now: int) -> None:
        """Decides whatever can be decided now, and writes nothing into the CRM; errors as in `turn`."""
        report = StageReport(busy=1)
        while report.busy:
            report = StageReport()
            with reading(self._store) as connection:
                if not stages.anything_ready(connection, now):
                    return
                self._in_force_on(bound(connection).account.crm, generation_at(connection).digests)
            self._decide(now, min(MANY, self._writer.batch), report)

    def _in_force_on(self, crm: str, digests: tuple[str, ...]) -> None:
        if digests != self._digests:
            raise Refused(
                "The models in force are not those that this process has, so no stage is moved. Look at what changes "
                "with `leadscore plan`, `leadscore apply` it, and start again."
            )
        if self._decider is None:
            self._decider = Decider(self._store, self._writer, self._rulebook, crm)

    def _walk(self, now: int, many: int, report: StageReport) -> bool:
        with writing(self._store) as connection:
            owner = new_owner(self._name)
            claims = stages.claim(connection, BEGUN, now, owner, many=many, lease=LEASE, alone=_NEVER)
            walks = stages.walks(connection, claims)
        if not walks:
            return False
        try:
            report.steps = take_steps(self._store, self._writer, self._rulebook.models, walks, now)
        except ConnectorError as error:
            self._give_back(claims, _until(error, now))
            raise
        report.busy += len(walks)
        return True

    def _decide(self, now: int, many: int, report: StageReport) -> bool:
        with writing(self._store) as connection:
            claims = stages.claim(connection, (DECIDE,), now, new_owner(self._name), many=many, lease=LEASE)
            asked = stages.asked(connection, claims)
        if not asked:
            return False
        self._decide_these(asked, now, report)
        report.busy += len(asked)
        return True

    def _decide_these(self, asked: Sequence[Asked], now: int, report: StageReport) -> None:
        """Decides; those at whom it fails are found by halves, and their neighbours go on."""
        if self._decider is None:
            return
        try:
            report.decisions = self._decider.decide(asked, now)
        except StoreError:
            raise
        except Exception as error:
            if isinstance(error, ConnectorError) and not isinstance(error, Rejected):
                self._give_back([one.claim for one in asked], _until(error, now))
                raise
            if len(asked) > 1:
                half = len(asked) // 2
                self._decide_these(asked[:half], now, report)
                self._decide_these(asked[half:], now, report)
            else:
                self._failed(asked[0], error, now)

    def _failed(self, one: Asked, error: Exception, now: int) -> None:
        final = isinstance(error, Rejected) or one.claim.tries + 1 >= TRIES
        words = error.words if isinstance(error, Rejected) else f"{type(error).__name__}: {str(error)[:500]}"
        with writing(self._store) as connection:
            one_writer(connection)
            if one.claim.key not in leases.still_held(connection, stage_intents, [one.claim]):
                return
            later = PARKED if final else now + _WAIT * 2**one.claim.tries
            leases.give_back(connection, stage_intents, [one.claim.key], later, begun=True)
            if final:
                told = f"Whether this record changes stage could not be decided: {words}"
                park(connection, [Parked(JOB, one.object, one.id, told, "{}", now)])

    def _give_back(self, claims: Sequence[Claim], until: int) -> None:
        with writing(self._store) as connection:
            one_writer(connection)
            held = leases.still_held(connection, stage_intents, claims)
            leases.give_back(connection, stage_intents, held, until, begun=False)


def request_stages(models: Sequence[ScoringModel]) -> Hook:
    """A hook of the worker that asks for the stages of people whose decision may come out otherwise than the last."""

    def hook(connection: Connection, kept: Sequence[Settled], now: int) -> None:
        stood = [Stood(one.current.subject, one.score, one.footing, one.current.facts) for one in kept]
        request_for(connection, models, stood, now)

    return hook


def move_all(mover: StageMover, clock: Callable[[], int], progress: Callable[[int], None] | None = None) -> StageReport:
    """Turns until nothing is left to do now, for who has no service running; the sum of what was done."""
    whole = StageReport()
    while True:
        turn = mover.turn(clock())
        for name in ("decisions", "steps", "admission"):
            total, part = getattr(whole, name), getattr(turn, name)
            for key in part.__slots__:
                setattr(total, key, getattr(total, key) + getattr(part, key))
        whole.busy += turn.busy
        if not turn.busy:
            return whole
        if progress:
            progress(whole.steps.done)


def enrol(store: Engine, now: int, *, everybody: bool) -> int:
    """After an apply: asks for the stages of those whose score has moved since, or with `everybody` also of all who
    stood for a stage before, which is a person's word for all of them, so that no fuse stops it. Returns how many
    records."""
    with writing(store) as connection:
        one_writer(connection)
        found = bound(connection)
        if found.baseline_at is None or found.sampled:
            return 0
        if everybody:
            note(connection, ENROL, "Who stood for a stage before the first apply enters it too.", now)
        wanted = standing(connection, since=None if everybody else found.baseline_at)
        stages.request(connection, wanted, now, released=everybody)
    return len(wanted)


def _until(error: ConnectorError, now: int) -> int:
    if isinstance(error, RetryLater):
        return now + min(round(error.seconds * 1000), _HOUR)
    if isinstance(error, QuotaExhausted):
        return error.resets_at or now + _HOUR
    return now + _TROUBLE
