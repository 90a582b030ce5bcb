//! A queue in Rust: the descriptor and the operations. Each takes the lock, does its part by the
//! rules of queue.rs, and waits where the contract says so. To make a queue of your own, keep this
//! file's shape and replace what is behind it.
//!
//!     rustc --edition 2021 -O -C panic=abort --crate-type cdylib --crate-name queue \
//!         plugin.rs -o queue-rust.so
mod abi;
mod queue;

use abi::*;
use queue::{Event, Rules, State};
use std::ffi::{CStr, CString};
use std::os::raw::{c_char, c_int, c_void};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

const LOOK_MS: i64 = 50;

struct Queue {
    host: *const Host,
    rules: Mutex<Rules>, // never held during a callback
    changed: Condvar,    // a job may be taken, an event came, or somebody was interrupted
}

struct Handle {
    queue: *const Queue,
    running: AtomicBool, // both change under the lock: an interrupt counts for the call that runs
    interrupted: AtomicBool,
    seen: Option<u64>, // the number of the next event; None: event_wait() was never called
}

impl Queue {
    fn now(&self) -> i64 {
        unsafe { ((*self.host).monotonic_ms)(self.host) }
    }

    fn lock(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}

/// Begins and ends every operation.
struct Visit<'a> {
    queue: &'a Queue,
    handle: &'a Handle,
    rules: Option<MutexGuard<'a, Rules>>, // None only while a callback runs
}

impl<'a> Visit<'a> {
    unsafe fn begin(handle: *mut c_void) -> Visit<'a> {
        let handle = &*(handle as *const Handle);
        let queue = &*handle.queue;
        let mut rules = queue.lock();
        handle.running.store(true, SeqCst);
        rules.promote(queue.now());
        Visit { queue, handle, rules: Some(rules) }
    }

    fn rules(&mut self) -> &mut Rules {
        self.rules.get_or_insert_with(|| self.queue.lock())
    }

    /// Waits until something changes, at most until `until`, and never long: a host may
    /// stop without an interrupt.
    unsafe fn wait_a_little(&mut self, call: *mut Call, until: i64) -> c_int {
        let queue = self.queue;
        let stop = || ((*queue.host).should_stop)(call);
        let ms = (until - queue.now()).clamp(0, LOOK_MS) as u64;
        if !self.handle.interrupted.load(SeqCst) && !stop() {
            let rules = self.rules.take().unwrap_or_else(|| queue.lock());
            let waited = queue.changed.wait_timeout(rules, Duration::from_millis(ms));
            self.rules = Some(waited.unwrap_or_else(|broken| broken.into_inner()).0);
        }
        if self.handle.interrupted.load(SeqCst) {
            return fail(call, CANCELLED, "interrupted while waiting");
        }
        if (*call).deadline != 0 && queue.now() >= (*call).deadline {
            return fail(
                call,
                TIMEOUT,
                "the time of the call ended while it waited: ask for a shorter wait",
            );
        }
        if stop() {
            return fail(call, CANCELLED, "stopped while waiting");
        }
        let now = queue.now();
        self.rules().promote(now);
        0
    }

    /// The lock is released while the callback runs, which may call other operations of the handle.
    fn without_lock(&mut self, callback: impl FnOnce() -> c_int) -> c_int {
        self.rules = None;
        let r = callback();
        self.rules();
        r
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.rules();
        self.handle.running.store(false, SeqCst);
        self.handle.interrupted.store(false, SeqCst);
    }
}

unsafe fn bytes<'a>(text: *const c_char) -> &'a [u8] {
    if text.is_null() { b"" } else { CStr::from_ptr(text).to_bytes() }
}

/// A text in the memory of the call; null: that is short.
unsafe fn keep(queue: &Queue, call: *mut Call, text: &CStr) -> *const c_char {
    let size = text.to_bytes_with_nul().len();
    let at = ((*queue.host).alloc)(call, size) as *mut u8;
    if !at.is_null() {
        std::ptr::copy_nonoverlapping(text.as_ptr() as *const u8, at, size);
    }
    at as *const c_char
}

unsafe fn no_memory(call: *mut Call) -> c_int {
    fail(call, NOMEM, "out of memory: try again later, or give the process more")
}

unsafe extern "C" fn open(
    host: *const Host,
    _: *mut Call,
    values: *const ConfigValue,
    ret: *mut *mut c_void,
) -> c_int {
    let rules =
        Rules::new(value_at(values, 0).number as usize, value_at(values, 1).number as usize);
    *ret =
        Box::into_raw(Box::new(Queue { host, rules: Mutex::new(rules), changed: Condvar::new() }))
            as *mut c_void;
    0
}

unsafe extern "C" fn close(queue: *mut c_void) {
    if !queue.is_null() {
        drop(Box::from_raw(queue as *mut Queue));
    }
}

unsafe extern "C" fn handle_open(queue: *mut c_void, _: *mut Call, ret: *mut *mut c_void) -> c_int {
    let (running, interrupted) = (AtomicBool::new(false), AtomicBool::new(false));
    *ret = Box::into_raw(Box::new(Handle {
        queue: queue as *const Queue,
        running,
        interrupted,
        seen: None,
    })) as *mut c_void;
    0
}

unsafe extern "C" fn handle_close(handle: *mut c_void) {
    drop(Box::from_raw(handle as *mut Handle));
}

unsafe extern "C" fn interrupt(handle: *mut c_void) {
    let queue = &*(*(handle as *const Handle)).queue;
    let rules = queue.lock();
    let running = (*(handle as *const Handle)).running.load(SeqCst);
    (*(handle as *const Handle)).interrupted.store(running, SeqCst);
    queue.changed.notify_all();
    drop(rules);
}

unsafe extern "C" fn ping(_: *mut c_void, _: *mut Call) -> c_int {
    0
}

unsafe extern "C" fn publish(
    handle: *mut c_void,
    call: *mut Call,
    job: *const Job,
    delay: i64,
    ret: *mut i32,
) -> c_int {
    let (kind, key, payload) = (bytes((*job).kind), bytes((*job).key), bytes((*job).payload));
    if kind.is_empty()
        || kind.len() > 16
        || !kind.iter().all(|c| c.is_ascii_lowercase() || *c == b'_')
    {
        return fail(call, INVALID, "a job's kind has 1 to 16 bytes, of a to z and _");
    }
    if key.is_empty() || key.len() > 64 {
        return fail(call, INVALID, "a job's key has 1 to 64 bytes");
    }
    if payload.len() > 1024 || delay < 0 {
        return fail(
            call,
            INVALID,
            "a job's payload has at most 1024 bytes, and its delay is not negative",
        );
    }
    let own = |text: &[u8]| CString::new(text).unwrap_or_default();
    let mut visit = Visit::begin(handle);
    let (now, priority) = (visit.queue.now(), (*job).priority);
    match visit.rules().publish(own(kind), own(key), own(payload), priority, now, delay) {
        None => fail(call, FULL, "the queue is full: wait for workers, or raise max_jobs"),
        Some(result) => {
            *ret = result;
            visit.queue.changed.notify_all();
            0
        }
    }
}

/// The memory comes first: a job whose lease nobody knows would be stuck until it runs out.
unsafe fn take(visit: &mut Visit, call: *mut Call, i: usize, lease: i64, ret: *mut Job) -> c_int {
    let (queue, until) = (visit.queue, visit.queue.now().saturating_add(lease));
    let rules = visit.rules();
    let texts = [&rules.jobs[i].kind, &rules.jobs[i].key, &rules.jobs[i].payload]
        .map(|text| keep(queue, call, text));
    // a number, a kind of 16 bytes, a key of 64
    let room = ((*queue.host).alloc)(call, 128) as *mut u8;
    if room.is_null() || texts.iter().any(|text| text.is_null()) {
        return no_memory(call);
    }
    rules.lease(i, until);
    let (job, receipt) = (&rules.jobs[i], rules.jobs[i].receipt());
    std::ptr::copy_nonoverlapping(
        receipt.as_ptr() as *const u8,
        room,
        receipt.as_bytes_with_nul().len(),
    );
    let [kind, key, payload] = texts;
    let receipt = room as *const c_char;
    let mut result = Job {
        struct_size: 0,
        priority: job.priority,
        kind,
        key,
        payload,
        receipt,
        attempt: job.attempt,
        in_work: 1,
        wait: 0,
    };
    give(&mut result, ret);
    0
}

unsafe extern "C" fn reserve(
    handle: *mut c_void,
    call: *mut Call,
    wait: i64,
    lease: i64,
    ret: *mut Job,
) -> c_int {
    let mut visit = Visit::begin(handle);
    let until = visit.queue.now().saturating_add(wait);
    loop {
        if let Some(i) = visit.rules().next() {
            return take(&mut visit, call, i, lease, ret);
        }
        if visit.queue.now() >= until {
            return fail(call, NOT_FOUND, "no job came");
        }
        let wake = visit.rules().wake().unwrap_or(until).min(until);
        let r = visit.wait_a_little(call, wake);
        if r < 0 {
            return r;
        }
    }
}

unsafe fn lease_lost(call: *mut Call) -> c_int {
    fail(call, NOT_FOUND, "the lease was lost or the job is gone: drop the work on it")
}

unsafe extern "C" fn extend(
    handle: *mut c_void,
    call: *mut Call,
    receipt: *const c_char,
    lease: i64,
) -> c_int {
    let mut visit = Visit::begin(handle);
    let until = visit.queue.now().saturating_add(lease);
    match visit.rules().by_receipt(bytes(receipt)) {
        None => lease_lost(call),
        Some(i) => {
            visit.rules().lease(i, until);
            visit.queue.changed.notify_all();
            0
        }
    }
}

unsafe extern "C" fn finish(
    handle: *mut c_void,
    call: *mut Call,
    receipt: *const c_char,
    outcome: i32,
    delay: i64,
) -> c_int {
    if !(0..=DEAD).contains(&outcome) || delay < 0 {
        return fail(call, INVALID, "there is no such outcome, or its delay is negative");
    }
    let mut visit = Visit::begin(handle);
    let now = visit.queue.now();
    match visit.rules().by_receipt(bytes(receipt)) {
        None => return lease_lost(call),
        Some(i) if outcome == RETRY => visit.rules().delay(i, now, delay),
        Some(i) => {
            visit.rules().jobs.swap_remove(i);
            visit.rules().dead += i64::from(outcome == DEAD);
        }
    }
    visit.queue.changed.notify_all();
    0
}

unsafe extern "C" fn counts(handle: *mut c_void, _: *mut Call, ret: *mut Counts) -> c_int {
    let mut visit = Visit::begin(handle);
    let rules = visit.rules();
    let of = |state: State| rules.jobs.iter().filter(|job| job.state == state).count() as i64;
    let (ready, delayed, in_work) = (of(State::Ready), of(State::Delayed), of(State::Leased));
    give(
        &mut Counts { struct_size: 0, reserved: 0, ready, delayed, in_work, dead: rules.dead },
        ret,
    );
    0
}

unsafe extern "C" fn peek(
    handle: *mut c_void,
    call: *mut Call,
    cb: JobCallback,
    ctx: *mut c_void,
) -> c_int {
    let mut visit = Visit::begin(handle);
    let (queue, now) = (visit.queue, visit.queue.now());
    let mut order: Vec<_> = visit.rules().jobs.iter().collect();
    order.sort_by_key(|job| job.rank());
    let size = std::mem::size_of::<Job>() as u32;
    let shown = |job: &&queue::Entry| Job {
        struct_size: size,
        priority: job.priority,
        kind: keep(queue, call, &job.kind),
        key: keep(queue, call, &job.key),
        payload: keep(queue, call, &job.payload),
        receipt: null(),
        attempt: job.attempt,
        in_work: i32::from(job.state == State::Leased),
        wait: if job.state == State::Ready { 0 } else { (job.until - now).max(0) },
    };
    let jobs: Vec<Job> = order.iter().map(shown).collect();
    if jobs.iter().any(|job| job.kind.is_null() || job.key.is_null() || job.payload.is_null()) {
        return no_memory(call);
    }
    drop(visit); // the callback may call other operations of this handle
    for job in &jobs {
        if cb(ctx, job) != 0 {
            break;
        }
    }
    0
}

unsafe extern "C" fn remove(
    handle: *mut c_void,
    call: *mut Call,
    kind: *const c_char,
    key: *const c_char,
) -> c_int {
    let mut visit = Visit::begin(handle);
    match visit.rules().find(bytes(kind), bytes(key)) {
        None => fail(call, NOT_FOUND, "the queue has no job of this kind and key"),
        Some(i) => {
            visit.rules().jobs.swap_remove(i);
            0
        }
    }
}

unsafe extern "C" fn clear(handle: *mut c_void, _: *mut Call) -> c_int {
    Visit::begin(handle).rules().jobs.retain(|job| job.state == State::Leased);
    0
}

unsafe extern "C" fn event_publish(
    handle: *mut c_void,
    call: *mut Call,
    channel: *const c_char,
    text: *const c_char,
) -> c_int {
    if bytes(channel).len() > 64 || bytes(text).len() > 4096 {
        return fail(call, INVALID, "an event has at most 4096 bytes, its channel 64");
    }
    let own = |text: &[u8]| CString::new(text).unwrap_or_default();
    let mut visit = Visit::begin(handle);
    visit.rules().event_add(Event { channel: own(bytes(channel)), text: own(bytes(text)) });
    visit.queue.changed.notify_all();
    0
}

unsafe extern "C" fn event_wait(
    handle: *mut c_void,
    call: *mut Call,
    wait: i64,
    cb: EventCallback,
    ctx: *mut c_void,
) -> c_int {
    let mut visit = Visit::begin(handle);
    let seen = &mut (*(handle as *mut Handle)).seen; // of this thread alone
    let next = visit.rules().next_event;
    let mut number = *seen.get_or_insert(next);
    let until = visit.queue.now().saturating_add(wait);
    loop {
        let end = visit.rules().next_event;
        let any = number < end;
        let mut stop = 0;
        while stop == 0 && number < end {
            let (at, event) = match visit.rules().event_from(number) {
                None => break,
                Some(found) => found,
            };
            if at > number {
                number = at;
                stop = visit.without_lock(|| {
                    cb(ctx, b"\0".as_ptr() as *const c_char, b"\0".as_ptr() as *const c_char)
                });
            }
            if stop == 0 {
                number += 1;
                stop = visit.without_lock(|| cb(ctx, event.channel.as_ptr(), event.text.as_ptr()));
            }
        }
        *seen = Some(number);
        if any || visit.queue.now() >= until {
            return 0;
        }
        let r = visit.wait_a_little(call, until);
        if r < 0 {
            return r;
        }
    }
}

/// A constant text for the host.
macro_rules! c {
    ($text:expr) => {
        concat!($text, "\0").as_ptr() as *const c_char
    };
}

const fn number(name: *const c_char, fallback: *const c_char, help: *const c_char) -> ConfigKey {
    let struct_size = std::mem::size_of::<ConfigKey>() as u32;
    ConfigKey {
        struct_size,
        kind: CONFIG_INT,
        name,
        fallback,
        choices: null(),
        help,
        minimum: 1,
        maximum: 1_000_000,
        required: 0,
    }
}

static CONFIG: [ConfigKey; 2] = [
    number(c!("max_jobs"), c!("100000"), c!("jobs that may exist at once")),
    number(c!("event_backlog"), c!("1024"), c!("events kept for slow receivers")),
];

static OPERATIONS: Operations = Operations {
    struct_size: std::mem::size_of::<Operations>() as u32,
    reserved: 0,
    open,
    close,
    handle_open,
    handle_close,
    interrupt,
    ping,
    publish,
    reserve,
    extend,
    finish,
    counts,
    peek,
    remove,
    clear,
    event_publish,
    event_wait,
};

static PLUGIN: Plugin = Plugin {
    struct_size: std::mem::size_of::<Plugin>() as u32,
    abi_epoch: EPOCH,
    abi_version: VERSION,
    kind: KIND_QUEUE,
    name: c!("rust"),
    version: c!("1"),
    description: c!("a list in memory, in Rust: to copy from"),
    config: &CONFIG as *const ConfigKey,
    config_count: 2,
    capabilities: ORDERED,
    data_model: 0,
    reserved: 0,
    operations: &OPERATIONS as *const Operations as *const c_void,
    extension: null_mut::<c_void>(),
    limits: null(),
};

#[no_mangle]
pub extern "C" fn hearth_plugin_v2() -> *const Plugin {
    &PLUGIN
}
