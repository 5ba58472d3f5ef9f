"""Quantiles of the beta distribution and of Student's t, to ten digits; knows the standard library alone.

A million requests make a beta distribution whose parameters are in the millions; all that is done here is done on
logarithms, so that nothing underflows.
"""

from __future__ import annotations

import functools
import math
from typing import Final

_TINY: Final = 1e-300
_ENOUGH: Final = 1e-14


@functools.lru_cache(maxsize=4096)
def beta_quantile(p: float, a: float, b: float) -> float:
    """Where the beta distribution with `a`, `b` > 0 has the share `p` in (0, 1) to its left.

    Newton's method on the logarithm of the distribution function over the log-odds of x: that function is concave, so
    from the right of the root the first step falls to its left and all further ones climb towards it.
    """
    is_left_of_the_mean = math.log(p) <= log_beta_cdf(a / (a + b), a, b)
    return _climb(p, a, b) if is_left_of_the_mean else 1 - _climb(1 - p, b, a)


def _climb(p: float, a: float, b: float) -> float:
    odds, target = math.log(a) - math.log(b), math.log(p)
    for _ in range(200):
        log_x, log_rest = -_softplus(-odds), -_softplus(odds)
        log_cdf = log_beta_cdf(math.exp(log_x), a, b, log_x, log_rest)
        slope = math.exp(a * log_x + b * log_rest - log_beta(a, b) - log_cdf)
        step = (log_cdf - target) / slope
        odds -= step
        if abs(step) <= 1e-12 * max(1.0, abs(odds)) or odds < -745:
            break
    return math.exp(-_softplus(-odds))


def t_quantile(p: float, df: float) -> float:
    """Where Student's t distribution with `df` > 0 degrees of freedom has the share `p` in (0.5, 1) to its left.

    By Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.1 and 26.5.27.
    """
    share = beta_quantile(2 * (1 - p), df / 2, 0.5)  # df / (df + t²)
    return math.sqrt(df * (1 - share) / share)


def log_beta(a: float, b: float) -> float:
    """The logarithm of the beta function."""
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def log_beta_cdf(x: float, a: float, b: float, log_x: float | None = None, log_rest: float | None = None) -> float:
    """The logarithm of the regularised incomplete beta function at `x` in (0, 1).

    Its logarithm, and that of 1 - x, may be given where they are known better than `x` tells.
    """
    log_x = math.log(max(x, _TINY)) if log_x is None else log_x
    log_rest = math.log1p(-x) if log_rest is None else log_rest
    front = a * log_x + b * log_rest - log_beta(a, b)
    if x < (a + 1) / (a + b + 2):
        return front - math.log(a) + math.log(_fraction(x, a, b))
    above = math.exp(front - math.log(b)) * _fraction(1 - x, b, a)
    return math.log1p(-min(above, 1 - 1e-16))


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method.

    It takes about as many steps as the square root of its larger parameter.
    """
    c, d = 1.0, 1 / _nonzero(1 - (a + b) * x / (a + 1))
    value, m = d, 0
    while abs(c * d - 1) >= _ENOUGH or m == 0:
        m += 1
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _nonzero(1 + term * d)
            c = _nonzero(1 + term / c)
            value *= c * d
    return value


def _nonzero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def _softplus(value: float) -> float:
    """The logarithm of 1 + e^value, without overflow."""
    return max(value, 0.0) + math.log1p(math.exp(-abs(value)))
