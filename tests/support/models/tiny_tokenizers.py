"""A tiny tokenizer of each kind, trained on a few texts; each kind marks spaces in its own way."""

from collections.abc import Callable

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from tests.support.tiny_models import CORPUS, tiny_tokenizer

UNKNOWN = "[UNK]"
TEXTS = [*CORPUS, "reading is animals reading words, and saying so (again)"] * 4
PROTEINS = ["MKTAYIAKQR", "QISFVKSHFS", "RQLEERLGLI"] * 8


def _train(model, trainer, texts=TEXTS, **parts) -> PreTrainedTokenizerFast:
    """Train a tokenizer with these parts: normalizer, pre_tokenizer, decoder."""
    tokenizer = Tokenizer(model)
    for name, part in parts.items():
        setattr(tokenizer, name, part)
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token=UNKNOWN, eos_token=UNKNOWN)


def _bpe(pre_tokenizer, decoder, *, size: int = 90, texts=TEXTS, normalizer=None, **options) -> PreTrainedTokenizerFast:
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=[UNKNOWN], show_progress=False, **options)
    parts = {"pre_tokenizer": pre_tokenizer, "decoder": decoder, "normalizer": normalizer}
    return _train(models.BPE(unk_token=UNKNOWN, **options), trainer, texts, **{k: v for k, v in parts.items() if v})


def gpt1() -> PreTrainedTokenizerFast:
    """GPT-1's kind: lower case, and </w> at the end of a word."""
    return _bpe(
        pre_tokenizers.BertPreTokenizer(),
        decoders.BPEDecoder(suffix="</w>"),
        normalizer=normalizers.BertNormalizer(lowercase=True),
        end_of_word_suffix="</w>",
    )


def clip() -> PreTrainedTokenizerFast:
    """CLIP's kind: bytes, without spaces, and </w> at the end of a word."""
    spaces = pre_tokenizers.Split(" ", "removed")
    return _bpe(
        pre_tokenizers.Sequence([spaces, pre_tokenizers.ByteLevel(add_prefix_space=False)]),
        decoders.ByteLevel(),
        end_of_word_suffix="</w>",
    )


def bert() -> PreTrainedTokenizerFast:
    trainer = trainers.WordPieceTrainer(vocab_size=70, special_tokens=[UNKNOWN], show_progress=False)
    parts = {"pre_tokenizer": pre_tokenizers.BertPreTokenizer(), "decoder": decoders.WordPiece()}
    return _train(models.WordPiece(unk_token=UNKNOWN), trainer, **parts)


def continuing() -> PreTrainedTokenizerFast:
    """BPE with a prefix on continuing pieces."""
    return _bpe(pre_tokenizers.BertPreTokenizer(), decoders.WordPiece(), continuing_subword_prefix="##")


def metaspace(replacement: str = "▁") -> PreTrainedTokenizerFast:
    splits, joins = (part.Metaspace(replacement=replacement) for part in (pre_tokenizers, decoders))
    return _bpe(splits, joins)


def unigram() -> PreTrainedTokenizerFast:
    trainer = trainers.UnigramTrainer(vocab_size=60, special_tokens=[UNKNOWN], unk_token=UNKNOWN, show_progress=False)
    return _train(models.Unigram(), trainer, pre_tokenizer=pre_tokenizers.Metaspace(), decoder=decoders.Metaspace())


def words(by_spaces: bool = False) -> PreTrainedTokenizerFast:
    """Whole words, without a decoder: `tokenizers` joins them with spaces."""
    splitter = pre_tokenizers.WhitespaceSplit() if by_spaces else pre_tokenizers.Whitespace()
    trainer = trainers.WordLevelTrainer(vocab_size=90, special_tokens=[UNKNOWN], show_progress=False)
    return _train(models.WordLevel(unk_token=UNKNOWN), trainer, pre_tokenizer=splitter)


def letters() -> PreTrainedTokenizerFast:
    """One letter a token, as for proteins, joined without spaces."""
    trainer = trainers.WordLevelTrainer(vocab_size=40, special_tokens=[UNKNOWN], show_progress=False)
    splitter = pre_tokenizers.Split("", "isolated")
    return _train(models.WordLevel(unk_token=UNKNOWN), trainer, PROTEINS, pre_tokenizer=splitter)


# Each kind, and a text that its tokens reproduce except for surrounding spaces.
KINDS: dict[str, tuple[Callable[[], PreTrainedTokenizerFast], str]] = {
    "byte-level": (tiny_tokenizer, "a model reads text, then it says more"),
    "byte-level with a suffix": (clip, "reading words and animals"),
    "BPE with a suffix": (gpt1, "reading words and animals"),
    "BPE with a prefix": (continuing, "reading words, and animals"),
    "WordPiece": (bert, "reading words, and animals"),
    "SentencePiece": (metaspace, "a model reads text, then it says more"),
    "SentencePiece with another sign": (lambda: metaspace("_"), "a model reads text, then it says more"),
    "unigram": (unigram, "a model reads text, then it says more"),
    "words": (words, "a model reads text, then it says more"),
    "words by spaces": (lambda: words(by_spaces=True), "saying so (again)"),
    "letters": (letters, "MKTAYIAKQR"),
}
