"""What an evaluation found, as a page of the documentation: the tables as they are printed, the pictures beside it."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from ne_core.sharing.destination import WriteError, check_writable, destination
from precompute.report import Failed, Report


def check_docs(folder: Path) -> None:
    """Whether pages can be written there. Raises WriteError."""
    if folder.exists() and not folder.is_dir():
        raise WriteError(f"{folder} is not a directory: name another --docs")
    check_writable(folder, destination(folder) / "evaluation.md")


def write_docs(reports: Mapping[str, Report | Failed], folder: Path, name: str, command: str) -> Path:
    """`evaluation-NAME.md` in the folder, with an SVG file for each picture; the path of the page."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = [f"# Evaluation of {name}\n\nMade by this, not by hand:\n\n```\n{command}\n```\n"]
    for part, report in reports.items():
        if isinstance(report, Failed):
            parts.append(f"## {part}\n\nNot measured:\n\n```text\n{report}\n```\n")
            continue
        parts.append(f"## {part}\n\n```text\n{report.table.rstrip()}\n```\n")
        for title, svg in report.pictures.items():
            file = f"evaluation-{name}-{title}.svg"
            (folder / file).write_text(svg + "\n", encoding="utf-8")
            parts.append(f"![{title}]({file})\n")
    page = folder / f"evaluation-{name}.md"
    page.write_text("\n".join(parts), encoding="utf-8")
    return page


def command_of(options: Mapping) -> str:
    """The command with its options, but for where the pages go."""
    words = [str(options["directory"])]
    for name in ("only", "against"):
        words += [f"--{name}", *map(str, options[name])] if options[name] else []
    words += ["--model", options["model"]] if options["model"] else []
    words += ["--quick"] if options["quick"] else []
    return f"python -m precompute evaluate {shlex.join(words)}"
