use crate::*;
use age::x25519::Identity;

fn about() -> About {
    About {
        format: FORMAT,
        version: "1".into(),
        schema: 1,
        vault: "v".into(),
        workspace: "Norte".into(),
        workspace_id: "w".into(),
        device: "laptop".into(),
        device_id: "d".into(),
        made_at: "2026-11-27T10:00:00Z".into(),
        ways: serde_json::Value::Null,
        attachments: "attachments-1a2b3c4d".into(),
    }
}

fn whom(identity: &Identity) -> Vec<Box<dyn age::Recipient + Send>> {
    vec![Box::new(identity.to_public())]
}

fn backup(identity: &Identity) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), &whom(identity), &about()).expect("begun");
    // Nothing that compresses away, so that a flipped byte can be anywhere.
    let mut noise = vec![0; 200_000];
    blake3::Hasher::new().finalize_xof().fill(&mut noise);
    writer.table("document", 2, &noise).expect("written");
    writer.table("document", 1, b"third").expect("written");
    writer.readable("person", b"{}\n").expect("written");
    writer.finish(Manifest::default()).expect("finished").0
}

fn parts(bytes: &[u8], identity: &Identity) -> Result<Vec<usize>, BackupError> {
    let mut sizes = Vec::new();
    let manifest = read::<_, BackupError>(bytes, identity, &mut |part| {
        if let Part::Table { bytes, .. } = part {
            sizes.push(bytes.len());
        }
        Ok(())
    })?;
    assert_eq!(manifest.tables["document"].count, 3);
    Ok(sizes)
}

#[test]
fn what_was_written_comes_back() {
    let identity = Identity::generate();
    assert_eq!(parts(&backup(&identity), &identity).expect("read"), [200_000, 5]);
    assert!(matches!(parts(&backup(&identity), &Identity::generate()), Err(BackupError::WrongKey)));
    assert!(matches!(parts(b"PK\x03\x04 something else", &identity), Err(BackupError::NotABackup)));
    assert!(matches!(parts(b"", &identity), Err(BackupError::NotABackup | BackupError::Cut)));
}

#[test]
fn cut_at_any_place_or_with_any_byte_changed_it_is_refused() {
    let identity = Identity::generate();
    let whole = backup(&identity);
    for cut in (0..whole.len()).step_by(997).chain([whole.len() - 1]) {
        let error = parts(&whole[..cut], &identity).expect_err("cut");
        assert!(!error.to_string().is_empty(), "{cut}");
    }
    for at in (0..whole.len()).step_by(997).chain([whole.len() - 1]) {
        let mut altered = whole.clone();
        altered[at] ^= 1;
        parts(&altered, &identity).expect_err("altered");
    }
    let mut longer = whole.clone();
    longer.push(0);
    parts(&longer, &identity).expect_err("something behind its end");
}

#[test]
fn one_of_a_newer_version_says_so() {
    let identity = Identity::generate();
    let newer = About { format: FORMAT + 1, ..about() };
    let writer = Writer::new(Vec::new(), &whom(&identity), &newer).expect("begun");
    let (bytes, _) = writer.finish(Manifest::default()).expect("finished");
    assert!(matches!(parts(&bytes, &identity), Err(BackupError::Newer { found: 2, known: 1 })));
}

#[test]
fn what_unfolds_without_end_is_refused() {
    let identity = Identity::generate();
    let sealed = seal_age(Vec::new(), &whom(&identity)).expect("begun");
    let mut packed = zstd::Encoder::new(sealed, 1).expect("begun");
    // A header that says 200 GB, and zeros.
    let mut header = tar::Header::new_gnu();
    header.set_path("tables/document/000001.cbor").expect("a path");
    header.set_size(200 << 30);
    header.set_cksum();
    std::io::Write::write_all(&mut packed, header.as_bytes()).expect("written");
    let bytes = packed.finish().and_then(|sealed| sealed.finish()).expect("finished");
    assert!(matches!(parts(&bytes, &identity), Err(BackupError::Altered(_))));
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let _ = parts(&bytes, &Identity::generate());
    }
}
