"""Corpus to tokens that a model reads, and tokens back to readable text.

documents.py    a corpus by name or file -> its documents, streamed
files.py        file formats, and what a document is in each
file_kinds.py   file formats recognised by their first bytes
sources.py      sources of documents: names of packages, files, lines and rows
decoding.py     bytes -> text of any encoding, in bounded blocks; binary files are refused
pieces.py       a long document in pieces that give the same tokens
examples.py     documents -> examples of n_ctx tokens, and which of their tokens may be key tokens
vocabulary.py   a tokenizer -> the text of every token, so that the tokenizer is not needed later
rendered.py     the same for tokenizers written in Python
offline.py      the offline corpus: documentation strings of installed packages
"""

from precompute.corpus.documents import Documents, group_kind, read_documents
from precompute.corpus.examples import Examples, document_windows, end_of_text, make_examples, may_be_key, special_ids
from precompute.corpus.vocabulary import vocabulary

__all__ = [
    "Documents",
    "Examples",
    "document_windows",
    "end_of_text",
    "group_kind",
    "make_examples",
    "may_be_key",
    "read_documents",
    "special_ids",
    "vocabulary",
]
