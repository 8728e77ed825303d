"""python -m tests.families [NAME ...]: run all cases, or the named ones, one line each; exit code 1 if any is wrong."""

import sys
import time

from tests.families.registry import results, select_cases


def main(names: list[str]) -> int:
    start, wrong, selected = time.monotonic(), 0, select_cases(names)
    for result in results(selected):
        wrong += result.wrong
        print(result, flush=True)
    print(f"{len(selected)} cases, {wrong} wrong, in {time.monotonic() - start:.0f} s")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
