//! Clinical definitions of endpoints in neuroimmune disease and CAR T-cell therapy.
//!
//! Plain data in, plain data out: no model, no file, no random stream. Each module is one
//! definition and opens with its source. What cannot be evaluated is a typed answer with its
//! reason ([`NotEvaluable`]); readings off their scale or out of order are refused
//! ([`InputError`]).

pub mod attack;
pub mod confirmed_progression;
pub mod crs;
pub mod edss;
mod error;
pub mod estimand;
pub mod haematotoxicity;
pub mod icans;
pub mod incat;
pub mod licats;
pub mod myasthenia;
pub mod neda;
mod reading;
pub mod scale;
pub mod walking;

pub use error::{InputError, NotEvaluable};
pub use reading::Reading;
