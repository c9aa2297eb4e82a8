//! SQLite's memory is wiped when it is freed. `cipher_memory_security` does the same at twelve
//! times the CPU; this costs nothing measurable and leaves no plaintext in a core dump.

#![allow(unsafe_code)]

use rusqlite::ffi;
use std::{
    alloc::{Layout, alloc, dealloc},
    ffi::{c_int, c_void},
    sync::Once,
};

/// Room for the size, and alignment for what follows.
const HEADER: usize = 16;

/// Must run before the first connection is opened.
pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let methods = ffi::sqlite3_mem_methods {
            xMalloc: Some(allocate),
            xFree: Some(free),
            xRealloc: Some(reallocate),
            xSize: Some(size),
            xRoundup: Some(round_up),
            xInit: Some(init),
            xShutdown: Some(shutdown),
            pAppData: std::ptr::null_mut(),
        };
        // SAFETY: SQLite copies the structure, and no connection has been opened by this process.
        // If SQLite is running already it refuses with MISUSE and keeps its own allocator.
        // SQLite calls itself initialised before SQLCipher is: of two threads that open the first
        // connections, one would be refused its key. Others wait here until both are.
        unsafe {
            ffi::sqlite3_config(ffi::SQLITE_CONFIG_MALLOC, &raw const methods);
            ffi::sqlite3_initialize();
        }
    });
}

fn layout(bytes: usize) -> Option<Layout> {
    Layout::from_size_align(bytes.checked_add(HEADER)?, HEADER).ok()
}

unsafe extern "C" fn allocate(bytes: c_int) -> *mut c_void {
    let Ok(bytes) = usize::try_from(bytes) else { return std::ptr::null_mut() };
    let Some(layout) = layout(bytes) else { return std::ptr::null_mut() };
    // SAFETY: the block has room for the header, and the pointer behind it stays inside.
    unsafe {
        let block = alloc(layout);
        if block.is_null() {
            return block.cast();
        }
        block.cast::<usize>().write(bytes);
        block.add(HEADER).cast()
    }
}

unsafe extern "C" fn free(pointer: *mut c_void) {
    if pointer.is_null() {
        return;
    }
    // SAFETY: SQLite frees only what `allocate` has returned.
    unsafe {
        let block = pointer.sub(HEADER).cast::<u8>();
        let bytes = block.cast::<usize>().read();
        let content = std::slice::from_raw_parts_mut(pointer.cast::<u8>(), bytes);
        zeroize::Zeroize::zeroize(content);
        if let Some(layout) = layout(bytes) {
            dealloc(block, layout);
        }
    }
}

unsafe extern "C" fn reallocate(pointer: *mut c_void, bytes: c_int) -> *mut c_void {
    // SAFETY: as for `allocate` and `free`; the copy is no longer than either block.
    unsafe {
        let fresh = allocate(bytes);
        if !fresh.is_null() && !pointer.is_null() {
            let keep = size(pointer).min(bytes);
            std::ptr::copy_nonoverlapping(
                pointer.cast::<u8>(),
                fresh.cast::<u8>(),
                usize::try_from(keep).unwrap_or(0),
            );
            free(pointer);
        }
        fresh
    }
}

unsafe extern "C" fn size(pointer: *mut c_void) -> c_int {
    if pointer.is_null() {
        return 0;
    }
    // SAFETY: the header stands before every block.
    let bytes = unsafe { pointer.sub(HEADER).cast::<usize>().read() };
    c_int::try_from(bytes).unwrap_or(c_int::MAX)
}

unsafe extern "C" fn round_up(bytes: c_int) -> c_int {
    bytes.checked_add(7).map_or(bytes, |b| b & !7)
}

unsafe extern "C" fn init(_: *mut c_void) -> c_int {
    ffi::SQLITE_OK
}

unsafe extern "C" fn shutdown(_: *mut c_void) {}
