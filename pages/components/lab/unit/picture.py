"""Which picture is in court: a test image by number, the next wrong prediction, or one that is drawn here."""

import numpy as np
import streamlit as st
from jaxtyping import Int

from ne_core.atlas import Atlas
from pages.components.base.escape import markdown
from pages.components.cached.lab_data import mlp_outcome, run_outcome
from pages.components.lab.unit.lab_draw import lab_draw
from pages.components.url import location
from pages.components.url.lab_view import AMONG, View


def show_picture(atlas: Atlas, view: View) -> None:
    lab_draw(atlas, view)
    lab = atlas.lab
    if view.drawn is None:
        part = "training" if view.image < lab.facts["n_train"] else "test"
        name = markdown(lab.classes[int(lab.labels[view.image])])
        st.caption(f"Image {view.image} of the {part} set: **{name}**. Draw on it, or clear it and draw your own.")
    else:
        st.caption("Drawn here: the address holds it.")
    controls(atlas, view)


def controls(atlas: Atlas, view: View) -> None:
    lab, found = atlas.lab, stepped(atlas, view)
    st.session_state["_lab_image"], st.session_state["_lab_among"] = view.image, view.among

    def to(image: int) -> dict[str, str]:
        return view.to(image=image, drawn=None).query(atlas)

    st.number_input(
        "Image",
        0,
        len(lab.images) - 1,
        key="_lab_image",
        on_change=location.moved("_lab_image", to),
        help=f"The test set begins at image {lab.facts['n_train']}.",
    )
    st.selectbox(
        "Step through",
        list(AMONG),
        key="_lab_among",
        format_func=lambda name: f"{among_words(view, name)} ({len(among(atlas, view, name)):,})",
        on_change=location.moved(
            "_lab_among", lambda name: to_first(atlas, view.to(among=name)).query(atlas), list(AMONG)
        ),
    )
    with st.container(horizontal=True, gap="small"):
        for name, step, icon in (("Back", -1, ":material/arrow_back:"), ("On", 1, ":material/arrow_forward:")):
            image = beside(found, view.image, step)
            st.button(
                name,
                key=f"_lab_{name.lower()}",
                icon=icon,
                on_click=location.go,
                args=(to(view.image if image is None else image),),
                disabled=image is None or (image == view.image and view.drawn is None),
            )
    if view.drawn is None and view.image in found:
        st.caption(f"{int(np.searchsorted(found, view.image)) + 1:,} of {len(found):,}")


def among_words(view: View, name: str) -> str:
    return {
        "test": AMONG["test"],
        "mlp": "Wrong: the MLP by itself",
        "run": f"Wrong: through run {view.run}",
        "against": f"Wrong: through run {view.against}",
    }[name]


def among(atlas: Atlas, view: View, name: str) -> Int[np.ndarray, " k"]:
    """Test images, all of them or those whose prediction is wrong."""
    lab = atlas.lab
    test = np.arange(lab.facts["n_train"], len(lab.images))
    if name == "test":
        return test
    seen = mlp_outcome(atlas) if name == "mlp" else run_outcome(atlas, getattr(view, name))
    return test[seen.predicted[test] != lab.labels[test]]


def stepped(atlas: Atlas, view: View) -> Int[np.ndarray, " k"]:
    return among(atlas, view, view.among)


def to_first(atlas: Atlas, view: View) -> View:
    """The same picture where it is among them, else the first of them."""
    found = stepped(atlas, view)
    inside = not len(found) or (view.drawn is None and view.image in found)
    return view if inside else view.to(image=int(found[0]), drawn=None)


def beside(found: Int[np.ndarray, " k"], image: int, step: int) -> int | None:
    """The next (1) or the one before (−1) among ascending images, around the end; None without any."""
    if not len(found):
        return None
    at = np.searchsorted(found, image, side="right") if step > 0 else np.searchsorted(found, image) - 1
    return int(found[at % len(found)])
