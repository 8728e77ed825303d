"""All cases by name, and running some of them."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context

from precompute.run.engines.local import n_cores
from tests.families.case import Case, Result, run

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


def run_named(name: str) -> Result:
    """A case in a process of its own, which imports the cases again."""
    return run(*chosen([name]))


def results(selected: list[Case]) -> Iterator[Result]:
    """In order, as many at once as there are cores."""
    if len(selected) == 1:
        yield run(selected[0])
        return
    with ProcessPoolExecutor(min(n_cores(), len(selected)), get_context("spawn")) as pool:
        yield from pool.map(run_named, [case.name for case in selected])
