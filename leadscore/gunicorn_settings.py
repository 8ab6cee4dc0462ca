"""How gunicorn runs the web side: `gunicorn --config python:leadscore.gunicorn_settings "leadscore.wsgi:app()"`.

gunicorn reads the names of this module as its settings and hooks; its command line comes before them.
"""

import logging
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from config.settings import load_settings
from leadscore.logs import start_logging

_OURS = "leadscore-metrics-"
_chosen = load_settings()

bind = [_chosen.listen]
workers = 2
worker_class = "gthread"
threads = _chosen.web_threads
timeout = 30
graceful_timeout = 28
"""Seconds for answers under way after SIGTERM: longer than any of ours takes."""
keepalive = 75
"""Longer than a proxy keeps an idle connection: else it may send a request into one that is just being closed."""
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190
preload_app = False
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 (a heartbeat must not wait for a disk)
_counters = os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix=_OURS))
"""Where the workers count together. prometheus_client looks for it when it is first imported."""


def on_starting(server: Any) -> None:
    """Its own log becomes JSON like ours. Raises RuntimeError for `--preload`: the thread that commits for the inbox
    would stay behind in the first process."""
    if server.cfg.preload_app:
        raise RuntimeError("leadscore must be loaded by each worker of gunicorn: leave --preload out.")
    Path(_counters).mkdir(parents=True, exist_ok=True)
    start_logging(_chosen.log_level)
    for name in ("gunicorn.error", "gunicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers[:], logger.propagate = [], True


def child_exit(_server: Any, worker: Any) -> None:
    """A worker that ended counts no more among those that live; what it counted stays."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # published without types


def on_exit(_server: Any) -> None:
    """The counters go with the server."""
    if Path(_counters).name.startswith(_OURS):
        shutil.rmtree(_counters, ignore_errors=True)
