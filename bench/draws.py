"""Virtual patients for the speed benchmark: draws of every core parameter that varies.

Usage: draws.py parameters.csv model.ant COUNT > draws.csv

Reads value, range, coefficient of variation and distribution of the core parameters, and writes one
row per patient. Log-normal: the value is the median. Logit-normal: the value is the median, the
variation is the standard deviation on the logit scale. Gamma: the value is the mean. A draw outside
the range is drawn again.
"""

import csv
import math
import random
import re
import sys


def draw(stream, row):
    value, variation = float(row["value"]), float(row["cv"])
    low, high = float(row["low"]), float(row["high"])
    while True:
        if row["distribution"] == "lognormal":
            spread = math.sqrt(math.log1p(variation**2))
            x = value * math.exp(stream.gauss(0, spread))
        elif row["distribution"] == "logit-normal":
            logit = math.log(value / (1 - value)) + stream.gauss(0, variation)
            x = 1 / (1 + math.exp(-logit))
        else:
            shape = 1 / variation**2
            x = stream.gammavariate(shape, value / shape)
        if low <= x <= high:
            return x


def main():
    table, model, count = sys.argv[1], open(sys.argv[2]).read(), int(sys.argv[3])
    rows = [r for r in csv.DictReader(open(table)) if r["scope"] == "core"]
    varying = [
        r
        for r in rows
        if r["distribution"] in ("lognormal", "logit-normal", "gamma")
        and float(r["cv"]) > 0
        and float(r["value"]) > 0
        and float(r["low"]) < float(r["high"])
        and re.search(rf"^  {r['symbol']} = [-0-9.e]+;$", model, re.M)
    ]
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow([r["symbol"] for r in varying])
    stream = random.Random(20260101)
    for _ in range(count):
        out.writerow([repr(draw(stream, r)) for r in varying])


main()
