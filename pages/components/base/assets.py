"""The JavaScript and CSS of a component, read from the files beside its Python; there is no build."""

import hashlib
import json
from pathlib import Path

import streamlit as st

HERE = Path(__file__).parent


def component(beside: str, name: str, html: str, parts: tuple[str, ...] = (), plain: bool = False):
    """The component `name`, made of {name}.js and {name}.css and what all components share. Call it once a process.

    They lie beside the Python file `beside` (`__file__`). `parts` names further .js files that it is made of, which lie
    there or in this folder. Its `data` go to the browser packed, and `unpacked` in shared.js
    takes them out: Streamlit writes JSON twice for every view, to send it and to tell it from another. `plain` leaves
    them as they are.
    """
    folder = Path(beside).parent
    css = (HERE / "shared.css").read_text() + (folder / f"{name}.css").read_text()
    js = "".join(path.read_text() for path in scripts(folder, (*parts, name)))
    mounted = st.components.v2.component(f"ne_{name}", html=html, css=css, js=js)
    return mounted if plain else lambda data, **named: mounted(data=packed(data), **named)


def scripts(folder: Path, names: tuple[str, ...]) -> list[Path]:
    """The files of a component's module, in order."""
    beside = [folder / f"{name}.js" for name in names]
    return [HERE / "shared.js", *(path if path.exists() else HERE / path.name for path in beside)]


def packed(data: object) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode("ascii")


def drawn_key(drawn: object) -> str:
    """Changes when what is drawn does; a component leaves alone what it has drawn already."""
    return hashlib.sha1(packed(drawn)).hexdigest()
