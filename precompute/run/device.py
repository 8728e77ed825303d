"""Check that the device of the model works, before anything long is started."""

import torch

from precompute.config import ConfigError


def check_device(device: str) -> None:
    """Check `cpu`, `cuda` or `cuda:N` by allocating a few bytes on it. Raises ConfigError."""
    kind, _, number = device.partition(":")
    if kind == "cpu":
        return
    if kind != "cuda" or not torch.cuda.is_available():
        raise ConfigError(f"device: {device}: torch finds no such device here: use cpu")
    n_devices = torch.cuda.device_count()
    if number and int(number) >= n_devices:
        raise ConfigError(f"device: {device}: torch finds {n_devices} here, cuda:0 to cuda:{n_devices - 1}")
    try:
        torch.zeros(1, device=device)
    except RuntimeError as error:
        raise ConfigError(f"device: {device} cannot be used ({str(error).splitlines()[0]}): use cpu") from error
