"""What the search page shows, as a URL: looking for what, how, among which features. Read, checked and written here."""

from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from ne_core.atlas import Atlas
from ne_core.method.classes import CLASSES
from ne_core.queries.feature_filter import FeatureFilter
from ne_core.refs import FeatureRef
from pages.components.url import links, location

MODES = {"words": "Words", "token": "Exact token", "name": "Name", "snippet": "Snippet"}
MODES_OF_IMAGES = {"words": "Words", "token": "Exact label"}  # a name holds nothing but labels, and there is no text
LONGEST = 200  # characters of a query that are looked at
MOST_PAGES = 10_000
LARGEST = 1_000_000  # examples of a feature that can be asked for


@dataclass(frozen=True)
class View:
    """One view of the search: for a text in one of the ways, or for features like one, in a space."""

    q: str = ""
    mode: str = "words"
    like: FeatureRef | None = None
    space: str = ""
    among: FeatureFilter = field(default_factory=FeatureFilter)
    page: int = 0

    @property
    def asked(self) -> bool:
        return bool(self.q) or self.like is not None

    def to(self, **changes) -> "View":
        """The view after a change, from its first page on unless the change is of the page."""
        return replace(self, **{"page": 0, **changes})

    def query(self, atlas: Atlas) -> dict[str, str]:
        """The URL, shortest form."""
        among, like = self.among, self.like is not None
        wanted = {
            "q": "" if like else self.q,
            "mode": self.mode if self.mode != "words" and not like else "",
            "like": self.like.dotted if like else "",
            "space": self.space if like and self.space != atlas.manifest.default_space else "",
            "layer": "" if among.layer is None else str(among.layer),
            "class": among.kind or "",
            "least": str(among.least) if among.least > 1 else "",
            "page": str(self.page) if self.page else "",
        }
        return links.atlas_query(atlas, {name: value for name, value in wanted.items() if value})

    def href(self, atlas: Atlas) -> str:
        """The address, from any page."""
        return f"search?{urlencode(self.query(atlas))}"


def modes(atlas: Atlas) -> dict[str, str]:
    """The ways in which a text is looked for, and what they are called."""
    return MODES_OF_IMAGES if atlas.manifest.images else MODES


def more_like(atlas: Atlas, ref: FeatureRef, space: str | None = None) -> str:
    """The address of the features that are like one of the atlas's cut."""
    return View(like=ref, space=space or atlas.manifest.default_space).href(atlas)


def read_view(atlas: Atlas, at: location.Location) -> View:
    """The view that the URL asks for; whether it has so many pages is known when it has been searched."""
    space = at.choice("space", atlas.manifest.spaces, atlas.manifest.default_space, "the spaces are")
    mode = at.choice("mode", tuple(modes(atlas)), "words", "the modes are")
    page = at.whole("page", range(MOST_PAGES), 0, f"pages are numbered 0 to {MOST_PAGES - 1}")
    like = read_ref(atlas, at, "like")
    q = at.text("q", LONGEST) if like is None else ""
    return View(q, mode, like, space, read_among(atlas, at), page)


def read_ref(atlas: Atlas, at: location.Location, name: str) -> FeatureRef | None:
    """A feature of the atlas's cut that a parameter names."""
    if name not in at.asked:
        return None
    unit = atlas.manifest.vocabulary.unit
    try:
        ref = FeatureRef.parse(at.asked[name])
    except ValueError:
        at.wrong(name, f"a feature is named by its layer, {unit} and feature, such as 0.12.3")
        return None
    if ref.layer not in atlas.layers or ref.neuron >= atlas.n_neurons(ref.layer):
        has = location.numbers(atlas.layers, "layer")
        at.wrong(name, f"this atlas has no {unit} {ref.of}: it has {has}")
        return None
    ids = atlas.feature_ids(ref.of)
    if ref.feature >= len(ids):
        has = location.numbers(range(len(ids)), "feature") if len(ids) else "no features"
        at.wrong(name, f"{unit} {ref.of} has {has} at the atlas’s cut")
        return None
    return ref


def read_among(atlas: Atlas, at: location.Location) -> FeatureFilter:
    layers = f"this atlas has {location.numbers(atlas.layers, 'layer')}"
    layer = at.whole("layer", atlas.layers, atlas.layers[0], layers) if "layer" in at.asked else None
    kind = at.choice("class", CLASSES, CLASSES[0], "the classes are") if "class" in at.asked else None
    kind = kind if at.asked.get("class") == kind else None  # a wrong class is no filter
    what = f"the number of examples that a feature has at least, 1 to {LARGEST}"
    return FeatureFilter(layer, kind, at.whole("least", range(1, LARGEST + 1), 1, what))
