"""A worker without a model, started as `python -m tests.support.live_worker`; some texts make it fail."""

import os
import sys
import time
from contextlib import suppress

from ne_core.live.answers import Ready, Refused
from ne_core.live.messages import encode, read_message
from ne_core.live.requests import OpenModel


def main() -> None:
    while True:
        request, extra = read_message(sys.stdin.buffer)
        if isinstance(request, OpenModel):
            refused = extra["atlas"].endswith("refused")
            answer = Refused("no such model") if refused else Ready(True, None, (str(os.getpid()), extra["atlas"]))
        else:
            if request.text == "die":
                os._exit(1)
            if request.text == "nonsense":
                sys.stdout.buffer.write(b"x" * 64)
                sys.stdout.buffer.flush()
            if request.text.startswith("sleep"):
                time.sleep(float(request.text.removeprefix("sleep")))
            answer = Refused(f"{os.getpid()} {request.text}")
        sys.stdout.buffer.write(encode(answer))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    with suppress(EOFError):
        main()
