"""The JavaScript and CSS of a component, read from the files beside its Python; there is no build."""

import hashlib
import json
from pathlib import Path

import streamlit as st

HERE = Path(__file__).parent


def component(name: str, html: str, parts: tuple[str, ...] = (), plain: bool = False):
    """The component `name`, made of {name}.js and {name}.css and what all components share. Call it once a process.

    `parts` names further .js files that it is made of. Its `data` go to the browser packed, and `unpacked` in shared.js
    takes them out: Streamlit writes JSON twice for every view, to send it and to tell it from another. `plain` leaves
    them as they are.
    """
    css = "".join((HERE / f"{each}.css").read_text() for each in ("shared", name))
    js = "".join((HERE / f"{each}.js").read_text() for each in ("shared", *parts, name))
    mounted = st.components.v2.component(f"ne_{name}", html=html, css=css, js=js)
    return mounted if plain else lambda data, **named: mounted(data=packed(data), **named)


def packed(data: object) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode("ascii")


def drawn_key(drawn: object) -> str:
    """Changes when what is drawn does; a component leaves alone what it has drawn already."""
    return hashlib.sha1(packed(drawn)).hexdigest()
