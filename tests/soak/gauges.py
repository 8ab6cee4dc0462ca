"""Looks at a running process again and again: memory, open files, threads, and the size of the log of its store."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_MIB = 2**20


@dataclass(frozen=True)
class Look:
    """`at` in seconds since the first look; `rss` and `wal` in MiB."""

    at: float
    rss: float
    files: int
    threads: int
    wal: float
    waiting: int


@dataclass
class Gauges:
    """What a process looks like every `every` seconds, in a thread of its own."""

    pid: int
    wal: Path
    waiting: Callable[[], int]
    every: float = 10.0
    looks: list[Look] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        self._began = time.monotonic()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> list[Look]:
        self._stop.set()
        self._thread.join()
        return self.looks

    def _run(self) -> None:
        while not self._stop.wait(self.every):
            self.looks.append(self._look())

    def _look(self) -> Look:
        place = Path(f"/proc/{self.pid}")
        told = dict(line.split(":", 1) for line in (place / "status").read_text().splitlines() if ":" in line)
        size = self.wal.stat().st_size if self.wal.exists() else 0
        return Look(
            time.monotonic() - self._began,
            int(told["VmRSS"].split()[0]) / 1024,
            len(list((place / "fd").iterdir())),
            int(told["Threads"]),
            size / _MIB,
            self.waiting(),
        )


def slope(looks: list[Look], warm_up: float = 0.25) -> float:
    """By how many MiB the memory grows in ten minutes, by least squares, once the first quarter is over."""
    warm = looks[int(len(looks) * warm_up) :]
    if len(warm) < 3:
        return float("nan")
    middle = sum(one.at for one in warm) / len(warm), sum(one.rss for one in warm) / len(warm)
    above = sum((one.at - middle[0]) * (one.rss - middle[1]) for one in warm)
    below = sum((one.at - middle[0]) ** 2 for one in warm)
    return above / below * 600
