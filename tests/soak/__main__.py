"""Runs the long tests and writes what they found into benchmarks/RESULTS.md: `python -m tests.soak kills steady`.

Exit code 1: a goal was missed, or a part could not run; its section then says why.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
import traceback
from dataclasses import replace
from pathlib import Path

from benchmarks.results import RESULTS, Row, Section, commit_now, replaced
from tests.soak.parts import PARTS, TITLES, Size


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; none: all of them")
    parser.add_argument("--kills", type=int, help="how many kills, instead of 200, 100, 50 or 20")
    parser.add_argument("--minutes", type=float, help="how long, instead of 30 (steady) and 5 (burst)")
    parser.add_argument("--events", type=int, help="how many events the burst has, instead of 200,000")
    parser.add_argument("--folder", type=Path, help="where the stores are put, about 3 GB; default: the system's own")
    parser.add_argument("--look", action="store_true", help="print the sections and leave RESULTS.md alone")
    chosen = parser.parse_args()
    if unknown := sorted(set(chosen.parts) - set(PARTS)):
        parser.error(f"there is no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    missed = False
    for name in chosen.parts or PARTS:
        folder = Path(tempfile.mkdtemp(prefix="leadscore-soak-", dir=chosen.folder))
        section = run(name, Size(folder, chosen.kills, chosen.minutes, chosen.events))
        shutil.rmtree(folder, ignore_errors=True)
        missed = missed or any(row.met is False for row in section.rows)
        for row in section.rows:
            verdict = {True: "ok   ", False: "MISSED", None: "     "}[row.met]
            sys.stdout.write(f"{verdict} {section.title}: {row.what} {row.goal}: {row.measured}\n")
        sys.stdout.flush()
        if not chosen.look:
            RESULTS.write_text(replaced(RESULTS.read_text(encoding="utf-8"), section), encoding="utf-8")
    return int(missed)


def run(name: str, size: Size) -> Section:
    """One part; what keeps it from running stands in its section."""
    sys.stderr.write(f"soak: {name} ...\n")
    began = time.monotonic()
    try:
        section = PARTS[name](size)
    except Exception as error:  # noqa: BLE001 (the other parts go on; this one says loudly that it did not run)
        traceback.print_exc()
        row = Row("it ran to its end", "yes", f"NO: {type(error).__name__}", met=False)
        section = Section(TITLES[name], f"{PARTS[name].__doc__}", (row,))
    load = f"load {os.getloadavg()[2]:.1f} over its last 15 minutes on {os.cpu_count()} cores"
    told = f"`make soak PART={name}`, {time.monotonic() - began:.0f} s, commit {commit_now()}, {load}."
    return replace(section, how=f"{section.how} {told}")


if __name__ == "__main__":
    sys.exit(main())
