//! Deterministic lane arithmetic and keyed random numbers.
//!
//! This crate is the arithmetic under the simulation: elementary functions of lanes of patients
//! ([`lane`]) and of one number ([`elementary`]), the normal distribution and the logarithm of
//! the gamma function ([`normal`]), random streams that are addressed by seed, purpose, scenario,
//! replicate and patient ([`Stream`]), and a way to compile one kernel for several
//! instruction sets ([`dispatch`]). All have the same bits on every machine, for every
//! instruction set and every lane count. It is the only crate with `unsafe`.
//!
//! It is not a general mathematical library (no complex numbers, no matrices, no special
//! functions beyond those that a simulated trial draws from), not a portable-vector type, and
//! its random numbers are not for cryptography.
//!
//! # Example
//!
//! Eight patients with log-normal clearance, and how much drug each has left after two days:
//!
//! ```
//! use neurocart_numeric::{InstructionSet, Kernel, Key, Stream, dispatch, lane};
//!
//! struct RemainingFraction {
//!     clearance_per_day: [f64; 8],
//!     time_days: f64,
//! }
//!
//! impl Kernel for RemainingFraction {
//!     type Output = [f64; 8];
//!
//!     #[inline(always)]
//!     fn run(self) -> [f64; 8] {
//!         let mut exponent = self.clearance_per_day;
//!         for x in &mut exponent {
//!             *x *= -self.time_days;
//!         }
//!         lane::exp(exponent)
//!     }
//! }
//!
//! let mut log_clearance = [0.0; 8];
//! for (patient, x) in log_clearance.iter_mut().enumerate() {
//!     let patient = patient as u64;
//!     let key = Key { seed: 2026, purpose: 0, scenario: 0, replicate: 0, patient };
//!     *x = (0.4f64).ln() + 0.3 * Stream::new(key).normal();
//! }
//! let remaining = |set| {
//!     let clearance_per_day = lane::exp(log_clearance);
//!     dispatch(set, RemainingFraction { clearance_per_day, time_days: 2.0 })
//! };
//! assert!(remaining(InstructionSet::widest()).iter().all(|x| *x > 0.1 && *x < 0.9));
//! assert_eq!(remaining(InstructionSet::widest()), remaining(InstructionSet::Scalar));
//! ```

pub mod elementary;
mod instruction_set;
pub mod kernel;
pub mod lane;
pub mod normal;
mod philox;
mod stream;
pub mod tape;

pub use instruction_set::{InstructionSet, Kernel, dispatch};
pub use philox::philox4x32;
pub use stream::{Key, Stream};
