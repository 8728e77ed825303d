"""Random weights, tokenizers and texts of the cases."""

from collections.abc import Callable
from pathlib import Path

import torch
import transformers
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from tests.support.tiny_models import VOCABULARY, tiny_tokenizer

CONTEXT = 24
WINDOW = 16  # of models whose attention sees only so far: less than the context, more than a short probe
N_POSITIONS = 48
# As most configurations spell them.
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
# As GPT-2's relatives do.
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


def made(kind: str, config: str | None = None, seed: int = 0, **settings) -> PreTrainedModel:
    """A random model of a class of transformers, in evaluation mode, none of whose weights are nearly nothing."""
    torch.manual_seed(seed)
    config = config or kind.replace("ForCausalLM", "Config")
    model = getattr(transformers, kind)(getattr(transformers, config)(**settings)).eval()
    loud(model)
    return model


def loud(model: PreTrainedModel) -> None:
    """Norms and biases away from their initial values, matrices large enough for a token to matter to another."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 1:
                parameter.add_(0.3 * torch.randn_like(parameter))
            elif "embed" not in name and "wte" not in name:
                parameter.mul_(8)
            else:
                parameter.mul_(20)


def saved(model: PreTrainedModel, folder: Path, tokenizer: PreTrainedTokenizerFast | None = None, **options) -> Path:
    """A model folder as a user has it."""
    path = folder / "model"
    transformers.utils.logging.disable_progress_bar()
    model.save_pretrained(path, **options)
    (tokenizer or tiny_tokenizer()).save_pretrained(path)
    return path


def corpus(folder: Path, words: str = "abcdefghijklmnopqrstuvwxyz", separator: str = " ") -> Path:
    """Texts of random words of some letters, in which no two examples are alike."""
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
    **saving,
) -> Callable[[Path], list[str]]:
    """`make` of a case: the model in `model/`, its tokenizer with it, and a corpus beside it."""

    def make(folder: Path) -> list[str]:
        path = saved(model(), folder, tokenizer() if tokenizer else None, **saving)
        return ["--model", str(path), "--corpus", str(corpus(folder)), *options]

    return make
