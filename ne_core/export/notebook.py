"""A feature as a notebook shows it: its name, numbers and examples, as HTML without script. Texts are escaped."""

from dataclasses import dataclass
from html import escape

import numpy as np

from ne_core.atlas import Atlas
from ne_core.export.feature_text import feature_name
from ne_core.export.token_html import line_html
from ne_core.export.window_text import window_lines
from ne_core.queries.maximum import maximum
from ne_core.refs import FeatureRef
from ne_core.text.token_text import visible

EXAMPLES = 10
LOOK = (
    ".ne-feature li{font:.85rem/2 monospace;overflow-wrap:anywhere}"
    ".ne-feature bdi{white-space:pre-wrap;border-radius:3px;"
    "background:color-mix(in srgb,#e8893a calc(var(--a,0)*72%),transparent)}"
    ".ne-feature .key{font-weight:700;outline:1.5px solid currentColor}.ne-feature .after{opacity:.62}"
    ".ne-feature .up,.ne-feature .down{border-bottom:calc(1px + var(--m)*3px) solid #4a7fd4}"
    ".ne-feature .down{border-bottom-style:dashed}"
)


@dataclass(frozen=True)
class FeatureView:
    """A feature of an atlas, at the atlas's cut; the last expression of a notebook's cell is drawn."""

    atlas: Atlas
    ref: FeatureRef
    examples: int = EXAMPLES

    def __repr__(self) -> str:
        return f"{self.ref}: {self.name}, {len(self.rows):,} examples"

    @property
    def name(self) -> str:
        """Name of the feature, as the pages have it; not escaped."""
        return feature_name(self.atlas, self.atlas.feature_id(self.ref))

    @property
    def rows(self) -> np.ndarray:
        """Rows of its examples within the neuron, the highest activation first."""
        neuron = self.atlas.neuron(self.ref.of)
        rows = np.flatnonzero(neuron.feature == self.ref.feature)
        return rows[np.argsort(-neuron.activation[rows].astype(np.float64), kind="stable")]

    def _repr_html_(self) -> str:
        rows = self.rows
        head = f"<b>{escape(str(self.ref))}</b> {escape(visible(self.name))}, {len(rows):,} examples"
        return f'<div class="ne-feature"><style>{LOOK}</style><p>{head}</p>{self.list_html(rows)}</div>'

    def list_html(self, rows: np.ndarray) -> str:
        """List of the first examples; an atlas of images has numbers only."""
        if self.atlas.images is not None:
            return ""
        neuron, causal = self.atlas.neuron(self.ref.of), bool(self.atlas.manifest.model.causal)
        lines = window_lines(self.atlas, neuron, rows[: self.examples].tolist())
        highest = maximum(self.atlas, self.ref.of)
        return f"<ol>{''.join(f'<li>{line_html(line, highest, causal)}</li>' for line in lines)}</ol>"


def feature(atlas: Atlas, ref: FeatureRef, examples: int = EXAMPLES) -> FeatureView:
    """Return a feature to show in a notebook. Raises KeyError for a feature that is not there."""
    atlas.feature_id(ref)
    return FeatureView(atlas, ref, examples)
