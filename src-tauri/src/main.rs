#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

/// As in the command line: an import allocates on several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    satchel_desktop::run();
}
