"""Controls of the game: the level, and another game. Each changes the URL."""

import random

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.queries.intruder import ACTIVATION, KEY_TOKEN, LEVELS
from pages.components.url import location
from pages.components.url.game_view import SEEDS, View


def titles(atlas: Atlas) -> dict[str, str]:
    """Titles of the levels."""
    return {ACTIVATION: "Activation", KEY_TOKEN: atlas.manifest.vocabulary.key_token.capitalize()}


def rule(atlas: Atlas, level: str) -> str:
    """Sentence on how the intruder of a level is chosen."""
    words = atlas.manifest.vocabulary
    among = f"examples with the {words.key_token} of one of the five" if level == KEY_TOKEN else "examples"
    return f"Of the {among}, the intruder is the one nearest to their median activation."


def controls(atlas: Atlas, view: View) -> None:
    words = atlas.manifest.vocabulary
    st.markdown(
        f"Five of these {words.text}s are examples of one feature of a {words.unit}. The sixth is one of another "
        f"feature of the same {words.unit}: which one?"
    )
    st.session_state["_game_level"] = view.level
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.segmented_control(
            "Level",
            LEVELS,
            key="_game_level",
            format_func=titles(atlas).get,
            required=True,
            help=" ".join(f"**{title}**: {rule(atlas, level)}" for level, title in titles(atlas).items()),
            on_change=location.moved("_game_level", lambda level: view.game(level=level).query(atlas), LEVELS),
        )
        st.button("New game", key="_new_game", icon=":material/casino:", on_click=new_game, args=(atlas, view))


def new_game(atlas: Atlas, view: View) -> None:
    """Move to a game with another seed."""
    seed = random.choice(SEEDS)
    location.go(view.game(seed=seed).query(atlas))
