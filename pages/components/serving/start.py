"""Start the explorer with the project's settings, also where pip put it: python -m pages.components.serving.start PORT.

Streamlit looks for its settings beside the script and in the current folder. An installed explorer has them elsewhere,
so they are passed on as flags.
"""

import sys
import tomllib
from importlib.metadata import files
from pathlib import Path

from streamlit.web import bootstrap

PACKAGE = "neuron-embeddings"
ROOT = Path(__file__).parents[3]


def settings_file() -> Path:
    """The checkout's file of settings, or the one that pip installed beside the packages."""
    in_checkout = ROOT / ".streamlit" / "config.toml"
    if in_checkout.is_file():
        return in_checkout
    return next(Path(file.locate()) for file in files(PACKAGE) or () if file.name == "config.toml")


def flags(settings: dict, section: str = "") -> dict[str, object]:
    """Settings by the names that Streamlit's command line has for them: section_name."""
    flat: dict[str, object] = {}
    for name, value in settings.items():
        flat |= flags(value, f"{section}{name}_") if isinstance(value, dict) else {f"{section}{name}": value}
    return flat


def start(port: int) -> None:
    """Serve until interrupted."""
    options = flags(tomllib.loads(settings_file().read_text(encoding="utf-8"))) | {"server_port": port}
    bootstrap.load_config_options(options)
    bootstrap.run(str(ROOT / "app.py"), False, [], options)


if __name__ == "__main__":
    start(int(sys.argv[1]))
