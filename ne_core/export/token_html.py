"""Tokens and their numbers as safe, highlighted HTML without script, for static exports."""

from html import escape

import numpy as np

from ne_core.export.window_text import Line
from ne_core.half import number, signed

FAINT = 0.03  # an importance below this is not drawn


def line_html(line: Line, maximum: float, causal: bool) -> str:
    """Return the tokens of an example: background for activation, underline for importance, key token outlined."""
    return "".join(token_html(line, i, maximum, causal) for i in range(len(line.tokens)))


def token_html(line: Line, i: int, maximum: float, causal: bool) -> str:
    """Return one token in <bdi>, which keeps its text direction from reordering its neighbours."""
    share, importance = level(line.activations[i], maximum), float(line.importances[i])
    classes, style = [], []
    if share > 0.02:
        style.append(f"--a:{share:.2f}")
    if np.isfinite(importance) and abs(importance) >= FAINT:
        classes.append("up" if importance > 0 else "down")
        style.append(f"--m:{min(1.0, abs(importance)):.2f}")
    if i == line.key:
        classes.append("key")
    elif i > line.key and causal:
        classes.append("after")
    attributes = (f' class="{" ".join(classes)}"' if classes else "") + (f' style="{";".join(style)}"' if style else "")
    return f'<bdi{attributes} title="{escape(words(line, i))}">{escape(line.tokens[i])}</bdi>'


def level(activation: float, maximum: float) -> float:
    """Activation from 0 for none to 1 for the neuron's maximum."""
    return float(np.clip(activation / maximum, 0, 1)) if np.isfinite(activation) and maximum > 0 else 0.0


def words(line: Line, i: int) -> str:
    """Return a token's numbers, for its tooltip."""
    activation_text = (
        f"activation {number(line.activations[i])}" if np.isfinite(line.activations[i]) else "activation not known"
    )
    return activation_text + (f", importance {signed(line.importances[i])}" if np.isfinite(line.importances[i]) else "")
