"""Whoever reads our output may have seen enough: then a command ends quietly, with the code of a closed pipe."""

import os
import subprocess
import sys

import pytest

from config.defaults import shipped


@pytest.mark.parametrize("words", [["model", "paths", str(shipped("minimal"))], ["model", "schema"]])
def test_a_closed_pipe_ends_a_command_with_141_and_without_a_word(words: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "leadscore", *words],
        env=environment,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")
