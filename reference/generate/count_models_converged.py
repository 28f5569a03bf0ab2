"""Count models fitted to convergence in 40-digit arithmetic, beside where R's stopping rule ends.

Run in reference/: python generate/count_models_converged.py > count_models_converged.csv
R's glm stops when the deviance changes by less than 1e-8 relative and takes its standard errors from
the weights of the step before; glm.nb alternates such fits with theta. The columns `stopped_*` follow
that rule, to show that it accounts for the difference between R's figures and the maximum; `coef` and
`se` are at the maximum. Models: count_models.csv (Poisson) and count_models_quine.csv.
"""

import csv

from mpmath import mp, mpf, matrix

mp.dps = 40


def read(name):
    with open(name) as file:
        return list(csv.DictReader(file))


def product(x, weights, z=None):
    p = len(x[0])
    if z is None:
        return matrix([[mp.fsum(w * r[i] * r[j] for w, r in zip(weights, x)) for j in range(p)] for i in range(p)])
    return matrix([mp.fsum(w * r[i] * v for w, r, v in zip(weights, x, z)) for i in range(p)])


def deviance(y, mu, theta):
    total = mpf(0)
    for a, m in zip(y, mu):
        total += a * mp.log(a / m) if a > 0 else 0
        total -= (a - m) if theta is None else (a + theta) * mp.log((a + theta) / (m + theta))
    return 2 * total


def irls(x, y, offset, theta, mu, epsilon):
    """Reweighted least squares from `mu`; returns b, mu, inverse information and weights of the last step."""
    eta = [mp.log(m) for m in mu]
    last = deviance(y, mu, theta)
    while True:
        weights = [m if theta is None else m / (1 + m / theta) for m in mu]
        z = [e - o + (a - m) / m for e, o, a, m in zip(eta, offset, y, mu)]
        inverse = product(x, weights) ** -1
        b = inverse * product(x, weights, z)
        eta = [o + mp.fsum(c * v for c, v in zip(b, r)) for o, r in zip(offset, x)]
        working = weights
        residuals = [(a - m) / m for a, m in zip(y, mu)]
        mu = [mp.exp(e) for e in eta]
        now = deviance(y, mu, theta)
        if abs(now - last) / (abs(now) + mpf("0.1")) < epsilon:
            return b, mu, inverse, working
        last = now


def best_theta(y, mu, epsilon):
    theta = len(y) / mp.fsum((a / m - 1) ** 2 for a, m in zip(y, mu))
    while True:
        score = mp.fsum(mp.digamma(theta + a) - mp.digamma(theta) + mp.log(theta) + 1 - mp.log(theta + m)
                        - (a + theta) / (m + theta) for a, m in zip(y, mu))
        information = mp.fsum(mp.polygamma(1, theta) - mp.polygamma(1, theta + a) - 1 / theta + 2 / (m + theta)
                              - (a + theta) / (m + theta) ** 2 for a, m in zip(y, mu))
        step = score / information
        theta += step
        if abs(step) <= epsilon:
            return theta, 1 / mp.sqrt(information)


def log_likelihood(y, mu, theta):
    return mp.fsum(mp.loggamma(theta + a) - mp.loggamma(theta) - mp.loggamma(a + 1) + theta * mp.log(theta)
                   + (a * mp.log(m) if a > 0 else 0) - (theta + a) * mp.log(theta + m) for a, m in zip(y, mu))


def negative_binomial(x, y, offset, epsilon, theta_epsilon):
    b, mu, inverse, _ = irls(x, y, offset, None, [a + mpf("0.1") for a in y], epsilon)
    theta, error = best_theta(y, mu, theta_epsilon)
    scale = mp.sqrt(2 * (len(y) - len(x[0])))
    now = log_likelihood(y, mu, theta)
    before, moved = now + 2 * scale, mpf(1)
    while abs(before - now) / scale + abs(moved) > epsilon:
        b, new_mu, inverse, _ = irls(x, y, offset, theta, mu, epsilon)
        old = theta
        theta, error = best_theta(y, mu, theta_epsilon)
        mu = new_mu
        moved, before, now = old - theta, now, log_likelihood(y, mu, theta)
    return b, inverse, theta, error


def number(value):
    return mp.nstr(value, 18)


print("case_id,term,coef,se,theta,se_theta,stopped_coef,stopped_se,stopped_theta,stopped_se_theta")
R, TIGHT = mpf("1e-8"), mpf("1e-30")
EPSILON_QUARTER = (mpf(2) ** -52) ** mpf("0.25")

data = read("count_data_arr.csv")
y = [mpf(r["relapses"]) for r in data]
x = [[mpf(1), mpf(r["arm"]), mpf(r["prior_relapses"])] for r in data]
offset = [mp.log(mpf(float(r["followup_years"]))) for r in data]
start = [a + mpf("0.1") for a in y]
fits = []
for epsilon in (TIGHT, R):
    b, mu, inverse, weights = irls(x, y, offset, None, start, epsilon)
    residuals = [(a - m) / m for a, m in zip(y, mu)]
    meat = product(x, [(w * r) ** 2 for w, r in zip(weights, residuals)])
    dispersion = mp.fsum(w * r * r for w, r in zip(weights, residuals)) / (len(y) - 3)
    fits.append((b, {"poisson": inverse, "poisson_robust_HC0": inverse * meat * inverse, "quasipoisson": dispersion * inverse}))
for case in ("poisson", "poisson_robust_HC0", "quasipoisson"):
    for j, term in enumerate(("(Intercept)", "arm", "prior_relapses")):
        cells = []
        for b, variance in fits:
            cells += [number(b[j]), number(mp.sqrt(variance[case][j, j])), "", ""]
        print(",".join([case, term] + cells))

data = read("count_data_quine.csv")
y = [mpf(r["days"]) for r in data]
x = [[mpf(1), mpf(r["eth_n"]), mpf(r["sex_m"]), mpf(r["lrn_sl"])] for r in data]
offset = [mpf(0)] * len(y)
fits = [negative_binomial(x, y, offset, TIGHT, TIGHT), negative_binomial(x, y, offset, R, EPSILON_QUARTER)]
for j, term in enumerate(("(Intercept)", "EthN", "SexM", "LrnSL")):
    cells = []
    for b, inverse, theta, error in fits:
        cells += [number(b[j]), number(mp.sqrt(inverse[j, j])), number(theta), number(error)]
    print(",".join(["quine_negbin: Days ~ Eth + Sex + Lrn", term] + cells))
