//! A segment of a device's log, and what is left of it without some of its entries.
#![no_main]

use satchel_protocol::{Segment, WorkspaceId};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(segment) = Segment::decode(WorkspaceId::default(), data) else { return };
    assert_eq!(Segment::decode(WorkspaceId::default(), &segment.encode()).as_ref(), Ok(&segment));
    let chain = segment.chain();
    assert_eq!(chain.last().map(|link| link.end()), Some(segment.end()));
    let shorter = segment.without(|seq| seq % 2 == 0);
    assert_eq!((shorter.end(), shorter.count()), (segment.end(), segment.count()));
    assert_eq!(shorter.chain().last().map(|link| link.hash), chain.last().map(|link| link.hash));
});
