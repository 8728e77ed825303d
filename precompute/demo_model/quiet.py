"""Silence the progress bars and hints of the model library."""

from transformers.utils import logging


def quiet() -> None:
    logging.set_verbosity_error()
    logging.disable_progress_bar()
