"""Messages about a game with few questions or none."""

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.method.classes import FEW
from ne_core.queries.intruder import ACTIVATION, FIVE, KEY_TOKEN, QUESTIONS, Game
from pages.components.game.controls import titles
from pages.components.url.game_view import View
from pages.components.widgets.chips import Chip, chips


def show_no_questions(atlas: Atlas, view: View) -> None:
    """Say which neurons a game needs, and link the other level or name what an atlas needs."""
    words = atlas.manifest.vocabulary
    alike = f" with a {words.key_token} in common" if view.level == KEY_TOKEN else ""
    needs = f"no {words.unit} has a feature of {FIVE} or more examples and another of {FEW} or more{alike}"
    if view.level == KEY_TOKEN:
        st.markdown(f"This level has no questions: {needs}. The other level needs no {words.key_token} in common.")
        other = Chip(f"Level {titles(atlas)[ACTIVATION]}", view.game(level=ACTIVATION).href(atlas))
        chips([other], name="level", label="Another level")
    else:
        better = "a larger `--max-examples` or a lower `--cut` makes such features"
        st.markdown(f"This atlas has no questions: {needs}. Build it again: {better}.")


def show_few_questions(atlas: Atlas, game: Game) -> None:
    n, units = len(game.questions), atlas.manifest.vocabulary.units
    if n < QUESTIONS:
        tried = f"all that this atlas has at this level; {game.n_drawn:,} {units} were tried"
        st.caption(f"This game has only {n} question{'s' * (n != 1)}, {tried}.")
