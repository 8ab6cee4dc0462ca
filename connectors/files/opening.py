"""Opens an export: plain or gzip, UTF-8 with or without a byte-order mark; other formats are refused with advice."""

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from connectors.files.encoding import likely_encoding, wide_encoding
from connectors.files.rejects import FileProblem

_SAMPLE = 256 * 1024
_ZIP = b"PK\x03\x04"
_GZIP = b"\x1f\x8b"

Position = Callable[[], int]
"""How many bytes of the file on disk were read."""


def check_format(path: Path) -> None:
    """Raises FileProblem if the file is missing, empty, no file, a workbook or in UTF-16."""
    if not path.exists():
        raise FileProblem(f"{path} does not exist; check the name and the folder.")
    if not path.is_file():
        raise FileProblem(f"{path} is not a file on disk; save the export as a file and name that.")
    try:
        with _bytes(path) as (stream, _):
            head = stream.read(4096)
    except OSError as error:
        raise FileProblem(f"{path} cannot be read ({error.strerror or error}); check its permissions.") from error
    if not head.removeprefix(b"\xef\xbb\xbf").strip():
        raise FileProblem(f"{path} is empty; export it again with a header row.")
    if head.startswith(_ZIP):
        raise FileProblem(f"{path} is an Excel workbook or a ZIP; save it as CSV UTF-8 and name that file.")
    if encoding := wide_encoding(head):
        raise FileProblem(f"{path} is not UTF-8; {_conversion(path, encoding)}.")


@contextmanager
def open_text(path: Path) -> Iterator[tuple[IO[str], Position]]:
    """The text of a file with its line ends as they are. Bytes that are not UTF-8 come as lone surrogates, so that
    only their own row need be rejected. Raises FileProblem when compressed data turns out damaged."""
    with (
        _bytes(path) as (stream, position),
        io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="") as text,
    ):
        yield text, position


def encoding_advice(path: Path, bad_text: str) -> str:
    """What to do about a file with rows that are not UTF-8; `bad_text` is such a row as `open_text` gave it."""
    with _bytes(path) as (stream, _):
        sample = stream.read(_SAMPLE) + b"\n" + bad_text.encode("utf-8", "surrogateescape")
    encoding = likely_encoding(sample)
    return _conversion(path, encoding) if encoding else "export the file again as CSV UTF-8"


def _conversion(path: Path, encoding: str) -> str:
    also = " (Latin-1)" if encoding == "WINDOWS-1252" else ""
    source = f"gzip -dc '{path}'" if _is_gzip(path) else f"cat '{path}'"
    return (
        f"the file looks like {encoding}{also}: export it again as CSV UTF-8, "
        f"or convert it: {source} | iconv -f {encoding} -t UTF-8 > utf8.csv"
    )


@contextmanager
def _bytes(path: Path) -> Iterator[tuple[IO[bytes], Position]]:
    # By its first bytes, not by its name: exports are renamed, and browsers unpack some without being asked.
    with path.open("rb") as raw:
        if not _is_gzip(path):
            yield raw, raw.tell
            return
        try:
            with gzip.open(raw) as unpacked:
                yield cast(IO[bytes], unpacked), raw.tell
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise FileProblem(f"{path} is damaged or was cut off ({error}); download it again.") from error


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as raw:
        return raw.read(2) == _GZIP
