//! Numbered work on threads with results in the order of the numbers.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};

/// Results that are done but not yet given away.
struct Finished<R> {
    /// How many results have been given away.
    given: usize,
    /// Those whose turn has not come.
    waiting: BTreeMap<usize, R>,
}

/// Runs `work(0)`, `work(1)`, ... on threads and gives the results to `sink` in this order, until it
/// breaks or `cancelled` is set. Workers run only a few numbers ahead of the sink.
pub fn in_order<T: Send, E: Send>(
    threads: usize,
    cancelled: &AtomicBool,
    work: &(dyn Fn(usize) -> Result<T, E> + Sync),
    sink: &mut dyn FnMut(T) -> ControlFlow<()>,
) -> Result<(), E> {
    let threads = threads.max(1);
    let ahead = 2 * threads;
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let state = Mutex::new(Finished {
        given: 0,
        waiting: BTreeMap::new(),
    });
    let changed = Condvar::new();
    let lock = || {
        state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    };
    let over = || stop.load(Ordering::Relaxed) || cancelled.load(Ordering::Relaxed);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let mut guard = lock();
                        while number >= guard.given + ahead && !over() {
                            guard = wait(&changed, guard);
                        }
                        drop(guard);
                        if over() {
                            changed.notify_all();
                            return;
                        }
                        let result = work(number);
                        lock().waiting.insert(number, result);
                        changed.notify_all();
                    }
                })
            })
            .collect();
        let outcome = loop {
            let mut guard = lock();
            let result = loop {
                let number = guard.given;
                if let Some(result) = guard.waiting.remove(&number) {
                    guard.given += 1;
                    break Some(result);
                }
                if cancelled.load(Ordering::Relaxed) || workers.iter().any(|w| w.is_finished()) {
                    break None;
                }
                guard = wait(&changed, guard);
            };
            drop(guard);
            changed.notify_all();
            match result {
                None => break Ok(()),
                Some(Err(error)) => break Err(error),
                Some(Ok(value)) => {
                    if sink(value).is_break() {
                        break Ok(());
                    }
                }
            }
        };
        stop.store(true, Ordering::Relaxed);
        changed.notify_all();
        outcome
    })
}

/// Waits for a change, but looks up now and then: the flag of the caller wakes nobody.
fn wait<'a, T>(
    changed: &Condvar,
    guard: std::sync::MutexGuard<'a, T>,
) -> std::sync::MutexGuard<'a, T> {
    let result = changed.wait_timeout(guard, std::time::Duration::from_millis(50));
    result.unwrap_or_else(std::sync::PoisonError::into_inner).0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collect(threads: usize, last: usize) -> Result<Vec<usize>, String> {
        let mut seen = Vec::new();
        let work = |n: usize| {
            if n == 37 {
                Err(format!("at {n}"))
            } else {
                Ok(n * n)
            }
        };
        in_order(threads, &AtomicBool::new(false), &work, &mut |square| {
            seen.push(square);
            if seen.len() == last {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
        Ok(seen)
    }

    #[test]
    fn results_come_in_order_until_the_sink_has_enough() {
        for threads in [1, 2, 7] {
            assert_eq!(collect(threads, 30), Ok((0..30).map(|n| n * n).collect()));
        }
    }

    #[test]
    fn an_error_ends_the_work_at_its_turn() {
        for threads in [1, 2, 7] {
            assert_eq!(collect(threads, 100), Err("at 37".to_owned()));
        }
    }
}
