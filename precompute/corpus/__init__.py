"""Corpus to tokens that a model reads, and tokens back to readable text.

documents.py    a corpus by name or file -> its documents, streamed
text_files.py   files that a corpus names: one, several, a folder, a pattern, files of the hub
compressed.py   gzip, zstd and xz as bounded streams
files.py        texts and records of JSON -> documents
tables.py       .csv, .tsv, .parquet and .arrow -> documents
fields.py       the text of a record: fields within fields, lists, chats
data_sets.py    data sets of the hub by name
file_kinds.py   file formats recognised by their first bytes
sources.py      sources of documents: names of packages, files, lines and rows
decoding.py     bytes -> text of any encoding, in bounded blocks; binary files are refused
pieces.py       a long document in pieces that give the same tokens
examples.py     documents -> examples of n_ctx tokens, and which of their tokens may be key tokens
vocabulary.py   a tokenizer -> the text of every token, so that the tokenizer is not needed later
rendered.py     the same for tokenizers written in Python
offline.py      the offline corpus: documentation strings of installed packages
"""

from precompute.corpus.documents import Documents, corpus_name, group_kind, read_documents
from precompute.corpus.examples import (
    Examples,
    chat_template,
    document_windows,
    end_of_text,
    make_examples,
    may_be_key,
    special_ids,
)
from precompute.corpus.text_files import file_facts
from precompute.corpus.vocabulary import vocabulary

__all__ = [
    "Documents",
    "Examples",
    "chat_template",
    "corpus_name",
    "document_windows",
    "end_of_text",
    "file_facts",
    "group_kind",
    "make_examples",
    "may_be_key",
    "read_documents",
    "special_ids",
    "vocabulary",
]
