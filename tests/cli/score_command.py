"""The command line as a person runs it, and small files for it."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "tests" / "vectors" / "example_model.yaml"


def environment(**more: str) -> dict[str, str]:
    """The environment of a fresh shell that knows where the project is."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTEST"))}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", "COLUMNS": "80", **more}


def command(*args: object) -> list[str]:
    """`leadscore score` with these arguments."""
    return [sys.executable, "-m", "leadscore", "score", *(str(arg) for arg in args)]


def run(
    path: Path, *args: object, models: Sequence[Path] = (MODEL,), **variables: str
) -> subprocess.CompletedProcess[str]:
    """Runs `leadscore score` in a folder, with more environment variables."""
    return subprocess.run(
        command(*(part for model in models for part in ("--model", model)), *args),
        cwd=path,
        env=environment(**variables),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def scores(path: Path, *args: object, models: Sequence[Path] = (MODEL,)) -> dict[str, dict[str, Any]]:
    """What `--json` says, by id, in its order; the run must end well."""
    done = run(path, "--json", *args, models=models)
    assert done.returncode == 0, done.stderr
    return {record["id"]: record for record in map(json.loads, done.stdout.splitlines())}


def write(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    """Rows as a CSV file; a cell that a row does not have is empty."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path
