//! The faces that text is set in: those of `fonts/`, and those of the system for what these have not.

use crate::PaperError;
use krilla::text::Font;
use rustybuzz::ttf_parser::{self, Permissions};
use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::{LazyLock, Mutex, PoisonError};

/// Of the bundled faces; the boxes of lines are computed from Inter, whatever else is in them.
pub(crate) const ASCENT: f32 = 0.969;
pub(crate) const DESCENT: f32 = 0.241;

/// What stands for a character that no font has.
const BOX: char = '□';
const SYSTEM_FONT_BYTES: usize = 64 << 20;
const SYSTEM_FACES: usize = 12;
/// Of text as it is read; bold is made of it.
const WEIGHTS: RangeInclusive<u16> = 300..=500;
/// Asked first, where they are there; the others by their names, so that the order is always the same.
const PREFERRED: &[&str] =
    &["Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "Noto Sans", "Segoe UI", "Arial", "DejaVu Sans"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Weight {
    Regular,
    SemiBold,
}

pub(crate) struct Face {
    pub shaper: rustybuzz::Face<'static>,
    pub embedded: Font,
    /// The weight that its letters have; a heavier one is made by a thin stroke around them.
    pub weight: Weight,
}

pub(crate) struct Bundled {
    regular: Face,
    semibold: Face,
    pub han: Face,
}

static BUNDLED: LazyLock<Option<Bundled>> = LazyLock::new(|| {
    let face = |bytes: &'static [u8], weight| Face::new(bytes, 0, weight);
    Some(Bundled {
        regular: face(include_bytes!("../fonts/Inter-Regular.ttf"), Weight::Regular)?,
        semibold: face(include_bytes!("../fonts/Inter-SemiBold.ttf"), Weight::SemiBold)?,
        han: face(include_bytes!("../fonts/NotoSansSC-Regular.otf"), Weight::Regular)?,
    })
});

static SYSTEM: LazyLock<Mutex<System>> = LazyLock::new(|| Mutex::new(System::look()));

impl Face {
    fn new(bytes: &'static [u8], index: u32, weight: Weight) -> Option<Self> {
        let shaper = rustybuzz::Face::from_slice(bytes, index)?;
        Some(Face { shaper, embedded: Font::new(bytes.into(), index)?, weight })
    }

    pub fn covers(&self, character: char) -> bool {
        self.shaper.glyph_index(character).is_some()
    }

    /// The glyph of the box and its advance, in parts of the size.
    pub fn substitute(&self) -> Option<(u32, f32)> {
        let glyph = self.shaper.glyph_index(BOX)?;
        let advance = self.shaper.glyph_hor_advance(glyph)?;
        Some((u32::from(glyph.0), f32::from(advance) / self.embedded.units_per_em()))
    }
}

impl Bundled {
    pub fn get() -> Result<&'static Self, PaperError> {
        BUNDLED.as_ref().ok_or(PaperError::Fonts)
    }

    pub fn latin(&self, weight: Weight) -> &Face {
        match weight {
            Weight::Regular => &self.regular,
            Weight::SemiBold => &self.semibold,
        }
    }
}

/// The face of the system that has a character.
pub(crate) fn elsewhere(character: char) -> Option<&'static Face> {
    SYSTEM.lock().unwrap_or_else(PoisonError::into_inner).face_of(character)
}

/// The system's fonts, looked at once. A face that is used stays in memory as long as the process.
struct System {
    database: fontdb::Database,
    order: Vec<fontdb::ID>,
    /// Of the faces that have been asked, so that a character which nobody has costs nothing the next time.
    coverage: HashMap<fontdb::ID, Vec<RangeInclusive<u32>>>,
    loaded: HashMap<fontdb::ID, Option<&'static Face>>,
    known: HashMap<char, Option<&'static Face>>,
}

impl System {
    fn look() -> Self {
        let mut database = fontdb::Database::new();
        database.load_system_fonts();
        let upright = |face: &&fontdb::FaceInfo| {
            face.style == fontdb::Style::Normal && WEIGHTS.contains(&face.weight.0)
        };
        let mut order: Vec<_> = database.faces().filter(upright).map(rank).collect();
        order.sort();
        let order = order.into_iter().map(|rank| rank.id).collect();
        let (coverage, loaded, known) = (HashMap::new(), HashMap::new(), HashMap::new());
        System { database, order, coverage, loaded, known }
    }

    fn face_of(&mut self, character: char) -> Option<&'static Face> {
        if let Some(face) = self.known.get(&character) {
            return *face;
        }
        let order = std::mem::take(&mut self.order);
        let covering = order.iter().copied().find(|id| self.covers(*id, character));
        self.order = order;
        let face = covering.and_then(|id| self.load(id));
        self.known.insert(character, face);
        face
    }

    /// Only outlines: pictures of emoji would weigh more than all the rest.
    fn covers(&mut self, id: fontdb::ID, character: char) -> bool {
        let coverage = self.coverage.entry(id).or_insert_with(|| {
            let coverage = self.database.with_face_data(id, coverage_of);
            coverage.flatten().unwrap_or_default()
        });
        let code = u32::from(character);
        let at = coverage.partition_point(|range| *range.end() < code);
        let has_outline = |bytes: &[u8], index| {
            let face = ttf_parser::Face::parse(bytes, index).ok()?;
            face.glyph_bounding_box(face.glyph_index(character)?)
        };
        coverage.get(at).is_some_and(|range| range.contains(&code))
            && self.database.with_face_data(id, has_outline).flatten().is_some()
    }

    fn load(&mut self, id: fontdb::ID) -> Option<&'static Face> {
        if let Some(face) = self.loaded.get(&id) {
            return *face;
        }
        if self.loaded.len() >= SYSTEM_FACES {
            return None;
        }
        let face = self.database.with_face_data(id, |bytes, index| {
            let bytes: &'static [u8] = Box::leak(bytes.to_vec().into_boxed_slice());
            Face::new(bytes, index, Weight::Regular).map(|face| &*Box::leak(Box::new(face)))
        });
        *self.loaded.entry(id).or_insert(face.flatten())
    }
}

/// What a face has, if it may be embedded.
fn coverage_of(bytes: &[u8], index: u32) -> Option<Vec<RangeInclusive<u32>>> {
    let face = ttf_parser::Face::parse(bytes, index).ok()?;
    if bytes.len() > SYSTEM_FONT_BYTES || face.permissions() == Some(Permissions::Restricted) {
        return None;
    }
    let mut codes = Vec::new();
    for table in face.tables().cmap?.subtables.into_iter().filter(|table| table.is_unicode()) {
        table.codepoints(|code| codes.push(code));
    }
    codes.sort_unstable();
    let mut ranges: Vec<RangeInclusive<u32>> = Vec::new();
    for code in codes {
        match ranges.last_mut() {
            Some(range) if code <= range.end().saturating_add(1) => *range = *range.start()..=code,
            _ => ranges.push(code..=code),
        }
    }
    Some(ranges)
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    preferred: usize,
    special: bool,
    family: String,
    name: String,
    id: fontdb::ID,
}

fn rank(face: &fontdb::FaceInfo) -> Rank {
    let family = face.families.first().map(|(name, _)| name.clone()).unwrap_or_default();
    let special = face.monospaced || face.weight != fontdb::Weight::NORMAL || family.contains("Serif");
    Rank {
        preferred: PREFERRED.iter().position(|name| *name == family && !special).unwrap_or(PREFERRED.len()),
        special,
        family,
        name: face.post_script_name.clone(),
        id: face.id,
    }
}
