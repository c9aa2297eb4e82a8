//! Changes of a record from other devices, as a sync reads them; their checksums are made right.
#![no_main]

use satchel_document::{Actor, Document, Stamp, announced, create, guarded};
use satchel_domain::{Catalogue, Kind, Registers, Scalar, project};

libfuzzer_sys::fuzz_target!(init: satchel_fuzz::panics_of_libraries_may_be_caught(), |data: &[u8]| {
    let chunk = match data.split_first() {
        Some((0, rest)) => rest.to_vec(),
        _ => satchel_fuzz::with_checksums(data.get(1..).unwrap_or_default()),
    };
    let announced = announced(&chunk);
    if let Ok(mut document) = guarded(|| Document::begin(&chunk)) {
        let _ = guarded(|| read(&mut document));
        let _ = guarded(|| document.save_received(&chunk));
    }
    let stamp = Stamp { actor: Actor::derive(&[1; 16], 1), at: 1, operation: "o".into() };
    let registers = [
        ("first_name".to_owned(), Scalar::Str("Ana".into())),
        ("notes".to_owned(), Scalar::Text("a note".into())),
    ];
    let own = create(Kind::Person, &stamp, &Registers::from(registers));
    let mut document = Document::load(&own.bytes).expect("our own");
    if let Ok(announced) = announced
        && guarded(|| document.append(&chunk, &announced.heads)).is_ok()
    {
        let _ = guarded(|| read(&mut document));
        let saved = guarded(|| document.save_onto(own.bytes.clone(), 0, &own.heads));
        if let Ok((bytes, _)) = saved {
            let mut again = Document::load(&bytes).expect("what was saved is read again");
            assert_eq!(guarded(|| Ok::<_, satchel_document::DocumentError>(again.heads())).ok(), Some(document.heads()));
        }
    }
});

/// All that a sync and the screens ask of a record.
fn read(document: &mut Document) -> Result<(), satchel_document::DocumentError> {
    let registers = document.registers();
    let _ = document.kind().map(|kind| project(kind, &registers, &Catalogue::default()));
    let heads = document.heads();
    let _ = (document.conflicts(), document.times(), document.hashes(), document.last_operation());
    for version in document.versions() {
        document.plan_revert(&version.before, &version.after, 1);
    }
    assert_eq!(document.registers_at(&heads), registers);
    document.changes_by_operation();
    Ok(())
}
