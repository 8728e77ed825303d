"""Tables written some rows at a time are read back as one."""

import io

import pandas as pd
import pytest

from ne_core.export.table_files import read_table
from ne_core.export.table_stream import ending_of, table_stream

FRAME = pd.DataFrame(
    {
        "text": [0, 0, 1],
        "token": pd.Series(["=1+1", "'", "é\n"], dtype="str"),
        "margin": [0.5, float("nan"), 1.0],
        "unlike": [True, False, True],
    }
)


@pytest.mark.parametrize("ending", ["csv", "json", "parquet"])
@pytest.mark.parametrize("cuts", [(), (1,), (0, 2, 2)])
def test_comes_back(tmp_path, ending, cuts):
    with (tmp_path / f"t.{ending}").open("wb") as file, table_stream(file, ending, {"atlas": "a"}) as write:
        for start, stop in zip((0, *cuts), (*cuts, 3), strict=True):
            write(FRAME.iloc[start:stop])
    result = read_table(tmp_path / f"t.{ending}")
    pd.testing.assert_frame_equal(result, FRAME, check_dtype=False)
    assert ending == "csv" or result.attrs == {"atlas": "a"}


def test_formulas_are_guarded_in_csv():
    file = io.BytesIO()
    with table_stream(file, "csv", {}) as write:
        write(FRAME)
    assert b'"\'=1+1"' in file.getvalue()


def test_other_endings_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"ends in \.csv, \.parquet, \.json"):
        ending_of(tmp_path / "t.xlsx")
