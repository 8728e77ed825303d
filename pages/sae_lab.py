"""Page “SAE lab”: an image classifier, its sparse autoencoders with and without the NE loss, and their units."""

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.errors import AtlasError
from pages.components.base.escape import markdown
from pages.components.cached.lab_data import mlp_outcome
from pages.components.lab.missing import show_missing_lab
from pages.components.lab.runs.head_to_head import show_head_to_head
from pages.components.lab.runs.sweep import show_sweep
from pages.components.lab.runs.training import show_training
from pages.components.lab.unit.picture import show_picture
from pages.components.lab.unit.unit import show_unit
from pages.components.shell.frame import open_page
from pages.components.shell.nav import ensure_router
from pages.components.url import location
from pages.components.url.lab_view import View
from pages.components.url.tab import tab

ensure_router()
PICTURE_WIDTH, RUNS_WIDTH = 1, 3.1


def show_head(atlas: Atlas) -> None:
    lab = atlas.lab
    height, width = lab.shape
    sizes = f"{height * width}–{lab.mlp.d_hidden}–{len(lab.classes)}"
    name = markdown(str(lab.facts["data"].get("name", "pictures"))[:100])
    test = slice(lab.facts["n_train"], None)
    accuracy = float((mlp_outcome(atlas).predicted[test] == lab.labels[test]).mean())
    st.markdown(
        f"An MLP ({sizes}) trained on {name}, {accuracy:.1%} correct on {len(lab.labels[test]):,} test images, "
        f"and {lab.n_runs} sparse autoencoders ({lab.mlp.d_hidden} → {lab.d_sae}) of its hidden layer: standard ones, "
        "and ones trained with the neuron-embedding (NE) loss, which makes each latent fire for one reason."
    )


def show_comparison(atlas: Atlas, view: View) -> None:
    st.subheader("One picture", anchor=False)
    left, right = st.columns([PICTURE_WIDTH, RUNS_WIDTH], gap="medium")
    with left:
        show_picture(atlas, view)
    with right:
        show_head_to_head(atlas, view)
        st.caption(
            "Bars beside a latent: what its activation adds to each logit, minus the mean over classes, on one scale "
            "for both runs. Its feature is the cluster to which the picture is assigned at the cut; a click opens it."
        )


atlas = open_page("sae_lab")
try:
    lab = atlas.lab
except AtlasError as error:
    st.title("SAE lab", anchor=False)
    st.error(markdown(str(error)))
    st.stop()
if lab is None:
    st.title("SAE lab", anchor=False)
    show_missing_lab(atlas)
    st.stop()
request = location.read(atlas.slug)
view = View.read(request, atlas)
query = view.query(atlas)
location.settle(request, query)
tab(f"SAE lab, run {view.run}", atlas.slug)
st.title("SAE lab", anchor=False)
request.show_problems()
show_head(atlas)
show_sweep(atlas, view)
show_comparison(atlas, view)
show_unit(atlas, view)
show_training(atlas)
