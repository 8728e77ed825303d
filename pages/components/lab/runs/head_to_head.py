"""Head to head: predictions of the MLP for one picture, clean and through both runs, and their strongest latents."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas
from ne_core.lab.head_to_head import SAEForward, sae_forward
from ne_core.lab.unit_features import NearestFeature, UnitFeatures, nearest_feature
from ne_core.lab.units import Unit
from ne_core.method.mlp import probabilities
from pages.components.base.assets import component, drawn_key
from pages.components.cached.lab_data import UnitId, meanings_of, picture_hidden, run_outcome, unit_of
from pages.components.text.lab_words import ordered, run_name, run_settings, written
from pages.components.url.lab_view import View, current_unit, picture
from pages.components.widgets.clusters import colours_of

HEAD_TO_HEAD = component(
    __file__, "head_to_head", html='<div id="comparison"></div><div id="tip" role="tooltip"></div>'
)
STRONGEST = 10  # latents of a run that are listed


def show_head_to_head(atlas: Atlas, view: View) -> None:
    lab = atlas.lab
    hidden = picture_hidden(atlas, picture(atlas, view))
    forwards = {run: sae_forward(lab.mlp, lab.sae(run), hidden) for run in ordered(lab, view.runs)}
    label = int(lab.labels[view.image]) if view.drawn is None else None
    clean = lab.mlp.logits(hidden[None])[0]
    drawn = {
        "classes": lab.classes,
        "clean": {"title": "The MLP alone", "prediction": prediction(clean, label)},
        "runs": [panel(atlas, view, run, forward, label) for run, forward in forwards.items()],
        "scale": scale(list(forwards.values())),
    }
    HEAD_TO_HEAD(data={"key": drawn_key(drawn), **drawn}, key="head_to_head")


def prediction(logits: Float[np.ndarray, " n_classes"], label: int | None) -> dict:
    """Probabilities, the predicted class, and whether it is the label; None for a drawn picture, which has no label."""
    shares = probabilities(logits[None].astype(np.float64))[0]
    top = int(shares.argmax())
    return {
        "shares": [round(share, 4) for share in shares.tolist()],
        "top": top,
        "right": None if label is None else top == label,
    }


def centred(contribution: Float[np.ndarray, "k n_classes"]) -> Float[np.ndarray, "k n_classes"]:
    """Subtract the mean over the classes: a shift of all logits changes no prediction."""
    return contribution - contribution.mean(axis=-1, keepdims=True)


def scale(forwards: list[SAEForward]) -> float:
    """Value of the longest bar of both runs."""
    largest = [np.abs(centred(each.contribution[each.strongest[:STRONGEST]])).max(initial=0) for each in forwards]
    return round(float(max(largest)), 4) or 1.0


def panel(atlas: Atlas, view: View, run: int, forward: SAEForward, label: int | None) -> dict:
    lab, strongest, current = atlas.lab, forward.strongest, current_unit(atlas, view)
    n_active = run_outcome(atlas, run).n_active
    return {
        "run": run,
        "kind": lab.kind(run),
        "title": run_name(lab, run),
        "settings": run_settings(lab, run),
        "current": run == view.run,
        "prediction": prediction(forward.logits, label),
        "n_active": len(strongest),
        "latents": [
            latent_row(atlas, view, UnitId(run, number), forward)
            | {"current": current == UnitId(run, number), "images": int(n_active[number])}
            for number in strongest[:STRONGEST].tolist()
        ],
    }


def latent_row(atlas: Atlas, view: View, unit_id: UnitId, forward: SAEForward) -> dict:
    activation, most = float(forward.latents[unit_id.number]), float(forward.latents.max())
    target = view.to_unit(unit_id.run, unit_id.number)
    feature, words = feature_words(atlas, view, unit_id)
    return {
        "number": unit_id.number,
        "href": (target if feature is None else replace(target, feature=feature)).href(atlas),
        "activation": written(activation, ".2f"),
        "share": round(activation / most, 3),
        "feature": feature,
        "colour": None if feature is None else feature_colour_of(atlas, view, unit_id, feature),
        "feature_words": words,
        "effects": [round(effect, 3) for effect in centred(forward.contribution[unit_id.number]).tolist()],
    }


def feature_colour_of(atlas: Atlas, view: View, unit_id: UnitId, feature: int) -> str:
    features = meanings_of(atlas, unit_id.run, unit_id.number)
    return colours_of(features.tree, features.features(view.cut), view.cut, atlas.manifest.default_cut)[feature].css


def nearest_to_picture(
    atlas: Atlas, view: View, unit_id: UnitId, unit: Unit, features: UnitFeatures
) -> NearestFeature | None:
    """Feature of the unit nearest to the picture; None if the picture does not activate the unit."""
    pixels = picture(atlas, view)
    x = pixels if unit_id.run is None else picture_hidden(atlas, pixels)
    if x @ unit.w + unit.b <= 0:
        return None
    return nearest_feature(unit.embed(x[None])[0], features.embeddings, features.features(view.cut), view.cut)


def feature_words(atlas: Atlas, view: View, unit_id: UnitId) -> tuple[int | None, str]:
    """Return the feature to which the picture belongs, if any, and the same in words."""
    features = meanings_of(atlas, unit_id.run, unit_id.number)
    if features is None:
        return None, "belongs to no feature: no image of the lab activates this latent"
    nearest = nearest_to_picture(atlas, view, unit_id, unit_of(atlas, unit_id), features)
    if nearest is None:
        return None, "barely active"
    distance = f"at mean distance {nearest.distance:.3f}"
    if nearest.within_cut:
        return nearest.feature, f"belongs to feature {nearest.feature}, {distance}"
    return None, f"belongs to no feature: the nearest is feature {nearest.feature}, {distance}"
