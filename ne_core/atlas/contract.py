"""Write the schema as a page: `python -m ne_core.atlas.contract > data/README.md`; a test compares the two."""

from ne_core.atlas.documents_schema import DOCUMENTS
from ne_core.atlas.lab_schema import LAB, LAB_ARRAYS, RUNS
from ne_core.atlas.manifest import Manifest
from ne_core.atlas.schema import (
    COMPARISONS,
    CONTRIBUTIONS,
    DENSITY,
    EQUAL_N,
    EXAMPLES,
    FEATURES,
    IMAGES,
    INPUTS,
    LAYER,
    LOGIT_EFFECTS,
    NEURONS,
    OTHER,
    OTHER_TREES,
    RANDOM_DIRECTIONS,
    SCHEMA_VERSION,
    SIMILAR_FEATURES,
    Array,
    Column,
)
from ne_core.atlas.typed_json import meanings

HEAD = f"""# What an atlas is

Made from `ne_core/atlas/schema.py` by `python -m ne_core.atlas.contract > data/README.md`.
Schema version {SCHEMA_VERSION}.

An atlas is a directory with a `manifest.json`, written last: a directory without one is not an atlas. Arrays are `.npy`
files, read by memory map. Ragged lists are flat columns plus offsets, so one neuron is two slices: its rows, one per
activating example, and its merges, one per branch point of its tree (a neuron with n examples has n − 1 of them, one
with none has none). Everything is numbered from 0. Nothing in an atlas is ever unpickled.

Numbers of a file “clipped at ±65,504”, the limits of half precision, may stand for any number beyond them; `clipped`
in the manifest counts them by file.

As one file, `NAME.atlas.zip`, an atlas is `manifest.json` followed by exactly the files that it lists, stored or
deflated (`python -m precompute pack` and `unpack`). On the Hugging Face hub it is a data set of those files with a card
(`push`), named `hf://OWNER/NAME`.

`data/models/` holds the demo models, `data/demo/` the atlas that `make demo` builds (not committed).
"""


def markdown() -> str:
    """Return the page as Markdown."""
    return "\n".join(
        [
            HEAD,
            section("Files", ("file", "meaning"), [(code(name), meaning) for name, meaning in OTHER]),
            section("Dataset examples", ("file", "dtype, shape", "meaning"), map(array_row, EXAMPLES)),
            section("Only in an atlas of images", ("file", "dtype, shape", "meaning"), [array_row(IMAGES)]),
            section(
                "Only if `documents` is there: sources of the examples",
                ("file", "dtype, shape", "meaning"),
                map(array_row, DOCUMENTS),
            ),
            section("Each layer, `layers/LL/`", ("file", "dtype, shape", "meaning"), map(array_row, LAYER)),
            section(
                "Only if `other_trees` names an embedding: its trees beside the atlas's own",
                ("file", "dtype, shape", "meaning"),
                map(array_row, OTHER_TREES),
            ),
            section(
                "Only if `logit_effects` is true", ("file", "dtype, shape", "meaning"), map(array_row, LOGIT_EFFECTS)
            ),
            section(
                "Only if `contributions` lists parts",
                ("file", "dtype, shape", "meaning"),
                map(array_row, CONTRIBUTIONS),
            ),
            section(
                "Only if `rarefied` is not null", ("file", "dtype, shape", "meaning"), map(array_row, RANDOM_DIRECTIONS)
            ),
            section("And where `inputs` says so", ("file", "dtype, shape", "meaning"), [array_row(INPUTS)]),
            section("`neurons.parquet`", ("column", "dtype", "meaning"), map(column_row, NEURONS)),
            section(
                "Only if `rarefied` is not null; NaN for neurons with fewer examples",
                ("column", "dtype", "meaning"),
                map(column_row, EQUAL_N),
            ),
            section("`features.parquet`", ("column", "dtype", "meaning"), map(column_row, FEATURES)),
            section(
                "And for each space that `spaces` lists",
                ("column", "dtype", "meaning"),
                map(column_row, SIMILAR_FEATURES),
            ),
            section(
                "Only if `density` is there: written by `python -m precompute read DIR --corpus`",
                ("file", "dtype, shape", "meaning"),
                [array_row(DENSITY)],
            ),
            section(
                "`spaces.parquet`, only if `compared` is true",
                ("column", "dtype", "meaning"),
                map(column_row, COMPARISONS),
            ),
            section("`manifest.json`", ("field", "meaning"), fields(meanings(Manifest))),
            section(
                "Only in an atlas with a lab, `lab/`", ("file", "dtype, shape", "meaning"), map(array_row, LAB_ARRAYS)
            ),
            section("`lab/runs.parquet`", ("column", "dtype", "meaning"), map(column_row, RUNS)),
            section("`lab/lab.json`", ("field", "meaning"), fields(LAB)),
        ]
    )


def section(title: str, head: tuple[str, ...], rows) -> str:
    """Return a heading and a table."""
    lines = [f"## {title}\n", line(head), line("---" for _ in head), *map(line, rows)]
    return "\n".join(lines) + "\n"


def line(cells) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def array_row(spec: Array) -> tuple[str, str, str]:
    """File, dtype with shape, and meaning of an array."""
    meaning = spec.meaning + ("; clipped at ±65,504" if spec.clipped else "")
    return code(spec.file), f"{spec.dtype} [{' '.join(map(str, spec.shape))}]", meaning


def column_row(column: Column) -> tuple[str, str, str]:
    """Name, dtype and meaning of a column."""
    length = f" × {column.length}" if column.length > 1 else ""
    return code(column.name), column.dtype + length, column.meaning


def fields(meanings: dict[str, str]) -> list[tuple[str, str]]:
    """Name and meaning of each field."""
    return [(code(name), meaning) for name, meaning in meanings.items()]


def code(name: str) -> str:
    """The name as code."""
    return f"`{name}`"


if __name__ == "__main__":
    print(markdown(), end="")
