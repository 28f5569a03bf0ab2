//! Event times from a cumulative hazard on a time grid.
//!
//! A unit-rate Poisson process run on the clock of the cumulative hazard gives the events of a
//! process with that hazard: the next one is where the hazard has grown by Exp(1).
//! Devroye, Non-Uniform Random Variate Generation, 1986, VI.1.3.

/// A curve on a time grid, linear between the points and constant outside.
#[derive(Clone, Copy, Debug)]
pub struct Curve<'a> {
    /// Times, increasing.
    pub times_days: &'a [f64],
    /// Values.
    pub values: &'a [f64],
}

impl Curve<'_> {
    /// Value at a time.
    #[inline]
    pub fn at(self, time_days: f64) -> f64 {
        let (t, v) = (self.times_days, self.values);
        let i = t.partition_point(|&x| x <= time_days);
        match (i.checked_sub(1), v.get(i)) {
            (Some(j), Some(&right)) => v[j] + (right - v[j]) * (time_days - t[j]) / (t[i] - t[j]),
            (Some(j), None) => v[j],
            (None, Some(&first)) => first,
            (None, None) => f64::NAN,
        }
    }

    /// First time at which a curve that never falls reaches `level`, not before `from_days`;
    /// `None` if it stays below.
    #[inline]
    pub fn reaches(self, level: f64, from_days: f64) -> Option<f64> {
        let (t, v) = (self.times_days, self.values);
        let i = v.partition_point(|&x| x < level);
        let right = *v.get(i)?;
        let time = match i.checked_sub(1) {
            Some(j) => t[j] + (t[i] - t[j]) * (level - v[j]) / (right - v[j]),
            None => t[0],
        };
        Some(time.max(from_days))
    }
}

/// Calls `event(k, time)` for every event `k` = 0, 1, ... between `from_days` and `until_days`.
///
/// `waiting(k)` is the Exp(1) draw before event `k`. No event follows within `refractory_days` of
/// the last one; the hazard of that time is skipped, which is the same as not counting events in it.
#[inline]
pub fn events(
    cumulative: Curve,
    frailty: f64,
    refractory_days: f64,
    (from_days, until_days): (f64, f64),
    mut waiting: impl FnMut(u64) -> f64,
    mut event: impl FnMut(u64, f64),
) {
    if frailty.is_nan() || frailty <= 0.0 {
        return;
    }
    let mut clear_days = from_days;
    let mut reached = cumulative.at(from_days);
    // A bound on the loop only: nobody has a thousand attacks.
    for k in 0..1000 {
        let Some(time) = cumulative.reaches(reached + waiting(k) / frailty, clear_days) else {
            return;
        };
        if time > until_days {
            return;
        }
        event(k, time);
        clear_days = time + refractory_days;
        reached = cumulative.at(clear_days);
        if refractory_days == 0.0 {
            clear_days = time;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use neurocart_numeric::{Key, Stream};
    use proptest::prelude::*;

    fn stream(patient: u64) -> Stream {
        Stream::new(Key {
            seed: 5,
            purpose: 99,
            scenario: 0,
            replicate: 0,
            patient,
        })
    }

    fn count(frailty: f64, refractory_days: f64, mean: f64, patient: u64) -> f64 {
        let curve = Curve {
            times_days: &[0.0, 365.0],
            values: &[0.0, mean],
        };
        let mut draws = stream(patient);
        let mut n = 0.0;
        events(
            curve,
            frailty,
            refractory_days,
            (0.0, 365.0),
            |_| draws.exponential(1.0),
            |_, _| n += 1.0,
        );
        n
    }

    #[test]
    fn a_constant_hazard_gives_poisson_counts() {
        // Chi-square over 0..=5 and more, 6 degrees of freedom; 27.9 has probability 1e-4.
        let (n, mean) = (20_000u64, 1.7f64);
        let mut observed = [0.0; 7];
        for i in 0..n {
            observed[(count(1.0, 0.0, mean, i) as usize).min(6)] += 1.0;
        }
        let mut p = [0.0; 7];
        p[0] = (-mean).exp();
        for k in 1..6 {
            p[k] = p[k - 1] * mean / k as f64;
        }
        p[6] = 1.0 - p[..6].iter().sum::<f64>();
        let chi: f64 = observed
            .iter()
            .zip(p)
            .map(|(o, p)| (o - n as f64 * p).powi(2) / (n as f64 * p))
            .sum();
        assert!(chi < 27.9, "chi-square {chi}");
    }

    #[test]
    fn gamma_frailty_gives_negative_binomial_mean_and_variance() {
        // Mean m, variance m + (cv m)^2. Monte Carlo error of the mean is sd / sqrt(n); of the
        // variance about sd^2 sqrt((kurtosis - 1) / n), with kurtosis 3 + 6 cv^2 + 1 / variance.
        let (n, mean, cv) = (100_000u64, 1.2f64, 0.7f64);
        let shape = 1.0 / (cv * cv);
        let counts: Vec<f64> = (0..n)
            .map(|i| count(stream(i + n).gamma(shape, 1.0 / shape), 0.0, mean, i))
            .collect();
        let m = counts.iter().sum::<f64>() / n as f64;
        let v = counts.iter().map(|c| (c - m).powi(2)).sum::<f64>() / (n - 1) as f64;
        let variance = mean + (cv * mean).powi(2);
        let kurtosis = 3.0 + 6.0 * cv * cv + 1.0 / variance;
        assert!(
            (m - mean).abs() < 4.0 * (variance / n as f64).sqrt(),
            "mean {m}"
        );
        assert!(
            (v - variance).abs() < 4.0 * variance * ((kurtosis - 1.0) / n as f64).sqrt(),
            "variance {v}"
        );
    }

    #[test]
    fn a_refractory_period_slows_the_process_as_renewal_theory_says() {
        // Renewal with intervals 30 d + Exp: the long-run rate is 1 / (30 + 365 / hazard) per day.
        let (n, hazard, years) = (4000u64, 6.0f64, 10.0);
        let curve = Curve {
            times_days: &[0.0, 3650.0],
            values: &[0.0, hazard * years],
        };
        let (mut total, mut closest) = (0.0, f64::INFINITY);
        for i in 0..n {
            let mut draws = stream(i);
            let mut last = f64::NEG_INFINITY;
            events(
                curve,
                1.0,
                30.0,
                (0.0, 3650.0),
                |_| draws.exponential(1.0),
                |_, t| {
                    total += 1.0;
                    closest = f64::min(closest, t - last);
                    last = t;
                },
            );
        }
        assert!(closest >= 30.0 - 1e-9, "closest {closest}");
        let mu = 30.0 + 365.0 / hazard;
        let sigma2 = (365.0 / hazard).powi(2);
        // Mean count of an ordinary renewal process: t/mu + (sigma^2 - mu^2) / (2 mu^2), plus the
        // 30 days that the first interval lacks.
        let expected = (3650.0 + 30.0) / mu + (sigma2 - mu * mu) / (2.0 * mu * mu);
        let standard_error = (3650.0 * sigma2 / mu.powi(3) / n as f64).sqrt();
        let mean = total / n as f64;
        assert!(
            (mean - expected).abs() < 4.0 * standard_error,
            "{mean} against {expected}"
        );
    }

    proptest! {
        #[test]
        fn events_lie_in_order_within_the_follow_up(
            steps in proptest::collection::vec((0.1f64..30.0, 0.0f64..3.0), 1..40),
            frailty in 0.0f64..5.0, refractory in 0.0f64..60.0, from in 0.0f64..50.0, seed in 0u64..1000,
        ) {
            let (mut times, mut values, mut t, mut v) = (vec![-10.0], vec![0.0], -10.0, 0.0);
            for (dt, dv) in steps {
                t += dt;
                v += dv;
                times.push(t);
                values.push(v);
            }
            let mut draws = stream(seed);
            let mut last = from;
            let mut ordered = true;
            let curve = Curve { times_days: &times, values: &values };
            events(curve, frailty, refractory, (from, t), |_| draws.exponential(1.0), |k, time| {
                ordered &= time >= last + if k > 0 { refractory - 1e-9 } else { 0.0 } && time <= t + 1e-9;
                last = time;
            });
            prop_assert!(ordered);
        }
    }
}
