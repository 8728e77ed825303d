"""Effect of removed meanings: next tokens and activations, unchanged, removed, and with a random direction removed."""

import numpy as np
import streamlit as st

from ne_core.atlas import Atlas
from ne_core.atlas.names import ref_name
from ne_core.live.answers import RUNS, TakenOut, TextRead
from ne_core.live.requests import WHOLE, Removal, TakeOut
from ne_core.numbers import signed
from ne_core.refs import FeatureRef, NeuronRef
from ne_core.text.token_text import visible
from pages.components.base.escape import markdown
from pages.components.prompt import requesting
from pages.components.prompt.answered import show_answer
from pages.components.prompt.next_tokens import TITLES, compared_tokens
from pages.components.url import location
from pages.components.url.prompt_view import WHERE, View
from pages.components.widgets.chips import Chip, chips

CHANGED = 20  # changed activations in the table


def show_taken_out(atlas: Atlas, view: View, read: TextRead) -> None:
    st.subheader("Removed meanings", anchor=False)
    removed = [Chip(f"{removal_name(atlas, each)}  ✕", view.restored(each).href(atlas)) for each in view.removed]
    chips([*removed, Chip("Restore all", view.to(out=None).href(atlas))], name="removed",
          label="Meanings that are removed; a click restores one")  # fmt: skip
    pick_where(atlas, view)
    pos = view.pos if view.where == "here" else None
    answer = requesting.answer(atlas, TakeOut(view.text, view.removed, pos, view.pos))
    show_answer(answer, lambda: show_effect(atlas, read, answer))


def removal_name(atlas: Atlas, removal: Removal) -> str:
    if removal.feature == WHOLE:
        return f"{ref_name(atlas.manifest, NeuronRef(removal.layer, removal.neuron))}, whole"
    return ref_name(atlas.manifest, FeatureRef(removal.layer, removal.neuron, removal.feature))


def pick_where(atlas: Atlas, view: View) -> None:
    st.session_state["_prompt_where"] = view.where
    st.segmented_control(
        "Where meanings are removed",
        list(WHERE),
        key="_prompt_where",
        format_func=WHERE.get,
        required=True,
        label_visibility="collapsed",
        on_change=location.moved("_prompt_where", lambda where: view.to(where=where).query(atlas), list(WHERE)),
    )


def show_effect(atlas: Atlas, read: TextRead, effect: TakenOut) -> None:
    st.markdown(markdown(effect.summary))
    for note in effect.notes:
        st.caption(markdown(note))
    left, right = st.columns(2, gap="medium")
    with left:
        token = visible(atlas.vocab[int(read.tokens[effect.next_after])])
        st.markdown(f"**Next token after “{markdown(token)}”**")
        compared_tokens(atlas, effect)
        st.caption(
            "Probabilities by the unchanged model, with the meanings removed, and with a vector of the same length in "
            "a random direction removed instead. A single neuron usually changes little."
        )
    with right:
        st.markdown("**Changed activations**")
        st.markdown(changed_table(atlas, read, effect))
        st.markdown(markdown(rest_of_text(effect)))


def changed_table(atlas: Atlas, read: TextRead, effect: TakenOut) -> str:
    """Activations in the three runs, as a Markdown table."""
    lines = [f"| | {' | '.join(TITLES[run] for run in RUNS)} |", "|---|--:|--:|--:|"]
    for i in range(min(CHANGED, len(effect.changed_pos))):
        ref = NeuronRef(int(effect.changed_layer[i]), int(effect.changed_neuron[i]))
        token = visible(atlas.vocab[int(read.tokens[effect.changed_pos[i]])])
        name = markdown(f"{ref_name(atlas.manifest, ref)} at “{token}”").replace("|", "\\|")
        lines.append(f"| {name} | " + " | ".join(f"{value:.2f}" for value in effect.changed_activation[:, i]) + " |")
    return "\n".join(lines)


def rest_of_text(effect: TakenOut) -> str:
    """Sentence on the text's own tokens: the mean change of their log-probability."""
    known = np.isfinite(effect.log_probability).all(axis=0)
    if not known.any():
        return ""
    changes = (effect.log_probability[1:] - effect.log_probability[0])[:, known].mean(axis=1)
    return (
        f"Mean change of the log-probability of the text’s own {int(known.sum()):,} tokens: "
        f"{signed(float(changes[0]))} nats, {signed(float(changes[1]))} with the random direction."
    )
