"""The parts of the soak, each with what it found as a section of the page of results."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.results import SOAK, Row, Section
from tests.crash.between import kill_between
from tests.crash.killing import kill_and_kill
from tests.crash.leaders import LEASE, kill_leaders
from tests.crash.levels import Levels
from tests.crash.outage import take_away
from tests.crash.postgres import Postgres, postgres_of_ones_own
from tests.crash.service import ALONE, APART, Service
from tests.crash.stopping import stop_and_stop
from tests.soak.gauges import slope
from tests.soak.load import Ran, run_load, standing

QUICK = {"LEADSCORE_POLL_QUICK": "1", "LEADSCORE_POLL_SLOW": "1"}
SORTS = ("sqlite", "postgres")
TITLES = {
    "kills": f"{SOAK}kill -9 of everything",
    "between": f"{SOAK}killed between answer and note",
    "leaders": f"{SOAK}leaders killed",
    "sigterm": f"{SOAK}SIGTERM under load",
    "postgres": f"{SOAK}PostgreSQL dies and comes back",
    "steady": f"{SOAK}a constant rate",
    "burst": f"{SOAK}a burst after an outage",
}
"""The titles of the sections, by part."""


@dataclass(frozen=True)
class Size:
    """How long it goes on. None: as long as the goals say."""

    folder: Path
    kills: int | None = None
    minutes: float | None = None
    events: int | None = None


Part = Callable[[Size], Section]


def kills(size: Size) -> Section:
    """Everything is killed at once, under load."""
    times, rows = size.kills or 200, []
    for sort in SORTS:
        with _service(size, sort) as (service, levels, _):
            began = time.monotonic()
            told = kill_and_kill(service, levels, times)
            seconds = time.monotonic() - began
            acked = f"{told.acked:,} acknowledged, {told.unanswered:,} sent again at the end; {seconds:.0f} s"
            rows += [
                Row(f"{sort}: events lost", "0", f"{told.lost} ({acked}; {service.launches} starts)", told.lost == 0),
                Row(f"{sort}: unreadable", "0", f"{told.dead}", told.dead == 0),
                Row(
                    f"{sort}: scores, stages and tasks not those of an undisturbed run",
                    "0",
                    _none(told.wrong),
                    not told.wrong,
                ),
                Row(f"{sort}: older score over newer", "0", f"{told.back}", told.back == 0),
                Row(f"{sort}: all done after the last start", "< 60 s", f"{told.rest:.1f} s", told.rest < 60),
            ]
    how = (
        f"kill -9 of all processes at once, {times} times, 0.1 to 1.2 s after the door opened (one in eight while they "
        "start), under 40 requests a second of 5 events. SQLite: one process; PostgreSQL: web, worker and scheduler."
    )
    return Section(TITLES["kills"], how, tuple(rows))


def between(size: Size) -> Section:
    """Killed between the CRM's answer and our note of it."""
    times, rows = max(2, (size.kills or 100) // 2), []
    for sort in SORTS:
        with _service(size, sort) as (service, levels, _):
            told = kill_between(service, levels, times)
            rows += [
                Row(f"{sort}: older score over newer", "0", f"{told.back} ({times} kills)", told.back == 0),
                Row(
                    f"{sort}: scores, stages and tasks not those of an undisturbed run",
                    "0",
                    _none(told.wrong),
                    not told.wrong,
                ),
                Row(f"{sort}: scores that were sent once more", "some", f"{told.again}", told.again > 0),
            ]
    how = (
        "Of three kills one comes while the portal, which has taken scores, keeps its answer back, one while it does "
        "so with a task, one up to 20 ms after a write. What is sent again shows that the gap was hit."
    )
    return Section(TITLES["between"], how, tuple(rows))


def leaders(size: Size) -> Section:
    """The leading scheduler is killed again and again."""
    times = size.kills or 50
    with _service(size, "postgres", settings=QUICK) as (service, levels, _):
        told = kill_leaders(service, levels, times)
    worst = max(told.takeovers)
    rows = (
        Row("another leads after", "< 30 s", f"{worst:.1f} s at most ({times} kills)", worst < 30),
        Row("looks into the CRM that overlapped", "0", f"{told.overlapping} of {told.reads}", told.overlapping == 0),
        Row("looks, at most one a second", "", f"{told.reads} in {told.seconds:.0f} s", told.reads <= told.seconds + 3),
        Row("writes made twice", "0", f"{told.twice}", told.twice == 0),
        Row("scores, stages and tasks that are wrong", "0", _none(told.wrong), not told.wrong),
    )
    how = (
        f"PostgreSQL, 2 web, 2 worker and 3 scheduler processes, a lease of {LEASE:.0f} s, a look at the CRM a second."
    )
    return Section(TITLES["leaders"], how, rows)


def sigterm(size: Size) -> Section:
    """Stopped in an orderly way, under load."""
    times, rows = max(2, (size.kills or 50) // 2), []
    for sort in SORTS:
        with _service(size, sort) as (service, levels, _):
            told = stop_and_stop(service, levels, times)
            worst = max(told.seconds)
            rows += [
                Row(f"{sort}: ended within", "< 30 s", f"{worst:.1f} s at most ({times} times)", worst < 30),
                Row(f"{sort}: exit codes", "0", f"{sorted(told.codes)}", told.codes == {0}),
                Row(f"{sort}: leases left", "0", f"{len(told.lent)}", not told.lent),
                Row(f"{sort}: events lost", "0", f"{told.lost} of {told.acked:,}", told.lost == 0),
                Row(f"{sort}: scores, stages and tasks that are wrong", "0", _none(told.wrong), not told.wrong),
            ]
    return Section(TITLES["sigterm"], "40 requests a second of 5 events go on all the time.", tuple(rows))


def outage(size: Size) -> Section:
    """PostgreSQL dies and comes back."""
    times = size.kills or 20
    with _service(size, "postgres") as (service, levels, postgres):
        assert postgres is not None
        told = take_away(service, levels, postgres, times)
    door, work = max(told.door), max(told.work)
    rows = (
        Row("events lost", "0", f"{told.lost} of {told.acked:,} ({times} times)", told.lost == 0),
        Row("a notice is taken again", "< 10 s", f"{door:.1f} s at most", door < 10),
        Row("a change stands in the portal", "< 10 s", f"{work:.1f} s at most", work < 10),
        Row("processes that died of it", "0", f"{told.ended}", told.ended == 0),
        Row("answers of the door", "200, 503", ", ".join(sorted(told.answers)), told.answers <= {"200", "503"}),
        Row("scores, stages and tasks that are wrong", "0", _none(told.wrong), not told.wrong),
    )
    how = "kill -9 and immediate stop of PostgreSQL in turn, under 30 requests a second; seconds count from its return."
    return Section(TITLES["postgres"], how, rows)


def steady(size: Size) -> Section:
    """Half an hour at a constant rate."""
    minutes = size.minutes or 30
    ran = run_load(size.folder / "steady", rate=100, many=10, seconds=minutes * 60, rest=300)
    looks, lags = ran.looks, ran.sent.lags
    growth = slope(looks)
    late = looks[len(looks) // 4 :]
    files, threads = _span([one.files for one in late]), _span([one.threads for one in late])
    wal, most = max((one.wal for one in looks), default=0), max((one.rss for one in looks), default=0)
    rows = (
        *_common(ran),
        Row("acknowledged, p50", "", f"{lags['p50'] * 1000:.0f} ms"),
        Row("acknowledged, p99", "< 100 ms", f"{lags['p99'] * 1000:.0f} ms", lags["p99"] < 0.1),
        Row("acknowledged, p99.9", "< 500 ms", f"{lags['p99.9'] * 1000:.0f} ms", lags["p99.9"] < 0.5),
        Row("acknowledged, longest", "< 2 s", f"{lags['max']:.2f} s", lags["max"] < 2),
        Row("memory, in 10 minutes", "< 1 MiB", f"{growth:+.2f} MiB", growth < 1, most),
        Row("open files", "flat", f"{files[0]} to {files[1]}", files[1] - files[0] < 20),
        Row("threads", "flat", f"{threads[0]} to {threads[1]}", threads[1] - threads[0] < 10),
        Row("log of the store", "< 64 MiB", f"{wal:.1f} MiB", wal < 64),
    )
    how = (
        f"SQLite, one process that also reads, scores and writes: 100 requests a second of 10 events for {minutes:g} "
        "minutes, sent by a process beside it on the same machine as the portal. Slopes without the first quarter."
    )
    return Section(TITLES["steady"], how, rows)


def burst(size: Size) -> Section:
    """What comes at once after an outage."""
    events, minutes = size.events or 200_000, size.minutes or 5
    rate = events / (minutes * 60) / 100
    ran = run_load(size.folder / "burst", rate=rate, many=100, seconds=minutes * 60, rest=600)
    delay = ran.delay(95)
    rows = (
        *_common(ran),
        Row("from a change to the portal, p95", "< 300 s", f"{delay:.1f} s", delay < 300),
        Row("all done after the burst", "", f"{ran.rest:.1f} s"),
    )
    how = f"SQLite, one process: {events:,} events in {minutes:g} minutes, 100 a request."
    return Section(TITLES["burst"], how, rows)


PARTS: Mapping[str, Part] = {
    "kills": kills,
    "between": between,
    "leaders": leaders,
    "sigterm": sigterm,
    "postgres": outage,
    "steady": steady,
    "burst": burst,
}


def _common(ran: Ran) -> tuple[Row, ...]:
    other = {name: count for name, count in ran.sent.answers.items() if name not in ("200", "503")}
    return (
        Row("events lost", "0", f"{ran.lost} of {ran.sent.acked:,}", ran.lost == 0),
        Row("answers but 200 and 503", "0", f"{other or 0}; 503: {ran.sent.answers.get('503', 0)}", not other),
        Row("scores, stages and tasks that are wrong", "0", _none(ran.wrong), not ran.wrong),
        Row("from a change to the portal, p50", "", f"{ran.delay(50):.1f} s ({len(ran.delays)} probes)"),
    )


def _none(found: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in found.items()) or "0"


def _span(values: list[int]) -> tuple[int, int]:
    return min(values, default=0), max(values, default=0)


@contextmanager
def _service(
    size: Size, sort: str, settings: Mapping[str, str] | None = None
) -> Iterator[tuple[Service, Levels, Postgres | None]]:
    """A service on a fresh store of this sort, not started yet."""
    folder = size.folder / f"{sort}-{threading.get_native_id()}-{time.monotonic_ns()}"
    if sort == "sqlite":
        with standing(folder, f"sqlite:///{folder / 'store.db'}") as (service, levels):
            service.roles = ALONE
            yield service, levels, None
        return
    with postgres_of_ones_own() as postgres, standing(folder, postgres.url) as (service, levels):
        service.roles, service.settings = APART, dict(settings or {})
        service.prepare()
        yield service, levels, postgres
