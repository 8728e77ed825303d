"""Choice of the picture: an image by number, the next or previous wrong prediction, or a drawing."""

import numpy as np
import streamlit as st
from jaxtyping import Int

from ne_core.atlas import Atlas
from pages.components.base.escape import markdown
from pages.components.cached.lab_data import mlp_outcome, run_outcome
from pages.components.lab.unit.draw import show_canvas
from pages.components.url import location
from pages.components.url.lab_view import AMONG, View


def show_picture(atlas: Atlas, view: View) -> None:
    show_canvas(atlas, view)
    lab = atlas.lab
    if view.drawn is None:
        part = "training" if view.image < lab.facts["n_train"] else "test"
        name = markdown(lab.classes[int(lab.labels[view.image])])
        st.caption(f"Image {view.image} of the {part} set: **{name}**. Draw on it, or clear it to draw a new one.")
    else:
        st.caption("A drawn picture; its pixels are part of the address.")
    controls(atlas, view)


def controls(atlas: Atlas, view: View) -> None:
    lab, images = atlas.lab, stepped_images(atlas, view)
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
        format_func=lambda name: f"{among_words(view, name)} ({len(images_among(atlas, view, name)):,})",
        on_change=location.moved(
            "_lab_among", lambda name: to_first(atlas, view.to(among=name)).query(atlas), list(AMONG)
        ),
    )
    with st.container(horizontal=True, gap="small"):
        for name, step, icon in (("Previous", -1, ":material/arrow_back:"), ("Next", 1, ":material/arrow_forward:")):
            image = neighbour(images, view.image, step)
            st.button(
                f"{name} image",
                key=f"_lab_{name.lower()}",
                icon=icon,
                on_click=location.go,
                args=(to(view.image if image is None else image),),
                disabled=image is None or (image == view.image and view.drawn is None),
            )
    if view.drawn is None and view.image in images:
        st.caption(f"{int(np.searchsorted(images, view.image)) + 1:,} of {len(images):,}")


def among_words(view: View, name: str) -> str:
    return {
        "test": AMONG["test"],
        "mlp": "Wrong: the MLP alone",
        "run": f"Wrong: through run {view.run}",
        "against": f"Wrong: through run {view.against}",
    }[name]


def images_among(atlas: Atlas, view: View, name: str) -> Int[np.ndarray, " k"]:
    """Return the test images, all or those with a wrong prediction, in ascending order."""
    lab = atlas.lab
    test = np.arange(lab.facts["n_train"], len(lab.images))
    if name == "test":
        return test
    outcome = mlp_outcome(atlas) if name == "mlp" else run_outcome(atlas, getattr(view, name))
    return test[outcome.predicted[test] != lab.labels[test]]


def stepped_images(atlas: Atlas, view: View) -> Int[np.ndarray, " k"]:
    return images_among(atlas, view, view.among)


def to_first(atlas: Atlas, view: View) -> View:
    """Return the view with the same picture if it is among the images, else with the first of them."""
    images = stepped_images(atlas, view)
    inside = not len(images) or (view.drawn is None and view.image in images)
    return view if inside else view.to(image=int(images[0]), drawn=None)


def neighbour(images: Int[np.ndarray, " k"], image: int, step: int) -> int | None:
    """Return the next (1) or previous (−1) of ascending images, wrapping around; None if there are none."""
    if not len(images):
        return None
    index = np.searchsorted(images, image, side="right") if step > 0 else np.searchsorted(images, image) - 1
    return int(images[index % len(images)])
