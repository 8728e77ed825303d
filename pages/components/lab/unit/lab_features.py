"""The features of a unit of the lab as groups of pictures, coloured and numbered; every picture can be put in court."""

import numpy as np
from jaxtyping import Int

from ne_core.atlas import Atlas
from ne_core.atlas.lab import Lab
from ne_core.lab.unit_features import UnitFeatures
from ne_core.lab.units import Unit
from ne_core.method.measures import distances_of
from ne_core.palette import feature_colour
from pages.components.base.assets import component, drawn_key
from pages.components.text.lab_words import written
from pages.components.url.lab_view import View
from pages.components.widgets.thumbs import thumbs

FEATURES = component(__file__, "lab_features", html='<div id="features"></div><div id="tip" role="tooltip"></div>')
LISTED = 12  # features with a group of their own; the others share one
PICTURES = 20  # of a feature at first
MOST_CLASSES = 4  # that are named


def lab_features(atlas: Atlas, view: View, unit: Unit, found: UnitFeatures, own: int | None) -> None:
    """`own` is the feature that the picture at hand falls into, if any."""
    features = found.features(view.cut)
    n_features = int(features.max()) + 1
    listed = list(range(min(LISTED, n_features)))
    if view.feature is not None and view.feature not in listed:
        listed.append(view.feature)
    central, intra = found.central(view.cut), distances_of(found.tree, features, view.cut)
    groups = [group(atlas, view, unit, features, each, int(central[each]), float(intra[each]), own) for each in listed]
    rest = np.flatnonzero(~np.isin(features, listed))
    drawn = {
        "shown": PICTURES,
        "groups": groups,
        "rest": rest_of(atlas, view, unit, features, rest) if len(rest) else None,
    }
    FEATURES(data={"key": drawn_key(drawn), **drawn}, key="lab_features")


def group(
    atlas: Atlas,
    view: View,
    unit: Unit,
    features: Int[np.ndarray, " n"],
    feature: int,
    central: int,
    intra: float,
    own: int | None,
) -> dict:
    """The central image first, the others in their order."""
    rows = np.flatnonzero(features == feature)
    rows = np.concatenate([[central], rows[rows != central]])
    facts = [make_up(atlas.lab, unit.examples[rows])]
    if np.isfinite(intra):
        facts.append(f"mean distance {written(intra, '.3f')}")
    return {
        "number": feature,
        "colour": feature_colour(feature).css,
        "href": view.to(feature=feature).href(atlas),
        "current": feature == view.feature,
        "own": feature == own,
        "size": len(rows),
        "facts": " · ".join(facts),
        "pictures": pictures(atlas, view, unit, rows),
    }


def rest_of(atlas: Atlas, view: View, unit: Unit, features: Int[np.ndarray, " n"], rows: Int[np.ndarray, " k"]) -> dict:
    rows = rows[np.argsort(features[rows], kind="stable")]
    n = len(np.unique(features[rows]))
    shown = pictures(atlas, view, unit, rows)
    for each, feature in zip(shown, features[rows].tolist(), strict=True):
        each["words"] = f"feature {feature}: {each['words']}"
    return {"title": f"{n} smaller feature{'s' * (n != 1)}", "size": len(rows), "pictures": shown}


def pictures(atlas: Atlas, view: View, unit: Unit, rows: Int[np.ndarray, " k"]) -> list[dict]:
    images = unit.examples[rows]
    return [
        thumb
        | {
            "words": f"{thumb['words']}, activation {written(float(unit.activation[image]), '.2f')}",
            "href": view.to(image=image, drawn=None).href(atlas),
        }
        for thumb, image in zip(thumbs(atlas, images), images.tolist(), strict=True)
    ]


def make_up(lab: Lab, images: Int[np.ndarray, " k"]) -> str:
    """Its classes, the most frequent first."""
    counts = np.bincount(lab.labels[images], minlength=len(lab.classes))
    order = [each for each in np.argsort(-counts, kind="stable").tolist() if counts[each]]
    if len(order) == 1:
        return f"all of class {lab.classes[order[0]]}"
    told = ", ".join(f"{counts[each]} of {lab.classes[each]}" for each in order[:MOST_CLASSES])
    return told + (f", {len(order) - MOST_CLASSES} more classes" if len(order) > MOST_CLASSES else "")
