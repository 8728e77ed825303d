"""Train the classifier that the lab explains: pixels, one hidden layer of rectified neurons, ten logits.

The loss is cross-entropy with weight decay alone, so that nothing but the task shapes the hidden layer.
"""

from dataclasses import dataclass, fields

import torch
from torch.nn.functional import cross_entropy

from ne_core.method.mlp import MLP
from precompute.autoencoders.lab.images import CLASSES, LabImages
from precompute.run.progress import OnProgress, silent

MLP_WEIGHTS = tuple(field.name for field in fields(MLP))


@dataclass(frozen=True)
class MlpTraining:
    """`weight_decay` is the factor of the squared weights in the gradient (L2, by Adam)."""

    hidden: int = 64
    epochs: int = 30
    batch: int = 128
    learning_rate: float = 3e-3
    weight_decay: float = 1e-3
    seed: int = 0


def train_mlp(images: LabImages, training: MlpTraining, progress: OnProgress = silent) -> MLP:
    """Train on the training images with Adam, seeded; the learning rate falls to 0 as half a cosine."""
    rng = torch.Generator().manual_seed(training.seed)
    x = torch.from_numpy(images.pixels[: images.n_train])
    labels = torch.from_numpy(images.labels[: images.n_train])
    W_in, W_out = (uniform(*shape, rng) for shape in ((x.shape[1], training.hidden), (training.hidden, len(CLASSES))))
    b_in, b_out = (torch.zeros(tensor.shape[1], requires_grad=True) for tensor in (W_in, W_out))
    optimizer = torch.optim.Adam(
        [W_in, b_in, W_out, b_out], lr=training.learning_rate, weight_decay=training.weight_decay
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, training.epochs)
    for epoch in range(training.epochs):
        for rows in torch.randperm(len(x), generator=rng).split(training.batch):
            logits = torch.relu(x[rows] @ W_in + b_in) @ W_out + b_out
            optimizer.zero_grad()
            cross_entropy(logits, labels[rows]).backward()
            optimizer.step()
        schedule.step()
        progress(epoch + 1, training.epochs)
    return MLP(*(tensor.detach().numpy() for tensor in (W_in, b_in, W_out, b_out)))


def uniform(d_in: int, d_out: int, rng: torch.Generator) -> torch.Tensor:
    """Uniform weights; the variance of a sum over inputs is a third of the inputs' mean square."""
    bound = d_in**-0.5
    return (2 * torch.rand(d_in, d_out, generator=rng) - 1).mul_(bound).requires_grad_()
