//! Words of registries and papers to the codes of a study file.
//!
//! A word is mapped only where it means one thing; the rest is left to a person.

mod disease;
mod outcome;
#[cfg(test)]
mod tests;
mod text;
mod time;
mod treatment;

pub use disease::{diseases_of_term, diseases_of_text, spoken};
pub use outcome::{is_grade_3, outcomes};
pub use text::{has, sentences, slug, tells_number, trial_numbers, words};
pub use time::{Time, time};
pub use treatment::{
    is_one_product_for_several, lymphodepletion, modality, names_car_t, platform, targets,
};
