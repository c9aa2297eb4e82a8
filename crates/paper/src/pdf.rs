//! Paints a plan as PDF: text that can be selected and searched, fonts with only the glyphs that are used, and tags that
//! tell a screen reader what is a heading and what a table (PDF/UA-1, where the system's fonts let it be).

use crate::flow::{Item, Mark, Node, Plan, Role, Tag};
use crate::fonts::Weight;
use crate::shape::{Colour, Glyph, Style};
use crate::wrap::{Line, Run};
use crate::{Language, PaperError};
use krilla::configure::{Accessibility, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::error::KrillaError;
use krilla::geom::{PathBuilder, Point, Rect, Size, Transform};
use krilla::metadata::{Metadata, PageLayout};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{self, Artifact, ContentTag, SpanTag, TableHeaderScope, TagGroup, TagKind, TagTree};
use krilla::text::{GlyphId, KrillaGlyph};
use krilla::{Document, SerializeSettings, color::rgb};
use std::num::NonZeroU16;

/// How thick a stroke makes regular Chinese as heavy as the headings beside it, as a part of the size.
const HEAVIER: f32 = 0.028;

pub(crate) fn paint(plan: &Plan) -> Result<Vec<u8>, PaperError> {
    match document(plan, accessible()?) {
        // A font of the system may lack what the standard asks of it; the paper is the same without its mark.
        Err(KrillaError::Validation(_)) => document(plan, SerializeSettings::default()).map_err(error),
        made => made.map_err(error),
    }
}

fn accessible() -> Result<SerializeSettings, PaperError> {
    let standard = ConfigurationBuilder::new().with_accessibility_validator(Accessibility::UA1);
    let configuration = standard.finish().map_err(|error| PaperError::Pdf(format!("{error:?}")))?;
    Ok(SerializeSettings { configuration, ..SerializeSettings::default() })
}

fn error(error: KrillaError) -> PaperError {
    match error {
        KrillaError::Image(_, _, why) => PaperError::Logo { why },
        other => PaperError::Pdf(other.to_string()),
    }
}

fn document(plan: &Plan, settings: SerializeSettings) -> Result<Vec<u8>, KrillaError> {
    let mut document = Document::new_with(settings);
    document.set_metadata(metadata(plan));
    let mut content: Vec<Vec<tagging::Node>> = plan.nodes.iter().map(|_| Vec::new()).collect();
    for items in &plan.pages {
        let Some(settings) = PageSettings::from_wh(plan.width, plan.height) else { continue };
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for item in items {
            let tag = item
                .tag
                .map_or(ContentTag::Artifact(Artifact::default()), |_| ContentTag::Span(SpanTag::empty()));
            let identifier = surface.start_tagged(tag);
            draw(&mut surface, item);
            surface.end_tagged();
            if let Some(list) = item.tag.and_then(|Tag(at)| content.get_mut(at)) {
                list.push(identifier.into());
            }
        }
        surface.finish();
        page.finish();
    }
    document.set_tag_tree(tree(plan, content));
    document.set_outline(outline(plan));
    document.finish()
}

fn metadata(plan: &Plan) -> Metadata {
    let authors = if plan.author.is_empty() { Vec::new() } else { vec![plan.author.clone()] };
    let title = if plan.title.trim().is_empty() { "Satchel".to_owned() } else { plan.title.clone() };
    Metadata::new()
        .title(title)
        .authors(authors)
        .creator("Satchel".to_owned())
        .language(language(plan.language).to_owned())
        .page_layout(PageLayout::OneColumn)
}

const fn language(language: Language) -> &'static str {
    match language {
        Language::English => "en",
        Language::Chinese => "zh-CN",
    }
}

fn outline(plan: &Plan) -> Outline {
    let mut outline = Outline::new();
    for heading in plan.headings.iter().filter(|heading| !heading.text.trim().is_empty()) {
        let place = XyzDestination::new(heading.page, Point::from_xy(0.0, heading.y));
        outline.push_child(OutlineNode::new(heading.text.clone(), place));
    }
    outline
}

/// Nodes come after what they are part of, so the last ones are closed first.
fn tree(plan: &Plan, mut content: Vec<Vec<tagging::Node>>) -> TagTree {
    let mut tree = TagTree::new().with_lang(Some(language(plan.language).to_owned()));
    let mut top = Vec::new();
    for node in plan.nodes.iter().rev() {
        let mut children = content.pop().unwrap_or_default();
        if matches!(node.role, Role::Group | Role::Table | Role::Row) {
            children.reverse();
        }
        if children.is_empty() && !matches!(node.role, Role::Cell | Role::HeadCell) {
            continue;
        }
        let group = TagGroup::with_children(kind(node), children).into();
        match node.parent.and_then(|Tag(parent)| content.get_mut(parent)) {
            Some(parent) => parent.push(group),
            None => top.push(group),
        }
    }
    top.into_iter().rev().for_each(|node: tagging::Node| tree.push(node));
    tree
}

fn kind(node: &Node) -> TagKind {
    match &node.role {
        Role::Group => tagging::Tag::Div.into(),
        Role::Heading { level, title } => {
            let level = NonZeroU16::new(*level).unwrap_or(NonZeroU16::MIN);
            tagging::Tag::Hn(level, Some(title.clone())).into()
        }
        Role::Paragraph => tagging::Tag::P.into(),
        Role::Picture { name } => tagging::Tag::Figure(Some(name.clone())).into(),
        Role::Table => tagging::Tag::Table.into(),
        Role::Row => tagging::Tag::TR.into(),
        Role::HeadCell => tagging::Tag::TH(TableHeaderScope::Column).into(),
        Role::Cell => tagging::Tag::TD.into(),
    }
}

fn draw(surface: &mut Surface<'_>, item: &Item) {
    match &item.mark {
        Mark::Text { line, style, baseline } => {
            text(surface, line, *style, Point::from_xy(item.x, item.y + baseline))
        }
        Mark::Fill { width, colour } => {
            let mut path = PathBuilder::new();
            if let Some(rect) = Rect::from_xywh(item.x, item.y, *width, item.height) {
                path.push_rect(rect);
            }
            surface.set_fill(Some(fill(*colour)));
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
        Mark::Picture { image, width } => {
            if let Some(size) = Size::from_wh(*width, item.height) {
                surface.push_transform(&Transform::from_translate(item.x, item.y));
                surface.draw_image(image.clone(), size);
                surface.pop();
            }
        }
    }
}

fn text(surface: &mut Surface<'_>, line: &Line, style: Style, start: Point) {
    surface.set_fill(Some(fill(style.colour)));
    let mut x = start.x;
    for run in &line.runs {
        let heavier = style.weight == Weight::SemiBold && run.face.weight == Weight::Regular;
        surface.set_stroke(heavier.then(|| stroke(style)));
        let Run { face, text, glyphs, width } = run;
        let glyphs: Vec<KrillaGlyph> = glyphs.iter().map(glyph).collect();
        surface.draw_glyphs(
            Point::from_xy(x, start.y),
            &glyphs,
            face.embedded.clone(),
            text,
            style.size,
            false,
        );
        x += width;
    }
    surface.set_stroke(None);
}

fn glyph(glyph: &Glyph) -> KrillaGlyph {
    let Glyph { id, advance, x_offset, y_offset, range } = glyph.clone();
    KrillaGlyph::new(GlyphId::new(id), advance, x_offset, y_offset, 0.0, range, None)
}

fn fill(colour: Colour) -> Fill {
    Fill { paint: paint_of(colour).into(), ..Fill::default() }
}

fn stroke(style: Style) -> Stroke {
    Stroke { paint: paint_of(style.colour).into(), width: style.size * HEAVIER, ..Stroke::default() }
}

fn paint_of([red, green, blue]: Colour) -> rgb::Color {
    rgb::Color::new(red, green, blue)
}
