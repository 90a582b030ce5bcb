//! hearth/plugin.h and hearth/queue.h, as much of them as a queue needs, written down by hand: the
//! structs begin with their size and only grow at their end, so what is said here stays true for
//! the whole epoch. Without bindgen, without a crate.
use std::os::raw::{c_char, c_int, c_void};

pub const EPOCH: u32 = 2;
pub const VERSION: u32 = 1;
pub const KIND_QUEUE: i32 = 2;
pub const ORDERED: u64 = 1 << 2;
pub const CONFIG_INT: i32 = 1;

pub const NOT_FOUND: c_int = -1;
pub const INVALID: c_int = -3;
pub const TIMEOUT: c_int = -5;
pub const CANCELLED: c_int = -6;
pub const FULL: c_int = -8;
pub const NOMEM: c_int = -11;

/// enum hearth_publish_result
pub const QUEUED: i32 = 0;
pub const RAISED: i32 = 1;
pub const WAITING: i32 = 2;
pub const IN_WORK: i32 = 3;

/// enum hearth_job_outcome
pub const RETRY: i32 = 1;
pub const DEAD: i32 = 2;

#[repr(C)]
pub struct Call {
    pub struct_size: u32,
    pub error_size: u32,
    pub error: *mut c_char,
    pub deadline: i64,
    pub retry_after: i64,
    pub host_data: *mut c_void,
}

/// The services of the host, up to the last one that is used here: it may have more.
#[repr(C)]
pub struct Host {
    pub struct_size: u32,
    pub abi_version: u32,
    pub data: *mut c_void,
    pub log: unsafe extern "C" fn(*const Host, c_int, *const c_char),
    pub now_ms: unsafe extern "C" fn(*const Host) -> i64,
    pub monotonic_ms: unsafe extern "C" fn(*const Host) -> i64,
    pub random: unsafe extern "C" fn(*const Host, *mut c_void, usize),
    pub alloc: unsafe extern "C" fn(*mut Call, usize) -> *mut c_void,
    pub should_stop: unsafe extern "C" fn(*mut Call) -> bool,
}

#[repr(C)]
pub struct ConfigKey {
    pub struct_size: u32,
    pub kind: i32, // `type` in C
    pub name: *const c_char,
    pub fallback: *const c_char,
    pub choices: *const c_char,
    pub help: *const c_char,
    pub minimum: i64,
    pub maximum: i64,
    pub required: i64,
}

#[repr(C)]
pub struct ConfigValue {
    pub struct_size: u32,
    pub present: u32,
    pub text: *const c_char,
    pub number: i64,
}

/// HEARTH_AT(values, i): the host's elements may be longer than ours.
pub unsafe fn value_at<'a>(values: *const ConfigValue, i: usize) -> &'a ConfigValue {
    &*((values as *const u8).add(i * (*values).struct_size as usize) as *const ConfigValue)
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Job {
    pub struct_size: u32,
    pub priority: i32,
    pub kind: *const c_char,
    pub key: *const c_char,
    pub payload: *const c_char,
    pub receipt: *const c_char,
    pub attempt: i32,
    pub in_work: i32,
    pub wait: i64,
}

#[repr(C)]
pub struct Counts {
    pub struct_size: u32,
    pub reserved: u32,
    pub ready: i64,
    pub delayed: i64,
    pub in_work: i64,
    pub dead: i64,
}

pub type JobCallback = unsafe extern "C" fn(*mut c_void, *const Job) -> c_int;
pub type EventCallback = unsafe extern "C" fn(*mut c_void, *const c_char, *const c_char) -> c_int;

#[repr(C)]
pub struct Operations {
    pub struct_size: u32,
    pub reserved: u32,
    pub open:
        unsafe extern "C" fn(*const Host, *mut Call, *const ConfigValue, *mut *mut c_void) -> c_int,
    pub close: unsafe extern "C" fn(*mut c_void),
    pub handle_open: unsafe extern "C" fn(*mut c_void, *mut Call, *mut *mut c_void) -> c_int,
    pub handle_close: unsafe extern "C" fn(*mut c_void),
    pub interrupt: unsafe extern "C" fn(*mut c_void),
    pub ping: unsafe extern "C" fn(*mut c_void, *mut Call) -> c_int,
    pub publish: unsafe extern "C" fn(*mut c_void, *mut Call, *const Job, i64, *mut i32) -> c_int,
    pub reserve: unsafe extern "C" fn(*mut c_void, *mut Call, i64, i64, *mut Job) -> c_int,
    pub extend: unsafe extern "C" fn(*mut c_void, *mut Call, *const c_char, i64) -> c_int,
    pub finish: unsafe extern "C" fn(*mut c_void, *mut Call, *const c_char, i32, i64) -> c_int,
    pub counts: unsafe extern "C" fn(*mut c_void, *mut Call, *mut Counts) -> c_int,
    pub peek: unsafe extern "C" fn(*mut c_void, *mut Call, JobCallback, *mut c_void) -> c_int,
    pub remove: unsafe extern "C" fn(*mut c_void, *mut Call, *const c_char, *const c_char) -> c_int,
    pub clear: unsafe extern "C" fn(*mut c_void, *mut Call) -> c_int,
    pub event_publish:
        unsafe extern "C" fn(*mut c_void, *mut Call, *const c_char, *const c_char) -> c_int,
    pub event_wait:
        unsafe extern "C" fn(*mut c_void, *mut Call, i64, EventCallback, *mut c_void) -> c_int,
}

#[repr(C)]
pub struct Plugin {
    pub struct_size: u32,
    pub abi_epoch: u32,
    pub abi_version: u32,
    pub kind: i32,
    pub name: *const c_char,
    pub version: *const c_char,
    pub description: *const c_char,
    pub config: *const ConfigKey,
    pub config_count: usize,
    pub capabilities: u64,
    pub data_model: u32,
    pub reserved: u32,
    pub operations: *const c_void,
    pub extension: *const c_void,
    pub limits: *const c_void,
}

/// The descriptor and what it points to are constants.
unsafe impl Sync for Plugin {}
unsafe impl Sync for ConfigKey {}

/// hearth_fail(): the words for a person, and the code. Cut at the room there
/// is, between two characters.
pub unsafe fn fail(call: *mut Call, code: c_int, words: &str) -> c_int {
    let mut size = words.len().min((*call).error_size as usize - 1);
    while !words.is_char_boundary(size) {
        size -= 1;
    }
    std::ptr::copy_nonoverlapping(words.as_ptr(), (*call).error as *mut u8, size);
    *(*call).error.add(size) = 0;
    code
}

/// A result for the caller, whose struct may be an older and shorter one: no more than its
/// struct_size bytes are written.
pub unsafe fn give<T>(result: &mut T, ret: *mut T) {
    let size = (*(ret as *const u32)).min(std::mem::size_of::<T>() as u32);
    *(result as *mut T as *mut u32) = size;
    std::ptr::copy_nonoverlapping(result as *const T as *const u8, ret as *mut u8, size as usize);
}
