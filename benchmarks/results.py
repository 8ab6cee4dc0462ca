"""The page of results: what was measured on which machine, against which goal, and whether it is met."""

import os
import platform
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
SOAK = "Soak: "
"""So begin the titles of the sections that `make soak` writes."""


@dataclass(frozen=True)
class Row:
    """One measurement. `met` None: no goal. `memory`: MB at the most in one process, where it was measured. `why`: a
    sentence on what falls short or needs to be known."""

    what: str
    goal: str
    measured: str
    met: bool | None = None
    memory: float | None = None
    why: str = ""


@dataclass(frozen=True)
class Section:
    """Measurements that were taken together, and how."""

    title: str
    how: str
    rows: tuple[Row, ...]


def page(sections: Sequence[Section], command: str, commit: str) -> str:
    """The whole page as Markdown."""
    return "\n".join(_lines(sections, command, commit)) + "\n"


def _lines(sections: Sequence[Section], command: str, commit: str) -> Iterator[str]:
    yield "# Results"
    yield ""
    yield "Written by `make bench`; do not edit. Ratios within one run are what counts: absolute figures move with the"
    yield "machine. The date is that of the commit."
    yield ""
    yield "| | |"
    yield "|---|---|"
    yield f"| machine | {_processor()}, {os.cpu_count()} cores, {_memory():.0f} GB |"
    yield f"| Python | {platform.python_version()}, {platform.system()} |"
    yield f"| load | {os.getloadavg()[1]:.1f} over the last five minutes; {os.cpu_count()} is all of it |"
    yield f"| commit | {commit} |"
    yield f"| command | `{command}` |"
    for section in sections:
        yield from _section(section)


def _section(section: Section) -> Iterator[str]:
    yield from ("", f"## {section.title}", "", section.how, "")
    yield "| what | goal | measured | met | MB a process |"
    yield "|---|---|---|---|---|"
    for row in section.rows:
        met = "" if row.met is None else "yes" if row.met else "**no**"
        memory = "" if row.memory is None else f"{row.memory:,.0f}"
        yield f"| {row.what} | {row.goal} | {row.measured} | {met} | {memory} |"
    notes = [f"- {row.what}: {row.why}" for row in section.rows if row.why]
    if notes:
        yield from ("", *notes)


def replaced(text: str, section: Section) -> str:
    """A page in which this section takes the place of the one with its title, or comes last."""
    new = "\n".join(_section(section)) + "\n"
    parts = _parts(text)
    if section.title not in parts:
        return text.rstrip("\n") + "\n" + new
    return "".join(new if title == section.title else part for title, part in parts.items())


def kept(before: str, page_now: str, prefix: str) -> str:
    """The page of now, with those sections of the one before whose titles begin so: others write them."""
    mine = "".join(part for title, part in _parts(before).items() if title.startswith(prefix))
    return page_now.rstrip("\n") + "\n" + mine


def _parts(text: str) -> dict[str, str]:
    """The head of a page under "", and its sections by title, each with the empty line before it."""
    head, *rest = re.split(r"(?m)^\n## ", text)
    return {"": head} | {part.partition("\n")[0]: f"\n## {part}" for part in rest}


def _processor() -> str:
    for line in _read("/proc/cpuinfo").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory() -> float:
    for line in _read("/proc/meminfo").splitlines():
        if line.startswith("MemTotal"):
            return int(line.split()[1]) / 2**20
    return 0.0


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""


def commit_now() -> str:
    """The commit that is measured, and its date."""
    asked = ["git", "log", "-1", "--format=%h of %cs"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, check=True)  # noqa: S603  # a fixed command
    except (OSError, subprocess.CalledProcessError):
        return "unknown (no git here)"
    return done.stdout.strip()
