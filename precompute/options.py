"""Command line of `python -m precompute`: a parser for every command, an option for every setting."""

import argparse
import sys
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, NoReturn

from precompute.autoencoders.train.settings import Settings as SaeSettings
from precompute.config import PRESETS, knobs
from precompute.demo_model.settings import Settings
from precompute.parse import Parse, numbers, with_clear_message
from precompute.synthetic.settings import Settings as Synthetic

BAD_INPUT = 2  # the exit code
COMMAND = "neuron-embeddings"  # what pip installs; pyproject.toml
HOSTS = ("streamlit", "space", "docker", "nginx")  # as in precompute/publish/host/targets.py
# As in precompute/evaluate.
EVALUATION_PARTS = ("names", "spaces", "layers", "labels", "duplicates", "planted", "counts", "cut", "trust")
EVALUATION_PARTS += ("chance", "surgery", "logits", "prompt", "lab", "dictionaries")


class Parser(argparse.ArgumentParser):
    """argparse parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}", file=sys.stderr)
        sys.exit(BAD_INPUT)


class Joined(argparse.Action):
    """Several values as one text, divided by commas: what a shell makes of a pattern."""

    def __call__(self, parser, namespace, values, option_string=None) -> None:
        setattr(namespace, self.dest, ",".join(values))


def started_as() -> str:
    """Name of the running command: the installed one, or the module."""
    return COMMAND if Path(sys.argv[0]).stem == COMMAND else "python -m precompute"


def parser(description: str) -> Parser:
    main = Parser(prog=started_as(), description=description)
    verbs = main.add_subparsers(dest="verb", required=True, metavar="COMMAND", parser_class=Parser)
    add_build(verbs.add_parser("build", help="build an atlas", description="Build an atlas."))
    for verb, help in (
        ("verify", "check every byte of an atlas"),
        ("status", "progress of a running or stopped build, and its time left"),
    ):
        verbs.add_parser(verb, help=help).add_argument("directory", type=Path)
    add_export(verbs.add_parser("export", help="write one neuron as a static HTML page"))
    add_synthetic(verbs.add_parser("synthetic", help="make an artificial atlas of any size, without a model"))
    add_train_demo(verbs.add_parser("train-demo", help="train the demo model on the offline corpus"))
    add_train_sae(verbs.add_parser("train-sae", help="train a sparse autoencoder on one layer's neurons"))
    add_releases(verbs.add_parser("sae-releases", help="read SAELens's table of published dictionaries again"))
    add_app(verbs.add_parser("app", help="show the atlases in ./data in a browser"))
    add_host(verbs.add_parser("host", help="write a folder to deploy an explorer of an atlas"))
    add_evaluate(verbs.add_parser("evaluate", help="measure the quality of an atlas"))
    add_read(verbs.add_parser("read", help="write a table of the neurons that fire in texts, and of their features"))
    add_lab(verbs.add_parser("lab", help="train and compare sparse autoencoders on digits, and make atlases of them"))
    add_pack(verbs.add_parser("pack", help="pack an atlas into one file, to share it"))
    add_unpack(verbs.add_parser("unpack", help="check and restore an atlas from a packed file"))
    add_push(verbs.add_parser("push", help="upload an atlas to the Hugging Face hub, as a data set with a card"))
    add_fetch(verbs.add_parser("fetch", help="fetch an atlas from the Hugging Face hub or an https address"))
    test = verbs.add_parser("evaluate-demo", help="test the demo model against a trigram model")
    test.add_argument("--model", type=Path, required=True, metavar="DIR")
    return main


def add_build(build: Parser) -> None:
    """Add an option for every field of RunConfig; a preset sets all of them, and an option overrides it."""
    build.add_argument(
        "--preset",
        choices=PRESETS,
        help="preset that sets all other options; without one, those of gpt2-small with the default embedding",
    )
    build.add_argument("--restart", action="store_true", help="delete the unfinished run of this atlas and start again")
    for knob in knobs():
        defaults = [f"{name}: {getattr(preset, knob.name)}" for name, preset in PRESETS.items()]
        build.add_argument(
            f"--{knob.name.replace('_', '-')}",
            type=argument_type(knob.metadata["parse"]),
            metavar=knob.metadata["metavar"] or knob.name.upper().replace("_", "-"),
            default=argparse.SUPPRESS,
            help=f"{knob.metadata['help']} ({', '.join(defaults)})".replace("%", "%%"),
            **({"nargs": "+", "action": Joined} if knob.metadata["several"] else {}),
        )


def add_export(export: Parser) -> None:
    export.add_argument("directory", type=Path)
    export.add_argument("--neuron", required=True, metavar="LAYER.NEURON", help="such as 3.17")
    export.add_argument(
        "--cut", type=argument_type(float), metavar="DISTANCE", help="cosine distance; by default the atlas's own cut"
    )
    export.add_argument(
        "--embedding",
        metavar="SPACE",
        help="embedding of its tree, by default the atlas's own; another one, such as neuron, the paper's, is read or "
        "computed from the atlas's inputs",
    )
    export.add_argument("--out", type=Path, required=True, metavar="FILE", help="file of the page")


def add_releases(releases: Parser) -> None:
    releases.add_argument(
        "--source", metavar="FILE|https://…", help="pretrained_saes.yaml of SAELens; by default that of its main branch"
    )


def add_app(app: Parser) -> None:
    app.add_argument("--port", type=argument_type(int), default=8501, metavar="N", help="port of the explorer (8501)")


def add_host(host: Parser) -> None:
    host.add_argument(
        "target", choices=HOSTS, help="Streamlit Community Cloud, a Hugging Face Space, a container, nginx"
    )
    host.add_argument("--atlas", required=True, metavar="SOURCE", help="hf://owner/name, an https archive, or a folder")
    host.add_argument("--out", type=Path, metavar="DIR", help="output folder; by default hosted/TARGET")
    host.add_argument("--title", metavar="TEXT", help="title of the explorer; by default made from the atlas's name")
    host.add_argument(
        "--live", action="store_true", help="copy the model, its code and the atlas's inputs, too: for the page Prompt"
    )
    host.add_argument("--site", default="localhost", metavar="NAME", help="for nginx: domain name of the site")
    host.add_argument("--path", default="explorer", metavar="WORD", help="for nginx: sub-path (explorer)")


def add_pack(pack: Parser) -> None:
    pack.add_argument("directory", type=Path)
    pack.add_argument("--out", type=Path, metavar="FILE", help="packed file; by default DIRECTORY.atlas.zip")
    add_without_inputs(pack)


def add_without_inputs(verb: Parser) -> None:
    verb.add_argument("--without-inputs", action="store_true", help="leave out x, often the largest part of an atlas")


def add_fetch(fetch: Parser) -> None:
    fetch.add_argument("source", metavar="SOURCE", help="hf://owner/name[@revision], or https://… an archive")
    fetch.add_argument("--out", type=Path, metavar="DIR", help="folder of the atlas; by default data/NAME")
    fetch.add_argument("--inputs", action="store_true", help="also fetch the inputs of its examples, if it has them")


def add_unpack(unpack: Parser) -> None:
    unpack.add_argument("archive", type=Path, metavar="FILE")
    unpack.add_argument(
        "--out", type=Path, metavar="DIR", help="folder of the atlas; by default data/NAME, named after the file"
    )


def add_push(push: Parser) -> None:
    push.add_argument("directory", type=Path)
    push.add_argument("repository", metavar="OWNER/NAME", help="repository on the hub; created if it does not exist")
    add_without_inputs(push)
    push.add_argument("--private", action="store_true", help="create a private repository")
    push.add_argument("--license", metavar="ID", help="the hub's short name of a licence, such as cc-by-4.0")
    push.add_argument("--dry-run", action="store_true", help="show the card and the files, upload nothing")


def add_synthetic(synthetic: Parser) -> None:
    """Add an option for every setting."""
    synthetic.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the atlas")
    for setting in fields(Synthetic):
        synthetic.add_argument(
            f"--{setting.name.replace('_', '-')}",
            type=argument_type(int),
            metavar="N",
            default=argparse.SUPPRESS,
            help=f"{setting.metadata['help']} ({setting.default})",
        )


def add_evaluate(evaluate: Parser) -> None:
    evaluate.add_argument("directory", type=Path)
    evaluate.add_argument("--only", nargs="+", choices=EVALUATION_PARTS, help="measure only these parts")
    evaluate.add_argument(
        "--against", nargs="+", type=Path, metavar="DIR", default=[], help="atlases to compare with, for `dictionaries`"
    )
    evaluate.add_argument(
        "--model",
        metavar="DIR",
        help="folder of the atlas's model, for `surgery` and `prompt`; by default it is looked up by its name",
    )
    evaluate.add_argument("--quick", action="store_true", help="measure small samples: seconds instead of minutes")
    evaluate.add_argument("--docs", type=Path, metavar="DIR", help="write evaluation-NAME.md and its pictures to DIR")
    evaluate.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")


def add_read(read: Parser) -> None:
    read.add_argument("directory", type=Path)
    texts = read.add_mutually_exclusive_group(required=True)
    texts.add_argument("--text", metavar="FILE", help="texts, as for --corpus of `build`, or - for standard input")
    texts.add_argument("--corpus", action="store_true", help="count how often each feature fires in the atlas's corpus")
    read.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="the table: .parquet, .csv or .json; without it, --corpus writes the counts into the atlas",
    )
    read.add_argument(
        "--share",
        type=argument_type(float),
        default=0.75,
        metavar="SHARE",
        help="smallest share of a neuron's maximum to count as firing, from 0.25 to 1 (0.75)",
    )
    read.add_argument(
        "--distance",
        type=argument_type(float),
        metavar="DISTANCE",
        help="cosine distance at which trees are cut; by default the atlas's cut",
    )
    read.add_argument(
        "--device", default="cpu", metavar="DEVICE", help="device of the model: cpu, cuda or cuda:N (cpu)"
    )


def add_lab(lab: Parser) -> None:
    """Add the options of the images, then those that override the default settings of a data set."""
    lab.add_argument("--out", type=Path, default=Path("data/digits"), metavar="DIR", help="by default data/digits")
    images = lab.add_mutually_exclusive_group()
    images.add_argument(
        "--idx", type=Path, metavar="DIR", help="folder of IDX files, such as MNIST's, with or without .gz"
    )
    images.add_argument(
        "--hub", metavar="NAME", help="Hugging Face data set with `image` and `label`, or a local copy of one"
    )
    lab.add_argument(
        "--n-train", type=argument_type(int), metavar="N", help="number of images to train on, from the first"
    )
    lab.add_argument("--restart", action="store_true", help="delete the unfinished run of this lab and start again")
    for name, parse, metavar, help in LAB_CHOICES:
        lab.add_argument(name, type=argument_type(parse), metavar=metavar, default=argparse.SUPPRESS, help=help)


LAB_CHOICES = (
    ("--lambda1", numbers, "A,B,…", "weights of the L1 term"),
    ("--lambda2", numbers, "0,A,…", "weights of the neuron-embedding term; 0 is the standard autoencoder"),
    ("--seeds", int, "N", "runs per pair of weights"),
    ("--d-sae", int, "N", "latents per autoencoder"),
    ("--steps", int, "N", "steps per run"),
    ("--batch", int, "N", "images per step"),
    ("--learning-rate", float, "RATE", "learning rate of Adam"),
    (
        "--ne-over",
        str,
        "latents|pairs|inputs",
        "the neuron-embedding term: mean over latents, over pairs of latent and input, or sum for each input",
    ),
    ("--waking", float, "RATE", "rise of a silent latent's bias in a step, in learning rates; 0: none is woken"),
)


def add_train_demo(train: Parser) -> None:
    """Add an option for every setting of the training run."""
    train.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the trained model")
    train.add_argument("--work", type=Path, default=Path(".runs/demo"), metavar="DIR", help="checkpoints and logs")
    for setting in fields(Settings):
        train.add_argument(
            f"--{setting.name.replace('_', '-')}",
            type=argument_type(type(setting.default)),
            default=argparse.SUPPRESS,
            help=f"by default {setting.default}",
        )


def add_train_sae(train: Parser) -> None:
    """Add an option for every setting; settings without a default are required."""
    train.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the autoencoder")
    for setting in fields(SaeSettings):
        required = setting.default is MISSING
        train.add_argument(
            f"--{setting.name.replace('_', '-')}",
            type=argument_type(setting.type),
            default=argparse.SUPPRESS,
            required=required,
            help=setting.metadata["help"] + ("" if required else f" ({setting.default})"),
        )


def argument_type(parse: Parse) -> Parse:
    """Return the parser with errors whose message argparse prints instead of the parser's name."""
    parse = with_clear_message(parse)

    def value(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return value
