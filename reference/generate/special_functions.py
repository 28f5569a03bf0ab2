"""Values of special functions and distributions in 40-digit arithmetic (mpmath 1.4).

Run: python special_functions.py > ../special_functions.csv
Columns: function, up to three arguments, value. Upper tails are written as such, because one minus
a lower tail would lose them.
"""

from mpmath import mp, mpf

mp.dps = 40


def quantile(tail, target, low, high):
    """The x where the increasing function `tail` reaches `target`, by bisection."""
    low, high = mpf(low), mpf(high)
    for _ in range(125):
        middle = (low + high) / 2
        if tail(middle) < target:
            low = middle
        else:
            high = middle
    return low


def beta_lower(a, b, x):
    if a > 900 and a == int(a) and b == int(b):
        # P(X >= a) of a binomial count out of a + b - 1, term by term: the series of betainc
        # would need too many digits.
        n = a + b - 1
        term = mp.exp(mp.loggamma(n + 1) - mp.loggamma(a + 1) - mp.loggamma(b)
                      + a * mp.log(x) + (b - 1) * mp.log(1 - x))
        total, k, odds = term, a, x / (1 - x)
        while k < n:
            term *= (n - k) / (k + 1) * odds
            k += 1
            total += term
            if term < total * mpf(10) ** -45:
                break
        return total
    return mp.betainc(a, b, 0, x, regularized=True)


def beta_upper(a, b, x):
    if a > 900:
        return beta_lower(b, a, 1 - x)
    return mp.betainc(a, b, x, 1, regularized=True)


def gamma_lower(a, x):
    return mp.gammainc(a, 0, x, regularized=True)


def gamma_upper(a, x):
    return mp.gammainc(a, x, mp.inf, regularized=True)


def row(function, arguments, value):
    cells = [repr(float(a)) for a in arguments] + [""] * (3 - len(arguments))
    print(",".join([function] + cells + [mp.nstr(value, 20)]))


def exact(x):
    """The binary number that a program reads, not the decimal that is written."""
    return mpf(float(x))


print("function,a,b,c,value")
for z in [-37, -10, -5, -1.96, -0.5, 0, 0.3, 1.2815515655446004, 3, 6, 8.2]:
    row("normal_cdf", [z], mp.erfc(-exact(z) / mp.sqrt(2)) / 2)
    row("normal_sf", [z], mp.erfc(exact(z) / mp.sqrt(2)) / 2)
for p in [1e-300, 1e-100, 1e-20, 1e-8, 0.001, 0.025, 0.075, 0.2, 0.6, 0.925, 0.975, 0.999999]:
    target = exact(p)
    row("normal_quantile", [p], quantile(lambda z: mp.erfc(-z / mp.sqrt(2)) / 2, target, -40, 40))
for x in [0.001, 0.1, 0.5, 1.5, 3.7, 10, 64.5, 1000, 123456.75]:
    row("ln_gamma", [x], mp.loggamma(exact(x)))
    row("digamma", [x], mp.digamma(exact(x)))
    row("trigamma", [x], mp.polygamma(1, exact(x)))
for a, x in [(0.5, 0.01), (0.5, 20), (1, 3), (3.5, 0.2), (3.5, 30), (14.9, 10), (15.1, 40), (100, 90),
             (100, 160), (1000, 1000), (1e5, 99000), (1e6, 1000500)]:
    row("gamma_lower", [a, x], gamma_lower(exact(a), exact(x)))
    row("gamma_upper", [a, x], gamma_upper(exact(a), exact(x)))
for a, b, x in [(0.5, 0.5, 0.001), (1, 1, 0.3), (2, 9, 0.05), (0.5, 40, 0.2), (13, 4, 0.9), (20, 21, 0.5),
                (100, 200, 0.3), (100, 200, 0.5), (0.5, 5000, 0.001), (300, 2, 0.97), (5000, 7000, 0.41),
                (1e5, 2e5, 0.3345)]:
    row("beta_lower", [a, b, x], beta_lower(exact(a), exact(b), exact(x)))
    row("beta_upper", [a, b, x], beta_upper(exact(a), exact(b), exact(x)))
for a, b, p in [(0.5, 0.5, 0.025), (1, 15, 0.025), (1, 15, 0.975), (8, 7, 1e-6), (0.5, 20.5, 0.001), (2, 300, 0.975),
                (1.5, 0.5, 0.9), (82, 182, 0.5), (100, 300, 0.025), (40, 0.5, 0.05)]:
    target = exact(p)
    row("beta_quantile", [a, b, p], quantile(lambda x: beta_lower(exact(a), exact(b), x), target, 0, 1))
for a, p in [(0.5, 0.001), (0.5, 0.95), (1, 0.025), (3, 0.975), (12, 1e-6), (13, 0.5), (264, 0.975)]:
    target = exact(p)
    row("gamma_quantile", [a, p], quantile(lambda x: gamma_lower(exact(a), x), target, 0, 1000))
for t, df in [(-8, 3), (-2, 80), (0.1, 1), (1.99, 80), (4.5, 12.5), (30, 200)]:
    e, d = exact(t), exact(df)
    row("t_two_sided", [t, df], beta_lower(d / 2, mpf(1) / 2, d / (d + e * e)))
for p, df in [(0.975, 1), (0.975, 2), (0.975, 80), (0.995, 12.5), (0.0001, 5), (0.6, 30), (0.975, 300)]:
    d, target = exact(df), exact(p)
    def t_cdf(t, d=d):
        upper = beta_lower(d / 2, mpf(1) / 2, d / (d + t * t)) / 2
        return upper if t < 0 else 1 - upper
    row("t_quantile", [p, df], quantile(t_cdf, target, -49, 50))
for x, df in [(0.01, 1), (3.841, 1), (60, 1), (5.99, 2), (11, 3), (250, 200)]:
    row("chi_square_sf", [x, df], gamma_upper(exact(df) / 2, exact(x) / 2))
for p, df in [(0.95, 1), (0.95, 2), (0.001, 7), (0.999, 60)]:
    target = exact(p)
    row("chi_square_quantile", [p, df], quantile(lambda x: gamma_lower(exact(df) / 2, x / 2), target, 0, 1000))
for x, d1, d2 in [(0.2, 1, 10), (4, 2, 30), (40, 3, 12), (1.1, 100, 200)]:
    d1e, d2e, xe = exact(d1), exact(d2), exact(x)
    row("f_sf", [x, d1, d2], beta_upper(d1e / 2, d2e / 2, d1e * xe / (d1e * xe + d2e)))
for p, d1, d2 in [(0.95, 1, 10), (0.05, 4, 7), (0.99, 20, 200)]:
    d1e, d2e, target = exact(d1), exact(d2), exact(p)
    row("f_quantile", [p, d1, d2],
        quantile(lambda x: beta_lower(d1e / 2, d2e / 2, d1e * x / (d1e * x + d2e)), target, 0, 10000))
for x, n, p in [(0, 20, 0.05), (3, 12, 0.3), (20, 20, 0.9), (60, 100, 0.2), (500, 1000, 0.47), (12, 40, 1e-5)]:
    pe = exact(p)
    pmf = lambda k: mp.binomial(n, k) * pe**k * (1 - pe) ** (n - k)
    row("binomial_pmf", [x, n, p], pmf(x))
    row("binomial_cdf", [x, n, p], mp.fsum(pmf(k) for k in range(x + 1)))
    row("binomial_sf", [x, n, p], mp.fsum(pmf(k) for k in range(x + 1, n + 1)))
for x, mean in [(0, 2.5), (7, 3.3), (2, 60), (1000, 1010)]:
    m = exact(mean)
    row("poisson_cdf", [x, mean], mp.fsum(mp.exp(-m) * m**k / mp.factorial(k) for k in range(x + 1)))
