//! The variance between studies, tau^2, around a mean or a regression on study covariates.
//!
//! y = X b + u + e, u ~ N(0, tau^2), e ~ N(0, v) with v known. W = diag(1 / (v + tau^2)),
//! P = W - W X (X'W X)^-1 X'W, k studies, p columns of X.
//!
//! * DerSimonian-Laird: (y'P y - (k - p)) / tr P at tau^2 = 0 (1986, doi:10.1016/0197-2456(86)90046-2).
//! * Hedges: (RSS - tr P v) / (k - p) with equal weights.
//! * Hunter-Schmidt: (y'P y - k) / sum w at tau^2 = 0.
//! * Sidik-Jonkman: t0 y'P y / (k - p) at t0 = sum (y - mean)^2 / k (2005,
//!   doi:10.1111/j.1467-9876.2005.00489.x).
//! * Paule-Mandel: y'P y = k - p; the empirical Bayes estimate of Morris is the same root.
//! * ML and REML: the highest of the likelihood over tau^2 >= 0 (REML: Viechtbauer 2005,
//!   doi:10.3102/10769986030003261).
//!
//! Every estimate below zero is zero. REML and ML can have more than one maximum, so the likelihood is
//! first read on a grid of half octaves and the best neighbourhood is then bisected by the score.
//! Q-profile interval: the tau^2 at which y'P y equals the chi-square quantiles (Viechtbauer 2007,
//! doi:10.1002/sim.2514).

use crate::cholesky::Cholesky;
use crate::distribution::chi_square_quantile;
use crate::{Estimate, Interval, NotEstimable};

/// How the variance between studies is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum HeterogeneityMethod {
    /// None: one effect common to all studies.
    CommonEffect,
    /// Method of moments with inverse-variance weights.
    DerSimonianLaird,
    /// Generalised method of moments: the weighted squares equal their expectation.
    PauleMandel,
    /// Restricted maximum likelihood: the default.
    #[default]
    RestrictedMaximumLikelihood,
    /// Maximum likelihood; too small with few studies.
    MaximumLikelihood,
    /// Method of moments with equal weights.
    Hedges,
    /// Two steps from a start that is never zero.
    SidikJonkman,
    /// Morris's empirical Bayes estimate: the same root as Paule-Mandel.
    EmpiricalBayes,
    /// Hunter and Schmidt; too small with few studies.
    HunterSchmidt,
    /// A value taken as known, zero or more: for sensitivity.
    Given(f64),
}

/// Effects, their variances and the row-major design.
pub(super) struct Model<'a> {
    pub y: &'a [f64],
    pub v: &'a [f64],
    pub x: Vec<f64>,
    pub p: usize,
}

/// Weighted least squares at one tau^2.
pub(super) struct Fit {
    pub b: Vec<f64>,
    /// (X'W X)^-1, row-major.
    pub covariance: Vec<f64>,
    pub weight: Vec<f64>,
    pub residual: Vec<f64>,
    /// y'P y.
    pub squares: f64,
    /// tr P.
    pub trace: f64,
    log_det: f64,
}

impl<'a> Model<'a> {
    pub fn intercept(y: &'a [f64], v: &'a [f64]) -> Model<'a> {
        Model {
            y,
            v,
            x: vec![1.0; y.len()],
            p: 1,
        }
    }

    pub fn studies(&self) -> usize {
        self.y.len()
    }

    /// k - p, at least one after the checks of the callers.
    pub fn residual_degrees(&self) -> f64 {
        (self.studies() - self.p) as f64
    }

    fn row(&self, i: usize) -> &[f64] {
        &self.x[i * self.p..(i + 1) * self.p]
    }

    pub fn fit(&self, tau_squared: f64) -> Estimate<Fit> {
        let weight = self.v.iter().map(|v| 1.0 / (v + tau_squared)).collect();
        self.fit_weighted(weight)
    }

    fn fit_weighted(&self, weight: Vec<f64>) -> Estimate<Fit> {
        let (k, p) = (self.studies(), self.p);
        let mut cross = vec![0.0; p * p];
        // Effects from a study in the middle of the data, so that a common shift costs no digits.
        let origin = self.y[0];
        let mut b = vec![0.0; p];
        for (i, w) in weight.iter().enumerate() {
            let row = self.row(i);
            for j in 0..p {
                b[j] += w * row[j] * (self.y[i] - origin);
                for l in 0..p {
                    cross[j * p + l] += w * row[j] * row[l];
                }
            }
        }
        let factor = Cholesky::new(&cross, p, 1e-12).map_err(|column| NotEstimable::Collinear {
            covariate: column.saturating_sub(1),
        })?;
        factor.solve(&mut b);
        let covariance = factor.inverse();
        let residual: Vec<f64> = (0..k)
            .map(|i| {
                let fitted: f64 = self.row(i).iter().zip(&b).map(|(x, b)| x * b).sum();
                self.y[i] - origin - fitted
            })
            .collect();
        let squares = weight.iter().zip(&residual).map(|(w, r)| w * r * r).sum();
        let trace = (0..k)
            .map(|i| {
                let leverage = weight[i]
                    * crate::cholesky::quadratic_form(self.row(i), &covariance, self.row(i));
                weight[i] * (1.0 - leverage).max(0.0)
            })
            .sum();
        // The first column is the intercept, which takes the origin back.
        b[0] += origin;
        Ok(Fit {
            b,
            covariance,
            squares,
            trace,
            log_det: factor.log_determinant(),
            weight,
            residual,
        })
    }

    /// P, row-major.
    fn projection(&self, fit: &Fit) -> Vec<f64> {
        let k = self.studies();
        let mut projection = vec![0.0; k * k];
        for i in 0..k {
            for j in 0..k {
                let between =
                    crate::cholesky::quadratic_form(self.row(i), &fit.covariance, self.row(j));
                let own = if i == j { fit.weight[i] } else { 0.0 };
                projection[i * k + j] = own - fit.weight[i] * between * fit.weight[j];
            }
        }
        projection
    }

    /// Log-likelihood of the residuals at one tau^2.
    pub fn log_likelihood(&self, fit: &Fit, restricted: bool) -> f64 {
        let ln_2_pi = libm::log(2.0 * std::f64::consts::PI);
        let spread: f64 = fit.weight.iter().map(|w| libm::log(*w)).sum();
        let full = -0.5 * (self.studies() as f64 * ln_2_pi - spread + fit.squares);
        if !restricted {
            return full;
        }
        // log |X'X| makes it independent of the scale of the covariates.
        let mut unweighted = vec![0.0; self.p * self.p];
        for i in 0..self.studies() {
            let row = self.row(i);
            for j in 0..self.p {
                for l in 0..self.p {
                    unweighted[j * self.p + l] += row[j] * row[l];
                }
            }
        }
        let log_det = Cholesky::new(&unweighted, self.p, 0.0).map_or(0.0, |f| f.log_determinant());
        full + 0.5 * (self.p as f64 * ln_2_pi + log_det - fit.log_det)
    }

    /// tau^2 by the method; zero where the estimate is below.
    pub fn tau_squared(&self, method: HeterogeneityMethod) -> Estimate<f64> {
        use HeterogeneityMethod as Method;
        let (k, free) = (self.studies() as f64, self.residual_degrees());
        let estimate = match method {
            Method::CommonEffect => 0.0,
            Method::Given(value) => value,
            Method::DerSimonianLaird => {
                let fit = self.fit(0.0)?;
                (fit.squares - free) / fit.trace
            }
            Method::HunterSchmidt => {
                let fit = self.fit(0.0)?;
                (fit.squares - k) / fit.weight.iter().sum::<f64>()
            }
            Method::Hedges => {
                let fit = self.fit_weighted(vec![1.0; self.studies()])?;
                let projection = self.projection(&fit);
                let expected: f64 = (0..self.studies())
                    .map(|i| projection[i * self.studies() + i] * self.v[i])
                    .sum();
                (fit.squares - expected) / free
            }
            Method::SidikJonkman => {
                let start = self.sidik_jonkman_start();
                start * self.fit(start)?.squares / free
            }
            Method::PauleMandel | Method::EmpiricalBayes => self.tau_squared_where(free)?,
            Method::MaximumLikelihood => self.likelihood_maximum(false)?,
            Method::RestrictedMaximumLikelihood => self.likelihood_maximum(true)?,
        };
        Ok(estimate.max(0.0))
    }

    fn sidik_jonkman_start(&self) -> f64 {
        let k = self.studies() as f64;
        let mean = self.y.iter().map(|y| y / k).sum::<f64>();
        self.y.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / k
    }

    /// Above this the squares are smaller than any quantile of interest, and both scores negative.
    fn beyond(&self) -> f64 {
        let largest = self.v.iter().copied().fold(0.0, f64::max);
        let mean = self
            .y
            .iter()
            .map(|y| y / self.studies() as f64)
            .sum::<f64>();
        let squares: f64 = self.y.iter().map(|y| (y - mean) * (y - mean)).sum();
        largest + squares
    }

    /// The tau^2 at which y'P y, which falls in tau^2, equals `target`; zero if it is below already.
    pub fn tau_squared_where(&self, target: f64) -> Estimate<f64> {
        if self.fit(0.0)?.squares <= target {
            return Ok(0.0);
        }
        let (mut low, mut high) = (0.0, self.beyond());
        for _ in 0..1_000 {
            if self.fit(high)?.squares <= target {
                break;
            }
            high *= 2.0;
        }
        // Halving the exponent first would save steps; 200 reach the last bit from anywhere.
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                break;
            }
            if self.fit(middle)?.squares > target {
                low = middle
            } else {
                high = middle
            }
        }
        Ok(0.5 * (low + high))
    }

    /// Twice the derivative of the (restricted) log-likelihood.
    fn score(&self, tau_squared: f64, restricted: bool) -> Estimate<f64> {
        let fit = self.fit(tau_squared)?;
        let slope: f64 = fit
            .weight
            .iter()
            .zip(&fit.residual)
            .map(|(w, r)| w * w * r * r)
            .sum();
        let expected = if restricted {
            fit.trace
        } else {
            fit.weight.iter().sum()
        };
        Ok(slope - expected)
    }

    fn likelihood_maximum(&self, restricted: bool) -> Estimate<f64> {
        let top = 4.0 * self.beyond();
        // 60 octaves down, then zero.
        let mut grid = vec![0.0];
        grid.extend(
            (0..=120)
                .rev()
                .map(|j| top * libm::exp2(-0.5 * f64::from(j))),
        );
        let mut best = (0, f64::NEG_INFINITY);
        for (place, &tau_squared) in grid.iter().enumerate() {
            let value = self.log_likelihood(&self.fit(tau_squared)?, restricted);
            if value > best.1 {
                best = (place, value);
            }
        }
        let mut low = grid[best.0.saturating_sub(1)];
        let mut high = grid[(best.0 + 1).min(grid.len() - 1)];
        if best.0 == 0 && self.score(0.0, restricted)? <= 0.0 {
            return Ok(0.0);
        }
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                break;
            }
            if self.score(middle, restricted)? > 0.0 {
                low = middle
            } else {
                high = middle
            }
        }
        Ok(0.5 * (low + high))
    }

    /// Standard error of tau^2 from the variance of its defining quadratic form, or from the expected
    /// information for the likelihood methods. None where tau^2 is not estimated.
    pub fn tau_squared_standard_error(
        &self,
        method: HeterogeneityMethod,
        tau_squared: f64,
    ) -> Estimate<Option<f64>> {
        use HeterogeneityMethod as Method;
        let (k, free) = (self.studies() as f64, self.residual_degrees());
        let t = tau_squared;
        let sum = |values: &[f64]| values.iter().sum::<f64>();
        let sum_of_squares = |values: &[f64]| values.iter().map(|w| w * w).sum::<f64>();
        // Variance of y'P y where cov(y) = V + t I: 2 tr(PVPV) + 4 t tr(PVP) + 2 t^2 tr(PP).
        let quadratic_variance = |fit: &Fit| {
            let n = self.studies();
            let projection = self.projection(fit);
            let mut variance = 0.0;
            for i in 0..n {
                for j in 0..n {
                    let square = projection[i * n + j] * projection[i * n + j];
                    variance += 2.0 * square * (self.v[i] + t) * (self.v[j] + t);
                }
            }
            variance
        };
        let variance = match method {
            Method::CommonEffect | Method::Given(_) => return Ok(None),
            Method::DerSimonianLaird => {
                let fit = self.fit(0.0)?;
                quadratic_variance(&fit) / (fit.trace * fit.trace)
            }
            Method::HunterSchmidt => {
                let fit = self.fit(0.0)?;
                let weights = sum(&fit.weight);
                quadratic_variance(&fit) / (weights * weights)
            }
            Method::Hedges => {
                let fit = self.fit_weighted(vec![1.0; self.studies()])?;
                quadratic_variance(&fit) / (free * free)
            }
            Method::SidikJonkman => {
                let start = self.sidik_jonkman_start();
                let factor = start / free;
                quadratic_variance(&self.fit(start)?) * factor * factor
            }
            Method::PauleMandel | Method::EmpiricalBayes => {
                let weights = sum(&self.fit(t)?.weight);
                2.0 * k * k / free / (weights * weights)
            }
            Method::MaximumLikelihood => 2.0 / sum_of_squares(&self.fit(t)?.weight),
            Method::RestrictedMaximumLikelihood => {
                2.0 / sum_of_squares(&self.projection(&self.fit(t)?))
            }
        };
        Ok(Some(variance.sqrt()))
    }

    /// Q-profile interval of tau^2; both limits are zero where the effects agree better than any
    /// tau^2 would let expect.
    pub fn q_profile(&self, confidence_level: f64) -> Estimate<Interval> {
        let tail = 0.5 * (1.0 - confidence_level);
        let free = self.residual_degrees();
        Ok(Interval {
            lower: self.tau_squared_where(chi_square_quantile(1.0 - tail, free))?,
            upper: self.tau_squared_where(chi_square_quantile(tail, free))?,
        })
    }
}
