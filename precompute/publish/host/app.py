"""The explorer's own files, and every package that it needs at the tested version."""

import importlib.metadata
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ne_core.atlas.litter import PATTERNS

ROOT = Path(__file__).parents[3]
FOLDERS = ("pages", "ne_core")
EXPLORER = "requirements-app.txt"
FILES = ("app.py", ".streamlit/config.toml")
LINUX = {"platform_system": "Linux", "sys_platform": "linux", "os_name": "posix", "extra": ""}  # the platform of hosts


def copy_app(folder: Path) -> None:
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", *PATTERNS))
    for name in FILES:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)


def requirements_text(lists: Sequence[str] = (EXPLORER,)) -> str:
    """Return a requirements file: the packages of some lists and all their dependencies, as constraints.txt pins them.

    What it does not pin, such as setuptools, pip chooses.
    """
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.M))
    pins = {canonicalize_name(name): version for name, version in pins.items()}
    required = [name for each in lists for name in re.findall(r"^([\w.-]+)==", (ROOT / each).read_text(), re.M)]
    return "".join(f"{name}=={pins[name]}\n" for name in sorted(needed_packages(required)) if name in pins)


def needed_packages(names: list[str]) -> set[str]:
    """Return the packages and all their dependencies, as the installed packages declare them."""
    packages: set[str] = set()
    queue = [canonicalize_name(name) for name in names]
    while queue:
        name = queue.pop()
        if name not in packages:
            packages.add(name)
            queue += [canonicalize_name(requirement.name) for requirement in requirements(name) if applies(requirement)]
    return packages


def requirements(name: str) -> list[Requirement]:
    try:
        return [Requirement(text) for text in importlib.metadata.requires(name) or ()]
    except importlib.metadata.PackageNotFoundError:
        raise ValueError(f"{name} is not installed: run this with the Python that runs the explorer") from None


def applies(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate(LINUX)
