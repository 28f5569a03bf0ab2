//! Root of a monotone function by Chandrupatla's method: inverse quadratic interpolation where it
//! is safe, halving elsewhere. Chandrupatla 1997, doi:10.1016/S0965-9978(96)00051-8.

/// Steps after which the halving alone would have used up the digits.
const STEPS: usize = 200;

/// The place between `a` and `b` where `f` changes sign, to about 1e-13 relative to 1 or the root.
/// The nearer end where it does not change sign.
pub(super) fn root(a: f64, b: f64, mut f: impl FnMut(f64) -> f64) -> f64 {
    let (fa, fb) = (f(a), f(b));
    root_between((a, fa), (b, fb), f)
}

/// As [`root`], where the values at the ends are known.
pub(super) fn root_between(a: (f64, f64), b: (f64, f64), mut f: impl FnMut(f64) -> f64) -> f64 {
    let ((mut a, mut fa), (mut b, mut fb)) = (b, a);
    if fa == 0.0 || fb == 0.0 || (fa > 0.0) == (fb > 0.0) {
        return if fa.abs() < fb.abs() { a } else { b };
    }
    let mut share = 0.5;
    for _ in 0..STEPS {
        let x = a + share * (b - a);
        let fx = f(x);
        // c is the end given up, for the interpolation through three points.
        let (c, fc) = if (fx > 0.0) == (fa > 0.0) {
            (a, fa)
        } else {
            let given_up = (b, fb);
            (b, fb) = (a, fa);
            given_up
        };
        (a, fa) = (x, fx);
        let (best, f_best) = if fa.abs() < fb.abs() {
            (a, fa)
        } else {
            (b, fb)
        };
        let tolerance = 1e-13 * best.abs().max(1.0);
        let limit = 0.5 * tolerance / (b - a).abs();
        if limit > 0.5 || f_best == 0.0 {
            return best;
        }
        let xi = (a - b) / (c - b);
        let phi = (fa - fb) / (fc - fb);
        share = if phi * phi < xi && (1.0 - phi) * (1.0 - phi) < 1.0 - xi {
            fa / (fb - fa) * (fc / (fb - fc))
                + (c - a) / (b - a) * (fa / (fc - fa)) * (fb / (fc - fb))
        } else {
            0.5
        };
        share = if share.is_finite() {
            share.clamp(limit, 1.0 - limit)
        } else {
            0.5
        };
    }
    if fa.abs() < fb.abs() { a } else { b }
}
