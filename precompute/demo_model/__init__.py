"""The demo model: a small GPT-2 trained on the offline corpus, and its comparison with a trigram model."""
