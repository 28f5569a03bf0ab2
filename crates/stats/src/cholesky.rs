//! Cholesky factor of a small dense symmetric matrix, row-major: solve and invert.
//!
//! Regression on a handful of covariates needs no more; a linear algebra library would be larger
//! than this crate.

/// Lower Cholesky factor, row-major, of an n by n matrix.
#[derive(Debug, Clone)]
pub(crate) struct Cholesky {
    n: usize,
    l: Vec<f64>,
}

impl Cholesky {
    /// Factor of `a`, or the first column that is (nearly) a combination of those before it:
    /// what the earlier columns leave of its diagonal is below `tolerance` of the diagonal.
    pub(crate) fn new(a: &[f64], n: usize, tolerance: f64) -> Result<Cholesky, usize> {
        let mut l = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..=i {
                let mut sum = a[i * n + j];
                for k in 0..j {
                    sum -= l[i * n + k] * l[j * n + k];
                }
                if i == j {
                    // Written so that NaN fails too.
                    let enough = sum > tolerance * a[i * n + i] && sum > 0.0 && sum.is_finite();
                    if !enough {
                        return Err(i);
                    }
                    l[i * n + i] = sum.sqrt();
                } else {
                    l[i * n + j] = sum / l[j * n + j];
                }
            }
        }
        Ok(Cholesky { n, l })
    }

    /// Solves `a x = b` in place.
    pub(crate) fn solve(&self, b: &mut [f64]) {
        let (n, l) = (self.n, &self.l);
        for i in 0..n {
            let mut sum = b[i];
            for k in 0..i {
                sum -= l[i * n + k] * b[k];
            }
            b[i] = sum / l[i * n + i];
        }
        for i in (0..n).rev() {
            let mut sum = b[i];
            for k in i + 1..n {
                sum -= l[k * n + i] * b[k];
            }
            b[i] = sum / l[i * n + i];
        }
    }

    /// Natural logarithm of the determinant of `a`.
    pub(crate) fn log_determinant(&self) -> f64 {
        (0..self.n)
            .map(|i| 2.0 * libm::log(self.l[i * self.n + i]))
            .sum()
    }

    /// The inverse of `a`, row-major.
    pub(crate) fn inverse(&self) -> Vec<f64> {
        let n = self.n;
        let mut inverse = vec![0.0; n * n];
        let mut column = vec![0.0; n];
        for j in 0..n {
            column.fill(0.0);
            column[j] = 1.0;
            self.solve(&mut column);
            for i in 0..n {
                inverse[i * n + j] = column[i];
            }
        }
        inverse
    }
}

/// `x' a y` for a row-major square matrix.
pub(crate) fn quadratic_form(x: &[f64], a: &[f64], y: &[f64]) -> f64 {
    let n = x.len();
    let mut sum = 0.0;
    for i in 0..n {
        for j in 0..n {
            sum += x[i] * a[i * n + j] * y[j];
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_times_the_matrix_is_the_identity() {
        let a = [4.0, 2.0, 0.6, 2.0, 5.0, 1.0, 0.6, 1.0, 3.0];
        let inverse = Cholesky::new(&a, 3, 1e-12).unwrap().inverse();
        for i in 0..3 {
            for j in 0..3 {
                let product: f64 = (0..3).map(|k| a[i * 3 + k] * inverse[k * 3 + j]).sum();
                let identity = if i == j { 1.0 } else { 0.0 };
                assert!((product - identity).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn a_repeated_column_is_named() {
        let a = [1.0, 0.5, 0.5, 0.5, 1.0, 1.0, 0.5, 1.0, 1.0];
        assert_eq!(Cholesky::new(&a, 3, 1e-10).unwrap_err(), 2);
    }
}
