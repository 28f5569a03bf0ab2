"""Exact conditional odds ratios in 40-digit arithmetic.

Run in reference/: python generate/conditional_odds_ratio.py > conditional_odds_ratio.csv
R's fisher.test and mantelhaen.test(exact = TRUE) solve for the estimate and the limits with a
tolerance of 1.2e-4 on the odds ratio below one, or on its reciprocal above; here are the roots
themselves, for the tables of responder_2x2.csv and cmh_data.csv. An empty cell is infinite.
"""

import csv
from math import comb

from mpmath import findroot, mp, mpf

mp.dps = 40


def read(name):
    with open(name) as file:
        return list(csv.DictReader(file))


def distribution(tables):
    """Smallest sum and the integer weights of the sums of treated responders."""
    start, weights = 0, [1]
    for x1, n1, x2, n2 in tables:
        m = x1 + x2
        low, high = max(0, m - n2), min(n1, m)
        table = [comb(n1, x) * comb(n2, m - x) for x in range(low, high + 1)]
        new = [0] * (len(weights) + len(table) - 1)
        for i, a in enumerate(weights):
            for j, b in enumerate(table):
                new[i + j] += a * b
        start, weights = start + low, new
    return start, weights


def solve(rising):
    """Root in log psi, by bisection and then secants."""
    low, high = mpf(-60), mpf(60)
    for _ in range(40):
        middle = (low + high) / 2
        if rising(middle) < 0:
            low = middle
        else:
            high = middle
    return mp.exp(findroot(rising, (low, high), solver="anderson", tol=mpf("1e-60")))


def number(value):
    return "" if value is None else mp.nstr(value, 18)


print("source,case_id,odds_ratio,lower95,upper95")
groups = {}
for row in read("responder_2x2.csv"):
    groups.setdefault(("responder_2x2", row["case_id"]), []).append(row)
for row in read("cmh_data.csv"):
    groups.setdefault(("cmh", row["case_id"]), []).append(row)
for (source, case), rows in groups.items():
    tables = [tuple(int(r[c]) for c in ("x_trt", "n_trt", "x_ctl", "n_ctl")) for r in rows]
    start, weights = distribution(tables)
    observed, last = sum(t[0] for t in tables) - start, len(weights) - 1

    def parts(log_psi):
        tilted = [w * mp.exp(log_psi * x) for x, w in enumerate(weights)]
        total = mp.fsum(tilted)
        mean = mp.fsum(x * t for x, t in enumerate(tilted)) / total
        return mean, mp.fsum(tilted[observed:]) / total, mp.fsum(tilted[: observed + 1]) / total

    tail = mpf("0.025")
    ratio = lower = mpf(0)
    upper = None
    if observed > 0:
        lower = solve(lambda t: parts(t)[1] - tail)
        ratio = None if observed == last else solve(lambda t: parts(t)[0] - observed)
    if observed < last:
        upper = solve(lambda t: tail - parts(t)[2])
    print(",".join([source, case, number(ratio), number(lower), number(upper)]))
