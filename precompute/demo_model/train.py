"""Train the demo model: seeded, resumable, and the same bytes whether or not it was stopped."""

import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from ne_core.atlas.litter import is_empty
from ne_core.sharing.destination import WriteError, check_writable, destination
from precompute.demo_model import data
from precompute.demo_model.quiet import quiet
from precompute.demo_model.settings import Settings
from precompute.demo_model.step import Run, batch_of_step, new_run, take_step, token_losses
from precompute.demo_model.tokenizer import END, MASK, trained_tokenizer
from precompute.run.progress import Progress, Stage

N_TUNE_TOKENS = 25_000


def train_demo(out: Path, work: Path, settings: Settings) -> None:
    """Train on the offline corpus and save the model to `out`; a stopped run in `work` is resumed."""
    check_out(out)
    progress = Progress(3)
    with progress.stage("corpus"):
        train_texts, held_out_texts, sha256 = data.corpus_texts(workers=settings.threads)
    with progress.stage("tokens"):
        tokenizer = load_tokenizer(work, train_texts, settings)
        streams = data.streams(tokenizer, train_texts, held_out_texts)
    print(f"corpus {sha256[:12]}: {len(streams.train):,} training tokens", flush=True)
    with progress.stage("training", "steps") as stage:
        run = train(streams, tokenizer, work, settings, stage)
    save(
        run,
        tokenizer,
        out,
        {"settings": asdict(settings), "corpus_sha256": sha256, "n_train_tokens": len(streams.train)},
    )
    print(f"saved to {out}")


def check_out(out: Path) -> None:
    """Raise WriteError unless `out` is new, an empty folder or a model, and writable."""
    if out.exists() and not out.is_dir():
        raise WriteError(f"{out} is not a directory: name another --out")
    if out.is_dir() and not is_empty(out) and not (out / "config.json").is_file():
        raise WriteError(f"{out} holds files and is no model: it is left as it is, name another --out")
    check_writable(out, destination(out) / "model")


def load_tokenizer(work: Path, texts: list[str], settings: Settings) -> PreTrainedTokenizerBase:
    """Load the tokenizer of this run; train it first if `work` has none."""
    folder = work / "tokenizer"
    if not (folder / "tokenizer.json").exists():
        trained_tokenizer(texts, settings.vocab_size, settings.n_ctx).save_pretrained(folder)
    return AutoTokenizer.from_pretrained(folder)


def train(
    streams: data.Streams,
    tokenizer: PreTrainedTokenizerBase,
    work: Path,
    settings: Settings,
    stage: Stage | None = None,
) -> Run:
    """Run all remaining steps; every report writes a line of the log and a checkpoint."""
    quiet()
    torch.set_num_threads(settings.threads)
    work.mkdir(parents=True, exist_ok=True)
    end, mask = tokenizer.convert_tokens_to_ids([END, MASK])
    run = resumed_run(work, settings, end)
    recent = []
    if stage:
        stage.already(run.step)
    while run.step < settings.steps:
        if run.step == settings.decay_from:
            write_checkpoint(run, work / "before_decay.pt")
        recent.append(take_step(run, *batch_of_step(streams.train, settings, run.step, end, mask)))
        if run.step % settings.report_every == 0 or run.step == settings.steps:
            tune = streams.tune[:N_TUNE_TOKENS]
            tune_loss = token_losses(run.model, tune, settings.n_ctx, end, settings.dtype).mean()
            write_checkpoint(run, work / "last.pt")
            _report(run, work, float(np.mean(recent)), float(tune_loss), stage)
            recent = []
        if stage:
            stage(run.step, settings.steps)
    return run


def _report(run: Run, work: Path, train_loss: float, tune_loss: float, stage: Stage | None) -> None:
    row = {"step": run.step, "train_loss": round(train_loss, 4), "held_out_loss": round(tune_loss, 4)}
    with (work / "log.jsonl").open("a") as log:
        log.write(json.dumps(row) + "\n")
    if stage:
        stage.end_line()
    print(
        f"step {run.step}/{run.settings.steps}  train {train_loss:.3f}  held-out {tune_loss:.3f} nats/token", flush=True
    )


def write_checkpoint(run: Run, path: Path) -> None:
    state = {
        "settings": asdict(run.settings),
        "step": run.step,
        "model": run.model.state_dict(),
        "optimizer": run.optimizer.state_dict(),
    }
    torch.save(state, path.with_suffix(".part"))
    # a run killed during this write keeps its previous checkpoint
    os.replace(path.with_suffix(".part"), path)


def resumed_run(work: Path, settings: Settings, end: int) -> Run:
    """Run from the newest checkpoint that these settings can resume; a new run if there is no checkpoint."""
    run = new_run(settings, end)
    paths = [path for path in (work / "last.pt", work / "before_decay.pt") if path.exists()]
    for path in paths:
        state = torch.load(path, weights_only=True)
        if can_resume(Settings(**state["settings"]), settings, state["step"]):
            run.model.load_state_dict(state["model"])
            run.optimizer.load_state_dict(state["optimizer"])
            run.step = state["step"]
            print(f"resuming at step {run.step} from {path}", flush=True)
            return run
    if paths:
        raise ValueError(
            f"{work} holds a run with other settings; use the same settings, or another folder for a new run"
        )
    return run


def can_resume(old: Settings, new: Settings, step: int) -> bool:
    """True if `new` would have reached this step in the same way: `steps` matters only once the decay has begun."""
    return old == new or (replace(old, steps=new.steps) == new and step <= min(old.decay_from, new.decay_from))


def save(run: Run, tokenizer: PreTrainedTokenizerBase, out: Path, facts: dict) -> None:
    """Save a normal checkpoint folder with float16 weights, and the facts of its training."""
    half = new_run(run.settings, run.model.config.eos_token_id).model
    half.load_state_dict(run.model.state_dict())
    half.config.use_cache = True  # for users of the model; training does not reuse keys and values
    half.half().save_pretrained(out)
    tokenizer.save_pretrained(out)
    (out / "training.json").write_text(json.dumps(facts, indent=2) + "\n")
