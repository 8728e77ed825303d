"""From a corpus to the tokens that a model reads, and back from tokens to what a reader sees.

documents.py    a corpus by name or file -> its documents, streamed
files.py        the kinds of files: what a document is in each
decoding.py     bytes -> text, whatever the encoding, in bounded blocks; what is no text is refused
pieces.py       a long document in pieces of the same tokens
examples.py     documents -> examples of n_ctx tokens, and which of their tokens may be key tokens
vocabulary.py   a tokenizer -> the text of every token, so that nobody needs the tokenizer later
"""

from precompute.corpus.documents import Documents, read_documents
from precompute.corpus.examples import Examples, document_windows, end_of_text, make_examples, may_be_key, special_ids
from precompute.corpus.vocabulary import vocabulary

__all__ = [
    "Documents",
    "Examples",
    "document_windows",
    "end_of_text",
    "make_examples",
    "may_be_key",
    "read_documents",
    "special_ids",
    "vocabulary",
]
