"""One picture in court: what the MLP says of it, clean and through both runs, and the latents that say so."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas
from ne_core.lab.head_to_head import SAEForward, sae_forward
from ne_core.lab.unit_features import NearestFeature, UnitFeatures, nearest_feature
from ne_core.lab.units import Unit
from ne_core.method.mlp import probabilities
from ne_core.palette import feature_colour
from pages.components.base.assets import component, drawn_key
from pages.components.cached.lab_data import UnitId, meanings_of, picture_hidden, run_outcome, unit_of
from pages.components.text.lab_words import ordered, run_name, run_settings, written
from pages.components.url.lab_view import View, current_unit, picture

HEAD_TO_HEAD = component(__file__, "head_to_head", html='<div id="court"></div><div id="tip" role="tooltip"></div>')
STRONGEST = 10  # latents of a run that are listed


def show_head_to_head(atlas: Atlas, view: View) -> None:
    lab = atlas.lab
    hidden = picture_hidden(atlas, picture(atlas, view))
    found = {run: sae_forward(lab.mlp, lab.sae(run), hidden) for run in ordered(lab, view.runs)}
    label = int(lab.labels[view.image]) if view.drawn is None else None
    clean = lab.mlp.logits(hidden[None])[0]
    drawn = {
        "classes": lab.classes,
        "clean": {"title": "The MLP by itself", "said": said(clean, label)},
        "runs": [panel(atlas, view, run, each, label) for run, each in found.items()],
        "scale": scale(list(found.values())),
    }
    HEAD_TO_HEAD(data={"key": drawn_key(drawn), **drawn}, key="head_to_head")


def said(logits: Float[np.ndarray, " n_classes"], label: int | None) -> dict:
    """A prediction: probabilities, the class, and whether it is the picture's; null where a drawn one has none."""
    shares = probabilities(logits[None].astype(np.float64))[0]
    top = int(shares.argmax())
    return {
        "shares": [round(share, 4) for share in shares.tolist()],
        "top": top,
        "right": None if label is None else top == label,
    }


def centred(contribution: Float[np.ndarray, "k n_classes"]) -> Float[np.ndarray, "k n_classes"]:
    """Less the mean over the classes: what all logits have in common changes no prediction."""
    return contribution - contribution.mean(axis=-1, keepdims=True)


def scale(found: list[SAEForward]) -> float:
    """What the longest bar of both runs stands for."""
    shown = [np.abs(centred(each.contribution[each.strongest[:STRONGEST]])).max(initial=0) for each in found]
    return round(float(max(shown)), 4) or 1.0


def panel(atlas: Atlas, view: View, run: int, found: SAEForward, label: int | None) -> dict:
    lab, strongest, shown = atlas.lab, found.strongest, current_unit(atlas, view)
    n_active = run_outcome(atlas, run).n_active
    return {
        "run": run,
        "kind": lab.kind(run),
        "title": run_name(lab, run),
        "settings": run_settings(lab, run),
        "current": run == view.run,
        "said": said(found.logits, label),
        "n_active": len(strongest),
        "latents": [
            latent_row(atlas, view, UnitId(run, number), found)
            | {"current": shown == UnitId(run, number), "images": int(n_active[number])}
            for number in strongest[:STRONGEST].tolist()
        ],
    }


def latent_row(atlas: Atlas, view: View, which: UnitId, found: SAEForward) -> dict:
    activation, most = float(found.latents[which.number]), float(found.latents.max())
    to = view.to_unit(which.run, which.number)
    feature, words = place_words(atlas, view, which)
    return {
        "number": which.number,
        "href": (to if feature is None else replace(to, feature=feature)).href(atlas),
        "activation": written(activation, ".2f"),
        "share": round(activation / most, 3),
        "feature": feature,
        "colour": None if feature is None else feature_colour(feature).css,
        "place": words,
        "effects": [round(effect, 3) for effect in centred(found.contribution[which.number]).tolist()],
    }


def place_in(atlas: Atlas, view: View, which: UnitId, unit: Unit, found: UnitFeatures) -> NearestFeature | None:
    """Which of the unit's features the picture is nearest to; None where it does not activate the unit."""
    pixels = picture(atlas, view)
    x = pixels if which.run is None else picture_hidden(atlas, pixels)
    if x @ unit.w + unit.b <= 0:
        return None
    return nearest_feature(unit.embed(x[None])[0], found.embeddings, found.features(view.cut), view.cut)


def place_words(atlas: Atlas, view: View, which: UnitId) -> tuple[int | None, str]:
    """The feature that the picture falls into, if any, and the same in words."""
    known = meanings_of(atlas, which.run, which.number)
    if known is None:
        return None, "unlike any seen: no image of the lab activates it"
    found = place_in(atlas, view, which, unit_of(atlas, which), known)
    if found is None:
        return None, "it hardly fires"
    if found.within_cut:
        return found.feature, f"falls into feature {found.feature}, at mean distance {found.distance:.3f}"
    return None, f"unlike any seen: the nearest is feature {found.feature}, at mean distance {found.distance:.3f}"
