//! The rules: dedupe, priorities, delays, leases, events. Everything here is
//! called with the lock held.
use crate::abi::{IN_WORK, QUEUED, RAISED, WAITING};
use std::collections::VecDeque;
use std::ffi::CString;

/// READY jobs leave by priority, then as they came. Since when: of DELAYED and LEASED ones the
/// time at which that is over.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Ready,
    Delayed,
    Leased,
}

pub struct Entry {
    pub kind: CString,
    pub key: CString,
    pub payload: CString,
    pub priority: i32,
    pub attempt: i32,
    pub state: State,
    pub until: i64, // on the host's monotonic clock
    order: u64,
    lease: u64,
}

impl Entry {
    pub fn receipt(&self) -> CString {
        let mut text = format!("{}:", self.lease).into_bytes();
        text.extend_from_slice(self.kind.as_bytes());
        text.push(b':');
        text.extend_from_slice(self.key.as_bytes());
        CString::new(text).unwrap_or_default()
    }

    /// The order in which peek() shows jobs, and reserve() takes those that are READY.
    pub fn rank(&self) -> (State, i64, u64) {
        match self.state {
            State::Ready => (self.state, i64::from(self.priority), self.order),
            _ => (self.state, self.until, self.order),
        }
    }
}

pub struct Event {
    pub channel: CString,
    pub text: CString,
}

pub struct Rules {
    pub jobs: Vec<Entry>,
    pub max_jobs: usize,
    pub dead: i64,
    last_order: u64,
    last_lease: u64,
    /// The latest ones; the last has the number next_event - 1.
    events: VecDeque<std::sync::Arc<Event>>,
    backlog: usize,
    pub next_event: u64,
}

impl Rules {
    pub fn new(max_jobs: usize, backlog: usize) -> Rules {
        Rules {
            jobs: Vec::new(),
            max_jobs,
            dead: 0,
            last_order: 0,
            last_lease: 0,
            events: VecDeque::new(),
            backlog,
            next_event: 0,
        }
    }

    fn settle(&mut self, i: usize, state: State, until: i64) {
        self.last_order += 1;
        let job = &mut self.jobs[i];
        job.state = state;
        job.until = until;
        job.order = self.last_order;
    }

    /// Jobs whose delay or lease is over become READY, in the order of their times.
    pub fn promote(&mut self, now: i64) {
        let over = |job: &Entry| job.state != State::Ready && job.until <= now;
        while let Some(i) = (0..self.jobs.len())
            .filter(|&i| over(&self.jobs[i]))
            .min_by_key(|&i| self.jobs[i].until)
        {
            self.settle(i, State::Ready, 0);
        }
    }

    pub fn find(&self, kind: &[u8], key: &[u8]) -> Option<usize> {
        self.jobs.iter().position(|job| job.kind.as_bytes() == kind && job.key.as_bytes() == key)
    }

    pub fn by_receipt(&self, receipt: &[u8]) -> Option<usize> {
        self.jobs
            .iter()
            .position(|job| job.state == State::Leased && job.receipt().as_bytes() == receipt)
    }

    pub fn next(&self) -> Option<usize> {
        let ready = |job: &Entry| job.state == State::Ready;
        (0..self.jobs.len()).filter(|&i| ready(&self.jobs[i])).min_by_key(|&i| self.jobs[i].rank())
    }

    /// When promote() will have something to do.
    pub fn wake(&self) -> Option<i64> {
        self.jobs.iter().filter(|job| job.state != State::Ready).map(|job| job.until).min()
    }

    pub fn delay(&mut self, i: usize, now: i64, delay: i64) {
        let state = if delay == 0 { State::Ready } else { State::Delayed };
        self.settle(i, state, now.saturating_add(delay));
    }

    pub fn lease(&mut self, i: usize, until: i64) {
        if self.jobs[i].state != State::Leased {
            self.last_lease += 1;
            self.jobs[i].lease = self.last_lease;
            self.jobs[i].attempt += 1;
        }
        self.settle(i, State::Leased, until);
    }

    /// None: the queue is full. A job that waits is only ever moved forward.
    pub fn publish(
        &mut self,
        kind: CString,
        key: CString,
        payload: CString,
        priority: i32,
        now: i64,
        delay: i64,
    ) -> Option<i32> {
        let i = match self.find(kind.as_bytes(), key.as_bytes()) {
            Some(i) => i,
            None if self.jobs.len() >= self.max_jobs => return None,
            None => {
                self.jobs.push(Entry {
                    kind,
                    key,
                    payload,
                    priority,
                    attempt: 0,
                    state: State::Ready,
                    until: 0,
                    order: 0,
                    lease: 0,
                });
                self.delay(self.jobs.len() - 1, now, delay);
                return Some(QUEUED);
            }
        };
        let job = &mut self.jobs[i];
        if job.state == State::Leased {
            return Some(IN_WORK);
        }
        let until = now.saturating_add(delay);
        let sooner = job.state == State::Delayed && (delay == 0 || until < job.until);
        let higher = priority < job.priority;
        if !sooner && !higher {
            return Some(WAITING);
        }
        job.priority = job.priority.min(priority);
        if job.state == State::Ready || delay == 0 {
            self.settle(i, State::Ready, 0);
        } else {
            let until = if sooner { until } else { job.until };
            self.settle(i, State::Delayed, until);
        }
        Some(RAISED)
    }

    pub fn event_add(&mut self, event: Event) {
        if self.events.len() == self.backlog {
            self.events.pop_front();
        }
        self.events.push_back(std::sync::Arc::new(event));
        self.next_event += 1;
    }

    /// The event with this number, or the oldest one that is left, with its number.
    pub fn event_from(&self, number: u64) -> Option<(u64, std::sync::Arc<Event>)> {
        let oldest = self.next_event - self.events.len() as u64;
        let number = number.max(oldest);
        self.events.get((number - oldest) as usize).map(|event| (number, event.clone()))
    }
}
