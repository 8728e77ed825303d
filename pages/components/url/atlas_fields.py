"""Fields shared by several views: a neuron, a feature, a space, a cut, and the filters by layer and class."""

from dataclasses import Field

from ne_core.method.classes import CLASSES
from ne_core.refs import FeatureRef, NeuronRef
from pages.components.cached.starts import first_neuron, neurons_with_examples
from pages.components.url.declared import Context, resolve
from pages.components.url.fields import FromContext, InvalidValue, choice, group, named, number, whole
from pages.components.url.location import numbers


def layer(**options) -> Field:
    return whole(lambda c: c.atlas.layers, "this atlas", "layer", **options)


def unit(build: type, first: FromContext, usual: FromContext, **members) -> Field:
    """Field of a value named by layer, neuron and further `members`; defaults: `first` in a layer, `usual` overall."""
    numbers = whole(
        lambda c: range(c.atlas.n_neurons(c.layer)),
        lambda c: f"layer {c.layer}",
        lambda c: c.vocabulary.unit,
        usual=first,
        always=True,
    )
    layers = layer(usual=lambda c: c.atlas.layers[0], always=True)
    return group(build, layer=layers, neuron=numbers, usual=usual, **members)


def this_unit(c: Context) -> str:
    return f"this {c.vocabulary.unit}"


def neuron() -> Field:
    """Field of a neuron; by default the atlas's suggestion, or the first neuron with examples of the given layer."""
    return unit(NeuronRef, first_with_examples, usual=lambda c: first_neuron(c.atlas))


def first_with_examples(c: Context) -> int:
    alive = neurons_with_examples(c.atlas, c.layer)
    return alive[0].neuron if alive else 0


def kind() -> Field:
    """Field of a class of neurons; an invalid one is no filter."""
    return choice(CLASSES, "the classes are", name="class")


def space(**options) -> Field:
    return choice(
        lambda c: c.atlas.manifest.spaces, "the spaces are", usual=lambda c: c.atlas.manifest.default_space, **options
    )


def cut(owner: str | FromContext, usual: FromContext) -> Field:
    def message(c: Context) -> str:
        return f"a cut is a cosine distance, a number from 0 to 2; {resolve(owner, c)} is {usual(c):g}"

    return number(0.0, 2.0, message, usual=usual)


def feature(**options) -> Field:
    """Field of a feature of the atlas's cut."""
    return named(feature_named, spell=lambda ref: ref.dotted, examples=("0.0.0", "0.2.1", "2.3.1"), **options)


def feature_named(c: Context, text: str) -> FeatureRef:
    unit = c.vocabulary.unit
    try:
        ref = FeatureRef.parse(text)
    except ValueError as error:
        raise InvalidValue(f"a feature is named by its layer, {unit} and feature, such as 0.12.3") from error
    check_neuron(c, ref.of)
    ids = c.atlas.feature_ids(ref.of)
    if ref.feature >= len(ids):
        features = numbers(range(len(ids)), "feature") if len(ids) else "no features"
        raise InvalidValue(f"{unit} {ref.of} has {features} at the atlas’s cut")
    return ref


def neuron_named(c: Context, text: str) -> NeuronRef:
    """Parse “3.17”. Raises InvalidValue for a neuron that the atlas does not have."""
    try:
        ref = NeuronRef.parse(text)
    except ValueError as error:
        message = f"a {c.vocabulary.unit} is named by its layer and number, such as 0.12"
        raise InvalidValue(message) from error
    check_neuron(c, ref)
    return ref


def check_neuron(c: Context, ref: NeuronRef) -> None:
    if ref.layer not in c.atlas.layers or ref.neuron >= c.atlas.n_neurons(ref.layer):
        layers = numbers(c.atlas.layers, "layer")
        raise InvalidValue(f"this atlas has no {c.vocabulary.unit} {ref}: it has {layers}")
