//! A picture from outside as one that the page may show: decoded within limits, scaled, turned upright, and written anew
//! as JPEG, so that nothing else that was in the file comes along.

use image::{
    DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage,
    codecs::jpeg::JpegEncoder,
    imageops::FilterType,
    metadata::Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH},
};
use std::{io::Cursor, panic, sync::mpsc, thread, time::Duration};

/// What is read: the formats of cameras, screenshots and the web.
const FORMATS: [ImageFormat; 4] = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif];
/// No side of a picture is longer.
const SIDE: u32 = 30_000;
/// A picture takes no more memory once it is decoded: 85 million pixels, which no phone takes unless it is told to.
const DECODED: u64 = 256 << 20;
/// What takes longer than this is not shown.
const PATIENCE: Duration = Duration::from_secs(10);
/// Up to this size, and down to half of it, pixels are weighed: text in a screenshot stays legible. Beyond, it would take
/// hundreds of megabytes, and what is made much smaller looks the same.
const WEIGHED: u32 = 2560;
const QUALITY: u8 = 85;

#[derive(Debug)]
pub(super) struct Scaled {
    pub jpeg: Vec<u8>,
    /// Of the picture as it was attached, upright.
    pub width: u32,
    pub height: u32,
}

/// Whether it begins as a picture that is read, whatever it is called.
pub(super) fn is_picture(bytes: &[u8]) -> bool {
    image::guess_format(bytes).is_ok_and(|format| FORMATS.contains(&format))
}

/// At most so many pixels wide and high; nothing where it is no picture, is damaged, too large, or takes too long.
pub(super) fn scaled(bytes: Vec<u8>, most: u32) -> Option<Scaled> {
    let (done, wait) = mpsc::channel();
    // A decoder cannot be stopped. One that is too slow goes on behind our back, and its limits end it.
    let work = move || done.send(panic::catch_unwind(|| decoded(&bytes, most)).ok().flatten());
    thread::Builder::new().name("picture".into()).spawn(work).ok()?;
    wait.recv_timeout(PATIENCE).ok().flatten()
}

fn decoded(bytes: &[u8], most: u32) -> Option<Scaled> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    if !reader.format().is_some_and(|format| FORMATS.contains(&format)) {
        return None;
    }
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(SIDE), Some(SIDE));
    limits.max_alloc = Some(DECODED);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    // The pixels themselves are not counted among the decoder's allocations.
    if decoder.total_bytes() > DECODED {
        return None;
    }
    let turn = decoder.orientation().ok();
    let picture = DynamicImage::from_decoder(decoder).ok()?;
    let (width, height) = match turn {
        Some(Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH) => (picture.height(), picture.width()),
        _ => (picture.width(), picture.height()),
    };
    let mut small = fitted(picture, most);
    if let Some(turn) = turn {
        small.apply_orientation(turn);
    }
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(&on_paper(&small)).ok()?;
    Some(Scaled { jpeg, width, height })
}

fn fitted(picture: DynamicImage, most: u32) -> DynamicImage {
    match picture.width().max(picture.height()) {
        side if side <= most => picture,
        side if side < 2 * most && most <= WEIGHED => picture.resize(most, most, FilterType::Triangle),
        _ => picture.thumbnail(most, most),
    }
}

/// What can be seen through stands on white; what is itself nearly white, such as a logo for dark pages, on dark.
fn on_paper(picture: &DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let seen = picture.to_rgba8();
    let (mut light, mut weight) = (0, 0);
    for pixel in seen.pixels() {
        let [r, g, b, a] = pixel.0.map(u64::from);
        (light, weight) = (light + (r + g + b) * a, weight + 3 * a);
    }
    let see_through = weight < u64::from(seen.width()) * u64::from(seen.height()) * 3 * 250;
    let ground: u32 = if see_through && light > 200 * weight { 0x30 } else { 0xff };
    let mut paper = RgbImage::new(seen.width(), seen.height());
    for (to, from) in paper.pixels_mut().zip(seen.pixels()) {
        let [r, g, b, a] = from.0.map(u32::from);
        let over = |colour: u32| u8::try_from((colour * a + ground * (255 - a)) / 255).unwrap_or(u8::MAX);
        to.0 = [over(r), over(g), over(b)];
    }
    paper
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, Rgba, RgbaImage, load_from_memory};
    use std::time::Instant;

    fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.into().write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    /// Red on the left, blue on the right.
    fn two_halves(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, _| {
            Rgb(if x < width / 2 { [220, 20, 20] } else { [20, 20, 220] })
        })
    }

    fn is_red(pixel: Rgb<u8>) -> bool {
        pixel.0[0] > 150 && pixel.0[2] < 100
    }

    /// A PNG's header alone, whole to its sum, and the beginning of its pixels.
    fn claims(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = encoded(two_halves(4, 4), ImageFormat::Png);
        bytes[16..20].copy_from_slice(&width.to_be_bytes());
        bytes[20..24].copy_from_slice(&height.to_be_bytes());
        let sum = bytes[12..29].iter().fold(u32::MAX, |crc, byte| {
            (0..8)
                .fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { (c >> 1) ^ 0xedb8_8320 } else { c >> 1 })
        });
        bytes[29..33].copy_from_slice(&(!sum).to_be_bytes());
        bytes
    }

    /// The same JPEG with a note of how the camera was held, and of where.
    fn held(jpeg: &[u8], orientation: u8) -> Vec<u8> {
        let tiff = [
            b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(),
            &[orientation, 0, 0, 0, 0, 0, 0],
            b"GPS 52.5163N 13.3777E",
        ]
        .concat();
        let length = u16::try_from(2 + 6 + tiff.len()).unwrap().to_be_bytes();
        [&jpeg[..2], b"\xff\xe1", &length, b"Exif\0\0", &tiff, &jpeg[2..]].concat()
    }

    #[test]
    fn pictures_of_each_format_become_small_and_no_larger() {
        for format in FORMATS {
            let made = scaled(encoded(two_halves(1000, 600), format), 320).unwrap();
            assert_eq!((made.width, made.height), (1000, 600), "{format:?}");
            let small = load_from_memory(&made.jpeg).unwrap().to_rgb8();
            assert_eq!(small.dimensions(), (320, 192), "{format:?}");
            assert!(is_red(*small.get_pixel(60, 90)) && !is_red(*small.get_pixel(260, 90)), "{format:?}");
            let tiny = scaled(encoded(two_halves(10, 6), format), 320).unwrap();
            assert_eq!(load_from_memory(&tiny.jpeg).unwrap().to_rgb8().dimensions(), (10, 6), "{format:?}");
        }
        let most = scaled(encoded(two_halves(500, 100), ImageFormat::Png), 400).unwrap();
        assert_eq!(load_from_memory(&most.jpeg).unwrap().to_rgb8().dimensions(), (400, 80), "weighed");
    }

    #[test]
    fn what_a_phone_took_upright_stands_upright_and_says_not_where() {
        let jpeg = encoded(two_halves(400, 200), ImageFormat::Jpeg);
        let corner_is_red = |orientation: u8| {
            let bytes = held(&jpeg, orientation);
            assert!(bytes.windows(3).any(|w| w == b"GPS"));
            let made = scaled(bytes, 100).unwrap();
            assert!(
                !made.jpeg.windows(4).any(|w| w == b"Exif") && !made.jpeg.windows(3).any(|w| w == b"GPS")
            );
            let small = load_from_memory(&made.jpeg).unwrap().to_rgb8();
            let upright = matches!(orientation, 5..=8);
            assert_eq!((made.width, made.height), if upright { (200, 400) } else { (400, 200) });
            assert_eq!(small.dimensions(), if upright { (50, 100) } else { (100, 50) });
            is_red(*small.get_pixel(5, 5))
        };
        // 6 is turned to the right: what was on the left is above. 8 to the left, 3 stands on its head.
        assert_eq!([1, 3, 6, 8].map(corner_is_red), [true, false, true, false]);
    }

    #[test]
    fn bombs_and_broken_pictures_are_none_and_cost_little() {
        let started = Instant::now();
        let text = b"PNG is what this is called, and it is text".to_vec();
        for (what, bytes) in [
            ("60,000 wide and high", claims(60_000, 60_000)),
            ("20,000 wide and high", claims(20_000, 20_000)),
            ("all that it can say", claims(0x7fff_ffff, 0x7fff_ffff)),
            ("text", text.clone()),
            ("nothing", Vec::new()),
            ("another format", b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0".to_vec()),
            ("an SVG", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>".to_vec()),
        ] {
            assert!(scaled(bytes, 320).is_none(), "{what}");
        }
        assert!(!is_picture(&text) && is_picture(&claims(60_000, 60_000)));
        // A GIF whose screen is as large as it can be said.
        let mut gif = encoded(two_halves(4, 4), ImageFormat::Gif);
        gif[6..10].fill(0xff);
        assert!(scaled(gif, 320).is_none());
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    }

    #[test]
    fn a_picture_cut_anywhere_shows_what_is_there_or_nothing() {
        for format in FORMATS {
            let whole = encoded(two_halves(64, 48), format);
            for end in (0..whole.len()).step_by(7) {
                if let Some(made) = scaled(whole[..end].to_vec(), 32) {
                    assert_eq!((made.width, made.height), (64, 48), "{format:?} cut at {end}");
                }
            }
            for at in (0..whole.len()).step_by(3) {
                let mut bytes = whole.clone();
                bytes[at] ^= 0x55;
                let _ = scaled(bytes, 32);
            }
        }
    }

    #[test]
    fn of_ten_thousand_frames_the_first_is_read() {
        let first = encoded(two_halves(200, 200), ImageFormat::Gif);
        let red = RgbImage::from_pixel(200, 200, Rgb([20, 220, 20]));
        let next = encoded(red, ImageFormat::Gif);
        // From behind the screen's descriptor and its colours to before the end.
        let frames = |gif: &[u8]| {
            let colours = if gif[10] & 0x80 == 0 { 0 } else { 3 << ((gif[10] & 7) + 1) };
            gif[13 + colours..gif.len() - 1].to_vec()
        };
        let mut bytes = first[..first.len() - 1].to_vec();
        let more = frames(&next);
        (1..10_000).for_each(|_| bytes.extend_from_slice(&more));
        bytes.push(0x3b);
        let started = Instant::now();
        let made = scaled(bytes, 100).unwrap();
        assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
        let small = load_from_memory(&made.jpeg).unwrap().to_rgb8();
        assert!(is_red(*small.get_pixel(10, 50)));
    }

    #[test]
    fn what_can_be_seen_through_is_seen() {
        let logo = |ink: u8| {
            let shape =
                RgbaImage::from_fn(100, 100, |x, _| Rgba([ink, ink, ink, if x < 50 { 255 } else { 0 }]));
            let made = scaled(encoded(shape, ImageFormat::Png), 320).unwrap();
            let small = load_from_memory(&made.jpeg).unwrap().to_luma8();
            let (ink, ground) = (small.get_pixel(20, 50).0[0], small.get_pixel(80, 50).0[0]);
            assert!(ink.abs_diff(ground) > 150, "{ink} on {ground}");
            ground
        };
        assert!(logo(0) > 250, "on paper");
        assert!(logo(255) < 60, "a white one on dark");
    }
}
