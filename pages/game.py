"""Page “Game”: find the example of a sibling feature among six. The URL holds the game and the question."""

import streamlit as st

from pages.components.cached.intruder import game_of
from pages.components.game.controls import controls
from pages.components.game.empty import show_few_questions, show_no_questions
from pages.components.game.question import show_question
from pages.components.shell.frame import open_page
from pages.components.shell.nav import ensure_router
from pages.components.url import location
from pages.components.url.game_view import View
from pages.components.url.tab import tab

ensure_router()
atlas = open_page("game")
request = location.read(atlas.slug)
view = View.read(request, atlas)
location.settle(request, view.query(atlas))
tab(f"Intruder game {view.seed}", f"question {view.question + 1}", atlas.slug)
st.title("Intruder game", anchor=False)
request.show_problems()
controls(atlas, view)
game = game_of(atlas, view.seed, view.level)
if game.questions:
    show_few_questions(atlas, game)
    show_question(atlas, view, game)
else:
    show_no_questions(atlas, view)
