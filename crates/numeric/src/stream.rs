//! Keyed random streams: every draw has an address, none depends on what was drawn before.
//!
//! A stream belongs to a [`Key`]. Adding an arm, a patient or a replicate creates new keys and
//! leaves the draws of all others as they are; two arms that use the same key share their
//! draws (common random numbers).
//!
//! # Layout
//!
//! The five parts of a key and the draw number need 256 bits, a Philox block takes 192. So the
//! stream is opened with one block,
//!
//! ```text
//! h = philox(counter = [purpose, scenario, replicate, patient >> 32], key = seed)
//! ```
//!
//! and its block number `i`, of two draws, is
//!
//! ```text
//! philox(counter = [i, patient & 0xffffffff, h2, h3], key = [h0, h1])
//! ```
//!
//! Philox is a bijection of the counter, so under one seed different keys have different `h` or
//! different low words of the patient: no two streams of a seed share an address. Under
//! different seeds two `h` agree with probability 2^-128. A stream has 2^33 draws, then
//! repeats.

use crate::elementary::{exp1, floor1, ln1, sqrt1};
use crate::normal::{ln_gamma, normal_quantile};
use crate::philox::philox4x32;

/// The address of a random stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    /// Root seed of the run, chosen by the user.
    pub seed: u64,
    /// What the draws are for (baseline covariates, dropout, measurement error ...): a constant
    /// of the caller for each use, never renumbered, since renumbering moves every result.
    pub purpose: u32,
    /// Scenario, for example one setting of the truth in a simulation study. Arms that
    /// shall share draws have the same one.
    pub scenario: u32,
    /// Replicate of the scenario, for example one simulated trial.
    pub replicate: u32,
    /// Patient within the replicate.
    pub patient: u64,
}

/// A stream of random draws with its position.
///
/// ```
/// use neurocart_numeric::{Key, Stream};
///
/// let key = Key { seed: 7, purpose: 1, scenario: 0, replicate: 0, patient: 12 };
/// let mut stream = Stream::new(key);
/// let log_clearance = 0.3 * stream.normal();
/// let next = stream.uniform();
///
/// // The second draw of this patient is the same, whoever else was simulated.
/// let mut again = Stream::new(key);
/// again.seek(1);
/// assert_eq!(again.uniform(), next);
/// # assert!(log_clearance.is_finite());
/// ```
#[derive(Debug, Clone)]
pub struct Stream {
    key: [u32; 2],
    counter: [u32; 4],
    /// Number of the next draw of 64 bits; two draws to a block.
    draw: u64,
    block: [u32; 4],
}

impl Stream {
    /// Opens the stream of a key at its first draw.
    #[must_use]
    pub fn new(key: Key) -> Self {
        let [h0, h1, h2, h3] = philox4x32(
            [
                key.purpose,
                key.scenario,
                key.replicate,
                (key.patient >> 32) as u32,
            ],
            [key.seed as u32, (key.seed >> 32) as u32],
        );
        Stream {
            key: [h0, h1],
            counter: [0, key.patient as u32, h2, h3],
            draw: 0,
            block: [0; 4],
        }
    }

    /// Number of uniforms drawn so far.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.draw
    }

    /// Moves to draw number `draw`, forwards or backwards, at no cost.
    pub fn seek(&mut self, draw: u64) {
        self.draw = draw;
        if draw % 2 == 1 {
            self.load_block();
        }
    }

    fn load_block(&mut self) {
        self.counter[0] = (self.draw / 2) as u32;
        self.block = philox4x32(self.counter, self.key);
    }

    /// 64 random bits: one draw.
    pub fn bits(&mut self) -> u64 {
        let second = self.draw % 2 == 1;
        if !second {
            self.load_block();
        }
        self.draw += 1;
        let [b0, b1, b2, b3] = self.block;
        let (low, high) = if second { (b2, b3) } else { (b0, b1) };
        u64::from(high) << 32 | u64::from(low)
    }

    /// Uniform on the open interval (0, 1): one of the 2^52 midpoints `(k + 1/2) 2^-52`, so
    /// never 0 or 1, and `1 - u` is as likely as `u`. One draw.
    pub fn uniform(&mut self) -> f64 {
        ((self.bits() >> 12) as f64 + 0.5) * f64::EPSILON
    }

    /// Standard normal, by inversion of the distribution function. One draw; lies within
    /// plus or minus 8.3.
    pub fn normal(&mut self) -> f64 {
        normal_quantile(self.uniform())
    }

    /// Exponential waiting time to an event of this rate (per unit of the time). One draw.
    ///
    /// Infinite at rate 0, NaN below.
    pub fn exponential(&mut self, rate: f64) -> f64 {
        let waiting = -ln1(self.uniform());
        if rate >= 0.0 {
            waiting / rate
        } else {
            f64::NAN
        }
    }

    /// Gamma distributed, with mean `shape * scale`. NaN unless `shape` and `scale` are above 0.
    ///
    /// Rejection: usually two draws, sometimes more. Marsaglia and Tsang 2000,
    /// doi:10.1145/358407.358414; for `shape < 1` times a power of one further uniform.
    pub fn gamma(&mut self, shape: f64, scale: f64) -> f64 {
        if !(shape > 0.0 && shape.is_finite() && scale > 0.0) {
            return f64::NAN;
        }
        if shape < 1.0 {
            scale * exp1(self.ln_standard_gamma(shape))
        } else {
            scale * self.standard_gamma(shape)
        }
    }

    /// Gamma with scale 1, for a shape of at least 1.
    fn standard_gamma(&mut self, shape: f64) -> f64 {
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / sqrt1(9.0 * d);
        loop {
            let x = self.normal();
            let root = 1.0 + c * x;
            let u = self.uniform();
            let v = root * root * root;
            if root > 0.0 && ln1(u) < 0.5 * x * x + d * (1.0 - v + ln1(v)) {
                return d * v;
            }
        }
    }

    /// Logarithm of a gamma variable with scale 1; stays finite where the variable itself
    /// underflows.
    fn ln_standard_gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            let ln_above = ln1(self.standard_gamma(shape + 1.0));
            ln_above + ln1(self.uniform()) / shape
        } else {
            ln1(self.standard_gamma(shape))
        }
    }

    /// Beta distributed, with mean `a / (a + b)`. NaN unless `a` and `b` are above 0.
    ///
    /// `X / (X + Y)` of two gamma variables in logarithms, so shapes far below 1 work. The
    /// result is rounded to a double and may be 0 or 1.
    pub fn beta(&mut self, a: f64, b: f64) -> f64 {
        if !(a > 0.0 && b > 0.0 && a.is_finite() && b.is_finite()) {
            return f64::NAN;
        }
        let ln_x = self.ln_standard_gamma(a);
        let ln_y = self.ln_standard_gamma(b);
        1.0 / (1.0 + exp1(ln_y - ln_x))
    }

    /// Poisson distributed count, as a whole number in a double. NaN for a mean that is negative,
    /// infinite or NaN.
    ///
    /// Below a mean of 10 by inversion (one draw); up to 1e8 by Hoermann's transformed rejection
    /// PTRS (doi:10.1016/0167-6687(93)90997-4; two draws or more); above, where the
    /// logarithms of the rejection lose their digits, the rounded Cornish-Fisher expansion
    /// `mean + sqrt(mean) z + (z^2 - 1) / 6` (one draw), which leaves out terms of the order
    /// `1 / sqrt(mean)` of one count.
    pub fn poisson(&mut self, mean: f64) -> f64 {
        if !(mean >= 0.0 && mean.is_finite()) {
            f64::NAN
        } else if mean < 10.0 {
            self.poisson_by_inversion(mean)
        } else if mean <= 1e8 {
            self.poisson_by_rejection(mean)
        } else {
            let z = self.normal();
            floor1(mean + sqrt1(mean) * z + (z * z - 1.0) / 6.0 + 0.5)
        }
    }

    fn poisson_by_inversion(&mut self, mean: f64) -> f64 {
        let u = self.uniform();
        let mut count = 0.0;
        let mut probability = exp1(-mean);
        let mut cumulative = probability;
        // Above 100 the probability of a mean below 10 is less than 1e-60: the bound
        // only ends the loop where rounding keeps the sum below u.
        while u > cumulative && count < 100.0 {
            count += 1.0;
            probability *= mean / count;
            cumulative += probability;
        }
        count
    }

    fn poisson_by_rejection(&mut self, mean: f64) -> f64 {
        let b = 0.931 + 2.53 * sqrt1(mean);
        let a = -0.059 + 0.02483 * b;
        let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
        let v_r = 0.9277 - 3.6224 / (b - 2.0);
        let ln_mean = ln1(mean);
        loop {
            let u = self.uniform() - 0.5;
            let v = self.uniform();
            let us = 0.5 - u.abs();
            let k = floor1((2.0 * a / us + b) * u + mean + 0.43);
            if us >= 0.07 && v <= v_r {
                return k;
            }
            if k < 0.0 || (us < 0.013 && v > us) {
                continue;
            }
            let ln_hat = ln1(v * inverse_alpha / (a / (us * us) + b));
            if ln_hat <= k * ln_mean - mean - ln_gamma(k + 1.0) {
                return k;
            }
        }
    }

    /// A whole number from 0 to `n - 1`, each equally likely; 0 for `n = 0`. Usually one draw.
    ///
    /// Lemire 2019, doi:10.1145/3230636: the high half of a 128-bit product, with rejection of
    /// the few low halves that would be drawn once too often.
    pub fn below(&mut self, n: u64) -> u64 {
        if n == 0 {
            return 0;
        }
        let surplus = n.wrapping_neg() % n;
        loop {
            let product = u128::from(self.bits()) * u128::from(n);
            if product as u64 >= surplus {
                return (product >> 64) as u64;
            }
        }
    }

    /// Puts the items in random order, each order equally likely (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            items.swap(last, other);
        }
    }

    /// `k` different numbers from 0 to `n - 1` in random order; all `n` if `k` is above `n`.
    pub fn choose(&mut self, k: usize, n: usize) -> Vec<usize> {
        let mut numbers: Vec<usize> = (0..n).collect();
        let k = k.min(n);
        for at in 0..k {
            let other = at + self.below((n - at) as u64) as usize;
            numbers.swap(at, other);
        }
        numbers.truncate(k);
        numbers
    }
}
