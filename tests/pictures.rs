//! Pictures among attachments: shown from here, kept where all else is, and fetched when somebody wants one.

#![allow(clippy::unwrap_used)]

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use image::{ImageFormat, Rgb, RgbImage};
use satchel_app::{
    Cancel, Code, Role, Session,
    domain::{Kind, RecordId},
};
use satchel_tests::{
    Laptop,
    team::{fields, settle, team},
};
use serde_json::json;
use std::{
    io::Cursor,
    path::{Path, PathBuf},
};

/// A photo: what is in it compresses badly, so that no two are alike.
fn photo(seed: u8, format: ImageFormat) -> Vec<u8> {
    let noise = |x: u32, y: u32| (x * 31 + y * 17 + u32::from(seed) * 101).wrapping_mul(2_654_435_761) >> 16;
    let picture = RgbImage::from_fn(640, 480, |x, y| {
        let n = noise(x / 4, y / 4).to_le_bytes();
        Rgb([n[0], n[1], seed])
    });
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn person(session: &Session) -> RecordId {
    session.create(Kind::Person, &fields(json!({"first_name": "Zoe"}))).unwrap().id
}

fn attach(session: &Session, to: RecordId, path: &Path) -> RecordId {
    session.attach(to, path, &mut |_| {}, &Cancel::default()).unwrap().id
}

fn jpeg_of(url: &str) -> Vec<u8> {
    BASE64.decode(url.strip_prefix("data:image/jpeg;base64,").unwrap()).unwrap()
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files_under(&path) } else { vec![path] }).collect()
}

#[test]
fn a_picture_is_shown_small_and_large_and_lies_on_no_disk_in_plain() {
    let laptop = Laptop::new();
    let session = &laptop.session;
    let zoe = person(session);
    let bytes = photo(1, ImageFormat::Png);
    let path = laptop.file("stand.png", &bytes);
    let id = attach(session, zoe, &path);
    std::fs::remove_file(path).unwrap();
    assert!(session.attachments(zoe).unwrap()[0].picture);
    let small = jpeg_of(&session.thumbnail(id).unwrap().unwrap());
    let shown = image::load_from_memory(&small).unwrap();
    assert_eq!((shown.width(), shown.height()), (320, 240));
    let large = session.picture(id, 500).unwrap();
    assert_eq!((large.width, large.height), (640, 480));
    let large = jpeg_of(&large.url);
    assert_eq!(image::load_from_memory(&large).unwrap().width(), 500);
    // What somebody would find who looks for it, whether it is open or closed.
    let seen = |needle: &[u8]| {
        let has = |path: &PathBuf| {
            std::fs::read(path).unwrap().windows(needle.len()).any(|window| window == needle)
        };
        files_under(laptop.dir.path()).iter().any(has)
    };
    let marks = [&small[700..732], &large[700..732], &bytes[700..732]];
    assert!(marks.iter().all(|mark| !seen(mark)), "while it is open");
    laptop.satchel.lock();
    assert!(marks.iter().all(|mark| !seen(mark)), "and behind it");
    laptop.file("canary", &small);
    assert!(seen(marks[0]), "it would be found");
}

#[test]
fn a_small_picture_is_made_once_and_what_is_none_has_none() {
    let laptop = Laptop::new();
    let session = &laptop.session;
    let zoe = person(session);
    let first = attach(session, zoe, &laptop.file("stand.jpg", photo(1, ImageFormat::Jpeg)));
    // The same photo on another record, and under another name, is the same picture.
    let again = attach(session, person(session), &laptop.file("again.jpg", photo(1, ImageFormat::Jpeg)));
    let text = attach(session, zoe, &laptop.file("notes.png", "no picture at all"));
    let pdf = attach(session, zoe, &laptop.file("offer.pdf", "%PDF-1.4"));
    let list = session.attachments(zoe).unwrap();
    let is = |id| list.iter().any(|file| file.id == id && file.picture);
    assert!(is(first) && is(text) && !is(pdf));
    assert_eq!(session.thumbnail(text).unwrap(), None);
    assert_eq!(session.picture(text, 100).unwrap_err().code, Code::Refused);
    let small = session.thumbnail(first).unwrap().unwrap();
    // Without its pieces nothing could be made: it is kept.
    std::fs::rename(laptop.dir.path().join("vault/blobs"), laptop.dir.path().join("away")).unwrap();
    assert_eq!(session.thumbnail(first).unwrap().unwrap(), small);
    assert_eq!(session.thumbnail(again).unwrap().unwrap(), small);
    assert!(session.picture(first, 100).is_err());
    std::fs::rename(laptop.dir.path().join("away"), laptop.dir.path().join("vault/blobs")).unwrap();
    assert!(session.verify(&mut |_| {}).unwrap().ok);
    // No attachment is none.
    assert_eq!(session.thumbnail(zoe).unwrap_err().code, Code::NotFound);
}

#[test]
fn a_picture_is_pasted_and_taken_back() {
    let laptop = Laptop::new();
    let session = &laptop.session;
    let zoe = person(session);
    let paste =
        |bytes: &[u8]| session.attach_picture(zoe, "图片 2026-11-28 14.05.png", &BASE64.encode(bytes));
    let bytes = photo(3, ImageFormat::Png);
    let written = paste(&bytes).unwrap();
    let list = session.attachments(zoe).unwrap();
    assert_eq!((list[0].id, list[0].name.as_str()), (written.id, "图片 2026-11-28 14.05.png"));
    assert!(session.thumbnail(written.id).unwrap().is_some());
    let out = laptop.dir.path().join("out.png");
    session.save_attachment(written.id, &out, &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(std::fs::read(out).unwrap(), bytes, "as it was pasted");
    session.undo(written.operation, &mut |_| {}, &Cancel::default()).unwrap();
    assert!(session.attachments(zoe).unwrap().is_empty());
    session.redo(&mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(session.attachments(zoe).unwrap().len(), 1);
    for (wrong, says) in [
        (b"<svg/>".to_vec(), "no PNG, JPEG, WebP or GIF"),
        (Vec::new(), "no PNG, JPEG, WebP or GIF"),
        ([&bytes[..], &vec![0; 21 << 20]].concat(), "larger than 20 MB"),
    ] {
        let error = paste(&wrong).unwrap_err();
        assert!(error.code == Code::Refused && error.message.contains(says), "{error}");
    }
    assert_eq!(session.attach_picture(zoe, "x.png", "no base64!").unwrap_err().code, Code::Refused);
    assert_eq!(session.attachments(zoe).unwrap().len(), 1);
}

#[test]
fn what_is_not_here_has_no_picture_until_it_is_fetched() {
    let devices = team(&[("Bo", Role::Viewer)]);
    let (ana, bo) = (devices[0].session(), devices[1].session());
    let zoe = person(ana);
    let path = devices[0].dir.path().join("stand.jpg");
    std::fs::write(&path, photo(4, ImageFormat::Jpeg)).unwrap();
    let id = attach(ana, zoe, &path);
    settle(&devices);
    let here = || bo.attachments(zoe).unwrap()[0].here;
    assert!(!here());
    assert_eq!(bo.thumbnail(id).unwrap(), None);
    assert!(!here(), "nothing is fetched unasked");
    let size = bo.fetch_attachment(id, &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(size, std::fs::metadata(&path).unwrap().len());
    assert!(here());
    assert_eq!(bo.thumbnail(id).unwrap(), ana.thumbnail(id).unwrap());
    assert!(bo.thumbnail(id).unwrap().is_some());
}
