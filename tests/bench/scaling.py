"""Time and memory of builds that grow, by examples and by neurons: `python -m tests.bench.scaling --out docs`.

Whole builds with the demo model, each in a process of its own, with masked passes in proportion to the examples. Writes
`scaling.csv`, and `scaling.svg` drawn from it.
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import pandas as pd

from precompute.config import PRESETS, RunConfig
from tests.bench.run import Measured, measured
from tests.support.browser import chromium

EXAMPLES, LAYERS = (250, 500, 1000, 2000), (1, 2, 3, 4)
AMONG = 500  # examples, where neurons grow
PASSES = 12  # masked passes for each example
STAGES = ("collect", "features", "importance", "similar features", "writing")
COLOURS = ("#5f86bd", "#c9813a", "#4f9a6b", "#a45c9c", "#8a8f98")


def configs() -> list[tuple[str, RunConfig]]:
    """What grows, and each build."""
    base = PRESETS["demo"]
    by_examples = [("examples", replace(base, examples=n, importance_passes=PASSES * n)) for n in EXAMPLES]
    rest = {"examples": AMONG, "importance_passes": PASSES * AMONG}
    return by_examples + [("neurons", replace(base, layers=tuple(range(n)), **rest)) for n in LAYERS]


def row(grows: str, config: RunConfig, found: Measured) -> dict:
    return {
        "grows": grows,
        "examples": config.examples,
        "neurons": found.n_neurons,
        "rows": found.n_rows,
        "features": found.n_features,
        "masked_passes": found.n_passes,
        **{f"{stage.replace(' ', '_')}_s": round(found.seconds[stage], 2) for stage in STAGES},
        "total_s": round(found.total_s, 1),
        "peak_gb": round(found.peak_gb, 3),
    }


def table() -> pd.DataFrame:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for number, (grows, config) in enumerate(configs()):
            rows.append(row(grows, config, measured(replace(config, out=f"{folder}/{number}"))))
            print(rows[-1], flush=True)
    return pd.DataFrame(rows)


def figure(found: pd.DataFrame):
    """Seconds by stage above, peak memory below; by examples on the left, by neurons on the right."""
    from plotly.subplots import make_subplots

    drawn = make_subplots(rows=2, cols=2, shared_xaxes=True, row_heights=[0.68, 0.32], vertical_spacing=0.07)
    for column, grows in enumerate(("examples", "neurons"), 1):
        part = found[found["grows"] == grows]
        for stage, colour in zip(STAGES, COLOURS, strict=True):
            seconds = part[f"{stage.replace(' ', '_')}_s"]
            line = {"x": part[grows], "y": seconds, "name": stage, "line_color": colour, "showlegend": column == 1}
            drawn.add_scatter(**line, row=1, col=column)
        memory = {"x": part[grows], "y": part["peak_gb"], "line_color": "#444", "showlegend": False}
        drawn.add_scatter(**memory, row=2, col=column)
        drawn.update_xaxes(title=grows, rangemode="tozero", row=2, col=column)
    drawn.update_yaxes(rangemode="tozero")
    drawn.update_yaxes(title="seconds", col=1, row=1).update_yaxes(title="peak memory, GB", col=1, row=2)
    return drawn.update_layout(
        template="plotly_white", width=900, height=560, legend_orientation="h", legend_y=1.1, margin_t=50
    )


def write_svg(drawn, path: Path) -> None:
    """Drawn by a browser, which plotly's own exporter would need too."""
    page_text = drawn.to_html(include_plotlyjs=True, div_id="figure")
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        (Path(folder) / "figure.html").write_text(page_text, encoding="utf-8")
        page = browser.new_page()
        page.goto(f"file://{folder}/figure.html")
        image = page.evaluate("Plotly.toImage('figure', {format: 'svg'}).then(url => decodeURIComponent(url))")
    path.write_text(image.removeprefix("data:image/svg+xml,") + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scaling", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs"))
    parser.add_argument("--draw-only", action="store_true", help="draw the figure of the table that is there")
    given = parser.parse_args()
    if not given.draw_only:
        table().to_csv(given.out / "scaling.csv", index=False)
    write_svg(figure(pd.read_csv(given.out / "scaling.csv")), given.out / "scaling.svg")


if __name__ == "__main__":
    main()
