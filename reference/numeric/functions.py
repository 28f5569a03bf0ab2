"""Values of the functions of neurocart-numeric at 60 digits, with mpmath 1.3.

    python functions.py > functions.csv

The exact value is written as two doubles, value + remainder, so that an error can be measured
in fractions of a unit in the last place.
"""

import math
import random

import mpmath as mp

mp.mp.dps = 60
draw = random.Random(20260101)


def spread(low_exponent, high_exponent, count):
    """Positive numbers with magnitudes spread evenly."""
    return [10 ** draw.uniform(low_exponent, high_exponent) for _ in range(count)]


def uniform(low, high, count):
    return [draw.uniform(low, high) for _ in range(count)]


def signed(numbers):
    return [x if draw.random() < 0.5 else -x for x in numbers]


def erfc(x):
    return mp.erfc(x)


def normal_cdf(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def normal_quantile(p):
    """Newton's iteration on the distribution function, from the tail p <= 1/2."""
    lower = min(p, 1 - p)
    with mp.workdps(60 - int(mp.log10(lower))):
        z = -mp.sqrt(-2 * mp.log(lower)) if lower < 0.1 else mp.mpf(0)
        for _ in range(200):
            step = (normal_cdf(z) - lower) * mp.sqrt(2 * mp.pi) * mp.exp(z * z / 2)
            z -= step
            if abs(step) < mp.mpf(10) ** -50:
                break
        return z if p <= 0.5 else -z


FUNCTIONS = {
    "exp": (mp.exp, uniform(-708, 709.7, 100) + uniform(-745, -708, 30)
            + uniform(-1, 1, 60) + signed(spread(-18, 0, 30))),
    "ln": (mp.log, spread(-307, 308, 80) + spread(-323, -308, 20) + uniform(0.5, 2, 80)
           + [1 + x for x in signed(spread(-15, -2, 40))]),
    "log10": (mp.log10, spread(-307, 308, 60) + spread(-323, -308, 10) + uniform(0.5, 2, 60)),
    "tanh": (mp.tanh, uniform(-1, 1, 80) + uniform(-20, 20, 60) + signed(spread(-10, 0, 20))),
    "sin": (mp.sin, uniform(-7, 7, 80) + uniform(-2**20, 2**20, 80)
            + [k * math.pi / 2 for k in (1, 2, 3, 4, 97, 1000, 333333, 600001)]
            + signed(spread(-10, 0, 20))),
    "cos": (mp.cos, uniform(-7, 7, 80) + uniform(-2**20, 2**20, 80)
            + [k * math.pi / 2 for k in (1, 2, 3, 4, 97, 1000, 333333, 600001)]),
    "pow": (mp.power, [(a, b) for a, b in zip(spread(-8, 8, 100), uniform(-6, 6, 100))]
            + [(a, b) for a, b in zip(spread(-1, 1, 50), uniform(-250, 250, 50))]),
    "erfc": (erfc, uniform(-6, 6, 120) + uniform(0.8, 1.3, 30) + uniform(2.5, 3.2, 20)
             + uniform(6, 26, 40)),
    "normal_cdf": (normal_cdf, uniform(-37, 8, 80) + uniform(-3, 3, 60)),
    "normal_quantile": (normal_quantile, uniform(0, 1, 60) + spread(-300, -1, 40)
                        + [1 - x for x in spread(-15, -1, 20)] + [0.075, 0.925, 0.5 + 1e-9]),
    "ln_gamma": (mp.loggamma, uniform(0, 12, 80) + spread(-300, 0, 20) + spread(1, 300, 30)),
}

print("function,x,y,value,remainder")
for name, (function, arguments) in FUNCTIONS.items():
    for argument in arguments:
        x, y = argument if isinstance(argument, tuple) else (argument, 0.0)
        exact = function(mp.mpf(x), mp.mpf(y)) if name == "pow" else function(mp.mpf(x))
        value = float(exact)
        print(f"{name},{x!r},{y!r},{value!r},{float(exact - mp.mpf(value))!r}")
