//! Instruction sets: which vector instructions a kernel is compiled for, chosen at run time.
//!
//! A binary that runs on any x86-64 may only assume SSE2. The wider sets are reached by
//! compiling a kernel once more inside a function that enables them, and calling that copy
//! only after the processor has been asked. Both steps need `unsafe`; they live here so that
//! no other crate does.
//!
//! The instruction set never changes a result: lane functions use neither fused
//! multiply-add nor a platform's mathematical library, so every copy rounds alike.

use std::fmt;

/// A vector instruction set that kernels can be compiled for.
///
/// Ordered from narrow to wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InstructionSet {
    /// What every machine of the target has: SSE2 on x86-64 (two lanes a register), NEON on
    /// AArch64, whatever the compiler assumes elsewhere.
    Scalar,
    /// AVX2: four lanes a register.
    Avx2,
    /// AVX-512 F, DQ, VL and BW: eight lanes a register.
    Avx512,
}

impl InstructionSet {
    /// All sets, from narrow to wide, whether or not this machine has them.
    pub const ALL: [InstructionSet; 3] = [Self::Scalar, Self::Avx2, Self::Avx512];

    /// The widest set this machine has.
    #[must_use]
    pub fn widest() -> Self {
        if Self::Avx512.is_available() {
            Self::Avx512
        } else if Self::Avx2.is_available() {
            Self::Avx2
        } else {
            Self::Scalar
        }
    }

    /// Whether this machine (processor and operating system) can run the set.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            Self::Scalar => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => std::arch::is_x86_feature_detected!("avx2"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                std::arch::is_x86_feature_detected!("avx512f")
                    && std::arch::is_x86_feature_detected!("avx512dq")
                    && std::arch::is_x86_feature_detected!("avx512vl")
                    && std::arch::is_x86_feature_detected!("avx512bw")
            }
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512 => false,
        }
    }
}

impl fmt::Display for InstructionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "AVX2",
            Self::Avx512 => "AVX-512",
        })
    }
}

/// A piece of work that [`dispatch`] compiles once for each instruction set.
///
/// A struct that borrows what the work needs, and its body. The body is a method and not a
/// closure so that it can be compiled several times.
///
/// # What an implementation must do
///
/// * Mark [`run`](Kernel::run) `#[inline(always)]`, and every function on the hot path that it
///   calls, down to the lane functions (which are marked already). A function that is not
///   inlined is compiled once, for the narrowest set: the result is the same, the speed is not.
/// * Closures are fine when they are passed to functions that are themselves inlined.
/// * Choose the lane count freely: it is a property of the kernel, not of the instruction set.
///   Eight lanes or a multiple fill the registers of every set.
/// * Do enough in one `run` that a function call is cheap beside it: a whole integration
///   step or many, not one operation.
pub trait Kernel {
    /// What the work returns.
    type Output;

    /// Does the work. Mark the implementation `#[inline(always)]`.
    fn run(self) -> Self::Output;
}

/// Runs a kernel compiled for an instruction set, or for the next narrower one that this
/// machine has. The result has the same bits under every set.
///
/// ```
/// use neurocart_numeric::{InstructionSet, Kernel, dispatch, lane};
///
/// struct Decay<'a> {
///     log_cells: &'a mut [[f64; 8]],
/// }
///
/// impl Kernel for Decay<'_> {
///     type Output = ();
///
///     #[inline(always)]
///     fn run(self) {
///         for lanes in self.log_cells {
///             *lanes = lane::exp(*lanes);
///         }
///     }
/// }
///
/// let mut cells = vec![[0.0; 8]; 4];
/// dispatch(InstructionSet::widest(), Decay { log_cells: &mut cells });
/// assert_eq!(cells, vec![[1.0; 8]; 4]);
/// ```
pub fn dispatch<K: Kernel>(set: InstructionSet, kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    {
        if set >= InstructionSet::Avx512 && InstructionSet::Avx512.is_available() {
            // SAFETY: the line above found every feature that `with_avx512` enables.
            return unsafe { with_avx512(kernel) };
        }
        if set >= InstructionSet::Avx2 && InstructionSet::Avx2.is_available() {
            // SAFETY: the line above found the feature that `with_avx2` enables.
            return unsafe { with_avx2(kernel) };
        }
    }
    let _ = set;
    kernel.run()
}

// No "fma": the compiler does not contract a product and a sum by itself, and leaving the
// feature out makes sure that it cannot.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
fn with_avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_set_is_available_and_none_wider_is() {
        let widest = InstructionSet::widest();
        assert!(widest.is_available());
        for set in InstructionSet::ALL {
            assert!(set <= widest || !set.is_available());
        }
    }

    #[test]
    fn a_set_that_is_missing_falls_back_to_a_narrower_one() {
        struct Answer;
        impl Kernel for Answer {
            type Output = u32;
            #[inline(always)]
            fn run(self) -> u32 {
                42
            }
        }
        for set in InstructionSet::ALL {
            assert_eq!(dispatch(set, Answer), 42);
        }
    }
}
