"""Tensors in files: headers first, so that every size is checked before a tensor is read.

safetensors and .npz hold numbers only; a .pt file is read by torch's reader of weights, which creates tensors and
plain containers and nothing else. No file is ever unpickled.
"""

import math
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from precompute.models.autoencoder.config import SaeError

FLOATS = ("F64", "F32", "F16", "BF16")
KINDS = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    np.dtype("float64"): "F64",
    np.dtype("float32"): "F32",
    np.dtype("float16"): "F16",
}
MAX_EXPANSION = 10  # an .npz of weights hardly shrinks; a file that grows more than this would fill the memory


@dataclass(frozen=True)
class Stored:
    """A tensor in a file: its name there, its header, and the function that reads it."""

    name: str
    kind: str
    shape: tuple[int, ...]
    read: Callable[[], Tensor]

    @property
    def T(self) -> "Stored":
        """Return the same matrix with its sides exchanged."""
        return replace(self, shape=self.shape[::-1], read=lambda: self.read().T)

    def reshaped(self, shape: tuple[int, ...]) -> "Stored":
        """Return the same numbers in another shape."""
        return replace(self, shape=shape, read=lambda: self.read().reshape(shape))

    def expanded(self, n: int) -> "Stored":
        """Return a vector of n entries of a tensor that holds one number."""
        return replace(self, shape=(n,) if math.prod(self.shape) == 1 else self.shape, read=lambda: spread(self, n))


StoredTensors = Mapping[str, Stored]


def spread(tensor: Stored, n: int) -> Tensor:
    return tensor.read().reshape(1).expand(n).clone()


def safetensors(path: Path) -> dict[str, Stored]:
    """Return the tensors of a safetensors file."""
    try:
        with safe_open(path, framework="pt") as file:
            headers = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 the file is no mapping
            return {
                name: Stored(name, header.get_dtype(), tuple(header.get_shape()), partial(read_safetensors, path, name))
                for name, header in headers.items()
            }
    except (SafetensorError, OSError) as error:
        raise incomplete(path, "safetensors", error) from error


def read_safetensors(path: Path, name: str) -> Tensor:
    try:
        with safe_open(path, framework="pt") as file:
            return file.get_tensor(name)
    except (SafetensorError, OSError) as error:
        raise incomplete(path, "safetensors", error) from error


def npz(path: Path) -> dict[str, Stored]:
    """Return the arrays of a numpy .npz file."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > MAX_EXPANSION * path.stat().st_size:
                raise SaeError(f"{path}: expands to more than {MAX_EXPANSION} times its size; save it uncompressed")
            return dict(stored_array(path, archive, member) for member in members)
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError) as error:
        if isinstance(error, SaeError):
            raise
        raise incomplete(path, ".npz", error) from error


def stored_array(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[str, Stored]:
    """Return the name and the header of one array. A header may claim any size: it must fit the member's bytes."""
    name = member.filename.removesuffix(".npy")
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        if version not in read_header:
            raise ValueError(f"{name[:80]} is in an unknown version of the .npy format")
        shape, _, dtype = read_header[version](file)
    if math.prod(shape) * dtype.itemsize > member.file_size:
        raise ValueError(f"{name[:80]} is shorter than its header says")
    return name, Stored(name, KINDS.get(dtype, str(dtype)), shape, partial(read_array, path, name))


def read_array(path: Path, name: str) -> Tensor:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return torch.from_numpy(np.ascontiguousarray(arrays[name]))
    except (zipfile.BadZipFile, ValueError, OSError, EOFError) as error:
        raise incomplete(path, ".npz", error) from error


def torch_weights(path: Path) -> dict[str, Stored]:
    """Return the tensors of a .pt file that holds a dictionary of tensors, as torch saves it."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:  # of the archive, of its reader of weights, or of the disk
        if isinstance(error, MemoryError):
            raise
        raise SaeError(
            f"{path}: not a file of tensors alone as torch.save writes it; other content could run code and is not "
            "read: save its state_dict() again with torch.save"
        ) from error
    if not isinstance(content, dict) or not all(
        isinstance(name, str) and isinstance(tensor, Tensor) for name, tensor in content.items()
    ):
        raise SaeError(f"{path}: holds no dictionary of named tensors; save its state_dict() with torch.save")
    return {
        name: Stored(name, KINDS.get(tensor.dtype, str(tensor.dtype)), tuple(tensor.shape), partial(detached, tensor))
        for name, tensor in content.items()
    }


def detached(tensor: Tensor) -> Tensor:
    return tensor.detach()


def incomplete(path: Path, kind: str, error: Exception) -> SaeError:
    reason = (str(error).splitlines() or [type(error).__name__])[0][:120]
    return SaeError(f"{path}: not a complete {kind} file ({reason}); save or download it again")
