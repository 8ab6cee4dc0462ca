"""`--compare` tells how far new and old ranks agree, and who moves most."""

from pathlib import Path

import pytest

from leadscore.cli.compare import Comparison, movers, ranks, spearman
from tests.cli.score_command import run, write


def test_equal_values_share_the_mean_of_their_ranks() -> None:
    assert list(ranks([10, 30, 20, 30, 20, 20])) == [6, 1.5, 4, 1.5, 4, 4]


def test_ranks_of_nothing_are_nothing() -> None:
    assert list(ranks([])) == []


@pytest.mark.parametrize(
    ("one", "two", "agreement"),
    [
        ([1, 2, 3, 4], [10, 20, 30, 400], 1),
        ([1, 2, 3, 4], [9, 8, 7, -6], -1),
        ([106, 86, 100, 101, 99, 103, 97, 113, 112, 110], [7, 0, 27, 50, 28, 29, 20, 12, 6, 17], -29 / 165),
        ([1, 2, 2, 3], [1, 3, 2, 4], 0.9486832980505138),
        ([1, 1, 1], [1, 2, 3], None),
        ([5], [5], None),
    ],
)
def test_rank_agreement_is_spearmans(one: list[float], two: list[float], agreement: float | None) -> None:
    found = spearman(ranks(one), ranks(two))
    assert found == (None if agreement is None else pytest.approx(agreement))


def test_those_who_move_most_come_first_and_those_who_stay_are_left_out() -> None:
    comparison = Comparison()
    for ordinal, (old, new) in enumerate([(50, 50), (40, 10), (30, 40), (20, 45), (10, 5)], 1):
        comparison.add(ordinal, str(old), new)
    up, down = movers(comparison, ranks(comparison.old), ranks(comparison.new))
    assert [(move.ordinal, move.old_rank, move.new_rank) for move in up] == [(4, 4, 2)]
    assert [(move.ordinal, move.old_rank, move.new_rank) for move in down] == [(2, 2, 4)]


def test_who_has_no_number_is_counted_and_not_compared() -> None:
    comparison = Comparison()
    for cell, total in [("12.5", 1), (" ", 1), ("n/a", 1), ("1-5", 1), ("7", None)]:
        comparison.add(1, cell, total)
    assert (list(comparison.old), comparison.empty, comparison.not_numbers) == ([12.5], 2, 2)
    assert comparison.first_not_number == "n/a"


def test_the_screen_names_the_agreement_and_the_movers(tmp_path: Path) -> None:
    titles = ["CEO", "Manager", "Student", "Student"]
    rows = [{"id": f"lead{at}", "title": title, "Old Score": at * 10} for at, title in enumerate(titles)]
    contacts = write(tmp_path / "contacts.csv", [*rows, {"id": "new", "title": "CEO"}])
    done = run(tmp_path, "--contacts", contacts, "--compare", "old score")
    assert done.returncode == 0, done.stderr
    shown = " ".join(done.stdout.split())
    assert 'Rank agreement with "old score": -0.949' in shown
    assert "4 contacts compared, 1 without an old or a new score" in shown
    assert "Rises most id old score total rank before rank now moves lead0 0 20 4 1 +3" in shown
    assert "Falls most id old score total rank before rank now moves lead3 30 0 1 3.5 -2.5" in shown


def test_beside_json_lines_the_comparison_goes_to_stderr(tmp_path: Path) -> None:
    rows = [{"id": at, "title": title, "old": at} for at, title in enumerate(["CEO", "Student"])]
    done = run(tmp_path, "--contacts", write(tmp_path / "contacts.csv", rows), "--compare", "old", "--json")
    assert done.stdout.count("\n") == 2
    assert "Rank agreement" not in done.stdout
    assert "Rank agreement" in done.stderr
