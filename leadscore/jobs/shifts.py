"""Which work the service does, put into shifts: taking in notices, reading, scoring, writing, telling, chores."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from sqlalchemy import Engine

from connectors.protocol import Reader, Writer
from connectors.stages import StageWriter
from leadscore.jobs.chores import KEPT, do_chore
from leadscore.jobs.crew import Shift
from leadscore.jobs.inbox import take_in
from leadscore.jobs.messenger import Messenger
from leadscore.jobs.moves import HANDLERS
from leadscore.jobs.notices import rises
from leadscore.jobs.nudge import Nudge
from leadscore.jobs.post import post
from leadscore.jobs.refetch import refetch
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.scheduler import POLL
from leadscore.jobs.stages import StageMover, request_stages
from leadscore.jobs.tell import tell
from leadscore.jobs.worker import Worker
from leadscore.jobs.write_back import write_back
from leadscore.jobs.writing_policy import WritePolicy
from leadscore.store.chores import Rhythm, give_back_chores
from leadscore.store.database import writing
from leadscore.store.leases import give_back_all
from leadscore.store.live_tables import outbox, postings, refetches, stage_intents, tellings
from leadscore.store.owners import free_leases
from leadscore.store.work_tables import due

_AFTER = ("write", "stages", "tell", "post")
"""What may have something to do when somebody was scored."""


def _tell_nobody(_shift: str, _outcomes: Mapping[str, int]) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Work:
    """What the shifts of one process work with. `name` tells the process from all others; `became` is told what became
    of the work of each step, in the words of its report. `messenger`: by what sales is told; None: it is not. `stages`:
    by what lifecycle stages are moved; None: they are not; `most_entries` a day may enter one, 0: any number. `kept`:
    for how long events that were acted upon stay, ms."""

    name: str
    store: Engine
    reader: Reader
    writer: Writer
    rulebook: Rulebook
    policy: WritePolicy
    rhythms: Sequence[Rhythm]
    clock: Callable[[], int]
    became: Callable[[str, Mapping[str, int]], None] = _tell_nobody
    messenger: Messenger | None = None
    stages: StageWriter | None = None
    most_entries: int = 0
    kept: int = KEPT


def shifts(work: Work, many: int) -> tuple[Shift, ...]:
    """`many` threads each for reading and scoring, and one each for the rest."""
    needs = work.reader.needs(work.rulebook.models)
    store, clock = work.store, work.clock

    def taking_in() -> Callable[[], int]:
        poll = next((one for one in work.rhythms if one.name == POLL), None)
        nudge = Nudge(store, poll, clock) if poll else None

        def step() -> int:
            taken = take_in(store, clock(), handlers=HANDLERS)
            if taken and nudge:
                nudge()
            return taken

        return step

    def reading(name: str) -> Callable[[], int]:
        def step() -> int:
            report = refetch(store, work.reader, needs, clock(), name)
            work.became("read", asdict(report))
            return report.read + report.missing + report.parked

        return step

    def scoring(name: str) -> Callable[[], int]:
        models = work.rulebook.models
        worker = Worker(store, work.rulebook, work.policy, name=name, hooks=[rises(models), request_stages(models)])

        def step() -> int:
            report = worker.score_due(clock())
            work.became("score", asdict(report))
            return report.scored + report.gone + report.parked + report.quarantined

        return step

    def sending() -> int:
        report = write_back(store, work.writer, clock(), f"{work.name}:write", reader=work.reader)
        work.became("write", asdict(report))
        return report.written + report.same + report.refused + report.missing

    def chores() -> int:
        return do_chore(store, work.reader, work.rulebook, work.rhythms, clock, f"{work.name}:chores", work.kept)

    numbers = range(1, many + 1)
    return (
        Shift("inbox", taking_in(), idle=0.2, rings=("read", "score")),
        *(
            _lent(work, f"read{n}", Shift("read", reading(f"{work.name}:read{n}"), 0.2, rings=("score",)))
            for n in numbers
        ),
        *(
            _lent(work, f"score{n}", Shift("score", scoring(f"{work.name}:score{n}"), 0.2, rings=_AFTER))
            for n in numbers
        ),
        _lent(work, "write", Shift("write", sending, idle=0.2)),
        *_moving(work),
        *_telling(work),
        _lent(work, "chores", Shift("chores", chores, idle=1.0, rings=("read", "score"))),
    )


def _moving(work: Work) -> tuple[Shift, ...]:
    """Lifecycle stages."""
    if work.stages is None:
        return ()
    name, most = f"{work.name}:stages", work.most_entries
    mover = StageMover(work.store, work.stages, work.rulebook, name=name, most_entries=most)

    def moving() -> int:
        report = mover.turn(work.clock())
        work.became("stages", asdict(report.steps))
        return report.busy

    return (_lent(work, "stages", Shift("stages", moving, idle=0.5, rings=("tell", "post"))),)


def _telling(work: Work) -> tuple[Shift, ...]:
    """Tasks and posts each by itself: a CRM that does not answer keeps no post waiting, nor the other way round."""
    messenger = work.messenger
    if messenger is None:
        return ()

    def telling() -> int:
        report = tell(work.store, messenger, work.rulebook, work.clock, f"{work.name}:tell")
        work.became("tell", asdict(report))
        return report.all

    def posting() -> int:
        report = post(work.store, messenger, work.rulebook, work.clock, f"{work.name}:post")
        work.became("post", asdict(report))
        return report.all

    shifts = Shift("tell", telling, idle=0.5), Shift("post", posting, idle=0.5)
    return tuple(_lent(work, shift.name, shift) for shift in shifts)


def _lent(work: Work, name: str, shift: Shift) -> Shift:
    """The shift, which gives back what its worker had borrowed when a step fails: the leases would outlast that."""
    owner = f"{work.name}:{name}"

    def free() -> None:
        with writing(work.store) as connection:
            free_leases(connection, lambda one: one == owner or one.startswith(f"{owner}:"))

    return replace(shift, free=free)


def give_back_everything(store: Engine, name: str) -> int:
    """Ends every lease of a process, so that others go on at once; returns how many there were."""
    with writing(store) as connection:
        queues = (due, refetches, outbox, stage_intents, tellings, postings)
        freed = sum(give_back_all(connection, queue, name) for queue in queues)
        return freed + give_back_chores(connection, f"{name}:chores")
