"""Cases that were worked out by hand: the oracle and the engine must both give their answers."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.scoring import vector_files
from tests.scoring.comparing import engine_score
from tests.scoring.oracle_changes import score
from tests.scoring.tables import TABLES
from tests.scoring.vector_files import Case

CASES = [
    *(pytest.param(case, id=f"rule: {case.name}") for case in vector_files.single_rules()),
    *(pytest.param(case, id=f"history: {case.name}") for case in vector_files.histories()),
    *(pytest.param(case, id=f"golden: {case.name}") for case in vector_files.golden_leads()),
]


def _asked(got: Mapping[str, Any], expect: Mapping[str, Any]) -> dict[str, Any]:
    """What was got of all that is expected, scores by their names."""
    return {key: got[key] if key in got else got["scores"][key] for key in expect}


def _expected(case: Case) -> dict[str, Any]:
    expect = dict(case.expect)
    if "next_change_at" in expect:
        expect["next_change_at"] = vector_files.maybe_instant(expect["next_change_at"])
    if "contributions" in expect:
        expect["contributions"] = tuple(tuple(line) for line in expect["contributions"])
    if "unreadable" in expect:
        expect["unreadable"] = tuple(expect["unreadable"])
    return expect


@pytest.mark.parametrize("case", CASES)
def test_the_oracle_gives_the_worked_out_answer(case: Case) -> None:
    expect = _expected(case)
    assert _asked(score(case.documents, TABLES, case.facts, case.as_of), expect) == expect


@pytest.mark.parametrize("case", CASES)
def test_the_engine_gives_the_worked_out_answer(case: Case) -> None:
    expect = _expected(case)
    assert _asked(engine_score(case.documents, case.facts, case.as_of), expect) == expect
