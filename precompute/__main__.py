"""python -m precompute VERB: build an atlas, verify one, train and evaluate the demo model."""

import argparse
import logging
import sys
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from pathlib import Path
from typing import NoReturn

from precompute.config import PRESETS, knobs

BAD_INPUT, INTERRUPTED = 2, 130


class Parser(argparse.ArgumentParser):
    """argparse, saying what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}", file=sys.stderr)
        sys.exit(BAD_INPUT)


def parser() -> Parser:
    top = Parser(prog="python -m precompute", description=__doc__)
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=Parser)
    add_build(verbs.add_parser("build", help="build an atlas", description="Build an atlas."))
    check = verbs.add_parser("verify", help="check every byte of an atlas")
    check.add_argument("directory", type=Path)
    verbs.add_parser("train-demo", help="train the demo model", add_help=False)
    verbs.add_parser("evaluate-demo", help="test the demo model against a trigram model", add_help=False)
    return top


def add_build(build: Parser) -> None:
    """An option for every knob; a preset gives all of them, and an option overrules it."""
    build.add_argument("--preset", choices=PRESETS, default="gpt2-small", help="where the choices start from")
    for knob in knobs():
        shown = [f"{name}: {getattr(preset, knob.name)}" for name, preset in PRESETS.items()]
        build.add_argument(
            f"--{knob.name.replace('_', '-')}",
            type=told(knob.metadata["parse"]),
            metavar=knob.metadata["metavar"] or knob.name.upper().replace("_", "-"),
            default=argparse.SUPPRESS,
            help=f"{knob.metadata['help']} ({', '.join(shown)})".replace("%", "%%"),
        )


def told(parse: Callable) -> Callable:
    """The parser under a name that argparse can show when it fails."""

    def value(text: str):
        return parse(text)

    return value


def run_build(options: dict) -> int:
    config = PRESETS[options.pop("preset")].with_options(options)
    from precompute.build import build  # torch and the model library take seconds to load
    from precompute.progress import duration

    built = build(config)
    print(
        f"{built.directory}: {built.n_alive:,} of {built.n_neurons:,} neurons have activating examples, "
        f"{built.n_features:,} features, in {duration(built.seconds)}"
    )
    return 0


def run_verify(options: dict) -> int:
    from ne_core.checks import verify

    wrong = 0
    for problem in verify(options["directory"]):
        wrong += 1
        print(problem, file=sys.stderr)
    if not wrong:
        print(f"{options['directory']} is whole")
    return BAD_INPUT if wrong else 0


def run_demo_model(verb: str, arguments: list[str]) -> int:
    """These verbs have options of their own."""
    from precompute.demo_model import __main__ as demo_model

    sys.argv = [f"python -m precompute {verb}-demo", verb, *arguments]
    demo_model.main()
    return 0


def run(arguments: list[str]) -> int:
    if arguments and arguments[0] in ("train-demo", "evaluate-demo"):
        return run_demo_model(arguments[0].removesuffix("-demo"), arguments[1:])
    options = vars(parser().parse_args(arguments))
    return {"build": run_build, "verify": run_verify}[options.pop("verb")](options)


def main(arguments: list[str]) -> int:
    """The exit code; whatever a person can mend is one line."""
    logging.basicConfig(format="%(message)s")
    try:
        return run(arguments)
    except (ValueError, OSError) as error:
        print(str(error).splitlines()[0], file=sys.stderr)
    except (MemoryError, BrokenExecutor):
        print("not enough memory: fewer examples, fewer layers or a smaller work unit need less", file=sys.stderr)
    except KeyboardInterrupt:
        print("interrupted: nothing was changed", file=sys.stderr)
        return INTERRUPTED
    return BAD_INPUT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
