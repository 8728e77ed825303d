"""Check before the slow imports that the model hub can be reached, if a build still needs something from it."""

from pathlib import Path

from huggingface_hub import try_to_load_from_cache
from huggingface_hub.errors import HFValidationError

from precompute.config import ConfigError, RunConfig
from precompute.corpus.documents import is_data_set
from precompute.run import hub
from precompute.run.run_folder import run_path


def check_hub(config: RunConfig, restart: bool = False) -> None:
    """Raise ConfigError if the model or the corpus has to be downloaded and the hub does not answer."""
    missing = missing_inputs(config, restart)
    if missing and not hub.reachable():
        raise ConfigError(
            f"{' and '.join(missing)}: not on this machine, and the model hub cannot be reached; a local model folder "
            "and a text file work without it: --model FOLDER --corpus FILE.txt, or make gpt2 MODEL=FOLDER TEXT=FILE.txt"
        )


def missing_inputs(config: RunConfig, restart: bool = False) -> list[str]:
    """Names of the model and the corpus, as far as neither a file nor a stopped run has them."""
    if config.activations is not None:
        return []
    has_model = Path(config.model).is_dir() or not may_be_downloaded(config.model)
    has_corpus = not is_data_set(config.corpus) or (corpus_is_read(config) and not restart)
    return [config.model] * (not has_model) + [config.corpus] * (not has_corpus)


def may_be_downloaded(model: str) -> bool:
    """Return whether this is a hub name whose files are not in the hub client's cache."""
    try:
        config = try_to_load_from_cache(model, "config.json")
    except HFValidationError:  # a path: loading says what is wrong with it
        return False
    return not isinstance(config, str) or not any(Path(config).parent.glob("*.safetensors"))


def corpus_is_read(config: RunConfig) -> bool:
    """Return whether a stopped run has stored the examples, so that it continues without the corpus."""
    return any((run_path(config.directory) / "corpus").glob("*.npz"))
