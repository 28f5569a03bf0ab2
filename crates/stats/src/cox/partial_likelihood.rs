//! The Cox partial likelihood with its gradient and information, for three treatments of ties.
//!
//! With risk score r = exp(x b), S0 = sum of r over the risk set, S1 and S2 the sums of r x and
//! r x x', and D0, D1, D2 the same over the d tied events, an event time adds
//!
//! * Breslow: sum x b - d ln S0;
//! * Efron: sum x b - sum over k < d of ln(S0 - (k/d) D0), Efron 1977,
//!   doi:10.1080/01621459.1977.10480613;
//! * exact: sum x b - ln of the sum over all sets of d subjects of their product of r, by the
//!   recursion of Gail, Lubin and Rubinstein 1981, doi:10.1093/biomet/68.3.703, carried along with
//!   its first two derivatives.
//!
//! With weights w, r is w exp(x b), an event's x b counts w times, and each term of d tied events
//! counts with their mean weight, as in R's `coxph`; not for the exact likelihood.

use super::Ties;
use super::risk_set::{Run, Subjects, Sums, width};

/// Log partial likelihood with gradient and information at one coefficient vector.
pub(super) struct Likelihood {
    pub value: f64,
    pub gradient: Vec<f64>,
    /// Minus the second derivative, row-major.
    pub information: Vec<f64>,
    /// What the diagonal of the information would be with all means zero: the size against which
    /// its rounding error is measured.
    pub moment: Vec<f64>,
    /// Risk scores relative to the largest, times the weights, kept for the residuals.
    pub risk: Vec<f64>,
    subsets: Vec<f64>,
}

impl Likelihood {
    pub fn new(subjects: &Subjects) -> Likelihood {
        let p = subjects.covariates;
        Likelihood {
            value: 0.0,
            gradient: vec![0.0; p],
            information: vec![0.0; p * p],
            moment: vec![0.0; p],
            risk: vec![0.0; subjects.event.len()],
            subsets: Vec::new(),
        }
    }

    /// Evaluates at `b`. The value is minus infinity or NaN where the risk scores overflow.
    pub fn evaluate(&mut self, subjects: &Subjects, ties: Ties, b: &[f64]) {
        // The same code with the number of covariates known to the compiler in the usual cases.
        match subjects.covariates {
            1 => self.evaluate_with(1, || [0.0; width(1)], subjects, ties, b),
            2 => self.evaluate_with(2, || [0.0; width(2)], subjects, ties, b),
            3 => self.evaluate_with(3, || [0.0; width(3)], subjects, ties, b),
            4 => self.evaluate_with(4, || [0.0; width(4)], subjects, ties, b),
            p => self.evaluate_with(p, || vec![0.0; width(p)], subjects, ties, b),
        }
    }

    #[inline(always)]
    fn evaluate_with<S: AsRef<[f64]> + AsMut<[f64]>>(
        &mut self,
        p: usize,
        zero: impl Fn() -> S,
        subjects: &Subjects,
        ties: Ties,
        b: &[f64],
    ) {
        self.value = 0.0;
        self.gradient.fill(0.0);
        self.information.fill(0.0);
        self.moment.fill(0.0);
        let largest = self.set_risk(p, subjects, b);
        let mut at_events = zero();
        for (i, x) in subjects.x.chunks_exact(p).enumerate() {
            let relative = self.risk[i] - largest;
            let weight = subjects.weight_of(i);
            if subjects.event[i] {
                let sums = &mut at_events.as_mut()[..=p];
                sums[0] += weight * relative;
                for (sum, x) in sums[1..].iter_mut().zip(x) {
                    *sum += weight * x;
                }
            }
            // Without an effect all are zero, and need no exponential.
            let risk = if relative == 0.0 {
                1.0
            } else {
                libm::exp(relative)
            };
            self.risk[i] = weight * risk;
        }
        let risk = std::mem::take(&mut self.risk);
        let mut terms = Terms {
            sums: zero(),
            squares: zero(),
            product: 1.0,
            logarithm: 0.0,
        };
        subjects.walk(p, &zero, &risk, |run, all, dying| {
            match (run.events, ties) {
                (1, _) => terms.add(p, run.event_weight, all),
                (d, Ties::Breslow) => terms.add(p, d as f64 * run.event_weight, all),
                (d, Ties::Efron) => {
                    for k in 0..d {
                        terms.add(
                            p,
                            run.event_weight,
                            &all.plus(-(k as f64 / d as f64), dying, zero()),
                        );
                    }
                }
                (_, Ties::Exact) => self.subtract_subsets(subjects, &risk, run),
            }
        });
        self.risk = risk;
        let (events, sums) = (at_events.as_ref(), terms.sums.as_ref());
        self.value += events[0] - terms.logarithm - libm::log(terms.product);
        let mut at = 1 + p;
        for i in 0..p {
            self.gradient[i] += events[1 + i] - sums[1 + i];
            self.moment[i] += terms.squares.as_ref()[1 + i];
            for j in 0..=i {
                self.information[i * p + j] += sums[at];
                if i != j {
                    self.information[j * p + i] += sums[at];
                }
                at += 1;
            }
        }
    }

    /// Linear predictors in place of the risk scores; returns the largest. A common factor of all
    /// risk scores cancels, and without it they could overflow.
    #[inline(always)]
    fn set_risk(&mut self, p: usize, subjects: &Subjects, b: &[f64]) -> f64 {
        let (mut largest, b) = (f64::NEG_INFINITY, &b[..p]);
        for (risk, x) in self.risk.iter_mut().zip(subjects.x.chunks_exact(p)) {
            *risk = x.iter().zip(b).map(|(x, b)| x * b).sum();
            largest = largest.max(*risk);
        }
        largest
    }

    /// Takes the logarithm of the sum over all sets of d subjects at risk off the likelihood.
    /// Row m of `subsets` holds the sum over sets of m, its gradient and its Hessian.
    fn subtract_subsets(&mut self, subjects: &Subjects, risk: &[f64], run: &Run) {
        let (p, d) = (self.gradient.len(), run.events);
        let width = 1 + p + p * p;
        self.subsets.clear();
        self.subsets.resize((d + 1) * width, 0.0);
        self.subsets[0] = 1.0;
        let mut log_scale = 0.0;
        let at_risk = (run.stratum_start..run.end).filter(|&i| subjects.at_risk(i, run));
        for (seen, i) in at_risk.enumerate() {
            let (risk, x) = (risk[i], &subjects.x[i * p..(i + 1) * p]);
            for m in (1..=d.min(seen + 1)).rev() {
                let (before, from) = self.subsets.split_at_mut(m * width);
                let (less, row) = (&before[(m - 1) * width..], &mut from[..width]);
                row[0] += risk * less[0];
                for a in 0..p {
                    row[1 + a] += risk * (less[1 + a] + x[a] * less[0]);
                    for b in 0..p {
                        row[1 + p + a * p + b] += risk
                            * (less[1 + p + a * p + b]
                                + x[a] * less[1 + b]
                                + x[b] * less[1 + a]
                                + x[a] * x[b] * less[0]);
                    }
                }
            }
            let largest = self
                .subsets
                .iter()
                .step_by(width)
                .fold(0.0_f64, |a, &b| a.max(b));
            if largest > 1e150 {
                // Rows of small sets may fall to zero here; they no longer matter to row d.
                self.subsets.iter_mut().for_each(|v| *v *= 1e-150);
                log_scale += 150.0 * std::f64::consts::LN_10;
            }
        }
        let row = &self.subsets[d * width..];
        self.value -= libm::log(row[0]) + log_scale;
        for a in 0..p {
            let mean_a = row[1 + a] / row[0];
            self.gradient[a] -= mean_a;
            self.moment[a] += row[1 + p + a * p + a] / row[0];
            for b in 0..p {
                self.information[a * p + b] +=
                    row[1 + p + a * p + b] / row[0] - mean_a * row[1 + b] / row[0];
            }
        }
    }
}

/// Sums over event times: of means and covariances of the covariates in the risk sets, laid out as
/// [`Sums`], of mean squares, and of the logarithm of S0.
struct Terms<S> {
    sums: S,
    squares: S,
    /// Factors whose logarithm is still to be taken: one logarithm serves many.
    product: f64,
    logarithm: f64,
}

impl<S: AsRef<[f64]> + AsMut<[f64]>> Terms<S> {
    #[inline(always)]
    fn add(&mut self, p: usize, times: f64, all: &Sums<S>) {
        let total = all.s0();
        if times == 1.0 && total > 1e-100 && total < 1e100 {
            self.product *= total;
            if !(self.product > 1e-150 && self.product < 1e150) {
                self.logarithm += libm::log(self.product);
                self.product = 1.0;
            }
        } else {
            self.logarithm += times * libm::log(total);
        }
        let scale = 1.0 / total;
        let (sums, squares) = (&mut self.sums.as_mut()[..width(p)], self.squares.as_mut());
        let mut at = 1 + p;
        for i in 0..p {
            let mean = all.s1(i) * scale;
            sums[1 + i] += times * mean;
            for j in 0..=i {
                let square = all.s2(p, i, j) * scale;
                sums[at] += times * (square - mean * (all.s1(j) * scale));
                if i == j {
                    squares[1 + i] += times * square;
                }
                at += 1;
            }
        }
    }
}
