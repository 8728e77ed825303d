"""The demo model's tokenizer: byte-level BPE trained on the offline corpus, with a mask token."""

from collections.abc import Iterable

import numpy as np
from jaxtyping import UInt16
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

END, MASK = "<|endoftext|>", "<|mask|>"


def trained_tokenizer(texts: Iterable[str], vocab_size: int, n_positions: int) -> PreTrainedTokenizerFast:
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[END, MASK],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        bos_token=END,
        eos_token=END,
        pad_token=END,
        mask_token=MASK,
        model_max_length=n_positions,
        clean_up_tokenization_spaces=False,
    )


def token_stream(tokenizer: PreTrainedTokenizerFast, texts: list[str]) -> UInt16[np.ndarray, " n_tokens"]:
    """Tokens of all documents in a row, each document followed by the end token."""
    end = tokenizer.convert_tokens_to_ids(END)
    # text that spells a special token must not be encoded as one
    encoded = tokenizer(texts, add_special_tokens=False, split_special_tokens=True, verbose=False)["input_ids"]
    return np.concatenate([np.array([*ids, end], dtype=np.uint16) for ids in encoded])
