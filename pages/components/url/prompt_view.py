"""The view of the page Prompt, as a URL: a text, the picked token and layer, a neuron to explain, removed meanings."""

from dataclasses import dataclass

from ne_core.atlas import Atlas
from ne_core.live.requests import LEAST_SHARE, MOST_REMOVED, WHOLE, Removal
from ne_core.queries.example_text import example_text
from ne_core.refs import FeatureRef, NeuronRef
from pages.components.url import atlas_fields
from pages.components.url.atlas_fields import feature_named, neuron_named
from pages.components.url.declared import Addressed, Context
from pages.components.url.fields import InvalidValue, choice, named, text, whole

LONGEST = 2000  # characters of a text in an address; the model reads 256 tokens, about 1,000 characters of English
MOST_POS = 1000  # largest position in an address; the length of the text is known only after it is read
SHARES = range(round(100 * LEAST_SHARE), 101)
WHERE = {"here": "At the picked token", "everywhere": "At every token"}


def removals(c: Context, text: str) -> tuple[Removal, ...]:
    """Parse “0.2.1,2.3”: features of the atlas's cut, and whole neurons. Raises InvalidValue."""
    parts = list(dict.fromkeys(text.split(",")))
    if len(parts) > MOST_REMOVED:
        raise InvalidValue(f"at most {MOST_REMOVED} meanings can be removed at once")
    return tuple(removal(c, part) for part in parts)


def removal(c: Context, text: str) -> Removal:
    if text.count(".") == 2:
        return removal_of(feature_named(c, text))
    ref = neuron_named(c, text)
    return Removal(ref.layer, ref.neuron)


def dotted(removal: Removal) -> str:
    whole_neuron = f"{removal.layer}.{removal.neuron}"
    return whole_neuron if removal.feature == WHOLE else f"{whole_neuron}.{removal.feature}"


@dataclass(frozen=True)
class View(Addressed, page="prompt"):
    """A text; the picked position and layer, None for all; the neuron to explain; the meanings to remove.

    Links may name an example of the corpus, and its key token, instead of a text: see `with_text`.
    """

    text: str = text(LONGEST, examples=("The cat sat", "<b>&"))
    share: int = whole(SHARES, f"a share of the maximum is {SHARES[0]} to {SHARES[-1]} percent", usual=75)
    pos: int | None = whole(range(MOST_POS), f"positions are numbered from 0 to {MOST_POS - 1}")
    layer: int | None = atlas_fields.layer()
    kind: str | None = atlas_fields.kind()
    why: NeuronRef | None = named(neuron_named, spell=lambda ref: f"{ref.layer}.{ref.neuron}", examples=("0.0", "2.3"))
    out: tuple[Removal, ...] | None = named(
        removals, spell=lambda out: ",".join(map(dotted, out)), examples=("0.0.0", "0.2.1,2.3")
    )
    where: str = choice(tuple(WHERE), "a meaning is removed", usual="here")
    example: int | None = whole(
        lambda c: range(len(c.atlas.tokens)), "this atlas", "example", applies=lambda c: not c.text
    )
    key: int | None = whole(
        range(MOST_POS), f"positions are numbered from 0 to {MOST_POS - 1}", applies=lambda c: not c.text
    )

    @property
    def removed(self) -> tuple[Removal, ...]:
        return self.out or ()

    def with_text(self, atlas: Atlas) -> "View":
        """Return the view of the example's text, with its key token picked."""
        if self.example is None or self.text:
            return self.to(example=None, key=None)
        key = min(self.key or 0, int(atlas.lengths[self.example]) - 1)
        text, pos = example_text(atlas, self.example, key)
        return self.to(text=text[:LONGEST], pos=self.pos if self.key is None else pos, example=None, key=None)

    def within(self, n_tokens: int) -> "View":
        """Return the view without a picked position beyond the end of the text."""
        return self if self.pos is None or self.pos < n_tokens else self.to(pos=None)

    def without(self, removal: Removal) -> "View":
        """Return the view with this removed, too; only the most recent removals if there are too many."""
        out = (*(each for each in self.removed if each != removal), removal)
        return self.to(out=out[-MOST_REMOVED:])

    def restored(self, removal: Removal) -> "View":
        """Return the view with this no longer removed."""
        return self.to(out=tuple(each for each in self.removed if each != removal) or None)


def example_href(atlas: Atlas, example: int, key: int) -> str:
    """Address of an example of the corpus as a prompt, with the token at position `key` picked."""
    return View(example=example, key=key).href(atlas)


def removal_of(ref: FeatureRef) -> Removal:
    return Removal(ref.layer, ref.neuron, ref.feature)
