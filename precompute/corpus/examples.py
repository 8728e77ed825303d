"""Documents to examples: windows of n_ctx tokens as the model expects them, and which tokens may be key tokens."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from jaxtyping import Bool, Int
from transformers import PreTrainedTokenizerBase

from ne_core.atlas.documents import DocumentTable
from precompute.corpus.fields import Template
from precompute.corpus.pieces import Cutter
from precompute.corpus.sources import Document, DocumentList
from precompute.run.progress import OnProgress, silent

DOCUMENTS_AT_ONCE = 64
CHARS_AT_ONCE = 2**19  # a tokenizer needs some 130 bytes a character
PACKINGS = ("packed", "one")


@dataclass(frozen=True)
class Examples:
    """Examples in corpus order, right-padded; `lengths` includes special tokens.

    `sha256` is the hash of the documents used, each followed by a NUL; `n_documents` counts them, `n_empty` those
    skipped. `documents` has their places and names; None for texts without sources.
    """

    tokens: Int[np.ndarray, "n_examples n_ctx"]
    lengths: Int[np.ndarray, " n_examples"]
    packing: str
    special_ids: Int[np.ndarray, " n_special"]
    n_documents: int
    n_empty: int
    sha256: str
    documents: DocumentTable | None = None


def make_examples(
    documents: Iterable[str | Document],
    tokenizer: PreTrainedTokenizerBase,
    n_examples: int,
    n_ctx: int,
    packing: str = "packed",
    progress: OnProgress = silent,
) -> Examples:
    """Return up to `n_examples` examples; fewer if the documents run out.

    "packed": documents one after the other, a separator (the tokenizer's sep or eos) after each, cut into windows.
    "one": one document an example, cut at the context, padded. An example starts with the tokenizer's cls or bos, if it
    has one, and ends with its sep if it has a cls. Special tokens spelled out in a document are read as text, except
    where a chat template wrote them.
    """
    frame = _Frame.of(tokenizer, n_ctx)
    if packing not in PACKINGS:
        raise ValueError(f"packing={packing!r}: use one of {', '.join(PACKINGS)}")
    reader = _Reader(documents, tokenizer, most=None if packing == "packed" else frame.room)
    sources = DocumentList()
    contents = (_packed if packing == "packed" else _one)(reader, frame, sources)
    framed = []
    for ids in islice(contents, n_examples):
        framed.append(frame.start + ids + frame.end)
        progress(len(framed), n_examples)
    if not framed:
        raise ValueError(f"the corpus has no text ({reader.n_empty} empty documents); at least one document is needed")
    lengths = np.array([len(ids) for ids in framed], np.int32)
    tokens = np.full((len(framed), n_ctx), frame.padding, np.int32)
    for row, ids in zip(tokens, framed, strict=True):
        row[: len(ids)] = ids
    counts = reader.n_documents, reader.n_empty
    table = sources.documents(n_ctx)
    return Examples(tokens, lengths, packing, special_ids(tokenizer), *counts, reader.sha256, table)


def document_windows(
    documents: Iterable[str | Document], tokenizer: PreTrainedTokenizerBase, n_ctx: int
) -> Iterator[tuple[int, int, list[int]]]:
    """Yield the windows of all documents, each with the special tokens of an example; no window has two documents.

    A window is yielded as the number of its document, its number in the document, and its tokens. Documents without
    tokens have a number, too.
    """
    frame, reader = _Frame.of(tokenizer, n_ctx), _Reader(documents, tokenizer)
    number, pending = 0, []
    for ids, is_last in reader:
        pending += ids
        while len(pending) > frame.room or (is_last and pending):
            yield reader.number, number, frame.start + pending[: frame.room] + frame.end
            number, pending = number + 1, pending[frame.room :]
        number = 0 if is_last else number


def special_ids(tokenizer: PreTrainedTokenizerBase) -> Int[np.ndarray, " n_special"]:
    """Return ids that represent no text: bos, eos, padding, mask and others that the tokenizer marks as special."""
    marked = {id for id, token in tokenizer.added_tokens_decoder.items() if token.special}
    return np.array(sorted(marked | set(tokenizer.all_special_ids)), np.int32)


def chat_template(tokenizer: PreTrainedTokenizerBase) -> Template | None:
    """Return the function from the turns of a chat to its text, without the bos that every example has; or None."""
    if not getattr(tokenizer, "chat_template", None):
        return None
    return lambda turns: tokenizer.apply_chat_template(turns, tokenize=False).removeprefix(tokenizer.bos_token or "")


def end_of_text(tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """Return the tokenizer's end-of-text tokens."""
    return [token for token in (tokenizer.eos_token, tokenizer.sep_token) if token]


def may_be_key(
    tokens: Int[np.ndarray, "n_examples n_ctx"],
    lengths: Int[np.ndarray, " n_examples"],
    special_ids: Int[np.ndarray, " n_special"],
) -> Bool[np.ndarray, "n_examples n_ctx"]:
    """Return a mask of METHOD §2: not position 0, not special tokens, not padding."""
    pos = np.arange(tokens.shape[1])
    return (pos > 0) & (pos < lengths[:, None]) & ~np.isin(tokens, special_ids)


@dataclass(frozen=True)
class _Frame:
    """Special tokens around the text of every example, and the number of tokens left for text."""

    start: list[int]
    end: list[int]
    separator: list[int]
    padding: int
    room: int
    n_ctx: int

    @classmethod
    def of(cls, tokenizer: PreTrainedTokenizerBase, n_ctx: int) -> "_Frame":
        encoder = tokenizer.cls_token_id is not None
        start = _ids(tokenizer.cls_token_id if encoder else tokenizer.bos_token_id)
        end = _ids(tokenizer.sep_token_id) if encoder else []
        separator = end or _ids(tokenizer.eos_token_id)
        padding = (_ids(tokenizer.pad_token_id) or separator or [0])[0]
        room = n_ctx - len(start) - len(end)
        if room < 2:
            raise ValueError(f"a context of {n_ctx} tokens leaves no room for text; use at least {n_ctx + 2 - room}")
        return cls(start, end, separator, padding, room, n_ctx)

    def position(self, example: int, n_before: int) -> int:
        """Return the position of a document with `n_before` tokens before it in an example, over all examples.

        A document at the start of an example has its special tokens, too.
        """
        return example * self.n_ctx + (len(self.start) + n_before if n_before else 0)


@dataclass
class _Document:
    """A document and the number of its tokens read so far; counted and hashed with its first tokens."""

    text: str
    source: Document | None
    n_ids: int = 0

    @property
    def is_chat(self) -> bool:
        return self.source is not None and self.source.is_chat

    @classmethod
    def of(cls, document: str | Document) -> "_Document":
        return cls(document.text, document) if isinstance(document, Document) else cls(document, None)


class _Reader:
    """Tokens of documents, a piece at a time, hashing and counting documents as they are used.

    Yields each piece's tokens and whether its document ends there; documents without tokens are skipped. Tokens beyond
    `most` of a document may be omitted. `begun` is the source of a document with its first tokens, None otherwise.
    """

    def __init__(
        self, documents: Iterable[str | Document], tokenizer: PreTrainedTokenizerBase, most: int | None = None
    ):
        self._documents, self._cutter, self._most = documents, Cutter(tokenizer), most
        self._sha = hashlib.sha256()
        self.n_documents = self.n_empty = 0
        self.begun: Document | None = None

    @property
    def sha256(self) -> str:
        return self._sha.hexdigest()

    @property
    def number(self) -> int:
        """Number of the document that is being read, from 0; skipped documents are counted."""
        return self.n_documents + self.n_empty - 1

    def __iter__(self) -> Iterator[tuple[list[int], bool]]:
        for batch in batches(self._pieces()):
            encoded = self._cutter.ids([piece for _, piece, _ in batch], batch[0][0].is_chat)
            for (document, _, is_last), ids in zip(batch, encoded, strict=True):
                self.begun = None
                if ids and (document.n_ids or document.text.strip()):
                    self._use(document, len(ids))
                if document.n_ids:
                    yield ids, is_last
                self.n_empty += is_last and not document.n_ids

    def _pieces(self) -> Iterator[tuple[_Document, str, bool]]:
        for each in self._documents:
            document = _Document.of(each)
            pieces = self._cutter.pieces(document.text)
            piece = next(pieces)
            for following in pieces:
                yield document, piece, False
                piece = following
                if self._most is not None and document.n_ids >= self._most:
                    break
            yield document, piece, True

    def _use(self, document: _Document, n_ids: int) -> None:
        if not document.n_ids:
            self._sha.update(document.text.encode() + b"\0")
            self.n_documents += 1
            self.begun = document.source
        document.n_ids += n_ids


def batches(pieces: Iterable[tuple[_Document, str, bool]]) -> Iterator[list[tuple[_Document, str, bool]]]:
    """Group pieces up to a number of pieces or characters, to be tokenized together; chats are apart from texts."""
    batch, n_chars = [], 0
    for each in pieces:
        if batch and batch[0][0].is_chat != each[0].is_chat:
            yield batch
            batch, n_chars = [], 0
        batch.append(each)
        n_chars += len(each[1])
        if len(batch) == DOCUMENTS_AT_ONCE or n_chars >= CHARS_AT_ONCE:
            yield batch
            batch, n_chars = [], 0
    if batch:
        yield batch


def _packed(reader: _Reader, frame: _Frame, sources: DocumentList) -> Iterator[list[int]]:
    """Yield windows over all documents; each document is added to `sources` with the place at which it starts."""
    pending: list[int] = []
    n_yielded = 0
    for ids, is_last in reader:
        if reader.begun:
            sources.add(frame.position(n_yielded, len(pending)), reader.begun.group, reader.begun.name)
        pending += ids + (frame.separator if is_last else [])
        whole = len(pending) // frame.room * frame.room
        for start in range(0, whole, frame.room):
            yield pending[start : start + frame.room]
        del pending[:whole]
        n_yielded += whole // frame.room
    if pending:
        yield pending


def _one(reader: _Reader, frame: _Frame, sources: DocumentList) -> Iterator[list[int]]:
    """Yield the first tokens of every document, which is added to `sources`."""
    first: list[int] = []
    n_yielded = 0
    for ids, is_last in reader:
        if reader.begun:
            sources.add(frame.position(n_yielded, 0), reader.begun.group, reader.begun.name)
        first += ids[: frame.room - len(first)]
        if is_last:
            yield first
            first, n_yielded = [], n_yielded + 1


def _ids(id: int | None) -> list[int]:
    return [] if id is None else [id]
