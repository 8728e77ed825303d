"""The same inputs with a share of their tokens' parts (ne_core/method/token_part.py), as pools of vectors."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ne_core.method.embeddings import Embedder
from ne_core.method.token_part import SHARES, TokenPart
from precompute.evaluate.planted.sources import Pool


def token_pools(pool: Pool, part: TokenPart, embedder: Embedder) -> Iterator[tuple[str, Pool]]:
    """Yield each embedding's name and a pool whose x are its vectors."""
    s = embedder.standardised(np.asarray(pool.x, dtype=np.float32))
    for name, alpha in SHARES.items():
        yield name, replace(pool, x=part.keep(s, pool.token, alpha))
