"""All cases by name, and running some of them."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context

from precompute.run.engines.local import n_cores
from tests.families.case import Case, Result, run

FILES = ("decoders", "encoders", "variants", "dictionaries", "refusals")


def cases() -> list[Case]:
    """Return all cases, in the order of their files. Raises ValueError if two have the same name."""
    all_cases = [case for file in FILES for case in import_module(f"tests.families.{file}").CASES]
    repeated = {case.name for case in all_cases if sum(other.name == case.name for other in all_cases) > 1}
    if repeated:
        raise ValueError(f"two cases have the name {min(repeated)}")
    return all_cases


def select_cases(names: list[str]) -> list[Case]:
    cases_by_name = {case.name: case for case in cases()}
    unknown = [name for name in names if name not in cases_by_name]
    if unknown:
        raise SystemExit(f"no case {unknown[0]!r}: the cases are {', '.join(cases_by_name)}")
    return [cases_by_name[name] for name in names] if names else list(cases_by_name.values())


def run_named(name: str) -> Result:
    """Run a case in its own process, which imports the cases again."""
    return run(*select_cases([name]))


def results(selected: list[Case]) -> Iterator[Result]:
    """Yield the results in order, running as many cases at once as there are cores."""
    if len(selected) == 1:
        yield run(selected[0])
        return
    with ProcessPoolExecutor(min(n_cores(), len(selected)), get_context("spawn")) as pool:
        yield from pool.map(run_named, [case.name for case in selected])
