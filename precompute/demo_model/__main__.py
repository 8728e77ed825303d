"""`python -m precompute.demo_model train --out DIR`: train the demo model; `evaluate --model DIR`: test it."""

import argparse
import logging
import sys
from dataclasses import fields
from pathlib import Path


def main() -> None:
    from precompute.demo_model.step import Settings

    parser = argparse.ArgumentParser(prog="python -m precompute.demo_model", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    train = verbs.add_parser("train")
    train.add_argument("--out", type=Path, required=True)
    train.add_argument("--work", type=Path, default=Path(".runs/demo"), help="checkpoints and logs")
    for field in fields(Settings):
        train.add_argument(f"--{field.name.replace('_', '-')}", type=type(field.default), default=field.default)
    evaluate = verbs.add_parser("evaluate")
    evaluate.add_argument("--model", type=Path, required=True)
    options = vars(parser.parse_args())
    if options.pop("verb") == "train":
        from precompute.demo_model.train import train_demo

        train_demo(options.pop("out"), options.pop("work"), Settings(**options))
    else:
        from precompute.demo_model.evaluate import evaluate_demo

        print(evaluate_demo(options["model"]))


if __name__ == "__main__":
    logging.basicConfig(format="%(message)s")
    try:
        main()
    except ValueError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
