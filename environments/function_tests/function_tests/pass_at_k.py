"""The pass@k estimator."""

from math import comb


def pass_at_k(n: int, c: int, k: int) -> float:
    """Chance that at least one of k samples passes, estimated without bias from n samples of which c passed; in [0, 1].

    Source: Chen et al. 2021 (arXiv 2107.03374), section 2.1: 1 - C(n-c, k) / C(n, k).

    Raises:
        ValueError: not 0 <= c <= n, or not 1 <= k <= n.
    """
    if not 0 <= c <= n:
        raise ValueError(f"pass@k: {c} of {n} samples passed; expected 0 <= c <= n")
    if not 1 <= k <= n:
        raise ValueError(f"pass@{k} of {n} samples: k must lie between 1 and the number of samples")
    return 1.0 - comb(n - c, k) / comb(n, k)
