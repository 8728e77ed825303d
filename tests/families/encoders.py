"""Models with bidirectional attention."""

from tests.families.case import Case
from tests.families.compare import CompareWith
from tests.families.decoders import BOTH
from tests.families.models import ENCODER_TOKENS, SIZES, random_model, writer
from tests.families.plain import Names
from tests.support.tiny_models import tiny_tokenizer

ENCODER = {**SIZES, "pad_token_id": 3}
UP, DOWN = "intermediate.dense", "output.dense"


def encoder_tokenizer():
    return tiny_tokenizer(**ENCODER_TOKENS)


def encoder(name: str, kind: str, blocks: str, **settings) -> Case:
    config = kind.replace("ForMaskedLM", "Config")
    make = writer(lambda: random_model(kind, config=config, **{**ENCODER, **settings}), encoder_tokenizer)
    return Case(name, make, CompareWith(kind, Names(blocks, UP, DOWN), lacks=BOTH))


CASES = [
    encoder("bert", "BertForMaskedLM", "bert.encoder.layer"),
    encoder("roberta", "RobertaForMaskedLM", "roberta.encoder.layer"),
]
