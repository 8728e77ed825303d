"""Files of texts as streams of documents; none is read whole.

txt    documents divided by blank lines, or by lines that hold only a separator
jsonl  one object a line
json   an array of objects, or objects one after the other

The source of a document is the file's name, and the line of its start, from 1, or its number in the array, from 0.
"""

import json
from collections.abc import Iterable, Iterator

from precompute.corpus.decoding import blocks, cut, lines
from precompute.corpus.fields import TextField
from precompute.corpus.sources import Document
from precompute.corpus.text_files import TextFile

# A longer document is read as several, so that memory does not grow with the file.
LONGEST_DOCUMENT = 1_000_000
LONGEST_LINE = 2**28  # characters of JSON
BLANK, AUTO = "blank", "auto"
GPT2_END = "<|endoftext|>"  # divides documents in many corpora, for any model


class Separators:
    """Rule for the end of a document in a text file; `n_separators` counts lines that held a separator.

    BLANK: a blank line. AUTO: a blank line, or a line with only the end-of-text token of the model or of GPT-2. Any
    other text: lines with that text alone; blank lines are part of documents.
    """

    def __init__(self, choice: str = AUTO, end_of_text: Iterable[str] = ()):
        self.choice, self.blank = choice, choice in (AUTO, BLANK)
        self.end_of_text = frozenset({GPT2_END, *end_of_text})
        self.alone = self.end_of_text if choice == AUTO else frozenset() if choice == BLANK else {choice.strip()}
        self.n_separators = 0

    def ends(self, line: str | None) -> bool:
        """Return whether a line belongs to no document; None marks the place at which a long line was cut."""
        if line is None or line.strip() in self.alone:
            self.n_separators += line is not None
            return True
        return self.blank and not line.strip()


def txt(file: TextFile, separators: Separators) -> Iterator[Document]:
    pending: list[str] = []
    n_chars = first = 0
    for number, line in numbered(lines(blocks(file), LONGEST_DOCUMENT, cut)):
        ends = separators.ends(line)
        if (ends or n_chars >= LONGEST_DOCUMENT) and pending:
            yield Document("\n".join(pending), file.name, f" line {first}")
        if ends or n_chars >= LONGEST_DOCUMENT:
            pending, n_chars = [], 0
        if not ends:
            first = first if pending else number
            pending.append(line)
            n_chars += len(line)
    if pending:
        yield Document("\n".join(pending), file.name, f" line {first}")


def numbered(parts: Iterable[str | None]) -> Iterator[tuple[int, str | None]]:
    """Number lines from 1; None, where a long line was cut, and the part after it have the number of that line."""
    number, was_cut = 0, False
    for part in parts:
        number += part is not None and not was_cut
        was_cut = part is None
        yield number, part


def jsonl(file: TextFile, field: TextField) -> Iterator[Document]:
    for number, line in enumerate(lines(blocks(file), LONGEST_LINE, check_length), 1):
        place = f"{file.label} line {number}"
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{place}: not JSON ({error}); a .jsonl has one object a line") from error
        if not isinstance(record, dict):
            raise ValueError(f"{place}: {type(record).__name__}, not an object; a .jsonl has one object a line")
        yield field.document(record, file.name, f" line {number}", place)


def check_length(line: str, longest: int) -> list[str]:
    if len(line) > longest:
        raise ValueError(f"a line has more than {longest:,} characters; a .jsonl has one object a line")
    return [line]


def array(file: TextFile, field: TextField) -> Iterator[Document]:
    """Yield a document for each member of a .json; texts may stand for themselves."""
    for number, value in enumerate(json_values(file)):
        name, place = f" row {number}", f"{file.label} row {number}"
        if isinstance(value, dict):
            yield field.document(value, file.name, name, place)
        elif isinstance(value, str):
            yield field.of_value(value, file.name, name, place)
        else:
            raise ValueError(f"{place}: {type(value).__name__}; a .json is an array of objects or of texts")


def json_values(file: TextFile) -> Iterator[object]:
    """Yield the members of an array, or values one after the other, as they are read."""
    texts = blocks(file)
    text = next(texts, "").lstrip()
    is_array, n = text.startswith("["), 0
    text = text.removeprefix("[")
    while True:
        text = text.lstrip(" \t\r\n,")
        if is_array and text.startswith("]"):
            return
        value, end, error = first_value(text)
        if error is None:
            yield value
            n, text = n + 1, text[end:]
            continue
        following = at_least(texts, len(text))  # twice as much each time: a long member is parsed few times
        if not following and (text or is_array):
            raise ValueError(f"{file.label} row {n}: not JSON ({error}); a .json is an array of objects")
        if not following:
            return
        text += following
        if len(text) > LONGEST_LINE:
            raise ValueError(f"{file.label} row {n}: not JSON within {LONGEST_LINE:,} characters")


def first_value(text: str) -> tuple[object, int, str | None]:
    """Return the value with which a text begins, its end, and None; or what is wrong with it."""
    try:
        return *json.JSONDecoder().raw_decode(text), None
    except (ValueError, RecursionError) as error:
        return None, 0, str(error).splitlines()[0]


def at_least(texts: Iterator[str], n: int) -> str:
    """Return the following texts, together at least `n` characters and one text; empty at the end."""
    parts = [next(texts, "")]
    while parts[-1] and sum(map(len, parts)) < n:
        parts.append(next(texts, ""))
    return "".join(parts)
