"""The model library without its progress bars and hints: what a run has to say is said by the run."""

from transformers.utils import logging


def quiet() -> None:
    logging.set_verbosity_error()
    logging.disable_progress_bar()
