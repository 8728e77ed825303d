"""Random weights, tokenizers and texts for the cases."""

from collections.abc import Callable
from pathlib import Path

import torch
import transformers
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from tests.support.tiny_models import VOCABULARY, tiny_tokenizer

CONTEXT = 24
WINDOW = 16  # attention window of some models: less than the context, more than a short probe
N_POSITIONS = 48
# Sizes, as most configurations name them.
SIZES = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 40,
    "max_position_embeddings": N_POSITIONS,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "pad_token_id": None,
}
# Sizes, as models related to GPT-2 name them.
N_SIZES = {
    "vocab_size": VOCABULARY,
    "n_embd": 32,
    "n_layer": 2,
    "n_head": 4,
    "n_positions": N_POSITIONS,
    "bos_token_id": 0,
    "eos_token_id": 0,
}
ENCODER_TOKENS = {"cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]", "pad_token": "[PAD]"}


def random_model(kind: str, config: str | None = None, seed: int = 0, **settings) -> PreTrainedModel:
    """Return a random model of a transformers class, in evaluation mode, with no negligible weights."""
    torch.manual_seed(seed)
    config = config or kind.replace("ForCausalLM", "Config")
    model = getattr(transformers, kind)(getattr(transformers, config)(**settings)).eval()
    amplify(model)
    return model


def amplify(model: PreTrainedModel) -> None:
    """Move norms and biases away from their initial values and scale matrices so that tokens affect each other."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 1:
                parameter.add_(0.3 * torch.randn_like(parameter))
            elif "embed" not in name and "wte" not in name:
                parameter.mul_(8)
            else:
                parameter.mul_(20)


def save_model(
    model: PreTrainedModel, folder: Path, tokenizer: PreTrainedTokenizerFast | None = None, **options
) -> Path:
    """Save a model folder as users have it."""
    path = folder / "model"
    transformers.utils.logging.disable_progress_bar()
    model.save_pretrained(path, **options)
    (tokenizer or tiny_tokenizer()).save_pretrained(path)
    return path


def corpus(folder: Path, words: str = "abcdefghijklmnopqrstuvwxyz", separator: str = " ") -> Path:
    """Write texts of random words, in which no two examples are equal."""
    generator = torch.Generator().manual_seed(0)

    def word() -> str:
        length = int(torch.randint(1, 7, (1,), generator=generator))
        return "".join(words[int(i)] for i in torch.randint(0, len(words), (length,), generator=generator))

    path = folder / "corpus.txt"
    path.write_text("\n\n".join(separator.join(word() for _ in range(40)) for _ in range(20)), encoding="utf-8")
    return path


def writer(
    model: Callable[[], PreTrainedModel],
    tokenizer: Callable[[], PreTrainedTokenizerFast] | None = None,
    options: tuple[str, ...] = (),
    **save_options,
) -> Callable[[Path], list[str]]:
    """Return a `make` function: the model and its tokenizer in `model/`, and a corpus beside it."""

    def make(folder: Path) -> list[str]:
        path = save_model(model(), folder, tokenizer() if tokenizer else None, **save_options)
        return ["--model", str(path), "--corpus", str(corpus(folder)), *options]

    return make
