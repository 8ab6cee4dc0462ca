"""What follows an apply where no service runs: lifecycle stages are moved, then sales is told."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Engine

from connectors.stages import StageWriter
from leadscore.jobs.messenger import Messenger
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.stages import StageMover, StageReport, enrol, move_all
from leadscore.jobs.tell_everything import ToldReport, tell_everything


@dataclass(slots=True)
class FollowUp:
    """`enrolled`: records whose stage was asked for by this apply; `told`: what became of notices."""

    enrolled: int = 0
    stages: StageReport = field(default_factory=StageReport)
    told: ToldReport = field(default_factory=ToldReport)


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
    report.told = tell_everything(store, messenger, rulebook, clock, f"{name}:tell")
    return report
