//! Kenward-Roger covariance of the coefficients.
//!
//! Phi_A = Phi + 2 Phi { sum_hk W_hk (Q_hk - P_h Phi P_k - R_hk / 4) } Phi with
//! P_h = X' H V_h H X, Q_hk = X' H V_h H V_k H X, R_hk = X' H V_hk H X
//!
//! and W the covariance of the parameters (inverse observed information). With the second
//! derivatives V_hk the result depends on the parameters chosen, because their estimates are taken
//! as unbiased: in the logarithmic scales used here R_hk is not zero even for the unstructured
//! matrix, and the standard errors come out smaller than unadjusted ones. The linear form leaves
//! R_hk out; for structures linear in their elements it is Kenward and Roger's adjustment itself.
//! Kenward and Roger 1997, doi:10.2307/2533558; 2009, doi:10.1016/j.csda.2008.12.013.

use super::design_matrix::Design;
use super::likelihood::{product, restrict};
use super::optimiser::Optimum;

/// Phi_A, with the second derivatives or without.
pub(super) fn adjusted_covariance(
    design: &Design,
    optimum: &Optimum,
    second_derivatives: bool,
) -> Vec<f64> {
    let (p, m) = (design.columns.len(), design.visits.len());
    let covariance = &optimum.fitted.covariance;
    let n = covariance.parameters();
    let w = &optimum.parameter_covariance;
    // Sums over k first: W_hk V_k and W_hk P_k.
    let weighted: Vec<Vec<f64>> = (0..n)
        .map(|h| weighted_sum(&w[h * n..(h + 1) * n], |k| covariance.first(k), m * m))
        .collect();
    let mut curvature = vec![0.0; m * m];
    if second_derivatives {
        let mut second = vec![0.0; m * m];
        for h in 0..n {
            for k in 0..=h {
                covariance.second(h, k, &mut second);
                let times = if h == k { 1.0 } else { 2.0 };
                for (c, s) in curvature.iter_mut().zip(&second) {
                    *c += 0.25 * times * w[h * n + k] * s;
                }
            }
        }
    }
    let mut inner = optimum.fitted.sandwich(design, |pattern, h_matrix| {
        let v = pattern.visits.len();
        let mut middle = restrict(&curvature, pattern, design);
        middle.iter_mut().for_each(|x| *x = -*x);
        for (h, weighted) in weighted.iter().enumerate() {
            let first = restrict(covariance.first(h), pattern, design);
            let part = product(&first, h_matrix, v);
            let part = product(&part, &restrict(weighted, pattern, design), v);
            middle.iter_mut().zip(&part).for_each(|(x, y)| *x += y);
        }
        product(&product(h_matrix, &middle, v), h_matrix, v)
    });
    let phi = &optimum.fitted.phi;
    let slopes = &optimum.derivatives.information_slopes;
    for h in 0..n {
        let of_h = weighted_sum(&w[h * n..(h + 1) * n], |k| &slopes[k], p * p);
        let part = product(&product(&slopes[h], phi, p), &of_h, p);
        inner.iter_mut().zip(&part).for_each(|(x, y)| *x -= y);
    }
    let change = product(&product(phi, &inner, p), phi, p);
    phi.iter().zip(&change).map(|(x, y)| x + 2.0 * y).collect()
}

fn weighted_sum<'a>(
    weights: &[f64],
    matrix: impl Fn(usize) -> &'a [f64],
    length: usize,
) -> Vec<f64> {
    let mut sum = vec![0.0; length];
    for (k, weight) in weights.iter().enumerate() {
        for (s, x) in sum.iter_mut().zip(matrix(k)) {
            *s += weight * x;
        }
    }
    sum
}
