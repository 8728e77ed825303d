"""Words of an atlas: of neurons or latents, of texts or images."""

from ne_core.text.vocabulary import vocabulary


def test_neurons_that_read_texts():
    words = vocabulary("neurons", images=False)
    assert (words.unit, words.units, words.Unit, words.Units) == ("neuron", "neurons", "Neuron", "Neurons")
    assert (words.key_token, words.Key_tokens, words.token) == ("key token", "Key tokens", "token of the corpus")


def test_latents_that_read_texts_differ_in_the_unit_alone():
    latents, neurons = vocabulary("latents", images=False), vocabulary("neurons", images=False)
    assert (latents.unit, latents.Units) == ("latent", "Latents")
    assert vars(latents) == vars(neurons) | {"unit": "latent"}


def test_images_have_labels_for_key_tokens():
    words = vocabulary("latents", images=True)
    assert (words.unit, words.key_tokens, words.Key_tokens) == ("latent", "labels", "Labels")
    assert not [text for text in vars(words).values() if "token" in text or "corpus" in text or "neuron" in text]
