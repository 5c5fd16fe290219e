"""Ratios of medians with bootstrap intervals."""
import numpy as np

RESAMPLES = 1000


def ratio(above, below):
    """The ratio of two contenders' medians and its 95 % interval.

    `above` and `below` hold one array of samples per round. Rounds are drawn with replacement, the
    same ones for both: what disturbs a round disturbs both, and samples of one round are alike, so
    that drawing single samples would promise too narrow an interval.
    """
    generator = np.random.default_rng(20)
    rounds = min(len(above), len(below))
    ratios = []
    for _ in range(RESAMPLES):
        drawn = generator.integers(0, rounds, rounds)
        ratios.append(middle(above, drawn) / middle(below, drawn))
    everything = range(rounds)
    low, high = np.percentile(ratios, [2.5, 97.5])
    return middle(above, everything) / middle(below, everything), low, high


def middle(rounds, drawn):
    return np.median(np.concatenate([rounds[index] for index in drawn]))
