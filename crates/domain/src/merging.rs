//! What becomes of the fields of records that are one, as a plan: the registers that are wanted. What is written and
//! undone is the difference to those that are there.

use crate::{
    catalogue::{Catalogue, Kind},
    ids::RecordId,
    register::{self, Registers, field_of},
    text::fold,
    value::{Address, Contact, MAX_ITEMS, MAX_LONG_TEXT, Value, ValueError, item_id},
};
use std::collections::BTreeMap;

/// Whose value a field is to have.
pub type Chosen = BTreeMap<String, RecordId>;

/// What of a deal follows from the stage that it is in.
const BY_STAGE: [&str; 4] = ["stage_at", "rank", "closed_at", "lost_reason"];

/// A field that does not hold what came together in it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{field}: {error}")]
pub struct DoesNotFit {
    pub field: String,
    pub error: ValueError,
}

/// A record that is merged into another, or the other.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    pub id: RecordId,
    pub registers: &'a Registers,
}

/// The registers of the one that is kept, when it has taken over what the others know: lists are united, notes put
/// together, and of single fields it keeps its own unless `chosen` names another.
pub fn merged(
    kind: Kind,
    catalogue: &Catalogue,
    keep: Part<'_>,
    others: &[Part<'_>],
    chosen: &Chosen,
) -> Result<Registers, DoesNotFit> {
    let parts: Vec<Part<'_>> = [keep].into_iter().chain(others.iter().copied()).collect();
    let mut wanted: Registers =
        keep.registers.iter().filter(|(path, _)| catalogue.field(kind, field_of(path)).is_none()).own();
    for field in catalogue.fields(kind) {
        let of = |part: &Part<'_>| Value::from_registers(field, part.registers);
        let key = leader(kind, &field.key);
        let value = match chosen.get(key) {
            Some(id) => parts.iter().find(|part| part.id == *id).and_then(of),
            // A deal is in one stage, and what its stage says of it comes from there.
            None if key != field.key => {
                parts.iter().find(|part| part.registers.contains_key(key)).and_then(of)
            }
            None => parts.iter().filter_map(of).reduce(|all, next| united(&all, &next)),
        };
        if let Some(value) = value {
            let fit = |error| DoesNotFit { field: field.key.clone(), error };
            fits(&value).map_err(fit)?;
            value.to_registers(&field.key, &mut wanted);
        }
    }
    for part in others {
        take_unknown(kind, catalogue, part.registers, &mut wanted);
        for (source, id) in register::external_ids(part.registers) {
            let path = register::external_path(&wanted, source, id);
            wanted.insert(path, register::Scalar::Str(id.to_owned()));
        }
        let apart = part.registers.range(register::NOT_SAME.to_owned()..);
        let apart = apart.take_while(|(path, _)| field_of(path) == register::NOT_SAME);
        wanted.extend(apart.own());
    }
    for part in &parts {
        wanted.remove(&format!("{}/{}", register::NOT_SAME, part.id));
    }
    Ok(wanted)
}

/// The registers of the one that was kept, with what was changed elsewhere of one that was merged into it: `base` is how
/// that was, `now` how it is.
pub fn carried(
    kind: Kind,
    catalogue: &Catalogue,
    keep: &Registers,
    (base, now): (&Registers, &Registers),
) -> Registers {
    let mut wanted = keep.clone();
    for field in catalogue.fields(kind) {
        let [kept, was, is] = [keep, base, now].map(|registers| Value::from_registers(field, registers));
        let Some(is) = is.filter(|is| Some(is) != was.as_ref()) else { continue };
        let value = match (&kept, &was, &is) {
            (None, ..) => is,
            (Some(kept), was, _) if was.as_ref() == Some(kept) => is,
            (Some(Value::LongText(kept)), _, Value::LongText(is)) if kept.contains(is.as_str()) => continue,
            (Some(Value::LongText(kept)), Some(Value::LongText(was)), Value::LongText(is))
                if kept.contains(was.as_str()) =>
            {
                Value::LongText(kept.replacen(was.as_str(), is, 1))
            }
            (Some(kept), was, is) => united(kept, &without(is, was.as_ref())),
        };
        if fits(&value).is_ok() {
            wanted.retain(|path, _| field_of(path) != field.key);
            value.to_registers(&field.key, &mut wanted);
        }
    }
    wanted
}

/// The field that decides whose value another has.
fn leader(kind: Kind, key: &str) -> &str {
    if kind == Kind::Deal && BY_STAGE.contains(&key) { "stage" } else { key }
}

/// Fields of a newer version are taken whole, where the one that is kept has none.
fn take_unknown(kind: Kind, catalogue: &Catalogue, from: &Registers, wanted: &mut Registers) {
    let own: Vec<String> = wanted.keys().map(|path| field_of(path).to_owned()).collect();
    let unknown = from.iter().filter(|(path, _)| {
        let field = field_of(path);
        !field.starts_with('_') && catalogue.field(kind, field).is_none() && !own.iter().any(|o| o == field)
    });
    wanted.extend(unknown.own());
}

/// Two values of a field as one: lists grow by what is new in them, long texts stand one below the other, and of single
/// values the first stays.
pub fn united(old: &Value, new: &Value) -> Value {
    match (old, new) {
        (Value::Contacts(old), Value::Contacts(new)) => Value::Contacts(contacts(old, new)),
        (Value::Addresses(old), Value::Addresses(new)) => Value::Addresses(addresses(old, new)),
        (Value::Tags(old), Value::Tags(new)) => {
            let added = new.iter().filter(|t| !old.iter().any(|o| fold(o) == fold(t)));
            Value::Tags(old.iter().chain(added).cloned().collect())
        }
        (Value::LongText(old), Value::LongText(new)) if old.contains(new.as_str()) => {
            Value::LongText(old.clone())
        }
        (Value::LongText(old), Value::LongText(new)) => Value::LongText(format!("{old}\n{new}")),
        _ => old.clone(),
    }
}

fn contacts(old: &[Contact], new: &[Contact]) -> Vec<Contact> {
    let mut all = old.to_vec();
    for item in new {
        if !all.iter().any(|o| o.normalised() == item.normalised()) {
            let id = free(&item.id, &item.normalised(), &|id| all.iter().any(|o| o.id == id));
            all.push(Contact { id, primary: all.is_empty(), ..item.clone() });
        }
    }
    all
}

fn addresses(old: &[Address], new: &[Address]) -> Vec<Address> {
    let mut all = old.to_vec();
    for item in new {
        let line = fold(&item.line());
        if !all.iter().any(|o| fold(&o.line()) == line) {
            let id = free(&item.id, &line, &|id| all.iter().any(|o| o.id == id));
            all.push(Address { id, ..item.clone() });
        }
    }
    all
}

/// An id for an item that none beside it has: one file has made both, and one of them was corrected since.
fn free(id: &str, value: &str, taken: &dyn Fn(&str) -> bool) -> String {
    let by_value = item_id(value);
    let more = (0_u32..).map(|n| item_id(&format!("{value} {n}")));
    let all = [id.to_owned(), by_value].into_iter().chain(more);
    all.into_iter().find(|id| !taken(id)).unwrap_or_else(|| id.to_owned())
}

/// What of a list was not in an earlier one.
fn without(value: &Value, earlier: Option<&Value>) -> Value {
    match (value, earlier) {
        (Value::Contacts(now), Some(Value::Contacts(was))) => Value::Contacts(
            now.iter().filter(|n| !was.iter().any(|w| w.normalised() == n.normalised())).cloned().collect(),
        ),
        (Value::Addresses(now), Some(Value::Addresses(was))) => Value::Addresses(
            now.iter().filter(|n| !was.iter().any(|w| w.line() == n.line())).cloned().collect(),
        ),
        (Value::Tags(now), Some(Value::Tags(was))) => {
            Value::Tags(now.iter().filter(|n| !was.iter().any(|w| fold(w) == fold(n))).cloned().collect())
        }
        _ => value.clone(),
    }
}

fn fits(value: &Value) -> Result<(), ValueError> {
    let items = match value {
        Value::Contacts(list) => list.len(),
        Value::Addresses(list) => list.len(),
        Value::Tags(list) => list.len(),
        Value::LongText(text) => {
            let length = text.chars().count();
            return match length > MAX_LONG_TEXT {
                true => Err(ValueError::TooLong { length, limit: MAX_LONG_TEXT }),
                false => Ok(()),
            };
        }
        _ => 0,
    };
    if items > MAX_ITEMS { Err(ValueError::TooMany(items)) } else { Ok(()) }
}

/// Registers of one's own out of those of another.
trait Own {
    fn own(self) -> Registers;
}

impl<'a, I: Iterator<Item = (&'a String, &'a register::Scalar)>> Own for I {
    fn own(self) -> Registers {
        self.map(|(path, scalar)| (path.clone(), scalar.clone())).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Scalar, projection::fields_of, value::Habits};
    use serde_json::{Value as Json, json};

    const KEEP: RecordId = RecordId(uuid::Uuid::from_u128(1));
    const OTHER: RecordId = RecordId(uuid::Uuid::from_u128(2));

    fn registers(kind: Kind, fields: &Json) -> Registers {
        let catalogue = Catalogue::default();
        let mut out = Registers::new();
        for (key, json) in fields.as_object().unwrap() {
            let field = catalogue.field(kind, key).unwrap();
            let value = Value::from_json(field, json, &Habits::default()).unwrap();
            value.into_iter().for_each(|value| value.to_registers(key, &mut out));
        }
        out
    }

    fn shown(kind: Kind, registers: &Registers) -> Json {
        let fields = fields_of(kind, registers, &Catalogue::default());
        let plain = |value: &Value| match value {
            Value::Contacts(list) => json!(list.iter().map(|c| c.value.clone()).collect::<Vec<_>>()),
            Value::Addresses(list) => json!(list.iter().map(Address::line).collect::<Vec<_>>()),
            value => value.to_json(),
        };
        fields
            .iter()
            .map(|(key, value)| (key.clone(), plain(value)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }

    fn together(kind: Kind, keep: &Json, other: &Json, chosen: &Chosen) -> Json {
        let (keep, other) = (registers(kind, keep), registers(kind, other));
        let (keep, other) = (Part { id: KEEP, registers: &keep }, Part { id: OTHER, registers: &other });
        shown(kind, &merged(kind, &Catalogue::default(), keep, &[other], chosen).unwrap())
    }

    #[test]
    fn lists_are_united_and_what_is_lacking_is_taken() {
        let keep = json!({"first_name": "Ana", "title": "Buyer", "emails": ["ana@x.example"], "tags": ["vip"], "notes": "one"});
        let other = json!({"first_name": "A.", "last_name": "Ruiz", "title": "Director", "emails": ["ANA@x.example", "b@x.example"],
            "phones": ["+34 600 000 000"], "tags": ["VIP", "new"], "notes": "two", "addresses": [{"city": "Porto"}]});
        assert_eq!(
            together(Kind::Person, &keep, &other, &Chosen::new()),
            json!({"first_name": "Ana", "last_name": "Ruiz", "title": "Buyer", "emails": ["ana@x.example", "b@x.example"],
                "phones": ["+34 600 000 000"], "tags": ["new", "vip"], "notes": "one\ntwo", "addresses": ["Porto"]})
        );
        let chosen =
            Chosen::from([("title".into(), OTHER), ("emails".into(), KEEP), ("phones".into(), KEEP)]);
        let all = together(Kind::Person, &keep, &other, &chosen);
        assert_eq!(
            (&all["title"], &all["emails"], &all["phones"]),
            (&json!("Director"), &json!(["ana@x.example"]), &Json::Null),
            "what was chosen, and nothing where there was nothing"
        );
    }

    #[test]
    fn an_item_that_one_file_has_made_twice_and_one_was_corrected_is_there_twice() {
        let item = |value: &str| json!({"emails": [{"id": "00112233aabbccdd", "value": value}]});
        let all = together(Kind::Person, &item("a@x.example"), &item("b@x.example"), &Chosen::new());
        assert_eq!(all["emails"], json!(["a@x.example", "b@x.example"]));
    }

    #[test]
    fn what_a_stage_says_of_a_deal_comes_with_the_stage() {
        let stage = |n: u128| RecordId(uuid::Uuid::from_u128(n)).to_string();
        let open = json!({"name": "Pump", "stage": stage(8), "rank": "a"});
        let lost = json!({"name": "Pump", "stage": stage(9), "rank": "b", "lost_reason": "price", "closed_at": "2026-01-01T00:00:00Z"});
        let all = together(Kind::Deal, &open, &lost, &Chosen::new());
        assert_eq!(
            (&all["lost_reason"], &all["closed_at"], &all["rank"]),
            (&Json::Null, &Json::Null, &json!("a"))
        );
        let all = together(Kind::Deal, &open, &lost, &Chosen::from([("stage".into(), OTHER)]));
        assert_eq!((&all["lost_reason"], &all["rank"]), (&json!("price"), &json!("b")));
    }

    #[test]
    fn ids_of_other_programs_and_fields_of_newer_versions_go_along() {
        let text = |text: &str| Scalar::Str(text.into());
        let keep = Registers::from([("_external_id/crm".into(), text("1")), ("future".into(), text("mine"))]);
        let other = Registers::from([
            ("_external_id/crm".into(), text("2")),
            ("_external_id/mail".into(), text("x")),
            ("future".into(), text("theirs")),
            ("later/1".into(), text("new")),
            (format!("_not_same/{KEEP}"), Scalar::Flag(true)),
            ("_not_same/c".into(), Scalar::Flag(true)),
        ]);
        let (keep, other) = (Part { id: KEEP, registers: &keep }, Part { id: OTHER, registers: &other });
        let all = merged(Kind::Person, &Catalogue::default(), keep, &[other], &Chosen::new()).unwrap();
        let mut ids: Vec<(&str, &str)> = register::external_ids(&all).collect();
        ids.sort_unstable();
        assert_eq!(ids, [("crm", "1"), ("crm", "2"), ("mail", "x")]);
        assert_eq!((&all["future"], &all["later/1"]), (&text("mine"), &text("new")));
        let apart: Vec<&String> = all.keys().filter(|k| k.starts_with("_not_same")).collect();
        assert_eq!(apart, ["_not_same/c"], "they are the same now");
        // Again it is the same.
        let keep = Part { id: KEEP, registers: &all };
        assert_eq!(merged(Kind::Person, &Catalogue::default(), keep, &[other], &Chosen::new()).unwrap(), all);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let many = |from: usize| json!({"emails": (from..from + 150).map(|n| format!("a{n}@x.example")).collect::<Vec<_>>()});
        let (keep, other) = (registers(Kind::Person, &many(0)), registers(Kind::Person, &many(200)));
        let (keep, other) = (Part { id: KEEP, registers: &keep }, Part { id: OTHER, registers: &other });
        let error = merged(Kind::Person, &Catalogue::default(), keep, &[other], &Chosen::new()).unwrap_err();
        assert_eq!(error, DoesNotFit { field: "emails".into(), error: ValueError::TooMany(300) });
    }

    #[test]
    fn what_was_changed_elsewhere_is_carried_over() {
        let of = |json: Json| registers(Kind::Person, &json);
        let keep =
            of(json!({"title": "Buyer", "source": "fair", "notes": "one\ntwo", "emails": ["a@x.example"]}));
        let base = of(
            json!({"title": "Director", "source": "fair", "notes": "two", "emails": ["gone@x.example"], "tags": ["old"]}),
        );
        let now = of(
            json!({"title": "Head", "source": "web", "notes": "two, and more", "phones": ["+34 600 000 000"],
            "emails": ["gone@x.example", "b@x.example"], "tags": ["old"]}),
        );
        let all = carried(Kind::Person, &Catalogue::default(), &keep, (&base, &now));
        assert_eq!(
            shown(Kind::Person, &all),
            json!({"title": "Buyer", "source": "web", "notes": "one\ntwo, and more", "phones": ["+34 600 000 000"],
                "emails": ["a@x.example", "b@x.example"]})
        );
        assert_eq!(carried(Kind::Person, &Catalogue::default(), &keep, (&base, &base)), keep);
    }
}
