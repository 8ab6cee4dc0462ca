"""A run that is cut short ends cleanly: no traceback, no temporary file, and what was scored is there."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cli.score_command import MODEL, command, environment, write


def _many(path: Path, count: int) -> tuple[Path, Path]:
    contacts = write(path / "contacts.csv", [{"id": at, "title": "CEO"} for at in range(count)])
    done = [
        {"contact_id": at, "type": "page_view", "occurred_at": "2026-05-01", "url": "/pricing"}
        for at in reversed(range(count))
    ]
    return contacts, write(path / "activities.csv", done)


@contextmanager
def _running(path: Path, *args: object) -> Iterator[subprocess.Popen[bytes]]:
    temp = path / "temp"
    temp.mkdir()
    with subprocess.Popen(
        command("--model", MODEL, *args),
        cwd=path,
        env=environment(TMPDIR=str(temp), SQLITE_TMPDIR=str(temp)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            process.kill()
    assert list(temp.iterdir()) == []


def test_scores_appear_while_the_rest_is_still_to_come_and_a_closed_pipe_ends_quietly(tmp_path: Path) -> None:
    contacts, activities = _many(tmp_path, 20_000)
    args = ("--contacts", contacts, "--activities", activities, "--json")
    with _running(tmp_path, *args) as process:
        assert process.stdout
        assert process.stderr
        assert json.loads(process.stdout.readline())["id"] == "0"
        assert process.poll() is None
        process.stdout.close()
        said = process.stderr.read().decode()
        assert process.wait(60) == 141
    assert [line for line in said.splitlines() if "no column" not in line] == []


def test_ctrl_c_says_how_far_it_came_and_leaves_nothing_behind(tmp_path: Path) -> None:
    contacts, activities = _many(tmp_path, 20_000)
    with _running(tmp_path, "--contacts", contacts, "--activities", activities, "--json") as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, said = process.stdout.read(), process.stderr.read().decode()
        assert process.wait(60) == 130
    assert said.splitlines()[-1].startswith("Stopped after ")
    assert "Traceback" not in said
    assert all(json.loads(line) for line in out.splitlines())


def test_an_output_that_takes_no_more_is_said_in_a_sentence(tmp_path: Path) -> None:
    contacts, _ = _many(tmp_path, 300)
    # A file opened for reading only refuses every write, as a full disk does.
    read_only = os.open(contacts, os.O_RDONLY)
    done = subprocess.run(
        command("--model", MODEL, "--contacts", contacts, "--json"),
        env=environment(),
        stdout=read_only,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(read_only)
    assert done.returncode == 1
    assert done.stderr.decode().splitlines()[-1].startswith("Stopped after 1 contacts: Bad file descriptor;")
    assert b"Traceback" not in done.stderr


def test_a_terminal_sees_progress_with_rate_and_time_left(tmp_path: Path) -> None:
    contacts, _ = _many(tmp_path, 12_000)
    ours, theirs = os.openpty()
    with subprocess.Popen(
        command("--model", MODEL, "--contacts", contacts, "--json"),
        env=environment(TERM="xterm"),
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        seen = b""
        while chunk := _read(ours):
            seen += chunk
        assert process.wait(60) == 0
    os.close(ours)
    assert b"contacts" in seen
    assert b"/s" in seen
    assert b"time left" in seen
    assert b"12,000 scored" in seen


def _read(terminal: int) -> bytes:
    """What a terminal shows next; nothing once the program has gone (Linux then reports an input error)."""
    try:
        return os.read(terminal, 65_536)
    except OSError:
        return b""
