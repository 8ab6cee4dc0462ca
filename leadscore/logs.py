"""The log of the service: one JSON object a line on stderr, without anything that tells who a person is."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_MAIL = re.compile(r"[^\s@<>\"'=:,;]+(?:@|%40)[^\s@<>\"'&,;]+", re.IGNORECASE)
_TOKEN = re.compile(r"pat-[A-Za-z0-9-]+|Bearer\s+\S+|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)", re.IGNORECASE)
_PHONE = re.compile(r"\+\d[\d ()/.-]{6,}\d")
_LONGEST = 500


def without_people(text: str) -> str:
    """Text with every e-mail address, telephone number and token taken out."""
    for pattern, word in ((_TOKEN, "[token]"), (_MAIL, "[address]"), (_PHONE, "[number]")):
        text = pattern.sub(word, text)
    return text[:_LONGEST]


def _clean(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    # What an error of a library says may quote a record, so of a traceback only the place is kept.
    failure = event.pop("exc_info", None)
    if isinstance(failure, tuple) and failure[0] is not None:
        event["error"] = failure[0].__name__
    elif isinstance(failure, BaseException):
        event["error"] = type(failure).__name__
    for key, value in event.items():
        if not isinstance(value, int | float | None):
            event[key] = without_people(str(value))
    return event


def start_logging(level: str) -> None:
    """Sends everything that we and our libraries log to stderr as JSON lines. `level`: DEBUG, INFO, WARNING, ERROR."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    finish: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        _clean,
        structlog.processors.JSONRenderer(),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=finish))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # These tell of every call, with paths that may hold an address.
    for name in ("urllib3", "werkzeug", "alembic", "apscheduler", "sqlalchemy"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    # It warns of each request that waits a moment for a thread, which under load are most.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
