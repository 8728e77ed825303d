"""How large an environment is that holds what the explorer needs: fresh, used, and with everything compiled."""

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.figures import Figures

MOST_MB = 500


def measure(figures: Figures) -> None:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        install = [f"{folder}/bin/python", "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
        subprocess.run([*install, "--no-compile", "-r", "requirements-app.txt", "-c", "constraints.txt"], check=True)
        figures.add("app_env_mb", size_mb(Path(folder)), "MB")
        subprocess.run([f"{folder}/bin/python", "-m", "compileall", "-q", folder], stdout=subprocess.DEVNULL)
        figures.add("app_env_compiled_mb", size_mb(Path(folder)), "MB")


def size_mb(folder: Path) -> float:
    """Bytes of its files, in MB of a million."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files) / 1e6
