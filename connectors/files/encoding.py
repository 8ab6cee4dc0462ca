"""Names the character encoding that a file most likely has, where it is not UTF-8."""

import codecs
import unicodedata

from charset_normalizer import from_bytes

_WIDE = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_WEST = frozenset("ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜßàáâãäåæçèéêëìíîïñòóôõöøùúûüœŒ«»°·–—‘’“”…€£§©®´½¿¡ ")
_CANDIDATES = ["cp1252", "cp1250", "cp1251", "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr", "mac_roman"]


def wide_encoding(head: bytes) -> str | None:
    """UTF-16 or UTF-32 if the first bytes of a file say so, by a mark or by a zero in every other byte."""
    for mark, name in _WIDE.items():
        if head.startswith(mark):
            return name
    for offset, name in ((1, "UTF-16LE"), (0, "UTF-16BE")):
        half = head[offset::2]
        if len(half) > 4 and half.count(0) > 0.8 * len(half) and 0 not in head[1 - offset :: 2]:
            return name
    return None


def likely_encoding(sample: bytes) -> str | None:
    """The name (as iconv knows it) of the encoding of bytes that are not UTF-8; None: no good guess.

    Latin-1 and its superset Windows-1252 look alike in names and titles; both are called WINDOWS-1252, which reads
    both rightly.
    """
    lines = [line for line in sample.splitlines() if not line.isascii()]
    odd = b"\n".join(line for line in lines if not _is_utf8(line))
    if not odd:
        return None
    western = odd.decode("cp1252", "replace")
    if all(char.isascii() or char in _WEST for char in western) and not _crowded(western):
        return "WINDOWS-1252"
    best = from_bytes(odd, cp_isolation=_CANDIDATES).best()
    return best.encoding.upper().replace("CP125", "WINDOWS-125").replace("_", "-") if best else None


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _crowded(text: str) -> bool:
    """Whether letters with accents outnumber plain ones, as they do when another script is read as Western."""
    letters = [char for char in text if unicodedata.category(char)[0] == "L"]
    return sum(not char.isascii() for char in letters) * 2 > len(letters)
