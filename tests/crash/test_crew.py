"""Shifts that fail give back what they had, and what runs by itself is begun again."""

from leadscore.jobs.crew import Crew, Shift
from leadscore.store.errors import StoreError
from tests.serve.service import until


def test_what_a_failed_step_had_borrowed_is_given_back_before_the_next_step() -> None:
    told: list[str] = []

    def step() -> int:
        told.append("step")
        if told == ["step"]:
            raise StoreError("the store does not answer")
        return 0

    shift = Shift("read", step, idle=0.01, free=lambda: told.append("free"))
    crew = Crew([shift], lambda: 0)
    crew.start()
    try:
        until(lambda: len(told) > 3)
    finally:
        assert crew.end(5)
    assert told[:4] == ["step", "free", "step", "step"]


def test_what_runs_by_itself_is_begun_again_when_it_fails() -> None:
    begun, crew = [0], Crew([], lambda: 0)

    def run() -> None:
        begun[0] += 1
        if begun[0] == 1:
            raise RuntimeError("something new")
        crew.stop.wait()

    crew.add("schedule", run)
    crew.start()
    try:
        until(lambda: begun[0] == 2)
        assert crew.alive()
    finally:
        assert crew.end(5)
