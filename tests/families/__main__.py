"""python -m tests.families [NAME ...]: every case, or those whose names are given, a line each; 1 if any is wrong."""

import sys
import time
from importlib import import_module

from tests.families.case import Case, run

FILES = ("decoders", "encoders", "forms", "dictionaries", "refusals")


def cases() -> list[Case]:
    """In the order of their files. Raises ValueError where two have one name."""
    found = [case for file in FILES for case in import_module(f"tests.families.{file}").CASES]
    twice = {case.name for case in found if sum(other.name == case.name for other in found) > 1}
    if twice:
        raise ValueError(f"two cases are called {min(twice)}")
    return found


def chosen(names: list[str]) -> list[Case]:
    every = {case.name: case for case in cases()}
    unknown = [name for name in names if name not in every]
    if unknown:
        raise SystemExit(f"no case {unknown[0]!r}: there are {', '.join(every)}")
    return [every[name] for name in names] if names else list(every.values())


def main(names: list[str]) -> int:
    start, wrong, selected = time.monotonic(), 0, chosen(names)
    for case in selected:
        result = run(case)
        wrong += result.wrong
        print(result, flush=True)
    print(f"{len(selected)} cases, {wrong} wrong, in {time.monotonic() - start:.0f} s")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
