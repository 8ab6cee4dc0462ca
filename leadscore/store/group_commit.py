"""One thread that commits for all who wait: on SQLite many small durable writes then cost little more than one."""

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

_T = TypeVar("_T")


class Overfull(Exception):
    """More waits to be committed than may: come back later."""


@dataclass(slots=True)
class _Request(Generic[_T]):
    rows: Sequence[_T]
    outcome: "Future[int]" = field(default_factory=Future)


class GroupCommit(Generic[_T]):
    """Hands rows to `commit`, those of all requests that wait in one call. `most` rows may wait.

    `commit` must keep all of them or, raising, none; it answers with a number for each request. Close it at the end:
    it then commits what still waits.
    """

    def __init__(
        self, commit: Callable[[Sequence[Sequence[_T]]], Sequence[int]], *, most: int = 50_000, together: int = 5_000
    ) -> None:
        self._commit = commit
        self._most = most
        self._together = together
        self._requests: queue.SimpleQueue[_Request[_T] | None] = queue.SimpleQueue()
        self._waiting = 0
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="group-commit", daemon=True)
        self._thread.start()

    def put(self, rows: Sequence[_T], patience: float) -> int:
        """Returns, when the rows are kept, the number that `commit` gave for them. Raises Overfull, TimeoutError after
        `patience` seconds (the rows may yet be kept), and what `commit` raises."""
        request = _Request(rows)
        with self._lock:
            if self._closed or self._waiting + len(rows) > self._most:
                raise Overfull(f"{self._waiting:,} rows wait to be kept")
            self._waiting += len(rows)
            self._requests.put(request)
        return request.outcome.result(patience)

    @property
    def waiting(self) -> int:
        """How many rows are not committed yet."""
        return self._waiting

    def close(self) -> None:
        """Ends the thread once it has committed what waits."""
        with self._lock:
            closed, self._closed = self._closed, True
            if not closed:
                self._requests.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            group, last = self._group()
            if group:
                self._keep(group)
                with self._lock:
                    self._waiting -= sum(len(one.rows) for one in group)
            if last:
                return

    def _group(self) -> tuple[list[_Request[_T]], bool]:
        """The first request that comes, and those that are there already."""
        group: list[_Request[_T]] = []
        many = 0
        while many < self._together:
            try:
                one = self._requests.get(block=not group)
            except queue.Empty:
                return group, False
            if one is None:
                return group, True
            group.append(one)
            many += len(one.rows)
        return group, False

    def _keep(self, group: Sequence[_Request[_T]]) -> None:
        try:
            numbers = self._commit([one.rows for one in group])
        except Exception as error:  # noqa: BLE001 (whoever waits is told, and the thread lives on)
            if len(group) == 1:
                group[0].outcome.set_exception(error)
                return
            # What is wrong with one request is not to be laid on the others.
            for one in group:
                self._keep([one])
            return
        for one, number in zip(group, numbers, strict=True):
            one.outcome.set_result(number)
