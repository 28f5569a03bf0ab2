//! Progress on standard error, and Ctrl-C as a flag.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::exit::say;

/// More threads than any machine has use for, and fewer than make a system run out of them.
const MOST_THREADS: usize = 1024;

/// A progress bar with rate, time left and a running message. Hidden where standard error is no
/// terminal.
pub struct Bar(ProgressBar);

impl Bar {
    pub fn new(title: &str, length: u64, quiet: bool) -> Bar {
        let target = if quiet {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let bar = ProgressBar::with_draw_target(Some(length), target);
        let template = "{prefix:26} {bar:24} {human_pos}/{human_len}  {rate}  {eta} left  {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                // Nothing can be done about a terminal that takes no text.
                let _ = write!(out, "{:.0}/s", state.per_sec());
            };
            bar.set_style(style.with_key("rate", rate).progress_chars("━╸ "));
        }
        bar.set_prefix(title.to_string());
        bar.enable_steady_tick(Duration::from_millis(200));
        Bar(bar)
    }

    /// Sets the length, and where an earlier start had come to, once.
    pub fn length(&self, total: u64, found: u64) {
        if self.0.length() != Some(total) {
            self.0.set_length(total);
            self.0.set_position(found);
            self.0.reset_eta();
        }
    }

    pub fn set(&self, position: u64, message: &str) {
        self.0.set_position(position);
        if !message.is_empty() {
            self.0.set_message(message.to_string());
        }
    }

    pub fn finish(&self) {
        self.0.finish();
    }

    pub fn abandon(&self) {
        self.0.abandon();
    }
}

/// Processors that this process may use.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Reads a number of worker threads.
pub fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if (1..=MOST_THREADS).contains(&n) => Ok(n),
        _ => Err(format!("expected a whole number from 1 to {MOST_THREADS}")),
    }
}

/// A flag that Ctrl-C or a termination signal sets; the second one ends the program at once.
pub fn interruptible() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&flag);
    let installed = ctrlc::set_handler(move || {
        if set.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        say("\nstopping: finished parts are kept (once more to stop at once)");
    });
    if let Err(error) = installed {
        say(&format!("warning: Ctrl-C will not save: {error}"));
    }
    flag
}
