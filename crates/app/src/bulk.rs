//! Bulk work on both cores: one thread makes the jobs, two work on them, and the caller takes the
//! results in order and writes them.

use crate::{AppError, error::Code};
use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, PoisonError, mpsc},
    thread,
};

const WORKERS: usize = 2;
/// Batches that may wait to be worked on.
const WAITING: usize = 4;
/// Results that may wait while the one who takes them writes: about a transaction's worth, so that
/// the workers go on meanwhile. Bounds the memory.
const READY: usize = 20;

/// Runs `jobs` through `work` and gives the results to `take`, in the order of the jobs. An error of
/// `take`, or a panic in a job, stops everything.
pub fn run<J: Send, R: Send>(
    jobs: impl Iterator<Item = J> + Send,
    work: impl Fn(J) -> R + Sync,
    mut take: impl FnMut(R) -> Result<(), AppError>,
) -> Result<(), AppError> {
    let (send_job, receive_job) = mpsc::sync_channel::<(u64, J)>(WAITING);
    let (send_result, receive_result) = mpsc::sync_channel::<(u64, thread::Result<R>)>(READY);
    let receive_job = Mutex::new(receive_job);
    thread::scope(|scope| {
        let sent = send_result.clone();
        scope.spawn(move || {
            let mut jobs = (0..).zip(jobs);
            loop {
                match catch_unwind(AssertUnwindSafe(|| jobs.next())) {
                    Ok(Some(job)) => {
                        if send_job.send(job).is_err() {
                            break;
                        }
                    }
                    Ok(None) => break,
                    // Its number comes never in order, so it is taken as the end of everything.
                    Err(panic) => return drop(sent.send((u64::MAX, Err(panic)))),
                }
            }
        });
        for _ in 0..WORKERS {
            let (send_result, receive_job, work) = (send_result.clone(), &receive_job, &work);
            scope.spawn(move || {
                loop {
                    let job = receive_job.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok((number, job)) = job else { break };
                    let result = catch_unwind(AssertUnwindSafe(|| work(job)));
                    if send_result.send((number, result)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(send_result);
        let outcome = in_order(&receive_result, &mut take);
        // Let the workers run out: their sends fail, then the maker's.
        drop(receive_result);
        if outcome.is_err() {
            drain(&receive_job);
        }
        outcome
    })
}

fn in_order<R>(
    results: &mpsc::Receiver<(u64, thread::Result<R>)>,
    take: &mut impl FnMut(R) -> Result<(), AppError>,
) -> Result<(), AppError> {
    let mut early: BTreeMap<u64, R> = BTreeMap::new();
    let mut next = 0;
    for (number, result) in results {
        let Ok(result) = result else {
            return Err(AppError::new(Code::Internal, "a part of the work failed; it was stopped there"));
        };
        early.insert(number, result);
        while let Some(result) = early.remove(&next) {
            take(result)?;
            next += 1;
        }
    }
    Ok(())
}

/// After an error nobody takes jobs any more; the maker must not wait for ever.
fn drain<J>(jobs: &Mutex<mpsc::Receiver<(u64, J)>>) {
    let (_, closed) = mpsc::sync_channel(0);
    let mut jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
    drop(std::mem::replace(&mut *jobs, closed));
}

/// Works on the two halves of a list on two cores; the results in the list's order.
pub(crate) fn halves<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&[T]) -> Result<Vec<R>, AppError> + Sync,
) -> Result<Vec<R>, AppError> {
    let work = &work;
    let half = items.len().div_ceil(2).max(1);
    std::thread::scope(|scope| {
        let parts: Vec<_> = items.chunks(half).map(|part| scope.spawn(move || work(part))).collect();
        let mut out = Vec::with_capacity(items.len());
        for part in parts {
            let done = part.join();
            out.extend(
                done.map_err(|_| AppError::new(Code::Internal, "this failed; nothing of it was written"))??,
            );
        }
        Ok(out)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_an_error_stops_the_rest() {
        let mut seen = Vec::new();
        let done: Result<(), AppError> = run(
            0..1000,
            |n| n * 2,
            |n| {
                seen.push(n);
                Ok(())
            },
        );
        assert!(done.is_ok() && seen == (0..1000).map(|n| n * 2).collect::<Vec<_>>());
        let mut count = 0;
        let stopped: Result<(), AppError> = run(
            0..,
            |n: u64| n,
            |n| {
                count += 1;
                if n == 50 { Err(AppError::refused("stop")) } else { Ok(()) }
            },
        );
        assert_eq!((stopped.expect_err("stopped").message.as_str(), count), ("stop", 51));
    }

    #[test]
    fn a_panic_anywhere_is_an_error_and_nobody_waits_for_ever() {
        for bad in [0, 7, 500] {
            let in_work = run(0..1000, |n| assert!(n < bad), |()| Ok(()));
            assert_eq!(in_work.expect_err("a worker panicked").code, Code::Internal);
            let jobs = (0..1000).inspect(|n| assert!(*n < bad));
            let in_jobs = run(jobs, |n| n, |_| Ok(()));
            assert_eq!(in_jobs.expect_err("the maker panicked").code, Code::Internal);
        }
    }
}
