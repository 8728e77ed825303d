"""Vocabulary of an atlas: neurons or latents, texts or images."""

from ne_core.text.vocabulary import vocabulary


def test_vocabulary_of_neurons_and_texts():
    words = vocabulary("neurons", images=False)
    assert (words.unit, words.units, words.Unit, words.Units) == ("neuron", "neurons", "Neuron", "Neurons")
    assert (words.key_token, words.Key_tokens, words.token) == ("key token", "Key tokens", "token of the corpus")


def test_vocabulary_of_latents_differs_only_in_the_unit():
    latents, neurons = vocabulary("latents", images=False), vocabulary("neurons", images=False)
    assert (latents.unit, latents.Units) == ("latent", "Latents")
    assert vars(latents) == vars(neurons) | {"unit": "latent"}


def test_vocabulary_of_images_has_labels():
    words = vocabulary("latents", images=True)
    assert (words.unit, words.key_tokens, words.Key_tokens) == ("latent", "labels", "Labels")
    assert not [text for text in vars(words).values() if "token" in text or "corpus" in text or "neuron" in text]
