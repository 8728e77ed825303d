"""The JavaScript and CSS of a component, read from the files beside its Python; there is no build."""

import hashlib
import json
from pathlib import Path

import streamlit as st

HERE = Path(__file__).parent


def component(module_file: str, name: str, html: str, parts: tuple[str, ...] = (), plain: bool = False):
    """Register the component `name`, made of {name}.js, {name}.css and the shared files. Call once per process.

    The files are in the folder of the Python file `module_file` (`__file__`). `parts` names further .js files of the
    component, in that folder or in this one. Its `data` is sent as packed JSON, which `unpacked` in shared.js decodes:
    Streamlit would serialise a dict twice for every view, to send it and to compare it. `plain` skips the packing.
    """
    folder = Path(module_file).parent
    css = (HERE / "shared.css").read_text() + (folder / f"{name}.css").read_text()
    js = "".join(path.read_text() for path in scripts(folder, (*parts, name)))
    mounted = st.components.v2.component(f"ne_{name}", html=html, css=css, js=js)
    return mounted if plain else lambda data, **options: mounted(data=packed(data), **options)


def scripts(folder: Path, names: tuple[str, ...]) -> list[Path]:
    """Files of a component's JavaScript module, in order."""
    paths = [folder / f"{name}.js" for name in names]
    return [HERE / "shared.js", *(path if path.exists() else HERE / path.name for path in paths)]


def packed(data: object) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode("ascii")


def drawn_key(drawn: object) -> str:
    """Hash of what a component draws: a component with the same key keeps its drawing."""
    return hashlib.sha1(packed(drawn)).hexdigest()
