//! A company's logo: its header is read before its pixels, and it is decoded once before it goes into a paper.

use crate::{PaperError, limits};
use krilla::image::Image;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
const JPEG: &[u8] = b"\xff\xd8\xff";

pub(crate) fn read(bytes: &[u8]) -> Result<Image, PaperError> {
    if bytes.len() > limits::LOGO_BYTES {
        return Err(PaperError::LogoBytes { found: bytes.len(), most: limits::LOGO_BYTES });
    }
    if bytes.starts_with(PNG) {
        png(bytes)
    } else if bytes.starts_with(JPEG) {
        jpeg(bytes)
    } else {
        Err(unreadable("it is neither PNG nor JPEG"))
    }
}

/// Its pixels are decoded when the paper is written; what is wrong with them is told then (`pdf::error`).
fn png(bytes: &[u8]) -> Result<Image, PaperError> {
    // Signature, length and name of the first chunk, then two big-endian numbers.
    let number = |at: usize| bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_be_bytes);
    let (Some(width), Some(height)) = (number(16), number(20)) else {
        return Err(unreadable("it ends in its header"));
    };
    check_pixels(width, height)?;
    Image::from_png(bytes.to_vec().into(), false).map_err(unreadable)
}

/// A JPEG goes into the paper as it is, so that it must be decoded here to know that it is one.
fn jpeg(bytes: &[u8]) -> Result<Image, PaperError> {
    let mut decoder = JpegDecoder::new(ZCursor::new(bytes));
    decoder.decode_headers().map_err(|error| unreadable(error.to_string()))?;
    let Some((width, height)) = decoder.dimensions() else {
        return Err(unreadable("it does not say how large it is"));
    };
    let within = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
    check_pixels(within(width), within(height))?;
    decoder.decode().map_err(|error| unreadable(error.to_string()))?;
    Image::from_jpeg(bytes.to_vec().into(), false).map_err(unreadable)
}

fn check_pixels(width: u32, height: u32) -> Result<(), PaperError> {
    if width == 0 || height == 0 {
        return Err(unreadable("it has no pixels"));
    }
    if u64::from(width) * u64::from(height) > limits::LOGO_PIXELS {
        return Err(PaperError::LogoPixels { width, height, most: limits::LOGO_PIXELS });
    }
    Ok(())
}

fn unreadable(why: impl Into<String>) -> PaperError {
    PaperError::Logo { why: why.into() }
}
