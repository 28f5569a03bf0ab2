//! Elementary functions of many numbers at once.
//!
//! A lane array `[f64; N]` holds one quantity of `N` patients. Each function applies its
//! namesake of [`elementary`] to every lane, so lane `i` of a result has
//! the bits of the scalar function of lane `i`, for any `N` and under any
//! [`InstructionSet`](crate::InstructionSet). Errors and special cases are stated there.
//!
//! All are `#[inline(always)]`: they take on the instruction set of the
//! [`Kernel`](crate::Kernel) that calls them.

use crate::elementary;

macro_rules! of_each_lane {
    ($($(#[$doc:meta])* $name:ident = $scalar:ident($($argument:ident),+);)+) => {$(
        $(#[$doc])*
        #[inline(always)]
        #[must_use]
        pub fn $name<const N: usize>($($argument: [f64; N]),+) -> [f64; N] {
            let mut result = [0.0; N];
            for lane in 0..N {
                result[lane] = elementary::$scalar($($argument[lane]),+);
            }
            result
        }
    )+};
}

of_each_lane! {
    /// e to the power of each lane.
    exp = exp1(x);
    /// Natural logarithm of each lane.
    ln = ln1(x);
    /// Decimal logarithm of each lane.
    log10 = log10_1(x);
    /// Each lane of `a` to the power of its lane of `b`.
    pow = pow1(a, b);
    /// Absolute value of each lane.
    abs = abs1(x);
    /// Square root of each lane.
    sqrt = sqrt1(x);
    /// The larger of two lanes; NaN if either is NaN, and `+0` above `-0`.
    max = max1(a, b);
    /// The smaller of two lanes; NaN if either is NaN, and `-0` below `+0`.
    min = min1(a, b);
    /// Largest whole number not above each lane.
    floor = floor1(x);
    /// Smallest whole number not below each lane.
    ceil = ceil1(x);
    /// Hyperbolic tangent of each lane.
    tanh = tanh1(x);
    /// Sine of each lane in radians.
    sin = sin1(x);
    /// Cosine of each lane in radians.
    cos = cos1(x);
}
