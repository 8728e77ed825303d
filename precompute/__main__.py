"""python -m precompute VERB: build, see, verify and share an atlas, train and evaluate models and autoencoders."""

import logging
import os
import sys
from concurrent.futures import BrokenExecutor
from pathlib import Path

from ne_core.sharing.atomic_write import check_output
from ne_core.sharing.destination import check_apart
from precompute import options as typed
from precompute.autoencoders.train.settings import Settings as SaeSettings
from precompute.config import PRESETS
from precompute.demo_model.settings import Settings
from precompute.errors import device_failed, lacking, one_line, ran_out
from precompute.synthetic.settings import Settings as Synthetic

INTERRUPTED = 130
RESUMED = ("build", "lab", "fetch", "train-demo", "train-sae")  # what they had done is kept


def parser() -> typed.Parser:
    return typed.parser(__doc__)


def run_build(options: dict) -> int:
    restart, preset = options.pop("restart"), PRESETS[options.pop("preset")]
    config = preset.with_options(options)
    from precompute.build import build  # torch and the model library take seconds to load
    from precompute.run.progress import duration

    built = build(config, restart)
    print(
        f"{built.directory}: {built.n_alive:,} of {built.n_neurons:,} {built.units} have activating examples, "
        f"{built.n_features:,} features, in {duration(sum(built.seconds.values()))}"
    )
    return 0


def run_status(options: dict) -> int:
    from precompute.run.status import status

    print(status(options["directory"]))
    return 0


def run_verify(options: dict) -> int:
    from ne_core.atlas.verify import verify

    wrong = 0
    for problem in verify(options["directory"]):
        wrong += 1
        print(problem, file=sys.stderr)
    if not wrong:
        print(f"{options['directory']} is whole")
    return typed.BAD_INPUT if wrong else 0


def run_export(options: dict) -> int:
    from precompute.publish.export import export

    print(f"{options['out']}: {export(**options):,} bytes")
    return 0


def run_pack(options: dict) -> int:
    from precompute.publish.share import packed

    print(packed(options["directory"], options["out"], not options["without_inputs"]))
    return 0


def run_unpack(options: dict) -> int:
    from precompute.publish.share import unpacked

    print(unpacked(options["archive"], options["out"]))
    return 0


def run_fetch(options: dict) -> int:
    from precompute.publish.fetch import fetched

    print(fetched(**options))
    return 0


def run_push(options: dict) -> int:
    from precompute.publish.push import push

    print(push(inputs=not options.pop("without_inputs"), **options))
    return 0


def run_synthetic(options: dict) -> int:
    out, settings = options.pop("out"), Synthetic(**options)
    from precompute.synthetic.make import synthetic

    print(f"{out}: {synthetic(settings, out):,} features")
    return 0


def run_app(options: dict) -> int:
    """The explorer takes this process's place: nothing here imports Streamlit."""
    os.execv(sys.executable, [sys.executable, "-m", "pages.components.serving.start", str(options["port"])])


def run_host(options: dict) -> int:
    out = options.pop("out") or Path("hosted") / options["target"]
    from precompute.publish.host import host

    print(f"{out}: {host(out=out, **options):,} bytes; its README.md and docs/hosting.md say what to do with it")
    return 0


def run_evaluate(options: dict) -> int:
    """Every part is printed as it is measured; one that cannot be does not take the others along, and the code is 2."""
    json, docs = options.pop("json"), options.pop("docs")
    from precompute.evaluate import Failed, evaluate, write_json
    from precompute.evaluate.docs import check_docs, command_of, write_docs

    for check, out in ((check_output, json), (check_docs, docs)):
        if out:
            check(out)
    parts = {}
    try:
        for part, result in evaluate(**options):
            parts[part] = result
            if isinstance(result, Failed):
                print(f"{part}: {result}", file=sys.stderr)
            else:
                print(result, end="\n\n", flush=True)
    finally:  # whatever stopped it, what was measured is kept
        if json and parts:
            write_json(parts, json)
        if docs and parts:
            print(write_docs(parts, docs, options["directory"].resolve().name, command_of(options)))
    return typed.BAD_INPUT if any(isinstance(result, Failed) for result in parts.values()) else 0


def run_lab(options: dict) -> int:
    out, idx, hub, n_train, restart = (options.pop(name) for name in ("out", "idx", "hub", "n_train", "restart"))
    from precompute.autoencoders.lab.build import build_lab, places
    from precompute.autoencoders.lab.images import images_of
    from precompute.autoencoders.lab.settings import DIGITS, MNIST, chosen

    check_apart(places(out)[0], idx, hub)
    settings = chosen(MNIST if idx or hub else DIGITS, options)
    made = build_lab(out, images_of(idx, hub, n_train), settings, restart)
    print(
        f"{made.out} and {made.neurons}: {made.n_runs} autoencoders on a classifier that is right on "
        f"{made.accuracy:.2%} of held-out images, hidden L0 {made.hidden_l0:.1f}"
    )
    return 0


def run_train_demo(options: dict) -> int:
    from precompute.demo_model.train import train_demo

    train_demo(options.pop("out"), options.pop("work"), Settings(**options))
    return 0


def run_train_sae(options: dict) -> int:
    out, settings = options.pop("out"), SaeSettings(**options)
    from precompute.autoencoders.train.run import train_sae

    print("\n".join(map(str, train_sae(out, settings))))
    return 0


def run_evaluate_demo(options: dict) -> int:
    from precompute.demo_model.evaluate import evaluate_demo

    print(evaluate_demo(options["model"]))
    return 0


VERBS = {
    "app": run_app,
    "build": run_build,
    "verify": run_verify,
    "status": run_status,
    "export": run_export,
    "pack": run_pack,
    "unpack": run_unpack,
    "fetch": run_fetch,
    "push": run_push,
    "synthetic": run_synthetic,
    "host": run_host,
    "evaluate": run_evaluate,
    "lab": run_lab,
    "train-demo": run_train_demo,
    "evaluate-demo": run_evaluate_demo,
    "train-sae": run_train_sae,
}


def run(arguments: list[str]) -> int:
    check_words(arguments)
    options = vars(parser().parse_args(arguments))
    return VERBS[options.pop("verb")](options)


def check_words(arguments: list[str]) -> None:
    """An atlas records names, and its files are opened by libraries that take UTF-8 alone."""
    for word in arguments:
        try:
            word.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{word!a} is not UTF-8: rename what it names") from None


def main(arguments: list[str]) -> int:
    """The exit code; whatever a person can mend is one line."""
    logging.basicConfig(format="%(message)s")
    try:
        return run(arguments)
    except (ValueError, OSError) as error:
        print(one_line(error), file=sys.stderr)
    except ModuleNotFoundError as error:
        print(lacking(error), file=sys.stderr)
    except (MemoryError, RuntimeError) as error:
        if device_failed(error):
            print(
                f"the device failed: {one_line(error)}: the same command goes on, --device cpu works", file=sys.stderr
            )
            return typed.BAD_INPUT
        if not isinstance(error, BrokenExecutor) and not ran_out(error):
            raise
        print("not enough memory: fewer examples, fewer layers or a smaller work unit need less", file=sys.stderr)
    except KeyboardInterrupt:
        resumed = arguments[0] in RESUMED
        print(f"interrupted: the same command {'goes on from here' if resumed else 'begins anew'}", file=sys.stderr)
        return INTERRUPTED
    return typed.BAD_INPUT


def command() -> int:
    """What the installed command `neuron-embeddings` runs."""
    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(command())
