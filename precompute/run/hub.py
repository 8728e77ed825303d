"""Whether the model hub answers, asked once and quickly: its clients would try for half a minute before they say so."""

import huggingface_hub
from huggingface_hub.utils import get_session

TIMEOUT_S = 5


def reachable() -> bool:
    try:
        get_session().head(huggingface_hub.constants.ENDPOINT, timeout=TIMEOUT_S)
    except Exception:  # every kind of network trouble, and offline mode, mean the same here
        return False
    return True
