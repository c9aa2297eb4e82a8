//! A picture of every screen and of its states, in both languages and themes, small, usual, wide and enlarged; each is looked at by
//! axe, and for what is cut off. `cargo xtask screens`.

#![allow(clippy::unwrap_used)]

use satchel_tests::{
    bin,
    browser::{Window, key},
    look::{Look, SIZES, Size},
};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

mod scenes;

use scenes::{BEGINNING, DEMO, LOCKED, Scene};

/// Where the pictures go, and which of them are wanted: `--out DIR`, `--only PART[,PART]`, `--language en`, `--size small`.
struct Asked {
    out: PathBuf,
    only: Vec<String>,
    languages: Vec<&'static str>,
    size: Option<String>,
}

impl Asked {
    fn read() -> Self {
        let args: Vec<String> = std::env::args().skip(1).collect();
        let after =
            |name: &str| args.iter().rposition(|a| a == name).and_then(|at| args.get(at + 1)).cloned();
        let only = after("--only").map(|o| o.split(',').map(str::to_owned).collect()).unwrap_or_default();
        let languages: Vec<&str> =
            ["en", "zh"].into_iter().filter(|l| after("--language").is_none_or(|only| only == *l)).collect();
        let out = after("--out").map_or_else(|| std::env::temp_dir().join("satchel-screens"), PathBuf::from);
        Self { out, only, languages, size: after("--size") }
    }

    fn wants(&self, scene: &Scene) -> bool {
        self.only.is_empty() || self.only.iter().any(|part| scene.name.contains(part.as_str()))
    }

    fn sizes(&self) -> Vec<Size> {
        SIZES.into_iter().filter(|size| self.size.as_ref().is_none_or(|only| only == size.name)).collect()
    }
}

/// What was found wrong, and how much there was to look at.
#[derive(Default)]
struct Seen {
    pictures: usize,
    faults: Vec<String>,
}

impl Seen {
    fn shoot(&mut self, window: &Window, asked: &Asked, scene: &Scene, language: &'static str) {
        for size in asked.sizes() {
            for theme in ["light", "dark"] {
                // The wide and the enlarged are pictured once a language.
                if size.once && theme == "dark" {
                    continue;
                }
                let look = Look { language, theme, zoom: size.zoom };
                window.resize(size.width, size.height);
                look.put_on(window);
                let name = format!("{}-{language}-{theme}-{}", scene.name, size.name);
                let faults = window.violations().into_iter().chain(window.ill_fitting(&look));
                let faults = faults.map(|fault| format!("{name}: {fault}"));
                self.faults.extend(faults.inspect(|fault| eprintln!("{fault}")));
                window.page(size.width, size.height, &asked.out.join(format!("{name}.png")));
                self.pictures += 1;
            }
        }
        Look { language, theme: "light", zoom: 100 }.put_on(window);
        window.resize(1440, 900);
    }

    /// One after the other, each from the page that a start shows.
    fn all(&mut self, window: &Window, asked: &Asked, language: &'static str, scenes: &[Scene]) {
        for scene in scenes.iter().filter(|s| asked.wants(s) || s.leads) {
            eprintln!("{language} {}", scene.name);
            // One that cannot be reached is a fault, and the others are pictured all the same.
            let shot = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                if !scene.leads {
                    home(window);
                }
                (scene.reach)(window);
                window.rest();
                if asked.wants(scene) {
                    self.shoot(window, asked, scene, language);
                }
            }));
            if shot.is_err() {
                self.faults.push(format!("{} {language}: it could not be reached", scene.name));
            }
        }
    }
}

/// Starts the screens anew: the page of today, without dialogs.
fn home(window: &Window) {
    window.script("window.before = true; setTimeout(() => location.reload(), 20)");
    window.until("the screens", || {
        window
            .try_script(
                "return !window.before && !!document.querySelector('#nav-today[aria-current]') && !!document.querySelector('.main .head, .main .empty')",
            )?
            .as_bool()?
            .then_some(())
    });
}

/// A sheet of small pictures for each language, theme and size.
fn sheets(asked: &Asked) {
    for language in &asked.languages {
        for (theme, size) in ["light", "dark"].into_iter().flat_map(|t| SIZES.map(|s| (t, s))) {
            let ending = format!("-{language}-{theme}-{}.png", size.name);
            let mut pictures: Vec<PathBuf> = files(&asked.out);
            pictures.retain(|p| p.to_string_lossy().ends_with(&ending));
            for (n, some) in pictures.chunks(9).enumerate() {
                let sheet = asked.out.join(format!("sheet{}{}", n + 1, ending));
                let font = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";
                let labelled = ["-font", font, "-label", "%t", "-tile", "3x3", "-geometry", "640x+6+6"];
                let _ = Command::new("montage").args(labelled).args(some).arg(sheet).status();
            }
        }
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(dir).unwrap().flatten().map(|f| f.path()).collect();
    files.retain(|f| f.file_name().is_some_and(|n| !n.to_string_lossy().starts_with("sheet")));
    files.sort();
    files
}

/// A demo in a language, made as `satchel` makes it.
fn demo(vault: &Path, language: &str) {
    let made = Command::new(bin("satchel"))
        .args(["--quiet", "init", "--demo"])
        .env("SATCHEL_VAULT", vault)
        .env("SATCHEL_LANG", language)
        .status();
    assert!(made.is_ok_and(|s| s.success()), "the demo could not be made");
}

fn main() {
    let asked = Asked::read();
    std::fs::create_dir_all(&asked.out).unwrap();
    let mut seen = Seen::default();
    for language in asked.languages.clone() {
        let dir = tempfile::tempdir().unwrap();
        if BEGINNING.iter().any(|scene| asked.wants(scene)) {
            let window = Window::open(&dir.path().join("new"), &[]);
            window.wait("#workspace");
            Look { language, theme: "light", zoom: 100 }.put_on(&window);
            seen.all(&window, &asked, language, BEGINNING);
        }
        if DEMO.iter().chain(LOCKED).any(|scene| asked.wants(scene)) {
            let vault = dir.path().join("demo");
            demo(&vault, language);
            let window = Window::open(&vault, &[]);
            window.wait("#nav-today");
            Look { language, theme: "light", zoom: 100 }.put_on(&window);
            window.resize(1440, 900);
            seen.all(&window, &asked, language, DEMO);
            seen.all(&window, &asked, language, LOCKED);
        }
    }
    sheets(&asked);
    println!("{} pictures in {}", seen.pictures, asked.out.display());
    for fault in &seen.faults {
        println!("{fault}");
    }
    if !seen.faults.is_empty() {
        println!("{} faults", seen.faults.len());
        std::process::exit(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_of_the_router_is_pictured() {
        let router = concat!(env!("CARGO_MANIFEST_DIR"), "/../ui/src/app/router.ts");
        let router = std::fs::read_to_string(router).unwrap();
        let routes = router.split("const START").next().unwrap();
        let pages: Vec<&str> =
            routes.split("page: \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(pages.len() > 8, "{pages:?}");
        for page in pages {
            assert!(
                DEMO.iter().any(|scene| scene.name.starts_with(page)),
                "no picture of the page {page}: add a scene to tests/scenes.rs"
            );
        }
    }
}
