//! Pictures on a record: seen small, looked at by keys, and pasted.

use crate::{
    SCREEN, dress,
    visits::{ask_core, open_vault},
};
use image::{ImageFormat, Rgb, RgbImage};
use satchel_tests::browser::{Window, key};
use std::{io::Cursor, sync::PoisonError};

/// A stand at a fair, more or less: sky, ground, and a booth with a sign.
fn stand(width: u32, height: u32, sign: [u8; 3]) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (u, v) = (x * 100 / width, y * 100 / height);
        let light = u8::try_from(v / 2).unwrap_or(0);
        Rgb(match () {
            () if (25..75).contains(&u) && (30..42).contains(&v) => sign,
            () if (28..72).contains(&u) && (42..80).contains(&v) && (u / 4) % 2 == 0 => [235, 225, 205],
            () if (28..72).contains(&u) && (42..80).contains(&v) => [214, 196, 168],
            () if v >= 70 => [110 + light, 120, 96],
            () => [150 + light, 190 + light, 225],
        })
    })
}

fn written(picture: RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Starts the screens anew, at the record.
fn record(window: &Window, id: &str, language: &str, theme: &str) {
    window.script(&format!("location.hash = 'record={id}&kind=person'"));
    dress(window, language, theme);
    window.wait("#files .thumbnail img");
}

fn title(window: &Window) -> String {
    window.text("#picture h1")
}

#[test]
fn pictures_are_looked_at_and_pasted() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let window = open_vault(&dir.path().join("vault"));
    let zoe =
        ask_core(&window, "create", "{ kind: 'person', input: { first_name: 'Zoë', title: 'Director' } }");
    let zoe = zoe["id"].as_str().unwrap().to_owned();
    let attach = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let path = serde_json::json!(path);
        ask_core(&window, "attach", &format!("{{ record: '{zoe}', path: {path} }}"));
    };
    attach("offer.pdf", b"%PDF-1.4");
    attach("notes.png", b"This is called a picture, and is none.");
    attach("stand.jpg", &written(stand(2400, 1500, [180, 60, 40]), ImageFormat::Jpeg));
    attach("招牌.png", &written(stand(900, 1200, [40, 90, 170]), ImageFormat::Png));
    record(&window, &zoe, "en", "light");
    let small = || window.script("return document.querySelectorAll('#files .thumbnail img').length");
    window.until("two pictures", || (small() == 2).then_some(()));
    let names =
        window.script("return [...document.querySelectorAll('.thumbnail img')].map((i) => i.alt).join()");
    assert_eq!(names, "招牌.png,stand.jpg", "each by its name, the newest first; what is none has an icon");
    window.script("document.querySelector('#files').scrollIntoView()");
    window.accessibility("files with pictures");
    window.picture("p1-files");

    // By keys alone: Enter, the one beside it, its pixels, back to where one was.
    window.script("document.querySelector('button.thumbnail').focus()");
    window.press(&[key::ENTER]);
    window.wait("#picture .stage img:not(.coming)");
    assert_eq!(title(&window), "招牌.png");
    window.press(&[key::RIGHT]);
    window.until("the next", || (title(&window) == "stand.jpg").then_some(()));
    window.wait("#picture .stage img:not(.coming)");
    window.until("who and how large", || {
        let said = window.text("#picture .state");
        (said.contains("2,400 × 1,500") && said.contains("Ana")).then_some(())
    });
    window.accessibility("a picture");
    window.picture("p2-picture");
    let width = || {
        window.script("return document.querySelector('.stage img').getBoundingClientRect().width").as_f64()
    };
    assert!(width().unwrap() < 1300.0);
    let below = "const end = (css) => document.querySelector(css).getBoundingClientRect().bottom;
                 return end('.stage img') - end('.stage')";
    assert!(window.script(below).as_f64().unwrap() < 1.0, "all of it is in the window");
    window.press(&["z"]);
    window.until("its own size", || (width()? > 2300.0).then_some(()));
    window.accessibility("a picture in its own size");
    window.picture("p3-zoomed");
    window.press(&["z"]);
    window.until("as large as the window", || (width()? < 1300.0).then_some(()));
    window.press(&[key::RIGHT]);
    window.until("the first again", || (title(&window) == "招牌.png").then_some(()));
    window.press(&[key::ESCAPE]);
    window.gone("#picture");
    let focus = || window.script("return document.activeElement.querySelector('img')?.alt ?? ''");
    assert_eq!(focus(), "招牌.png");
    window.press(&[" "]);
    window.wait("#picture");
    window.press(&[" "]);
    window.gone("#picture");
    assert_eq!(focus(), "招牌.png");

    // Pasted, and taken back. What is text, too, is text.
    let paste = |text: &str| {
        let done = window.script_async(&format!(
            "const done = arguments[arguments.length - 1];
             const canvas = document.createElement('canvas');
             canvas.width = 300; canvas.height = 200;
             const on = canvas.getContext('2d');
             on.fillStyle = 'seagreen'; on.fillRect(0, 0, 300, 200);
             canvas.toBlob((blob) => {{
               const clipboardData = new DataTransfer();
               clipboardData.items.add(new File([blob], 'image.png', {{ type: 'image/png' }}));
               {text}
               document.body.dispatchEvent(new ClipboardEvent('paste', {{ clipboardData, bubbles: true, cancelable: true }}));
               done('pasted');
             }})"
        ));
        assert_eq!(done, "pasted");
    };
    paste("clipboardData.setData('text/plain', 'cells');");
    paste("");
    window.wait("#files [data-file^='Picture 20'] .thumbnail img");
    assert_eq!(small(), 3, "one was pasted, and the cells were not");
    window.says("is attached");
    window.picture("p4-pasted");
    window.press(&[key::CTRL, "z"]);
    window.gone("#files [data-file^='Picture 20']");

    record(&window, &zoe, "zh", "dark");
    window.script("document.querySelector('#files').scrollIntoView()");
    window.picture("p5-files-zh");
    window.script("document.querySelectorAll('button.thumbnail')[1].click()");
    window.wait("#picture .stage img:not(.coming)");
    window.says("像素");
    window.accessibility("a picture, dark and Chinese");
    window.picture("p6-picture-zh");
    // Nothing of it is left behind the lock.
    window.press(&[key::CTRL, "l"]);
    window.wait("#unlock-keyring");
    assert_eq!(window.script("return document.images.length"), 0);
}
