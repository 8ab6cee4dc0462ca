"""Runs every benchmark and writes RESULTS.md: `python -m benchmarks.run`, or `--quick` for a look in two minutes."""

import argparse
import tempfile
from pathlib import Path

from benchmarks import million, model_change, scorer
from benchmarks.results import commit_now, kept, page

RESULTS = Path(__file__).with_name("RESULTS.md")
SOAK = "Soak: "
"""So begin the titles of the sections that `make soak` writes."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes; prints the page and leaves RESULTS.md alone")
    parser.add_argument("--folder", type=Path, help="where the stores are put, about 7 GB; default: the system's own")
    chosen = parser.parse_args()
    commit = commit_now()
    with tempfile.TemporaryDirectory(prefix="leadscore-bench-", dir=chosen.folder) as folder:
        sections = [
            *scorer.run(chosen.quick),
            million.run(Path(folder), chosen.quick),
            model_change.run(chosen.quick),
        ]
    text = page(sections, "python -m benchmarks.run" + (" --quick" if chosen.quick else ""), commit)
    if not chosen.quick:
        before = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
        RESULTS.write_text(kept(before, text, SOAK), encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
