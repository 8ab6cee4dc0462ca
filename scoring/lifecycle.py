"""Which lifecycle stage a score stands for."""

from collections.abc import Callable

from scoring.activity_points import NEVER
from scoring.evaluate import Case, compile_condition
from scoring.field_points import at_instant
from scoring.model import Lifecycle
from scoring.values import Tables

StageOf = Callable[[Case, str | None], str | None]
"""The stage for a case (with its standing) and a hold."""


class Stages:
    """The `lifecycle:` of a model, compiled."""

    def __init__(self, lifecycle: Lifecycle, tables: Tables):
        self._enter = [(one.stage, compile_condition(one.when, tables)) for one in lifecycle.enter]
        self._exclude = None if lifecycle.exclude is None else compile_condition(lifecycle.exclude, tables)
        conditions = [compiled for _stage, compiled in self._enter]
        conditions += [] if self._exclude is None else [self._exclude]
        self._timed = [compiled for compiled in conditions if compiled.timed]

    def of(self, case: Case, hold: str | None) -> str | None:
        """The stage that a subject without any stage would enter: none if excluded, else the hold's, else the first
        `enter` that holds, else none."""
        if self._exclude is not None and self._exclude.truth(case) is True:
            return None
        if hold is not None:
            return hold
        return next((stage for stage, compiled in self._enter if compiled.truth(case) is True), None)

    def next_change(self, case: Case, hold: str | None, stage: str | None, before: int) -> int:
        """The first instant before `before` at which ages alone change the stage while the score stays; else NEVER."""
        for at in sorted({edge for compiled in self._timed for edge in compiled.edges(case) if edge < before}):
            if self.of(at_instant(case, at), hold) != stage:
                return at
        return NEVER
