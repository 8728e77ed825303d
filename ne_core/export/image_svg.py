"""An image as inline SVG, a rectangle a run of equal pixels, for static exports: nothing is fetched."""

from html import escape

import numpy as np
from jaxtyping import UInt8


def image_svg(pixels: UInt8[np.ndarray, "height width"], brightest: int, words: str) -> str:
    """From black at 0 to white at `brightest`, as the page draws it; `words` say what it shows."""
    height, width = pixels.shape
    head = f'<svg class="image" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(words)}"'
    ground = f'<rect width="{width}" height="{height}"/>'
    return f'{head} shape-rendering="crispEdges">{ground}{"".join(rows(pixels, brightest))}</svg>'


def rows(pixels: UInt8[np.ndarray, "height width"], brightest: int) -> list[str]:
    """Runs of equal pixels, those that are black left out."""
    made = []
    for y, row in enumerate(pixels.astype(np.int64)):
        starts = np.flatnonzero(np.diff(row, prepend=-1))
        for x, end in zip(starts.tolist(), [*starts[1:].tolist(), len(row)], strict=True):
            level = round(255 * min(1.0, int(row[x]) / brightest))
            if level:
                colour = f"#{level:02x}{level:02x}{level:02x}"
                made.append(f'<rect x="{x}" y="{y}" width="{end - x}" height="1" fill="{colour}"/>')
    return made
