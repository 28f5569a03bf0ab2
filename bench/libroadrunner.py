"""The other half of the speed benchmark: libroadrunner (CVODE, LLVM) on the same text and patients.

Usage: libroadrunner.py model.ant draws.csv OUT_DIR

The model is compiled once. For each patient the parameters are set and the model is reset, which
computes the initial values anew. A reset leaves constants that the text derives from parameters as
they were, so those are computed here from the text's own formulas, beforehand, and set as well. Only
the call that sets, resets and simulates is timed, in processor time. Prints one line of JSON per
rung of tolerances.
"""

import csv
import json
import math
import re
import resource
import sys
import time

import antimony
import numpy as np
import roadrunner

OUTPUTS = ["CARb", "Bb", "cG", "Ap", "IL6", "MGADL", "AMt"]
SCENARIO = {"t19": 1.0, "x_LD": 1.0, "n_CART": 0.07}


def constants(text):
    """Name and formula of every constant of the text, in its order: parameters and derived ones."""
    head = text[: text.index("  const ")]
    return re.findall(r"^  (\w+) = ([^;]+);", head, re.M)


def values_of_patients(text, draws):
    """All constants of each patient, as a list of rows, and their names."""
    formulas = [(name, compile(f.replace("^", "**"), name, "eval")) for name, f in constants(text)]
    rows = []
    for draw in draws:
        given = {**SCENARIO, **draw}
        known = {}
        for name, formula in formulas:
            known[name] = given[name] if name in given else float(eval(formula, vars(math), known))
        rows.append([known[name] for name, _ in formulas])
    return [name for name, _ in formulas], np.array(rows)


def main():
    model, draws_file, out = sys.argv[1:]
    text = open(model).read()
    if antimony.loadAntimonyString(text) < 0:
        sys.exit(antimony.getLastError())
    runner = roadrunner.RoadRunner(antimony.getSBMLString("neuroimmune_cart"))
    runner.timeCourseSelections = OUTPUTS
    draws = [{k: float(v) for k, v in row.items()} for row in csv.DictReader(open(draws_file))]
    names, rows = values_of_patients(text, draws)
    ids = runner.model.getGlobalParameterIds()
    indices = [ids.index(name) for name in names]
    times = [i * 7.4 for i in range(101)]
    integrator = runner.integrator

    def run(relative, absolute, stiff, count):
        integrator.relative_tolerance = relative
        integrator.absolute_tolerance = absolute
        integrator.stiff = stiff
        integrator.maximum_num_steps = 1000000
        outputs = np.full((len(rows), len(times), len(OUTPUTS)), np.nan)
        failures = 0
        start = time.process_time()
        for i in range(count):
            try:
                runner.model.setGlobalParameterValues(indices, rows[i])
                runner.reset()
                outputs[i] = runner.simulate(times=times)
            except RuntimeError as error:
                print(f"patient {i}: {error}", file=sys.stderr)
                failures += 1
        return outputs, time.process_time() - start, failures

    run(1e-4, 1e-8, True, 20)  # warm up
    # Adams-Moulton against BDF, on a few patients; the rest runs with the faster.
    sample = {stiff: run(1e-5, 1e-8, stiff, 50)[1] for stiff in (True, False)}
    stiff = sample[True] <= sample[False]
    print(f"50 patients: BDF {sample[True]:.2f} s, Adams {sample[False]:.2f} s", file=sys.stderr)
    rungs = [(1e-11, 1e-3)]
    rungs += [
        (relative, fraction)
        for relative in (1e-3, 1e-4, 3e-5, 1e-5, 3e-6, 1e-6, 3e-7, 1e-7)
        for fraction in (1e-2, 1e-4)
    ]
    for relative, fraction in rungs:
        absolute = relative * fraction
        outputs, seconds, failures = run(relative, absolute, stiff, len(rows))
        name = f"roadrunner_{relative:g}_{fraction:g}.f64"
        outputs.astype("<f8").tofile(f"{out}/{name}")
        line = {
            "file": name,
            "relative": relative,
            "absolute": absolute,
            "seconds": seconds,
            "failures": failures,
            "setting": f"libroadrunner {roadrunner.__version__} CVODE {'BDF' if stiff else 'Adams'}",
            "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
        print(json.dumps(line), flush=True)


main()
