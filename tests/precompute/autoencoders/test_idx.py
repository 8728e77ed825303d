"""IDX files in the format of MNIST, and one-line errors for invalid ones."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from precompute.autoencoders.lab.idx import IdxError, read_idx_folder
from precompute.autoencoders.lab.images import LabImagesError, from_hub, from_idx, sklearn_digits


def idx(values: np.ndarray) -> bytes:
    head = struct.pack(f">{1 + values.ndim}I", 0x800 + values.ndim, *values.shape)
    return head + values.astype(np.uint8).tobytes()


def digits(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(256, size=(n, 4, 3)), rng.integers(10, size=n)


def write(folder: Path, prefix: str, images: np.ndarray, labels: np.ndarray, packed: bool = False) -> Path:
    for what, values in (("images-idx3", images), ("labels-idx1", labels)):
        name = folder / f"{prefix}-{what}-ubyte{'.gz' if packed else ''}"
        name.write_bytes(gzip.compress(idx(values)) if packed else idx(values))
    return folder


@pytest.mark.parametrize("packed", [False, True])
def test_round_trip(tmp_path, packed):
    images, labels = digits(10)
    loaded = from_idx(write(tmp_path, "t10k", images, labels, packed))
    assert np.array_equal(loaded.images, images)
    assert np.array_equal(loaded.labels, labels)
    assert loaded.n_train == 8, "one set is divided"
    np.testing.assert_allclose(loaded.pixels[3], images[3].ravel() / 255, rtol=1e-6)


NAMES = [
    "{set}-images-idx3-ubyte",  # as MNIST and Fashion-MNIST come
    "{set}-images.idx3-ubyte",  # as often copied
    "{set}-images-idx3-ubyte.gz",
    "{set}-images.idx3-ubyte.GZ",
    "{set}_images_idx3_ubyte",
    "emnist-digits-{set}-images-idx3-ubyte.gz",
    "TRAIN-IMAGES-IDX3-UBYTE",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("prefix", ["train", "t10k", "test"])
def test_usual_file_names_are_recognised(tmp_path, name, prefix):
    images, labels = digits(10)
    name = name.format(set=prefix)
    for file, values in ((name, images), (name.replace("images", "labels").replace("IMAGES", "LABELS"), labels)):
        file = file if "label" not in file.lower() else file.replace("idx3", "idx1").replace("IDX3", "IDX1")
        packed = file.lower().endswith(".gz")
        (tmp_path / file).write_bytes(gzip.compress(idx(values)) if packed else idx(values))
        (tmp_path / f"._{file}").write_bytes(b"\0\5\x16\7")
        if ".idx" in file:
            (tmp_path / file.replace(".idx", "-idx")).mkdir()  # some archives hold a folder of that name
    assert np.array_equal(from_idx(tmp_path).images, images)


def test_unpacked_file_wins_over_gz_and_two_data_sets_are_refused(tmp_path):
    images, labels = digits(10)
    write(write(tmp_path, "t10k", images, labels), "t10k", images, labels, packed=True)
    assert np.array_equal(from_idx(tmp_path).images, images)
    write(tmp_path, "emnist-letters-t10k", images, labels)
    with pytest.raises(
        IdxError, match=r"several images files of the test set: emnist-letters-t10k-.*, t10k-.*leave only one"
    ):
        from_idx(tmp_path)


def test_training_and_test_sets_stay_separate(tmp_path):
    train, test = digits(6, 1), digits(4, 2)
    write(write(tmp_path, "t10k", *test), "train", *train)
    loaded = from_idx(tmp_path)
    assert loaded.n_train == 6
    assert np.array_equal(loaded.images, np.concatenate([train[0], test[0]]))
    assert from_idx(tmp_path, 7).n_train == 7


def test_digits_of_scikit_learn():
    loaded = sklearn_digits()
    assert loaded.images.shape == (1797, 8, 8)
    assert (loaded.images.max(), loaded.pixels.max()) == (16, 1)
    assert loaded.n_train == 1437


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda images, labels: (b"\0\0\x08\x01" + images[4:], labels), "magic number 0x0801, not 0x0803"),
        (lambda images, labels: (b"PK\3\4" + images, labels), "magic number .* it is zip"),
        (lambda images, labels: (images[:-1], labels), "holds 119 bytes, its header says 10 × 4 × 3"),
        (lambda images, labels: (images + b"x", labels), "holds 121 bytes"),
        (lambda images, labels: (images[:10], labels), "cut short: 10 bytes, and its header alone takes 16"),
        (lambda images, labels: (b"", labels), "cut short: 0 bytes"),
        (lambda images, labels: (images, idx(digits(9)[1])), "has 10 images, .* has 9 labels"),
        (
            lambda images, labels: (images, idx(np.full(10, 10))),
            "label 10 of image 0 is out of range: labels are 0 to 9",
        ),
        (lambda images, labels: (gzip.compress(images)[:40], labels), "cannot be unpacked"),
        (lambda images, labels: (images, None), "no labels: t10k-labels-idx1-ubyte is missing"),
        (lambda images, labels: (None, labels), "holds no IDX images"),
        (lambda images, labels: (idx(np.zeros((0, 4, 3))), idx(np.zeros(0))), "holds no images"),
    ],
)
def test_invalid_files_give_one_line_errors(tmp_path, spoil, message):
    images, labels = digits(10)
    for name, content in zip(("images-idx3", "labels-idx1"), spoil(idx(images), idx(labels)), strict=True):
        if content is not None:
            (tmp_path / f"t10k-{name}-ubyte").write_bytes(content)
    with pytest.raises((IdxError, LabImagesError), match=message) as caught:
        from_idx(tmp_path)
    assert "\n" not in str(caught.value)


def test_missing_folder_is_named_in_the_error(tmp_path):
    with pytest.raises(IdxError, match="is not a folder"):
        read_idx_folder(tmp_path / "none")


@pytest.mark.parametrize("n_train", [0, 10, -1])
def test_n_train_must_leave_images_for_testing(tmp_path, n_train):
    with pytest.raises(LabImagesError, match="some must be left to test on"):
        from_idx(write(tmp_path, "t10k", *digits(10)), n_train)


def test_images_of_two_sizes_are_refused(tmp_path):
    write(tmp_path, "t10k", *digits(4))
    write(tmp_path, "train", np.zeros((5, 2, 2)), np.zeros(5))
    with pytest.raises(IdxError, match="different sizes"):
        from_idx(tmp_path)


def test_hub_data_set_from_a_local_folder(tmp_path):
    """Load from a folder with the hub's library: tests have no network."""
    import datasets
    from PIL import Image

    images, labels = digits(10)
    features = datasets.Features({"image": datasets.Image(), "label": datasets.Value("int64")})
    for split, rows in (("train", slice(0, 7)), ("test", slice(7, 10))):
        pictures = [Image.fromarray(each.astype(np.uint8)) for each in images[rows]]
        dataset = datasets.Dataset.from_dict({"image": pictures, "label": labels[rows]}, features=features)
        dataset.to_parquet(tmp_path / f"{split}.parquet")
    loaded = from_hub(str(tmp_path))
    assert np.array_equal(loaded.images, images)
    assert np.array_equal(loaded.labels, labels)
    assert loaded.n_train == 7


def test_unknown_hub_name_gives_a_one_line_error(tmp_path):
    with pytest.raises(LabImagesError, match="no labelled images can be read") as caught:
        from_hub(str(tmp_path / "none"))
    assert "\n" not in str(caught.value)
