"""Threads write in the order in which they came, and nobody is left out."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event

from leadscore.store.turns import Turns
from tests.serve.service import until


def test_a_thread_that_writes_again_and_again_lets_others_in_between() -> None:
    turns, ended, order = Turns(), Event(), list[str]()

    def greedy() -> None:
        while not ended.is_set():
            with turns.turn(10.0):
                order.append("greedy")

    with ThreadPoolExecutor(1) as pool:
        pool.submit(greedy)
        try:
            assert until(lambda: order)
            for _ in range(50):
                with turns.turn(10.0):
                    order.append("other")
        finally:
            ended.set()
    assert order.count("other") == 50


def test_only_one_thread_has_its_turn_at_a_time() -> None:
    turns, inside, most = Turns(), list[int](), list[int]()

    def write(number: int) -> None:
        for _ in range(200):
            with turns.turn(10.0):
                inside.append(number)
                most.append(len(inside))
                inside.remove(number)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    assert (len(most), max(most)) == (1200, 1)


def test_whoever_loses_patience_goes_on_and_takes_nobodys_turn() -> None:
    turns = Turns()
    with turns.turn(10.0), turns.turn(0.01):
        pass
    with turns.turn(0.0):
        pass


def there_are(turns: Turns, many: int) -> bool:
    return turns.waiting == many


def test_who_is_urgent_comes_before_those_who_wait() -> None:
    turns, order = Turns(), list[str]()

    def write(name: str, urgent: bool) -> None:
        with turns.turn(10.0, urgent=urgent):
            order.append(name)

    with ThreadPoolExecutor(3) as pool, turns.turn(10.0):
        for waiting, name in enumerate(("first", "second", "urgent"), 1):
            pool.submit(write, name, name == "urgent")
            assert until(partial(there_are, turns, waiting))
    assert order == ["urgent", "first", "second"]
