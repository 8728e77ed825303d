"""Figures, lines of `name value unit`: printed at once, and written to .bench/latest.txt."""

from pathlib import Path

LATEST = Path(".bench/latest.txt")


class Figures:
    """Prints each figure, and writes all of them at the end."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, name: str, value: float, unit: str) -> None:
        self.lines.append(f"{name} {value:.4g} {unit}")
        print(self.lines[-1], flush=True)

    def write(self) -> None:
        LATEST.parent.mkdir(exist_ok=True)
        LATEST.write_text("\n".join(self.lines) + "\n", encoding="utf-8")
