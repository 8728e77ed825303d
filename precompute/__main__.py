"""python -m precompute COMMAND: build, verify and share an atlas, train and evaluate models and autoencoders."""

import logging
import os
import sys
from concurrent.futures import BrokenExecutor
from pathlib import Path

from ne_core.sharing.atomic_write import check_output
from ne_core.sharing.destination import check_apart
from precompute import options as cli_options
from precompute.autoencoders.train.settings import Settings as SaeSettings
from precompute.config import preset as preset_config
from precompute.demo_model.settings import Settings
from precompute.errors import is_device_failure, is_out_of_memory, missing_package_message, one_line
from precompute.synthetic.settings import Settings as Synthetic

INTERRUPTED = 130
RESUMED = ("build", "lab", "fetch", "train-demo", "train-sae")  # commands that continue where they were interrupted


def parser() -> cli_options.Parser:
    return cli_options.parser(__doc__)


def run_build(options: dict) -> int:
    restart, preset = options.pop("restart"), preset_config(options.pop("preset"))
    config = preset.with_options(options)
    from precompute.hub_check import check_hub

    config.check_inputs_apart()
    check_hub(config, restart)
    from precompute.build import build  # torch and the model library take seconds to load
    from precompute.run.progress import duration

    result = build(config, restart)
    print(
        f"{result.directory}: {result.n_alive:,} of {result.n_neurons:,} {result.units} have activating examples, "
        f"{result.n_features:,} features, in {duration(sum(result.seconds.values()))}"
    )
    return 0


def run_status(options: dict) -> int:
    from precompute.run.status import status

    print(status(options["directory"]))
    return 0


def run_verify(options: dict) -> int:
    from ne_core.atlas.verify import verify
    from precompute.run.progress import Progress

    with Progress(1, often_quick=True).stage("verify", "bytes") as on_progress:
        problems = list(verify(options["directory"], on_progress))
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print(f"{options['directory']} is complete and unchanged")
    return cli_options.BAD_INPUT if problems else 0


def run_export(options: dict) -> int:
    from precompute.publish.export import export

    print(f"{options['out']}: {export(**options):,} bytes")
    return 0


def run_pack(options: dict) -> int:
    from precompute.publish.share import pack_atlas

    print(pack_atlas(options["directory"], options["out"], not options["without_inputs"]))
    return 0


def run_unpack(options: dict) -> int:
    from precompute.publish.share import unpack_archive

    print(unpack_archive(options["archive"], options["out"]))
    return 0


def run_fetch(options: dict) -> int:
    from precompute.publish.fetch import fetch_source

    print(fetch_source(**options))
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
    """Replace this process by the explorer; Streamlit is not imported here."""
    os.execv(sys.executable, [sys.executable, "-m", "pages.components.serving.start", str(options["port"])])


def run_host(options: dict) -> int:
    out = options.pop("out") or Path("hosted") / options["target"]
    from precompute.publish.host import host
    from precompute.publish.host.live import added_bytes

    print(f"{out}: {host(out=out, **options):,} bytes; its README.md and docs/hosting.md say what to do with it")
    if options["live"]:
        print(f"{added_bytes(out) / 1e6:,.1f} MB of it are for the live model, and its packages come on top")
    return 0


def run_evaluate(options: dict) -> int:
    """Print each part as it is measured; return 2 if any part failed, after measuring the others."""
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
    finally:  # also after an error or Ctrl-C: write what was measured
        if json and parts:
            write_json(parts, json)
        if docs and parts:
            print(write_docs(parts, docs, options["directory"].resolve().name, command_of(options)))
    return cli_options.BAD_INPUT if any(isinstance(result, Failed) for result in parts.values()) else 0


def run_read(options: dict) -> int:
    from precompute.live.read import read

    written = read(**options)
    print(f"{options['out']}: {written:,} rows" if options["out"] else f"{options['directory']}: densities of "
          f"{written:,} features")  # fmt: skip
    return 0


def run_lab(options: dict) -> int:
    out, idx, hub, n_train, restart = (options.pop(name) for name in ("out", "idx", "hub", "n_train", "restart"))
    from precompute.autoencoders.lab.build import build_lab, output_folders
    from precompute.autoencoders.lab.images import load_images
    from precompute.autoencoders.lab.settings import DIGITS, MNIST, with_options

    check_apart(output_folders(out)[0], idx, hub)
    settings = with_options(MNIST if idx or hub else DIGITS, options)
    lab = build_lab(out, load_images(idx, hub, n_train), settings, restart)
    print(
        f"{lab.out} and {lab.neurons}: {lab.n_runs} autoencoders on a classifier that is right on "
        f"{lab.accuracy:.2%} of held-out images, hidden L0 {lab.hidden_l0:.1f}"
    )
    return 0


def run_train_demo(options: dict) -> int:
    from precompute.demo_model.step import fastest_dtype
    from precompute.demo_model.train import train_demo

    options.setdefault("dtype", fastest_dtype())
    train_demo(options.pop("out"), options.pop("work"), Settings(**options))
    return 0


def run_train_sae(options: dict) -> int:
    out, settings = options.pop("out"), SaeSettings(**options)
    from precompute.autoencoders.train.run import train_sae

    print("\n".join(map(str, train_sae(out, settings))))
    return 0


def run_sae_releases(options: dict) -> int:
    from precompute.models.autoencoder.releases import PUBLISHED, TABLE, renew

    print(f"{TABLE}: {renew(options['source'] or PUBLISHED):,} releases")
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
    "read": run_read,
    "lab": run_lab,
    "train-demo": run_train_demo,
    "evaluate-demo": run_evaluate_demo,
    "train-sae": run_train_sae,
    "sae-releases": run_sae_releases,
}


def run(arguments: list[str]) -> int:
    check_words(arguments)
    options = vars(parser().parse_args(arguments))
    return VERBS[options.pop("verb")](options)


def check_words(arguments: list[str]) -> None:
    """Raise ValueError for an argument that is not UTF-8: an atlas records names, and libraries open its files."""
    for word in arguments:
        try:
            word.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{word!a} is not UTF-8: rename the file or folder") from None


def main(arguments: list[str]) -> int:
    """Run the command and return its exit code; errors that a user can fix are one line on stderr."""
    logging.basicConfig(format="%(message)s")
    try:
        return run(arguments)
    except (ValueError, OSError) as error:
        print(one_line(error), file=sys.stderr)
    except ModuleNotFoundError as error:
        print(missing_package_message(error), file=sys.stderr)
    except (MemoryError, RuntimeError) as error:
        if is_device_failure(error):
            print(
                f"the device failed: {one_line(error)}: repeat the same command to continue, or use --device cpu",
                file=sys.stderr,
            )
            return cli_options.BAD_INPUT
        if not isinstance(error, BrokenExecutor) and not is_out_of_memory(error):
            raise
        print("out of memory: use fewer --examples, fewer --layers or a smaller --work-unit", file=sys.stderr)
    except KeyboardInterrupt:
        resumed = arguments[0] in RESUMED
        print(f"interrupted: the same command {'continues from here' if resumed else 'starts again'}", file=sys.stderr)
        return INTERRUPTED
    return cli_options.BAD_INPUT


def command() -> int:
    """Run the installed command `neuron-embeddings`."""
    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(command())
