//! [`Queue`]: the hashes that wait for their thread, limited in number; those of known people go first.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, PoisonError},
};

/// The most hashes that wait in one lane: less than a second's work on most machines.
const MOST: usize = 32;

/// Who asks for a hash. However many strangers ask, they fill the second lane only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Somebody who is signed in, or who signed in from the same address before.
    Known,
    Anybody,
}

pub(super) struct Queue<T> {
    waiting: Mutex<Waiting<T>>,
    changed: Condvar,
}

struct Waiting<T> {
    known: VecDeque<T>,
    anybody: VecDeque<T>,
    closed: bool,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        let waiting = Waiting { known: VecDeque::new(), anybody: VecDeque::new(), closed: false };
        Self { waiting: Mutex::new(waiting), changed: Condvar::new() }
    }
}

impl<T> Queue<T> {
    /// `false`: the lane is full. The newest is refused, not the oldest, because the oldest has already waited.
    pub(super) fn push(&self, lane: Lane, work: T) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = match lane {
            Lane::Known => &mut waiting.known,
            Lane::Anybody => &mut waiting.anybody,
        };
        if lane.len() >= MOST {
            return false;
        }
        lane.push_back(work);
        self.changed.notify_one();
        true
    }

    /// Waits for the next one; `None` once the queue is closed.
    pub(super) fn pop(&self) -> Option<T> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        while !waiting.closed {
            let first = waiting.known.pop_front();
            if let Some(work) = first.or_else(|| waiting.anybody.pop_front()) {
                return Some(work);
            }
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        None
    }

    /// From now on nothing is taken out.
    pub(super) fn close(&self) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_ones_go_first_and_a_full_lane_takes_no_more() {
        let queue = Queue::default();
        for at in 0..MOST {
            assert!(queue.push(Lane::Anybody, at));
        }
        assert!(!queue.push(Lane::Anybody, 99));
        assert!(queue.push(Lane::Known, 77));
        assert_eq!((queue.pop(), queue.pop(), queue.pop()), (Some(77), Some(0), Some(1)));
        queue.close();
        assert_eq!(queue.pop(), None);
    }
}
