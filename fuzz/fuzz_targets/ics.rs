//! Calendars: events and to-dos.
#![no_main]

libfuzzer_sys::fuzz_target!(init: satchel_fuzz::panics_of_libraries_may_be_caught(), |data: &[u8]| {
    satchel_fuzz::import("a.ics", data, None);
});
