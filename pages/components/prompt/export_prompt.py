"""Tables of the page Prompt: every firing (a neuron that fires at a token) with its feature, and the tokens."""

import numpy as np

from ne_core.atlas import Atlas
from ne_core.live.answers import TextRead
from pages.components.url.prompt_view import View
from pages.components.widgets import export
from pages.components.widgets.export import Table


def prompt_menu(atlas: Atlas, view: View, read: TextRead) -> None:
    tables = [
        Table(
            f"Firings: {len(read.fired):,} neurons at tokens, with features",
            "prompt-firings",
            lambda: firings(atlas, read),
        ),
        Table("Tokens of the text", "prompt-tokens", lambda: tokens(atlas, read)),
    ]
    export.menu(atlas, view.query(atlas), "prompt", tables=tables)


def firings(atlas: Atlas, read: TextRead):
    import pandas as pd

    fired = read.fired
    text = np.array(atlas.text(read.tokens[fired.pos]), dtype=object)
    columns = ("layer", "neuron", "activation", "share", "feature", "distance", "margin", "limit", "unlike")
    return pd.DataFrame({"pos": fired.pos, "token": text, **{name: getattr(fired, name) for name in columns}})


def tokens(atlas: Atlas, read: TextRead):
    import pandas as pd

    active = {f"active_layer_{layer}": row for layer, row in zip(read.layers.tolist(), read.n_active, strict=True)}
    return pd.DataFrame(
        {
            "pos": np.arange(len(read.tokens)),
            "token": atlas.text(read.tokens),
            "counted": read.counted,
            "log_probability": read.log_probability,
            **active,
        }
    )
