"""What the demo says about who moves, who fell, and what to do next."""

import shutil
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

from leadscore.cli.show import clean
from leadscore.jobs.explain import Explanation
from leadscore.jobs.plan import PlanReport
from scoring.ledger import Contribution, Score

NEXT_STEPS = """
Next, on your own portal:
  1. Put HUBSPOT_TOKEN=pat-... into a file .env (in HubSpot: Development > Keys > Service keys), and run
     {leadscore} doctor        it says what is missing, and changes nothing
  2. {leadscore} model init    writes a first model from your forms and stages; edit it, then
     {leadscore} sync          reads the portal; {leadscore} plan shows whom the scores would move
  3. {leadscore} install       creates our fields, and {leadscore} apply writes what the plan showed
  4. {leadscore} serve         keeps it so; README.md tells how webhooks come in, docs/reps.md is for sales
Without a token: {leadscore} score --model MODEL --contacts export.csv --crm hubspot
"""


def next_steps() -> str:
    """What to do on a real portal, with the program named so that it can be typed as it stands."""
    program = Path(sys.argv[0])
    if shutil.which("leadscore") or not program.is_file():
        return NEXT_STEPS.format(leadscore="leadscore")
    near = program.is_relative_to(Path.cwd())
    return NEXT_STEPS.format(leadscore=program.relative_to(Path.cwd()) if near else program)


def tell(out: Console, text: str, style: str = "") -> None:
    """A sentence, set in by two columns and wrapped to the width."""
    for line in Text(clean(text)).wrap(out, max(40, out.width - 2)):
        line.rstrip()
        out.print(Text("  ") + line, style=style)


def show_movers(out: Console, report: PlanReport) -> None:
    """A plan in a few lines: how much is written, and who goes from band to band."""
    plan = report.plan
    out.print(f"{len(plan.rows):,} of {plan.known:,} people differ from the CRM: {report.calls:,} calls to write")
    for (old, new), count in sorted(report.bands.items(), key=lambda item: -item[1]):
        out.print(f"  {old or 'no band'} -> {new or 'no band'}: {count:,}")


def show_fallen(out: Console, before: Explanation, after: Explanation) -> None:
    """One person at two instants, and the lines that differ."""
    then, now = before.score, after.score
    person = before.person
    out.print(f"{clean(person.email or person.id)}: {_standing(then)} -> {_standing(now)}", style="bold")
    old, new = _lines(then), _lines(now)
    for key in dict.fromkeys((*old, *new)):
        if old.get(key, 0) != new.get(key, 0):
            name = clean(" / ".join(part for part in key if part))
            out.print(f"  {new.get(key, 0) - old.get(key, 0):+4d}  {name}: {old.get(key, 0)} -> {new.get(key, 0)}")


def _standing(score: Score) -> str:
    return " ".join(part for part in (str(score.total), score.grade, score.band) if part)


def _lines(score: Score) -> dict[tuple[str, ...], int]:
    return {_key(line): line.points for line in score.contributions}


def _key(line: Contribution) -> tuple[str, ...]:
    if line.kind == "adjustment":
        return ("sales feedback",)
    return (line.score or "", line.group or "", line.rule or "limit")
