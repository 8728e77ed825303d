"""Check quickly that the model hub can be reached: its own clients retry for half a minute before they fail."""

import huggingface_hub
from huggingface_hub.utils import get_session

TIMEOUT_S = 5


def reachable() -> bool:
    """Return whether the hub answers within TIMEOUT_S seconds."""
    try:
        get_session().head(huggingface_hub.constants.ENDPOINT, timeout=TIMEOUT_S)
    except Exception:  # network errors of every kind, and offline mode
        return False
    return True


def file_system() -> huggingface_hub.HfFileSystem:
    """Return the files of the hub as a file system."""
    return huggingface_hub.HfFileSystem()
