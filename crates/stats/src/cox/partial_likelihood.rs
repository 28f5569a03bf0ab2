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
use super::risk_set::{Run, Subjects, Sums};

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
            1 => self.evaluate_with(1, subjects, ties, b),
            2 => self.evaluate_with(2, subjects, ties, b),
            3 => self.evaluate_with(3, subjects, ties, b),
            p => self.evaluate_with(p, subjects, ties, b),
        }
    }

    #[inline(always)]
    fn evaluate_with(&mut self, p: usize, subjects: &Subjects, ties: Ties, b: &[f64]) {
        self.value = 0.0;
        self.gradient.fill(0.0);
        self.information.fill(0.0);
        self.moment.fill(0.0);
        let mut largest = f64::NEG_INFINITY;
        for (risk, x) in self.risk.iter_mut().zip(subjects.x.chunks_exact(p)) {
            *risk = x.iter().zip(b).map(|(x, b)| x * b).sum();
            largest = largest.max(*risk);
        }
        // A common factor of all risk scores cancels; without it they could overflow.
        for (i, x) in subjects.x.chunks_exact(p).enumerate() {
            let relative = self.risk[i] - largest;
            let weight = subjects.weight_of(i);
            if subjects.event[i] {
                self.value += weight * relative;
                for (g, x) in self.gradient.iter_mut().zip(x) {
                    *g += weight * x;
                }
            }
            self.risk[i] = weight * libm::exp(relative);
        }
        let risk = std::mem::take(&mut self.risk);
        subjects.walk(p, &risk, |run, all, dying| match (run.events, ties) {
            (1, _) => self.subtract_term(p, run.event_weight, 0.0, all, dying),
            (d, Ties::Breslow) => {
                self.subtract_term(p, d as f64 * run.event_weight, 0.0, all, dying)
            }
            (d, Ties::Efron) => {
                for k in 0..d {
                    self.subtract_term(p, run.event_weight, k as f64 / d as f64, all, dying);
                }
            }
            (_, Ties::Exact) => self.subtract_subsets(subjects, &risk, run),
        });
        self.risk = risk;
    }

    /// Takes `times` ln(S0 - share D0) off the likelihood.
    #[inline(always)]
    fn subtract_term(&mut self, p: usize, times: f64, share: f64, all: &Sums, dying: &Sums) {
        let total = all.s0 - share * dying.s0;
        self.value -= times * libm::log(total);
        let scale = 1.0 / total;
        for i in 0..p {
            let mean_i = (all.s1[i] - share * dying.s1[i]) * scale;
            self.gradient[i] -= times * mean_i;
            for j in 0..=i {
                let mean_j = (all.s1[j] - share * dying.s1[j]) * scale;
                let square = (all.s2[i * p + j] - share * dying.s2[i * p + j]) * scale;
                let add = times * (square - mean_i * mean_j);
                self.information[i * p + j] += add;
                if i != j {
                    self.information[j * p + i] += add;
                } else {
                    self.moment[i] += times * square;
                }
            }
        }
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
