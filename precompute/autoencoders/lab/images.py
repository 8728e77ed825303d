"""Load the images of the lab: the digits of scikit-learn, IDX files, or a data set of the hub."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int, UInt8

from precompute.autoencoders.lab.idx import read_idx_folder

CLASSES = [str(digit) for digit in range(10)]
TRAINED_SHARE = 0.8  # of the images, where the data set is not divided


class LabImagesError(ValueError):
    """The images cannot be used; the message says why in one line."""


@dataclass(frozen=True)
class LabImages:
    """Labelled images; the first `n_train` are for training, the others are held out."""

    name: str
    images: UInt8[np.ndarray, "n height width"]
    labels: Int[np.ndarray, " n"]
    pixel_max: int
    n_train: int

    @property
    def pixels(self) -> Float[np.ndarray, "n d_pixels"]:
        """Brightness from 0 to 1, as the classifier reads it."""
        return self.images.reshape(len(self.images), -1).astype(np.float32) / self.pixel_max

    @property
    def facts(self) -> dict:
        digest = hashlib.sha256(self.images.tobytes() + self.labels.astype(np.int16).tobytes()).hexdigest()
        return {"name": self.name, "sha256": digest, "n_images": len(self.images), "n_train": self.n_train}


def load_images(idx: Path | None, hub: str | None, n_train: int | None) -> LabImages:
    """Load images from a folder of IDX files, from the hub, or by default from scikit-learn."""
    if idx is not None:
        return from_idx(idx, n_train)
    return from_hub(hub, n_train) if hub is not None else sklearn_digits(n_train)


def sklearn_digits(n_train: int | None = None) -> LabImages:
    """The 1,797 digits of 8 × 8 pixels, from 0 to 16, that scikit-learn ships."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    return checked_images("digits of scikit-learn", digits.images.astype(np.uint8), digits.target, 16, n_train)


def from_idx(folder: Path, n_train: int | None = None) -> LabImages:
    """Load the IDX files of a folder: a training set and a test set, or one set, which is divided."""
    images, labels, n_first = read_idx_folder(folder)
    return checked_images(folder.resolve().name, images, labels, 255, n_first if n_train is None else n_train)


def from_hub(name: str, n_train: int | None = None) -> LabImages:
    """Load a data set with an image and a label, by hub name or local folder: its splits `train` and `test`."""
    import datasets

    try:
        dataset = datasets.load_dataset(name)
        splits = [dataset[split] for split in ("train", "test") if split in dataset]
        images = np.concatenate([np.stack([grey(image) for image in split["image"]]) for split in splits])
        labels = np.concatenate([np.array(split["label"]) for split in splits])
    except Exception as error:
        message = (str(error).splitlines() or [type(error).__name__])[0]
        raise LabImagesError(f"{name}: no labelled images can be read from it ({message})") from error
    n_first = len(splits[0]) if len(splits) == 2 else None
    return checked_images(name, images, labels, 255, n_first if n_train is None else n_train)


def grey(image) -> UInt8[np.ndarray, "height width"]:
    return np.asarray(image.convert("L"), dtype=np.uint8)


def checked_images(name: str, images: np.ndarray, labels: np.ndarray, pixel_max: int, n_train: int | None) -> LabImages:
    """Check and return the images. Raises LabImagesError."""
    n = len(images)
    n_train = int(TRAINED_SHARE * n) if n_train is None else n_train
    if n != len(labels):
        raise LabImagesError(f"{name}: {n} images, but {len(labels)} labels")
    wrong = (labels < 0) | (labels >= len(CLASSES))
    if wrong.any():
        index = int(wrong.argmax())
        raise LabImagesError(f"{name}: label {labels[index]} of image {index} is out of range: labels are 0 to 9")
    if not 0 < n_train < n:
        raise LabImagesError(
            f"{name}: n_train is {n_train} of {n} images: take 1 to {n - 1}, some must be left to test on"
        )
    return LabImages(name, np.ascontiguousarray(images), labels.astype(np.int64), pixel_max, n_train)
