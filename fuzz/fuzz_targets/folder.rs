//! A shared folder with files of any names and contents in it: each a line with its path, a line with its text.
#![no_main]

use satchel_protocol::{Position, Segment, WorkspaceId, piece_name};
use satchel_sync::{Folder, Pulled, Reader, Remote};
use std::path::PathBuf;

struct Takes;

impl Reader for Takes {
    fn known(&mut self) -> Option<Vec<Position>> {
        Some(Vec::new())
    }

    fn take(&mut self, this: (&Segment, &[u8]), _: Option<(&Segment, &[u8])>) -> Option<bool> {
        Some(this.0.first.is_multiple_of(2))
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let shared = tempfile::tempdir_in("/dev/shm").expect("a folder");
    let folder = Folder::open(shared.path(), WorkspaceId::default()).expect("there");
    let root = shared.path().join(format!("satchel-{}", WorkspaceId::default()));
    let mut lines = data.split(|b| *b == b'\n');
    while let (Some(path), Some(content)) = (lines.next(), lines.next()) {
        let path = satchel_fuzz::text(path).replace('\0', "0");
        // Nowhere but in the folder itself.
        let parts = path.split('/').filter(|p| !matches!(*p, "" | "." | "..") && p.len() < 200).take(8);
        let path = root.join(parts.collect::<PathBuf>());
        let _ = std::fs::create_dir_all(path.parent().expect("within"));
        let _ = std::fs::write(path, content);
    }
    let _ = folder.first_record();
    let _ = folder.control();
    let _ = folder.reads();
    let _ = folder.lacking_blobs(&[piece_name(data)]);
    for (name, _) in folder.requests().unwrap_or_default() {
        folder.remove_request(&name);
    }
    assert!(!matches!(folder.pull(&mut Takes), Ok(Pulled::Stopped | Pulled::ControlMoved)));
});
