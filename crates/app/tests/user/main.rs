//! What a user sees: the real program, run in a folder of its own, with all it says and leaves behind.

mod check;
mod command_line;
mod design;
mod design_numbers;
mod disk;
mod evidence;
mod evidence_answer;
mod evidence_diff;
mod evidence_import;
mod evidence_trace;
mod interruption;
mod library;
mod new;
mod patient;
mod population;
mod program;
mod trial;
