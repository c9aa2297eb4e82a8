//! Excel workbooks: an archive as it is, or the texts of its parts, divided by zeros.
#![no_main]

use std::io::{Cursor, Write};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

const PARTS: [&str; 6] = [
    "xl/worksheets/sheet1.xml",
    "xl/sharedStrings.xml",
    "xl/styles.xml",
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
    "[Content_Types].xml",
];

libfuzzer_sys::fuzz_target!(init: satchel_fuzz::panics_of_libraries_may_be_caught(), |data: &[u8]| {
    if data.starts_with(b"PK") {
        return satchel_fuzz::import("a.xlsx", data, None);
    }
    let data = satchel_fuzz::amplified(data);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, part) in PARTS.iter().zip(data.split(|b| *b == 0)) {
        zip.start_file(*name, stored).expect("begun");
        zip.write_all(part).expect("written");
    }
    satchel_fuzz::import("a.xlsx", &zip.finish().expect("a zip").into_inner(), None);
});
