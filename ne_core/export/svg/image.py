"""An image as inline SVG, one rectangle for each run of equal pixels, for static exports."""

from html import escape

import numpy as np
from jaxtyping import UInt8


def image_svg(pixels: UInt8[np.ndarray, "height width"], brightest: int, words: str) -> str:
    """Draw pixels from black at 0 to white at `brightest`; `words` are the text alternative."""
    height, width = pixels.shape
    head = f'<svg class="image" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(words)}"'
    ground = f'<rect width="{width}" height="{height}"/>'
    return f'{head} shape-rendering="crispEdges">{ground}{"".join(pixel_runs(pixels, brightest))}</svg>'


def pixel_runs(pixels: UInt8[np.ndarray, "height width"], brightest: int) -> list[str]:
    """Draw runs of equal pixels, leaving out black ones."""
    rectangles = []
    for y, row in enumerate(pixels.astype(np.int64)):
        starts = np.flatnonzero(np.diff(row, prepend=-1))
        for x, end in zip(starts.tolist(), [*starts[1:].tolist(), len(row)], strict=True):
            level = round(255 * min(1.0, int(row[x]) / brightest))
            if level:
                colour = f"#{level:02x}{level:02x}{level:02x}"
                rectangles.append(f'<rect x="{x}" y="{y}" width="{end - x}" height="1" fill="{colour}"/>')
    return rectangles
