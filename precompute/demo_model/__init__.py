"""The demo model: a small GPT-2 trained on the offline corpus, and its test against a trigram model."""
