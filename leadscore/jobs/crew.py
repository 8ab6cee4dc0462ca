"""The threads of a service: each does one sort of work for as long as there is some, and rests when there is none."""

import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event, Thread

import structlog

from connectors.errors import AccessDenied, QuotaExhausted, RetryLater, TokenRefused, plain
from leadscore.jobs.refused import Refused
from leadscore.store.errors import StoreError

_LONGEST = 60.0
_TROUBLE = 5.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Shift:
    """One sort of work. `step` does a little of it and returns how much that was; 0 rests for `idle` seconds, or until
    somebody rings. `free` gives back what a step that failed had borrowed, before the next one. `rings` for the shifts
    that have something to do after this one: what other processes leave to be done is found when the rest is over."""

    name: str
    step: Callable[[], int]
    idle: float = 0.5
    free: Callable[[], object] | None = None
    rings: tuple[str, ...] = ()


Watch = Callable[[str, int, Exception | None], None]
"""Told after each step: the shift, how much it did, and the error that it ended with."""


class Crew:
    """Shifts at work, each in a thread of its own."""

    def __init__(self, shifts: Sequence[Shift], clock: Callable[[], int], watch: Watch | None = None) -> None:
        self._clock = clock
        self._watch = watch
        self.stop = Event()
        self._bells = [(shift.name, Event()) for shift in shifts]
        self._threads = [
            Thread(target=self._work, args=(shift, bell), name=f"{shift.name}-{number}", daemon=True)
            for number, (shift, (_, bell)) in enumerate(zip(shifts, self._bells, strict=True))
        ]

    def ring(self, *names: str) -> None:
        """Ends the rest of these shifts: there is something to do."""
        for name, bell in self._bells:
            if name in names:
                bell.set()

    def add(self, name: str, run: Callable[[], None]) -> None:
        """A thread that runs until `stop` is set, by itself, and is begun again should it fail. To be added before the
        start."""
        self._threads.append(Thread(target=self._run, args=(name, run), name=name, daemon=True))

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def end(self, seconds: float) -> bool:
        """Lets every shift finish the step that it is at; False: not all did within so many seconds."""
        self.stop.set()
        self.ring(*(name for name, _ in self._bells))
        until = time.monotonic() + seconds
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def alive(self) -> bool:
        """Whether every shift still works."""
        return all(thread.is_alive() for thread in self._threads)

    def _run(self, name: str, run: Callable[[], None]) -> None:
        while not self.stop.is_set():
            try:
                run()
            except Exception as error:  # noqa: BLE001 (the service goes on, whatever one run met)
                _tell(name, error, _TROUBLE)
                self.stop.wait(_TROUBLE)

    def _work(self, shift: Shift, bell: Event) -> None:
        said = ""
        while not self.stop.is_set():
            # Before the step: who rings during it may have left something that it did not see any more.
            bell.clear()
            done, rest = 0, shift.idle
            failure: Exception | None = None
            try:
                if said and shift.free:
                    # What the step that failed had borrowed would else lie until its lease ends.
                    shift.free()
                done = shift.step()
            except Exception as error:  # noqa: BLE001 (the service goes on, whatever one step met)
                failure, rest = error, rest_after(error, self._clock())
                if type(error).__name__ != said or not _is_known(error):
                    _tell(shift.name, error, rest)
            if done:
                self.ring(*shift.rings)
            said = type(failure).__name__ if failure else ""
            self._report(shift.name, done, failure)
            if not done:
                (self.stop if failure else bell).wait(rest)

    def _report(self, shift: str, done: int, failure: Exception | None) -> None:
        try:
            if self._watch:
                self._watch(shift, done, failure)
        except Exception as error:  # noqa: BLE001 (work goes on, whether somebody watches or not)
            _log.error("watch_failed", shift=shift, error=type(error).__name__)


def rest_after(failure: Exception, now: int) -> float:
    """How many seconds a shift rests after a failure: as long as the CRM says, but it looks again every minute."""
    if isinstance(failure, TokenRefused):
        # Costs no call: all processes know of it, and a new token is to be used soon.
        return _TROUBLE
    if isinstance(failure, RetryLater):
        return min(_LONGEST, max(1.0, failure.seconds))
    if isinstance(failure, QuotaExhausted):
        return _LONGEST if failure.resets_at is None else min(_LONGEST, max(1.0, (failure.resets_at - now) / 1000))
    return _LONGEST if isinstance(failure, AccessDenied | Refused) else _TROUBLE


def _is_known(failure: Exception) -> bool:
    return isinstance(failure, RetryLater | QuotaExhausted | AccessDenied | Refused | StoreError)


def _tell(shift: str, failure: Exception, rest: float) -> None:
    """The sentence of a failure that we know; of any other only where it arose, as its words may hold anything."""
    if _is_known(failure):
        _log.warning(
            "shift_waits", shift=shift, error=type(failure).__name__, said=plain(failure), seconds=round(rest, 1)
        )
        return
    frames = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(failure.__traceback__)]
    _log.error("shift_failed", shift=shift, error=type(failure).__name__, at=" ".join(frames[-6:]))
