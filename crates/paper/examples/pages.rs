//! Writes papers to look at: `cargo run -p satchel-paper --example pages -- FOLDER`.
#![allow(clippy::unwrap_used)]

#[path = "../tests/samples.rs"]
mod samples;

use satchel_paper::{Language, PaperSize, quote, report};
use std::{path::PathBuf, time::Instant};

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap());
    let save = |name: &str, bytes: Vec<u8>, since: Instant| {
        println!("{name}: {} bytes, {:?}", bytes.len(), since.elapsed());
        std::fs::write(folder.join(name).with_extension("pdf"), bytes).unwrap();
    };
    for (name, language) in [("en", Language::English), ("zh", Language::Chinese)] {
        for lines in [1, 8, 20, 60, 500] {
            let mut sample = samples::quote(language, lines);
            let since = Instant::now();
            save(&format!("{name}-{lines}"), quote(&sample).unwrap(), since);
            if lines == 8 {
                sample.letterhead.logo = None;
                sample.letterhead.accent = None;
                sample.paper = PaperSize::Letter;
                sample.lines.iter_mut().for_each(|line| line.discount.clear());
                let since = Instant::now();
                save(&format!("{name}-plain"), quote(&sample).unwrap(), since);
            }
        }
        let since = Instant::now();
        save(&format!("{name}-report"), report(&samples::report(language)).unwrap(), since);
    }
    let since = Instant::now();
    save("odd", quote(&samples::odd()).unwrap(), since);
}
