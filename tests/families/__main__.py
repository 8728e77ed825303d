"""python -m tests.families [NAME ...]: every case, or those whose names are given, a line each; 1 if any is wrong."""

import sys
import time

from tests.families.every import chosen, results


def main(names: list[str]) -> int:
    start, wrong, selected = time.monotonic(), 0, chosen(names)
    for result in results(selected):
        wrong += result.wrong
        print(result, flush=True)
    print(f"{len(selected)} cases, {wrong} wrong, in {time.monotonic() - start:.0f} s")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
