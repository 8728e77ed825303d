"""Settings of the demo model's training run; readable without torch."""

from dataclasses import dataclass

DTYPES = ("float32", "bfloat16")


@dataclass(frozen=True)
class Settings:
    """All settings of the training run."""

    steps: int = 7_500  # length of training; may change on resuming until the decay begins
    seed: int = 0  # initial weights, order of the windows, masked tokens
    vocab_size: int = 5120  # a larger one gives fewer tokens and a larger embedding
    n_layer: int = 4  # depth
    n_embd: int = 256  # width of the residual stream; the MLP has four times as many neurons
    n_head: int = 4  # attention heads per layer
    n_ctx: int = 128  # tokens per window
    batch: int = 32  # windows per step
    micro_batch: int = 16  # windows per forward pass: small enough for the processor's cache
    lr: float = 1.5e-3  # highest learning rate
    warm_up: int = 200  # steps until the learning rate is at its highest
    decay_share: float = 0.25  # the last part of the run, in which the learning rate falls to 0
    weight_decay: float = 0.1  # on matrices, not on biases and gains
    masked_rows: float = 0.5  # share of the windows in which tokens are masked
    masked_tokens: float = 0.05  # share of such a window's inputs that become the mask token
    report_every: int = 250  # steps between two lines of the log, each with a checkpoint
    threads: int = 2  # processor threads; another number rounds differently
    dtype: str = "bfloat16"  # of the matrix products; a processor without bfloat16 takes float32 where none is given

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise ValueError(f"dtype {self.dtype!r}: the matrix products of training are in {' or '.join(DTYPES)}")

    @property
    def decay_from(self) -> int:
        return self.steps - round(self.decay_share * self.steps)

    def learning_rate(self, step: int) -> float:
        """Learning rate of a step: warm-up, constant, then linearly down to 0."""
        return self.lr * min((step + 1) / self.warm_up, 1.0, (self.steps - step) / max(self.steps - self.decay_from, 1))
