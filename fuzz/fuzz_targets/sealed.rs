//! What only keys open, with keys that fit: ciphertexts of any length.
#![no_main]

use satchel_protocol::{BlobKey, EpochKey, Hash, WorkspaceId, open_previous, unpad};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (workspace, epoch) = (WorkspaceId([7; 16]), EpochKey::from_bytes(2, [9; 32]));
    let _ = epoch.open_names(workspace, data);
    let _ = open_previous(workspace, &epoch, data);
    let key = BlobKey::of(b"the team's secret", Hash::NONE);
    let _ = key.open_piece(workspace, 0, data);
    let _ = key.open_manifest(workspace, data);
    let sealed = epoch.seal_names(workspace, data).expect("sealed");
    assert_eq!(epoch.open_names(workspace, &sealed).as_deref(), Ok(data));
    assert_eq!(key.open_piece(workspace, 3, &key.seal_piece(workspace, 3, data)).as_deref(), Ok(data));
    let _ = unpad(data);
});
