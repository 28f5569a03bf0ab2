//! Deterministic lane arithmetic and keyed random numbers.
