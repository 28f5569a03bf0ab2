//! The data library, its TOML files, and what is said about a file that is wrong.

mod error;
mod library;
mod problem;
pub mod toml_file;

pub use error::{Error, file_hint};
pub use library::{CORRELATIONS, Library, LibraryFile, PARAMETERS};
pub use problem::{Problem, joined, nearest};
