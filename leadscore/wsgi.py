"""The web side for a server such as gunicorn: `gunicorn "leadscore.wsgi:app()"`, beside `leadscore worker`."""

import atexit
import time
from contextlib import ExitStack

from flask import Flask

from leadscore.logs import start_logging
from leadscore.metrics import Metrics
from leadscore.web import Open, create_app
from leadscore.wiring import parts


def app() -> Flask:
    """The app with the settings of the working directory; to be called once in each process.

    The store stays open until the process ends. Raises ConfigError, and StoreError if nothing was read yet.
    """
    made = parts()
    start_logging(made.settings.log_level)
    with ExitStack() as opening:
        store = opening.enter_context(made.store())
        inbox = made.inbox()
        opening.callback(inbox.close)
        metrics = Metrics(store, _now)
        metrics.shifts_alive.set(1)
        answering = create_app(Open(made, store, inbox, _now, metrics))
        atexit.register(opening.pop_all().close)
    return answering


def _now() -> int:
    return time.time_ns() // 1_000_000
