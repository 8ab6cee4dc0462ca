"""A score on the screen: every line of the ledger, what they add up to, and nothing that could harm a terminal."""

import io

from leadscore.cli.show import clean, console, show_leads, show_ledger
from leadscore.cli.tally import Tally, show_distribution
from scoring.ledger import Contribution, Score
from tests.connectors.files.reading import MODEL

SCORE = Score(
    model="b2b",
    as_of=0,
    scores={"fit": 15, "engagement": 0},
    adjustment=-5,
    total=10,
    band="warm",
    grade=None,
    stage="mql",
    next_change_at=86_400_000,
    contributions=(
        Contribution("rule", "fit", "Role", "Boss", 20, {"title": "CEO \x1b[2J"}),
        Contribution("limit", "fit", "Role", None, -3, {"sum": 20, "limit": 17}),
        Contribution("limit", "fit", None, None, -2, {"sum": 17, "limit": 15}),
        Contribution("adjustment", None, None, None, -5, {"label": "Not ready"}),
    ),
    unreadable=("employees",),
    tell=lambda score: f"Because of [bold]{score.total}[/bold].",
)


def _scored(total: int | None, band: str | None = None) -> Score:
    return SCORE._replace(total=total, band=band, stage=None, model=None if total is None else "b2b")


def test_a_ledger_names_every_line_and_its_sums() -> None:
    out = io.StringIO()
    show_ledger(console(out), SCORE)
    assert [" ".join(line.split()) for line in out.getvalue().splitlines()] == [
        "+20 Role: Boss title: CEO [2J",
        "-3 limit of Role sum: 20, limit: 17",
        "-2 limit of fit sum: 17, limit: 15",
        "15 fit",
        "0 engagement nothing matched",
        "-5 sales feedback label: Not ready",
        "10 total warm, mql",
        "Unreadable, so taken as unknown: employees",
        "Changes by itself at 1970-01-02T00:00:00.000Z",
    ]


def test_a_lead_that_no_model_is_for_says_so() -> None:
    out = io.StringIO()
    show_ledger(console(out), _scored(None))
    assert out.getvalue() == "No model is for this lead: it has no score.\n"


def test_the_best_are_kept_and_of_equal_ones_the_first() -> None:
    tally = Tally(keep=3)
    for who, total in [("a", 5), ("b", 9), ("c", 5), ("d", 5), ("e", 7), ("f", None)]:
        tally.add(who, _scored(total))
    assert [who for who, _ in tally.best()] == ["b", "e", "a"]
    assert (tally.scored, tally.unscored) == (5, 1)


def test_names_in_a_list_are_cut_cleaned_and_taken_literally() -> None:
    out = io.StringIO()
    show_leads(console(out), [("東京" * 30, SCORE), ("a\nb\x07[red]", SCORE)])
    lines = out.getvalue().splitlines()
    assert lines[1].endswith("  " + "東京" * 9 + "...")
    assert lines[3].endswith("a b [red]")
    assert lines[4].strip() == "Because of [bold]10[/bold]."
    assert clean("tab\there") == "tab here"


def test_totals_are_drawn_in_ranges_that_hold_everybody() -> None:
    tally = Tally(keep=0)
    for total in range(-30, 120):
        tally.add("x", _scored(total, "hot" if total > 50 else "cold"))
    out = io.StringIO()
    show_distribution(console(out), tally, [MODEL])
    rows = [line.split() for line in out.getvalue().splitlines() if " to " in line]
    assert [row[:3] for row in rows][::7] == [["110", "to", "119"], ["40", "to", "49"], ["-30", "to", "-21"]]
    assert sum(int(row[-3]) for row in rows) == 150
    assert all(len(line) <= 80 for line in out.getvalue().splitlines())


def test_a_single_total_is_drawn_as_well() -> None:
    tally = Tally()
    tally.add("x", _scored(0))
    out = io.StringIO()
    show_distribution(console(out), tally, [MODEL])
    assert " ".join(out.getvalue().split()[-3:]) == "1 100.0 %"
