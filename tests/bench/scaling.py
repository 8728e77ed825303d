"""Time and memory of growing builds, by examples and by neurons: `python -m tests.bench.scaling --out docs/figures`.

Whole builds with the demo model, each in a process of its own, with masked passes in proportion to the examples. Writes
`scaling.csv`, and `scaling.svg` drawn from it.
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import pandas as pd

from precompute.config import PRESETS, RunConfig
from tests.bench.build import BuildFigures, measure_build
from tests.support.browser import chromium

EXAMPLES, LAYERS = (250, 500, 1000, 2000), (1, 2, 3, 4)
N_EXAMPLES = 500  # examples of the builds with more neurons
PASSES = 12  # masked passes for each example
STAGES = ("collect", "features", "importance", "similar features", "writing")
COLOURS = ("#5f86bd", "#c9813a", "#4f9a6b", "#a45c9c", "#8a8f98")


def configs() -> list[tuple[str, RunConfig]]:
    """Return each build with the name of what grows."""
    base = PRESETS["demo"]
    by_examples = [("examples", replace(base, examples=n, importance_passes=PASSES * n)) for n in EXAMPLES]
    rest = {"examples": N_EXAMPLES, "importance_passes": PASSES * N_EXAMPLES}
    return by_examples + [("neurons", replace(base, layers=tuple(range(n)), **rest)) for n in LAYERS]


def row(grows: str, config: RunConfig, build: BuildFigures) -> dict:
    return {
        "grows": grows,
        "examples": config.examples,
        "neurons": build.n_neurons,
        "rows": build.n_rows,
        "features": build.n_features,
        "masked_passes": build.n_passes,
        **{f"{stage.replace(' ', '_')}_s": round(build.seconds[stage], 2) for stage in STAGES},
        "total_s": round(build.total_s, 1),
        "peak_gb": round(build.peak_gb, 3),
    }


def table() -> pd.DataFrame:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for number, (grows, config) in enumerate(configs()):
            rows.append(row(grows, config, measure_build(replace(config, out=f"{folder}/{number}"))))
            print(rows[-1], flush=True)
    return pd.DataFrame(rows)


def figure(builds: pd.DataFrame):
    """Draw seconds by step above, peak memory below; by examples on the left, by neurons on the right."""
    from plotly.subplots import make_subplots

    plot = make_subplots(rows=2, cols=2, shared_xaxes=True, row_heights=[0.68, 0.32], vertical_spacing=0.07)
    for column, grows in enumerate(("examples", "neurons"), 1):
        rows = builds[builds["grows"] == grows]
        for stage, colour in zip(STAGES, COLOURS, strict=True):
            seconds = rows[f"{stage.replace(' ', '_')}_s"]
            line = {"x": rows[grows], "y": seconds, "name": stage, "line_color": colour, "showlegend": column == 1}
            plot.add_scatter(**line, row=1, col=column)
        memory = {"x": rows[grows], "y": rows["peak_gb"], "line_color": "#444", "showlegend": False}
        plot.add_scatter(**memory, row=2, col=column)
        plot.update_xaxes(title=grows, rangemode="tozero", row=2, col=column)
    plot.update_yaxes(rangemode="tozero")
    plot.update_yaxes(title="seconds", col=1, row=1).update_yaxes(title="peak memory, GB", col=1, row=2)
    return plot.update_layout(
        template="plotly_white", width=900, height=560, legend_orientation="h", legend_y=1.1, margin_t=50
    )


def write_svg(plot, path: Path) -> None:
    """Render in a browser, which plotly's own exporter would need too."""
    page_text = plot.to_html(include_plotlyjs=True, div_id="figure")
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        (Path(folder) / "figure.html").write_text(page_text, encoding="utf-8")
        page = browser.new_page()
        page.goto(f"file://{folder}/figure.html")
        image = page.evaluate("Plotly.toImage('figure', {format: 'svg'}).then(url => decodeURIComponent(url))")
    path.write_text(image.removeprefix("data:image/svg+xml,") + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scaling", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs"))
    parser.add_argument("--draw-only", action="store_true", help="draw the figure of the existing table")
    options = parser.parse_args()
    if not options.draw_only:
        table().to_csv(options.out / "scaling.csv", index=False)
    write_svg(figure(pd.read_csv(options.out / "scaling.csv")), options.out / "scaling.svg")


if __name__ == "__main__":
    main()
