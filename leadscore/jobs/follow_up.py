"""What follows an apply where no service runs: lifecycle stages are moved, then sales is told."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Engine

from connectors.stages import StageWriter
from leadscore.jobs.messenger import Messenger
from leadscore.jobs.post import post
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.stages import StageMover, StageReport, enrol, move_all
from leadscore.jobs.tell import tell


@dataclass(slots=True)
class FollowUp:
    """`enrolled`: records whose stage was asked for by this apply; `told` and `posted`: notices that went out."""

    enrolled: int = 0
    stages: StageReport = field(default_factory=StageReport)
    told: int = 0
    posted: int = 0


def follow_up(
    store: Engine,
    writer: StageWriter,
    messenger: Messenger,
    rulebook: Rulebook,
    clock: Callable[[], int],
    *,
    name: str,
    baseline: bool,
    enrol_current: bool,
    most_entries: int,
) -> FollowUp:
    """Does all that is ready now; what must wait stays for the next apply or a service, which may run beside it.

    `baseline`: this was the first apply. `enrol_current`: who stood for a stage before it enters that stage too.
    Lets RetryLater, QuotaExhausted and AccessDenied through, and Refused; what was done is kept.
    """
    report = FollowUp()
    if baseline or enrol_current:
        report.enrolled = enrol(store, clock(), everybody=enrol_current)
    mover = StageMover(store, writer, rulebook, name=f"{name}:stages", most_entries=most_entries)
    report.stages = move_all(mover, clock)
    while (told := tell(store, messenger, rulebook, clock, f"{name}:tell")).all:
        report.told += told.told
    while (posted := post(store, messenger, rulebook, clock, f"{name}:post")).all:
        report.posted += posted.posted
    return report
