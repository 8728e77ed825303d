"""Models that see a token from both sides."""

from tests.families.case import Case
from tests.families.compare import Against
from tests.families.decoders import BOTH
from tests.families.models import ENCODER_TOKENS, SIZES, made, writer
from tests.families.plain import Names
from tests.support.tiny_models import tiny_tokenizer

ENCODER = {**SIZES, "pad_token_id": 3}
UP, DOWN = "intermediate.dense", "output.dense"


def encoder_tokenizer():
    return tiny_tokenizer(**ENCODER_TOKENS)


def encoder(name: str, kind: str, blocks: str, **settings) -> Case:
    config = kind.replace("ForMaskedLM", "Config")
    make = writer(lambda: made(kind, config=config, **{**ENCODER, **settings}), encoder_tokenizer)
    return Case(name, make, Against(kind, Names(blocks, UP, DOWN), lacks=BOTH))


CASES = [
    encoder("bert", "BertForMaskedLM", "bert.encoder.layer"),
    encoder("roberta", "RobertaForMaskedLM", "roberta.encoder.layer"),
]
