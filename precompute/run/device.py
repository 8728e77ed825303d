"""Is the device there that the model shall run on? Tried before anything long, with a few bytes."""

import torch

from precompute.config import ConfigError


def check_device(device: str) -> None:
    """`cpu`, `cuda` or `cuda:N`. Raises ConfigError with what is wrong in one line."""
    kind, _, number = device.partition(":")
    if kind == "cpu":
        return
    if kind != "cuda" or not torch.cuda.is_available():
        raise ConfigError(f"device: {device}: torch finds no such device here; cpu would work")
    n = torch.cuda.device_count()
    if number and int(number) >= n:
        raise ConfigError(f"device: {device}: torch finds {n} here, cuda:0 to cuda:{n - 1}")
    try:
        torch.zeros(1, device=device)
    except RuntimeError as error:
        raise ConfigError(f"device: {device} cannot be used ({str(error).splitlines()[0]}); cpu would work") from error
