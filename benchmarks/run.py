"""Measures and writes RESULTS.md: `python -m benchmarks.run`; with `--quick` for a look; or parts only, as `live`."""

import argparse
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import ingest, latency, million, model_change, month, scorer, write_back
from benchmarks.results import RESULTS, SOAK, Section, commit_now, kept, page, replaced

Part = Callable[[Path, bool], Sequence[Section]]
PARTS: Mapping[str, Part] = {
    "scorer": lambda _folder, quick: scorer.run(quick),
    "million": lambda folder, quick: [million.run(folder, quick)],
    "calls": lambda _folder, quick: [model_change.run(quick)],
    "latency": lambda folder, quick: [latency.run(folder, quick)],
    "ingest": lambda folder, quick: [ingest.run(folder, quick)],
    "month": month.run,
    "writing": lambda _folder, quick: [write_back.run(quick)],
}
LIVE = ("latency", "ingest", "month", "writing")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    told = f"only these: {', '.join(PARTS)}; or live, which is {', '.join(LIVE)}"
    parser.add_argument("parts", nargs="*", choices=[*PARTS, "live", []], metavar="part", help=told)
    parser.add_argument("--quick", action="store_true", help="small sizes; prints the page and leaves RESULTS.md alone")
    parser.add_argument("--folder", type=Path, help="where the stores are put, about 7 GB; default: the system's own")
    chosen = parser.parse_args()
    names = [name for asked in chosen.parts for name in (LIVE if asked == "live" else (asked,))]
    commit = commit_now()
    sections: list[Section] = []
    with tempfile.TemporaryDirectory(prefix="leadscore-bench-", dir=chosen.folder) as folder:
        for name in names or PARTS:
            sections += PARTS[name](Path(folder), chosen.quick)
    words = ["python -m benchmarks.run", *chosen.parts, *(["--quick"] if chosen.quick else [])]
    text = page(sections, " ".join(words), commit)
    print(text)
    if not chosen.quick:
        before = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
        RESULTS.write_text(_only(before, sections, commit) if names else kept(before, text, SOAK), encoding="utf-8")


def _only(before: str, sections: Sequence[Section], commit: str) -> str:
    """The page with these sections new, each with what was measured and under what load."""
    load = f"Measured alone, at {commit}, with a load of {os.getloadavg()[1]:.1f} over five minutes."
    for section in sections:
        before = replaced(before, replace(section, how=f"{section.how} {load}"))
    return before


if __name__ == "__main__":
    main()
