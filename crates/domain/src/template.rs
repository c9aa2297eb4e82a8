//! Letters with places that are filled in: `{{first_name}}`, `{{company.name}}`, or `{{first_name|there}}` where
//! something else is to stand if the value is not known. A place is nothing but a name: no conditions, no loops, no
//! expressions, so that whoever can write a letter can write a template, and none can take long.

/// What a template may ask for.
pub mod limits {
    /// Characters of a template's text.
    pub const TEXT: usize = 100_000;
    pub const PLACES: usize = 500;
    /// Characters of a place's name, and of what stands in for it.
    pub const PLACE: usize = 200;
    /// Characters of what a template is filled to.
    pub const FILLED: usize = 500_000;
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    #[error("the template is longer than {} characters; shorten it", limits::TEXT)]
    TooLong,
    #[error("the template has more than {} places to fill in; use fewer", limits::PLACES)]
    TooManyPlaces,
    #[error("filled in, the letter is longer than {} characters; shorten what goes into it", limits::FILLED)]
    TooLarge,
}

/// What is known for a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    Value(String),
    /// There is such a field, and nothing is in it.
    Nothing,
    /// There is no such field.
    Unknown,
}

/// A template that was filled in. Places without a value stand in the text as they are in the template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    pub text: String,
    /// Places whose value is not known, each once.
    pub missing: Vec<String>,
    /// Places that name no field, each once.
    pub unknown: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece<'t> {
    Text(&'t str),
    Place { whole: &'t str, name: &'t str, otherwise: Option<&'t str> },
}

/// Fills the places of a template with what `say` knows of them.
pub fn fill(template: &str, say: &mut dyn FnMut(&str) -> Said) -> Result<Filled, TemplateError> {
    if template.chars().nth(limits::TEXT).is_some() {
        return Err(TemplateError::TooLong);
    }
    let mut filled = Filled::default();
    let (mut places, mut room) = (0, limits::FILLED);
    for piece in pieces(template) {
        let value = match piece {
            Piece::Text(text) => text.to_owned(),
            Piece::Place { whole, name, otherwise } => {
                places += 1;
                if places > limits::PLACES {
                    return Err(TemplateError::TooManyPlaces);
                }
                match (say(name), otherwise) {
                    (Said::Value(value), _) => value,
                    (Said::Nothing, Some(otherwise)) => otherwise.to_owned(),
                    (Said::Nothing, None) => {
                        once(&mut filled.missing, name);
                        whole.to_owned()
                    }
                    // What stands in for it would hide that it is misspelt.
                    (Said::Unknown, _) => {
                        once(&mut filled.unknown, name);
                        whole.to_owned()
                    }
                }
            }
        };
        room = room.checked_sub(value.chars().count()).ok_or(TemplateError::TooLarge)?;
        filled.text.push_str(&value);
    }
    Ok(filled)
}

fn once(list: &mut Vec<String>, name: &str) {
    if !list.iter().any(|known| known == name) {
        list.push(name.to_owned());
    }
}

/// A text between the places, and the places. Braces that hold no name are text.
fn pieces(template: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let place = rest.strip_prefix("{{").and_then(place);
        let (piece, behind) = match place {
            Some((name, otherwise, behind)) => {
                let whole = rest.get(..rest.len() - behind.len()).unwrap_or_default();
                (Piece::Place { whole, name, otherwise }, behind)
            }
            None => {
                let start = rest.chars().next().map_or(0, char::len_utf8);
                let end = rest.get(start..).and_then(|r| r.find("{{")).map_or(rest.len(), |at| at + start);
                let (text, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
                (Piece::Text(text), behind)
            }
        };
        rest = behind;
        Some(piece)
    })
}

/// What stands behind two braces, if it is a place: its name, what stands in for it, and what follows.
fn place(inside: &str) -> Option<(&str, Option<&str>, &str)> {
    // No further than a place can reach: a text of nothing but braces is read in one go.
    let reach = inside.floor_char_boundary(8 * limits::PLACE);
    let end = inside.get(..reach)?.find("}}")?;
    let (said, behind) = (inside.get(..end)?, inside.get(end + 2..)?);
    let (name, otherwise) = match said.split_once('|') {
        Some((name, otherwise)) => (name.trim(), Some(otherwise.trim())),
        None => (said.trim(), None),
    };
    let sound = !name.is_empty()
        && name.chars().count() <= limits::PLACE
        && !name.contains(['{', '}', '\n'])
        && !otherwise.is_some_and(|o| o.contains(['{', '\n']));
    sound.then_some((name, otherwise, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str) -> Said {
        match name {
            "first_name" => Said::Value("Ana".into()),
            "company.name" => Said::Value("Norte {{me}}".into()),
            "title" => Said::Nothing,
            _ => Said::Unknown,
        }
    }

    fn filled(template: &str) -> Filled {
        fill(template, &mut known).unwrap()
    }

    #[test]
    fn places_are_filled_and_what_lacks_is_named() {
        let letter = filled(
            "Dear {{ first_name }} ({{title}}, {{title|buyer}}) of {{company.name}}: {{Nme|x}}{{title}}",
        );
        assert_eq!(letter.text, "Dear Ana ({{title}}, buyer) of Norte {{me}}: {{Nme|x}}{{title}}");
        assert_eq!(letter.missing, ["title"], "once");
        assert_eq!(letter.unknown, ["Nme"], "a misspelt name is told, whatever stands in for it");
        assert_eq!(filled("{{title|}}!").text, "!", "nothing may stand in for it");
    }

    #[test]
    fn what_is_no_place_is_text() {
        for text in
            ["", "{", "{{", "{{}}", "{{ }}", "a }} b", "{{a\nb}}", "{{{", "{ {first_name} }", "价格 {{"]
        {
            assert_eq!(filled(text), Filled { text: text.into(), ..Filled::default() }, "{text}");
        }
        assert_eq!(filled("{{{first_name}}}").text, "{Ana}");
        assert_eq!(filled("名{{first_name}}先生").text, "名Ana先生");
    }

    #[test]
    fn a_template_has_limits() {
        let many = "{{first_name}}".repeat(limits::PLACES + 1);
        assert_eq!(fill(&many, &mut known), Err(TemplateError::TooManyPlaces));
        assert_eq!(fill(&"x".repeat(limits::TEXT + 1), &mut known), Err(TemplateError::TooLong));
        let mut long = |_: &str| Said::Value("y".repeat(100_000));
        assert_eq!(fill(&"{{a}}".repeat(6), &mut long), Err(TemplateError::TooLarge));
        let started = std::time::Instant::now();
        filled(&"{{".repeat(limits::TEXT / 2));
        assert!(started.elapsed().as_secs() < 20, "braces cost no square of their number");
    }
}
