"""What can be typed after `python -m precompute`: a parser for every verb, an option for every choice."""

import argparse
import sys
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, NoReturn

from precompute.autoencoders.train.settings import Settings as SaeSettings
from precompute.config import PRESETS, knobs
from precompute.demo_model.settings import Settings
from precompute.parse import Parse, numbers, readable
from precompute.synthetic.settings import Settings as Synthetic

BAD_INPUT = 2  # the exit code
COMMAND = "neuron-embeddings"  # what pip installs; pyproject.toml
HOSTS = ("streamlit", "space", "docker", "nginx")  # those of precompute/publish/host/targets.py
# The parts of precompute/evaluate.
EVALUATED = ("names", "spaces", "planted", "counts", "trust", "surgery", "lab", "dictionaries")


class Parser(argparse.ArgumentParser):
    """argparse, saying what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}", file=sys.stderr)
        sys.exit(BAD_INPUT)


def started_as() -> str:
    """The command as it was typed: the installed one, or the module."""
    return COMMAND if Path(sys.argv[0]).stem == COMMAND else "python -m precompute"


def parser(description: str) -> Parser:
    top = Parser(prog=started_as(), description=description)
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=Parser)
    add_build(verbs.add_parser("build", help="build an atlas", description="Build an atlas."))
    for verb, help in (
        ("verify", "check every byte of an atlas"),
        ("status", "where the build of an atlas stands, and its time left"),
    ):
        verbs.add_parser(verb, help=help).add_argument("directory", type=Path)
    add_export(verbs.add_parser("export", help="write one neuron as a static HTML page"))
    add_synthetic(verbs.add_parser("synthetic", help="make an atlas of any size up, without a model"))
    add_train_demo(verbs.add_parser("train-demo", help="train the demo model on the offline corpus"))
    add_train_sae(verbs.add_parser("train-sae", help="train a sparse autoencoder on one layer's neurons"))
    add_app(verbs.add_parser("app", help="show the atlases in ./data in a browser"))
    add_host(verbs.add_parser("host", help="write the folder that a host needs to show an atlas"))
    add_evaluate(verbs.add_parser("evaluate", help="measure how well an atlas does what it claims"))
    add_lab(verbs.add_parser("lab", help="train and compare sparse autoencoders on digits, and make atlases of them"))
    add_pack(verbs.add_parser("pack", help="make one file of an atlas, to give to others"))
    add_unpack(verbs.add_parser("unpack", help="restore an atlas from such a file, checked first"))
    add_push(verbs.add_parser("push", help="put an atlas on the Hugging Face hub, as a data set with a card"))
    add_fetch(verbs.add_parser("fetch", help="fetch an atlas from the Hugging Face hub or an https address"))
    test = verbs.add_parser("evaluate-demo", help="test the demo model against a trigram model")
    test.add_argument("--model", type=Path, required=True, metavar="DIR")
    return top


def add_build(build: Parser) -> None:
    """An option for every knob; a preset gives all of them, and an option overrules it."""
    build.add_argument("--preset", choices=PRESETS, default="gpt2-small", help="where the choices start from")
    build.add_argument("--restart", action="store_true", help="forget what an earlier run of this atlas had finished")
    for knob in knobs():
        shown = [f"{name}: {getattr(preset, knob.name)}" for name, preset in PRESETS.items()]
        build.add_argument(
            f"--{knob.name.replace('_', '-')}",
            type=typed(knob.metadata["parse"]),
            metavar=knob.metadata["metavar"] or knob.name.upper().replace("_", "-"),
            default=argparse.SUPPRESS,
            help=f"{knob.metadata['help']} ({', '.join(shown)})".replace("%", "%%"),
        )


def add_export(export: Parser) -> None:
    export.add_argument("directory", type=Path)
    export.add_argument("--neuron", required=True, metavar="LAYER.NEURON", help="such as 3.17")
    export.add_argument(
        "--cut", type=typed(float), metavar="DISTANCE", help="a cosine distance; the atlas's own unless told"
    )
    export.add_argument("--out", type=Path, required=True, metavar="FILE", help="where the page goes")


def add_app(app: Parser) -> None:
    app.add_argument("--port", type=int, default=8501, metavar="N", help="where it is served (8501)")


def add_host(host: Parser) -> None:
    host.add_argument(
        "target", choices=HOSTS, help="Streamlit Community Cloud, a Hugging Face Space, a container, nginx"
    )
    host.add_argument("--atlas", required=True, metavar="SOURCE", help="hf://owner/name, an https archive, or a folder")
    host.add_argument("--out", type=Path, metavar="DIR", help="where the folder goes; hosted/TARGET unless told")
    host.add_argument("--title", metavar="TEXT", help="what it is called; made of the atlas's name unless told")
    host.add_argument("--site", default="localhost", metavar="NAME", help="for nginx: the name that visitors type")
    host.add_argument("--path", default="explorer", metavar="WORD", help="for nginx: the sub-path (explorer)")


def add_pack(pack: Parser) -> None:
    pack.add_argument("directory", type=Path)
    pack.add_argument("--out", type=Path, metavar="FILE", help="DIRECTORY.atlas.zip unless told")
    add_without_inputs(pack)


def add_without_inputs(verb: Parser) -> None:
    verb.add_argument("--without-inputs", action="store_true", help="leave x out, which is most of many an atlas")


def add_fetch(fetch: Parser) -> None:
    fetch.add_argument("source", metavar="SOURCE", help="hf://owner/name[@revision], or https://… an archive")
    fetch.add_argument("--out", type=Path, metavar="DIR", help="data/ and its name unless told")
    fetch.add_argument("--inputs", action="store_true", help="the inputs of its examples, too, where it has them")


def add_unpack(unpack: Parser) -> None:
    unpack.add_argument("archive", type=Path, metavar="FILE")
    unpack.add_argument("--out", type=Path, metavar="DIR", help="data/ and the file's name unless told")


def add_push(push: Parser) -> None:
    push.add_argument("directory", type=Path)
    push.add_argument("repository", metavar="OWNER/NAME", help="made where there is none")
    add_without_inputs(push)
    push.add_argument("--private", action="store_true", help="for your own eyes and those you let in")
    push.add_argument("--license", metavar="ID", help="the hub's short name of one, such as cc-by-4.0")
    push.add_argument("--dry-run", action="store_true", help="show the card and the files, send nothing")


def add_synthetic(made: Parser) -> None:
    """An option for every choice."""
    made.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the atlas goes")
    for each in fields(Synthetic):
        made.add_argument(
            f"--{each.name.replace('_', '-')}",
            type=typed(int),
            metavar="N",
            default=argparse.SUPPRESS,
            help=f"{each.metadata['help']} ({each.default})",
        )


def add_evaluate(evaluate: Parser) -> None:
    evaluate.add_argument("directory", type=Path)
    evaluate.add_argument("--only", nargs="+", choices=EVALUATED, help="these parts alone")
    evaluate.add_argument(
        "--against", nargs="+", type=Path, metavar="DIR", default=[], help="atlases that `dictionaries` compares with"
    )
    evaluate.add_argument(
        "--model",
        metavar="DIR",
        help="the model of the atlas, which `surgery` runs; looked for by its name unless told",
    )
    evaluate.add_argument("--quick", action="store_true", help="a few of everything: seconds instead of minutes")
    evaluate.add_argument("--docs", type=Path, metavar="DIR", help="write evaluation-NAME.md and its pictures there")
    evaluate.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")


def add_lab(lab: Parser) -> None:
    """Images first, then what their usual choices may be replaced by."""
    lab.add_argument("--out", type=Path, default=Path("data/digits"), metavar="DIR", help="data/digits unless told")
    images = lab.add_mutually_exclusive_group()
    images.add_argument("--idx", type=Path, metavar="DIR", help="a folder of IDX files, such as MNIST's, .gz or not")
    images.add_argument(
        "--hub", metavar="NAME", help="a Hugging Face data set with `image` and `label`, or a folder of one"
    )
    lab.add_argument("--n-train", type=typed(int), metavar="N", help="train on the first so many images")
    lab.add_argument("--restart", action="store_true", help="forget what an earlier run of this lab had finished")
    for name, parse, metavar, help in LAB_CHOICES:
        lab.add_argument(name, type=typed(parse), metavar=metavar, default=argparse.SUPPRESS, help=help)


LAB_CHOICES = (
    ("--lambda1", numbers, "A,B,…", "weights of the L1 term"),
    ("--lambda2", numbers, "0,A,…", "weights of the neuron-embedding term; 0 is the standard autoencoder"),
    ("--seeds", int, "N", "runs of each pair of them"),
    ("--d-sae", int, "N", "latents of an autoencoder"),
    ("--steps", int, "N", "steps of each run"),
    ("--batch", int, "N", "images a step"),
    ("--learning-rate", float, "RATE", "of Adam"),
    ("--ne-over", str, "latents|pairs", "what counts alike in the neuron-embedding term"),
)


def add_train_demo(train: Parser) -> None:
    """An option for every setting of the training run."""
    train.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the trained model goes")
    train.add_argument("--work", type=Path, default=Path(".runs/demo"), metavar="DIR", help="checkpoints and logs")
    for setting in fields(Settings):
        train.add_argument(
            f"--{setting.name.replace('_', '-')}",
            type=typed(type(setting.default)),
            default=argparse.SUPPRESS,
            help=f"{setting.default} unless told",
        )


def add_train_sae(train: Parser) -> None:
    """An option for every setting; those without a default must be told."""
    train.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the autoencoder goes")
    for setting in fields(SaeSettings):
        needed = setting.default is MISSING
        train.add_argument(
            f"--{setting.name.replace('_', '-')}",
            type=typed(setting.type),
            default=argparse.SUPPRESS,
            required=needed,
            help=setting.metadata["help"] + ("" if needed else f" ({setting.default})"),
        )


def typed(parse: Parse) -> Parse:
    """The parser, whose message argparse prints as it is instead of the parser's own name."""
    parse = readable(parse)

    def value(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return value
