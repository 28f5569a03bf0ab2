//! Classic stiff problems with published end values, and the work they take.
//!
//! Equations, intervals and reference values: Hairer and Wanner, Solving Ordinary Differential
//! Equations II, section IV.10, with more digits from the Test Set for Initial Value Problem
//! Solvers (Mazzia and Magherini, Bari 2008). The step counters are part of the test: a change of
//! method, error control or compiler that changes the work shows here.

mod small;

use small::*;

struct Problem {
    text: &'static str,
    states: &'static [&'static str],
    end: f64,
    reference: &'static [f64],
    /// Absolute tolerance as a fraction of the relative one.
    absolute: f64,
    /// Relative tolerance, error allowed as a multiple of it, accepted and rejected steps.
    runs: [(f64, f64, u32, u32); 3],
}

fn check(problem: &Problem) {
    let program = program(problem.text, &[], problem.states, &[]);
    let mut counted = Vec::new();
    for (tolerance, multiple, ..) in problem.runs {
        let mut settings = settings(&[problem.end], tolerance);
        settings.absolute_tolerance = tolerance * problem.absolute;
        let solved = solve_one(&program, &settings, &[], &[]).expect("solved");
        for (i, &expected) in problem.reference.iter().enumerate() {
            let error = (solved.values[i] - expected).abs() / expected.abs();
            let name = problem.states[i];
            let bound = multiple * tolerance;
            assert!(
                error < bound,
                "{name} at {tolerance:e}: error {error:e}, above {bound:e}"
            );
        }
        counted.push((solved.statistics.accepted, solved.statistics.rejected));
    }
    let expected: Vec<(u32, u32)> = problem.runs.iter().map(|r| (r.2, r.3)).collect();
    assert_eq!(counted, expected, "accepted and rejected steps");
}

#[test]
fn robertson_kinetics_to_the_end_of_the_classic_interval() {
    // Robertson 1966; end values at 1e11 from the test set.
    check(&Problem {
        text: "model robertson() a = 1; b = 0; c = 0;
            a' = -0.04*a + 1e4*b*c;  b' = 0.04*a - 1e4*b*c - 3e7*b^2;  c' = 3e7*b^2; end",
        states: &["a", "b", "c"],
        end: 1e11,
        reference: &[
            0.2083340149701255e-07,
            0.8333360770334713e-13,
            0.999_999_979_166_505,
        ],
        absolute: 1e-10,
        runs: [
            (1e-4, 10.0, 132, 0),
            (1e-6, 10.0, 284, 2),
            (1e-8, 10.0, 722, 3),
        ],
    });
}

#[test]
fn the_van_der_pol_oscillator_in_its_scaled_form() {
    // With eps = 1e-6 (mu = 1000), to t = 2.
    check(&Problem {
        text: "model vdpol() y = 2; z = 0; y' = z; z' = ((1 - y^2)*z - y)/1e-6; end",
        states: &["y", "z"],
        end: 2.0,
        reference: &[0.1706167732170483e1, -0.8928097010247975],
        absolute: 1.0,
        runs: [
            (1e-4, 10.0, 207, 132),
            (1e-6, 10.0, 583, 54),
            (1e-8, 10.0, 1940, 22),
        ],
    });
}

#[test]
fn the_high_irradiance_response_of_plants() {
    // HIRES: Schaefer 1975, to t = 321.8122.
    check(&Problem {
        text: "model hires() a = 1; b = 0; c = 0; d = 0; e = 0; f = 0; g = 0; h = 0.0057;
            a' = -1.71*a + 0.43*b + 8.32*c + 0.0007;  b' = 1.71*a - 8.75*b;
            c' = -10.03*c + 0.43*d + 0.035*e;  d' = 8.32*b + 1.71*c - 1.12*d;
            e' = -1.745*e + 0.43*f + 0.43*g;
            f' = -280*f*h + 0.69*d + 1.71*e - 0.43*f + 0.69*g;
            g' = 280*f*h - 1.81*g;  h' = -280*f*h + 1.81*g; end",
        states: &["a", "b", "c", "d", "e", "f", "g", "h"],
        end: 321.8122,
        reference: &[
            0.7371312573325668e-3,
            0.1442485726316185e-3,
            0.5888729740967575e-4,
            0.1175651343283149e-2,
            0.2386356198831331e-2,
            0.6238968252742796e-2,
            0.2849998395185769e-2,
            0.2850001604814231e-2,
        ],
        absolute: 1e-3,
        runs: [
            (1e-4, 10.0, 49, 17),
            (1e-6, 10.0, 152, 18),
            (1e-8, 10.0, 558, 5),
        ],
    });
}

#[test]
fn the_oregonator_through_its_bursts() {
    // OREGO: Field and Noyes 1974, to t = 360.
    check(&Problem {
        text: "model orego() a = 1; b = 2; c = 3;
            a' = 77.27*(b + a*(1 - 8.375e-6*a - b));  b' = (c - (1 + a)*b)/77.27;
            c' = 0.161*(a - c); end",
        states: &["a", "b", "c"],
        end: 360.0,
        reference: &[
            0.1000814870318523e1,
            0.1228178521549917e4,
            0.1320554942846706e3,
        ],
        absolute: 1e-3,
        runs: [
            (1e-4, 10.0, 286, 136),
            (1e-6, 10.0, 887, 28),
            (1e-8, 10.0, 2965, 13),
        ],
    });
}
