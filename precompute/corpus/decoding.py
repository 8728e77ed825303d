"""Decode bytes to text: by the byte-order mark if there is one, else as UTF-8, in blocks, for files of any length.

A byte that belongs to no character becomes MARK, which no decoder produces: the reader counts and replaces it.
"""

import codecs
from collections.abc import Callable, Iterable, Iterator

from precompute.corpus.file_kinds import advice, file_kind
from precompute.corpus.text_files import TextFile

MARK = "\udfff"  # a lone surrogate, which no valid file contains
BLOCK = 2**18  # bytes
HEAD = 2**16  # bytes used to detect the kind of file
# Longer marks first: that of UTF-32 begins with that of UTF-16.
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
MAX_NULS, MAX_BROKEN = 0.1, 0.3  # shares of the first bytes or characters above which a file is not text
CONVERT = "`iconv -f ITS-ENCODING -t UTF-8` converts it"

codecs.register_error("mark", lambda error: (MARK, error.end))


def encoding_of(head: bytes) -> tuple[str, int]:
    """Return the encoding of a file that begins with `head`, and the number of bytes of its mark."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return encoding, len(mark)
    return "utf-8", 0


def text_encoding(file: TextFile) -> str:
    """Return the encoding of a text file. Raises ValueError, in one line, if it is not text."""
    head = file.head(HEAD)
    encoding, n_mark = encoding_of(head)
    kind = None if n_mark else file_kind(head)
    if kind:
        raise ValueError(f"{file.label}: this is {kind}, not text: {advice(kind, 'a file of plain text would work')}")
    if encoding == "utf-8" and head.count(0) > MAX_NULS * len(head):
        raise ValueError(
            f"{file.label}: {head.count(0):,} of its first {len(head):,} bytes are NUL: it is binary, or UTF-16 "
            f"without a byte-order mark; {CONVERT}"
        )
    text = decoded(head[n_mark:], encoding, final=len(head) < HEAD)
    if text.count(MARK) > MAX_BROKEN * len(text):
        raise ValueError(
            f"{file.label}: {text.count(MARK) / len(text):.0%} of its first {len(text):,} characters cannot be decoded "
            f"as {encoding.upper()}; {CONVERT}"
        )
    return encoding


def decoded(raw: bytes, encoding: str, final: bool = True) -> str:
    return codecs.getincrementaldecoder(encoding)("mark").decode(raw, final)


def blocks(file: TextFile) -> Iterator[str]:
    """Yield the text of a file, without its byte-order mark."""
    with file.open() as content:
        raw = content.read(BLOCK)
        encoding, n_mark = encoding_of(raw)
        decoder = codecs.getincrementaldecoder(encoding)("mark")
        raw = raw[n_mark:]
        while raw:
            yield decoder.decode(raw)
            raw = content.read(BLOCK)
        yield decoder.decode(b"", final=True)


def text_of(raw: bytes) -> str:
    """Decode a whole text, by its mark or as UTF-8."""
    encoding, n_mark = encoding_of(raw)
    return decoded(raw[n_mark:], encoding)


Parts = Callable[[str, int], Iterable[str | None]]


def lines(texts: Iterator[str], longest: int, parts: Parts) -> Iterator[str | None]:
    """Yield lines without line ends; `parts` divides those longer than `longest`, which are never held whole."""
    pending: list[str] = []
    for text in texts:
        *whole, rest = text.split("\n")
        for line in whole:
            yield from parts("".join([*pending, line]).rstrip("\r"), longest)
            pending = []
        pending.append(rest)
        if sum(map(len, pending)) > longest:
            *done, rest = parts("".join(pending), longest)
            yield from done
            pending = [rest]
    if last := "".join(pending).rstrip("\r"):
        yield from parts(last, longest)


def cut(line: str, longest: int) -> Iterator[str | None]:
    """Yield parts of at most `longest` characters, cut before a space if possible, with None between them."""
    start = 0
    while len(line) - start > longest:
        space = line.rfind(" ", start + 1, start + longest + 1)
        end = space if space > 0 else start + longest
        yield line[start:end]
        yield None
        start = end
    yield line[start:] if start else line
