"""The distance beyond which an input is unlike anything seen: a conformal limit from members that are left out.

Of member i of a neuron's examples, with itself left out of its feature,

    s_i = min over features f of the mean distance from i to the members of f        f_i = the feature of that minimum
    limit of n scores = the k-th smallest of them, k = ceil((1 − α)(n + 1)), α = 0.05

A new example from where the members came from is as likely to have any rank among the n + 1, so that it is beyond the
limit with a probability of 1 − k / (n + 1), at most α. A quantile of the n alone forgets the 1: of two members it is
the larger distance, beyond which every third new one is. With fewer than 19 scores there is no k-th.

    a feature f with 19 members or more whose f_i is f         has the limit of their s_i
    another, of m members                                      has the limit of t_i over all members i of the neuron's
                                                               larger features: mean distance to m others of its own
    another, where that is fewer than 19                       has the limit of all s_i of the neuron
    where these are fewer than 19, too                         has none (infinite): too little is known

m others, since a mean over few scatters more than one over many. They are spread evenly over the feature's examples.

Groups with limits of their own: Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World (2005), section 4.5.
Members left out in the place of a set held out: Barber, Candès, Ramdas and Tibshirani, Predictive inference with the
jackknife+, Annals of Statistics 49 (2021).
"""

import math

import numpy as np
from jaxtyping import Float, Int

ALPHA = 0.05
LEAST = math.ceil(1 / ALPHA) - 1  # scores that a limit takes


def limits(
    units: Float[np.ndarray, "n d"], feature: Int[np.ndarray, " n"], n_features: int
) -> Float[np.ndarray, " n_features"]:
    """Of one neuron's features, from its members' unit embeddings and the feature of each."""
    limit, sizes = np.full(n_features, np.inf, dtype=np.float32), np.bincount(feature, minlength=n_features)
    if len(units) < LEAST:
        return limit
    distance = 1 - units @ units.T
    nearest, score = left_out(distance, feature, n_features)
    enough = np.bincount(nearest, minlength=n_features) >= LEAST
    for f in np.flatnonzero(enough):
        limit[f] = conformal(score[nearest == f])
    for m in np.unique(sizes[~enough]):
        scores = to_others(distance, feature, np.flatnonzero(sizes > m), int(m))
        limit[~enough & (sizes == m)] = conformal(scores if len(scores) >= LEAST else score)
    return limit


def left_out(
    distance: Float[np.ndarray, "n n"], feature: Int[np.ndarray, " n"], n_features: int
) -> tuple[Int[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """The nearest feature of each member, itself left out, and its mean distance; infinite to a feature of itself."""
    is_member = feature[:, None] == np.arange(n_features)
    others = is_member.sum(axis=0) - is_member
    itself = np.diag(distance)[:, None] * is_member
    mean = np.where(others > 0, (distance @ is_member.astype(distance.dtype) - itself) / np.maximum(others, 1), np.inf)
    return mean.argmin(axis=1), mean.min(axis=1)


def to_others(
    distance: Float[np.ndarray, "n n"], feature: Int[np.ndarray, " n"], of: Int[np.ndarray, " k"], m: int
) -> Float[np.ndarray, " members"]:
    """The mean distance of each member of the features `of` to `m` others of its own, which has more than `m`."""
    means = [distance[:0, 0]]
    for f in of:
        members = np.flatnonzero(feature == f)
        n = len(members)
        steps = 1 + np.arange(m) * (n - 1) // m  # from each member onwards, in a circle
        others = members[(np.arange(n)[:, None] + steps) % n]
        means.append(distance[members[:, None], others].mean(axis=1))
    return np.concatenate(means)


def conformal(scores: Float[np.ndarray, " n"]) -> float:
    """The k-th smallest, k = ceil((1 − α)(n + 1)); infinite where there are fewer than k."""
    k = math.ceil(round((1 - ALPHA) * (len(scores) + 1), 9))
    return float(np.partition(scores, k - 1)[k - 1]) if k <= len(scores) else math.inf
