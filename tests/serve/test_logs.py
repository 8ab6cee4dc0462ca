"""The log is JSON, a line each, and tells nothing about who anybody is."""

import json
import subprocess
import sys

import pytest

from leadscore.logs import without_people


@pytest.mark.parametrize(
    "text",
    [
        "wrote amelia.hughes@nimbus.example",
        "GET /contacts/amelia.hughes%40nimbus.example?idProperty=email",
        "key (email)=(amelia.hughes@nimbus.example) exists",
        'said "amelia.hughes@nimbus.example".',
    ],
)
def test_an_address_is_taken_out_wherever_it_stands(text: str) -> None:
    assert "[address]" in without_people(text)
    assert "nimbus" not in without_people(text)
    assert "amelia" not in without_people(text)


def test_numbers_and_tokens_are_taken_out() -> None:
    cleaned = without_people("call +49 (30) 1234-5678 with pat-na1-1234-abcd via postgresql://me:word@db/x")
    assert cleaned.startswith("call [number] with [token] via postgresql:")
    assert "word" not in cleaned


def test_libraries_and_failures_are_told_as_json_without_what_they_quote() -> None:
    program = """
import logging, structlog
from leadscore.logs import start_logging
start_logging("INFO")
logging.getLogger("some.package").warning("row of %s", "amelia@nimbus.example")
structlog.get_logger("ours").info("step", who="amelia@nimbus.example", count=3)
try:
    raise ValueError("amelia@nimbus.example")
except ValueError:
    logging.getLogger("some.package").exception("failed")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["level"] for line in lines] == ["warning", "info", "error"]
    assert lines[1]["count"] == 3
    assert lines[2]["error"] == "ValueError"
    assert "amelia" not in done.stderr


def test_requests_that_wait_for_a_thread_are_not_told_of_one_by_one() -> None:
    program = """
import logging
from leadscore.logs import start_logging
start_logging("DEBUG")
logging.getLogger("waitress.queue").warning("Task queue depth is %d", 3)
logging.getLogger("waitress.queue").error("broken")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert [json.loads(line)["event"] for line in done.stderr.splitlines()] == ["broken"]
