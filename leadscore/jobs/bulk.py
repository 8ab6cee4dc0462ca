"""What makes work on hundreds of thousands of people quick."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collector() -> Iterator[None]:
    """Holds the garbage collector back while a window of people is worked on.

    A window holds a hundred thousand small tuples without a circle among them; the collector would look at all of
    them again and again, which doubles the time of reading and saving.
    """
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()
