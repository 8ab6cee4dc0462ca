"""A secret in a file that may be replaced while we run: the new one is used at once."""

from collections.abc import Callable
from pathlib import Path


class SecretFile:
    """Gives the secret as the file holds it now, and the last good one while the file cannot be read, is empty, or
    holds what `usable` refuses. Looks at the file's time and size at every call, and into it when these changed."""

    def __init__(self, path: Path, first: str, usable: Callable[[str], bool] = str.isascii) -> None:
        self._path = path
        self._usable = usable
        self._secret = first
        self._seen: tuple[int, int, int] | None = None

    def __call__(self) -> str:
        try:
            about = self._path.stat()
            seen = (about.st_ino, about.st_mtime_ns, about.st_size)
            if seen != self._seen:
                text = self._path.read_text(encoding="utf-8").strip()
                if text and self._usable(text):
                    self._secret = text
                self._seen = seen
        except (OSError, UnicodeDecodeError):
            # Whoever replaces it may be in the middle of it: the next call looks again.
            return self._secret
        return self._secret
