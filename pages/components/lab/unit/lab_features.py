"""Features of a unit of the lab as groups of pictures. A click on a picture makes it the current one."""

import numpy as np
from jaxtyping import Int

from ne_core.atlas import Atlas
from ne_core.atlas.lab import Lab
from ne_core.lab.unit_features import UnitFeatures
from ne_core.lab.units import Unit
from ne_core.method.measures import distances_of
from pages.components.base.assets import component, drawn_key
from pages.components.text.lab_words import written
from pages.components.url.lab_view import View
from pages.components.widgets.clusters import colours_of
from pages.components.widgets.pictures.thumbs import thumbs

FEATURES = component(__file__, "lab_features", html='<div id="features"></div><div id="tip" role="tooltip"></div>')
LISTED = 12  # features with a separate group; the smaller ones share one
PICTURES = 20  # of a feature, until all are requested
MOST_CLASSES = 4  # named in a summary


def feature_groups(
    atlas: Atlas, view: View, unit: Unit, unit_features: UnitFeatures, picture_feature: int | None
) -> None:
    """Show the features. `picture_feature` is the one to which the current picture belongs, if any."""
    features = unit_features.features(view.cut)
    n_features = int(features.max()) + 1
    listed = list(range(min(LISTED, n_features)))
    if view.feature is not None and view.feature not in listed:
        listed.append(view.feature)
    central, intra = unit_features.central(view.cut), distances_of(unit_features.tree, features, view.cut)
    colours = colours_of(unit_features.tree, features, view.cut, atlas.manifest.default_cut)
    groups = [
        group(atlas, view, unit, features, each, colours[each].css, int(central[each]), float(intra[each]))
        | {"has_picture": each == picture_feature}
        for each in listed
    ]
    rest = np.flatnonzero(~np.isin(features, listed))
    drawn = {
        "n_shown": PICTURES,
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
    colour: str,
    central: int,
    intra: float,
) -> dict:
    """One feature, its central image first."""
    rows = np.flatnonzero(features == feature)
    rows = np.concatenate([[central], rows[rows != central]])
    facts = [class_counts(atlas.lab, unit.examples[rows])]
    if np.isfinite(intra):
        facts.append(f"mean distance {written(intra, '.3f')}")
    return {
        "number": feature,
        "colour": colour,
        "href": view.to(feature=feature).href(atlas),
        "current": feature == view.feature,
        "size": len(rows),
        "facts": " · ".join(facts),
        "pictures": pictures(atlas, view, unit, rows),
    }


def rest_of(atlas: Atlas, view: View, unit: Unit, features: Int[np.ndarray, " n"], rows: Int[np.ndarray, " k"]) -> dict:
    rows = rows[np.argsort(features[rows], kind="stable")]
    n = len(np.unique(features[rows]))
    smaller = pictures(atlas, view, unit, rows)
    for each, feature in zip(smaller, features[rows].tolist(), strict=True):
        each["words"] = f"feature {feature}: {each['words']}"
    return {"title": f"{n} smaller feature{'s' * (n != 1)}", "size": len(rows), "pictures": smaller}


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


def class_counts(lab: Lab, images: Int[np.ndarray, " k"]) -> str:
    """Numbers of images by class, the most frequent first."""
    counts = np.bincount(lab.labels[images], minlength=len(lab.classes))
    order = [each for each in np.argsort(-counts, kind="stable").tolist() if counts[each]]
    if len(order) == 1:
        return f"all of class {lab.classes[order[0]]}"
    counted = ", ".join(f"{counts[each]} of {lab.classes[each]}" for each in order[:MOST_CLASSES])
    return counted + (f", {len(order) - MOST_CLASSES} more classes" if len(order) > MOST_CLASSES else "")
