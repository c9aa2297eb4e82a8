//! Quotes: their numbers, prices, versions, and the deal whose value follows them.

use crate::{
    AppError, Cancel, Progress, Session,
    day::local_day,
    records::{FieldInput, Values, out_of_trash, read_input, registers_of},
    session::now,
    views::{QuoteView, Written, WrittenMany},
};
use satchel_document::{Changes, difference, guarded};
use satchel_domain::{
    Fields, Kind, RecordId, Registers, Value,
    money::Money,
    projection::fields_of,
    quote::{self, Line},
    register::{DELETED_AT, EXTERNAL_ID, field_of},
};
use satchel_storage::{Connection, documents, quotes, team};
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use uuid::Uuid;

/// How long an offer stands where the letterhead does not say.
const VALID_DAYS: f64 = 30.0;
/// A higher number in a year is none that was counted up to.
const MOST_A_YEAR: u32 = 9_999_999;
/// What a new version does not take over.
const OF_ONE_VERSION: [&str; 4] = ["decided_at", "declined_reason", DELETED_AT, EXTERNAL_ID];

impl Session {
    /// What quotes look like and say: one record for the team.
    pub fn letterhead(&self) -> Result<Map<String, Json>, AppError> {
        let id = self.letterhead_id();
        match self.store.read(|db| documents::exists(db, id))? {
            true => Ok(Some(self.get(id)?)
                .filter(|view| view.deleted_at.is_none())
                .map_or_else(Map::new, |v| v.fields)),
            false => Ok(Map::new()),
        }
    }

    pub fn letterhead_id(&self) -> RecordId {
        self.derive_id(&["letterhead"])
    }

    pub fn set_letterhead(&self, input: &FieldInput) -> Result<Written, AppError> {
        let id = self.letterhead_id();
        let values = read_input(Kind::Letterhead, input, &self.catalogue(), &self.habits()?)?;
        if let Some(Some(Value::Text(colour))) = values.get("accent")
            && quote::colour(colour).is_none()
        {
            return Err(AppError {
                field: Some("accent".to_owned()),
                ..AppError::refused("write the colour as #7a4a21")
            });
        }
        if self.store.read(|db| documents::exists(db, id))? {
            // Somebody may have taken it back altogether.
            let wanted = registers_of(&values);
            let plan = |now: &Registers| {
                let fields = values.keys().flat_map(|key| difference(key, now, &wanted));
                out_of_trash(now).into_iter().chain(fields).collect::<Changes>()
            };
            let written = self.write_registers(&[id], "edit", &plan, &mut |_| {}, &Cancel::default())?;
            return Ok(Written { id, operation: written.operation });
        }
        let made = [(id, Kind::Letterhead, registers_of(&values))];
        Ok(Written { id, operation: Some(self.together("create", &made, &[])?) })
    }

    /// What tells this device's numbers from those of all others that it has heard of.
    fn code(&self) -> Result<String, AppError> {
        let feeds = self.store.read(team::feeds)?;
        let others: Vec<quote::Writer> = feeds.iter().map(|f| (f.device, f.incarnation)).collect();
        Ok(quote::writer_code(&(*self.device.as_bytes(), self.incarnation), &others))
    }

    fn next_number(&self, today: &str) -> Result<String, AppError> {
        let year = today.get(..4).and_then(|y| y.parse().ok()).unwrap_or_default();
        let prefix = quote::number_prefix(year, &self.code()?);
        let given = self.store.read(|db| quotes::numbers(db, &prefix))?;
        let number = |n: &String| {
            let count = n.get(prefix.len()..)?.split('/').next()?.parse::<u32>().ok()?;
            Some(count).filter(|count| *count <= MOST_A_YEAR)
        };
        let next = given.iter().filter_map(number).max().unwrap_or(0) + 1;
        Ok(format!("{prefix}{next:03}"))
    }

    /// What a new quote has where nobody has said otherwise.
    pub(crate) fn begin_quote(&self, values: &mut Values) -> Result<(), AppError> {
        let (today, _) = local_day();
        let letterhead = self.letterhead()?;
        if let Some(deal) = reference(values, "deal") {
            let deal = self.get(deal)?.fields;
            for key in ["company", "person", "name"] {
                let given = deal.get(key).and_then(Json::as_str).unwrap_or_default();
                let value = match key {
                    "name" => Some(Value::Text(given.to_owned())).filter(|_| !given.is_empty()),
                    _ => given.parse().ok().map(Value::Reference),
                };
                values.entry(key.to_owned()).or_insert(value);
            }
        }
        if let Some(company) = reference(values, "company") {
            let book = self.get(company)?.fields.get("price_book").and_then(|b| b.as_str()?.parse().ok());
            values.entry("price_book".to_owned()).or_insert(book.map(Value::Reference));
        }
        let mut default = |key: &str, value: Option<Value>| {
            values.entry(key.to_owned()).or_insert(value);
        };
        let text = |key: &str| letterhead.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
        for key in ["intro", "terms"] {
            default(key, Some(Value::LongText(text(key))).filter(|t| !t.is_empty()));
        }
        default("owner", Some(Value::Text(self.person.clone())));
        default("status", Some(Value::Text("draft".to_owned())));
        default("date", today.parse().ok().map(Value::Date));
        let days = letterhead.get("valid_days").and_then(Json::as_f64).unwrap_or(VALID_DAYS);
        default("valid_until", later(&today, days).and_then(|day| day.parse().ok()).map(Value::Date));
        default("version", Some(Value::Number(1.0)));
        if !matches!(values.get("number"), Some(Some(_))) {
            values.insert("number".to_owned(), Some(Value::Text(self.next_number(&today)?)));
        }
        Ok(())
    }

    /// Fills in what a line leaves to its product, and refuses what cannot be added up.
    pub(crate) fn price_lines(&self, values: &mut Values, book: Option<RecordId>) -> Result<(), AppError> {
        let Some(Some(Value::Lines(lines))) = values.get_mut("lines") else { return Ok(()) };
        for line in lines.iter_mut() {
            let Some(product) = line.product.filter(|_| line.name.is_empty() || line.unit_price.is_none())
            else {
                continue;
            };
            let offered = self.offer(product, book)?;
            // What was said stays as it was said.
            for (said, own) in [
                (&mut line.name, offered.name),
                (&mut line.description, offered.description),
                (&mut line.unit, offered.unit),
            ] {
                if said.is_empty() {
                    *said = own;
                }
            }
            line.unit_price = line.unit_price.take().or(offered.unit_price);
            line.tax = line.tax.or(offered.tax);
        }
        match quote::totals(lines, rust_decimal::Decimal::ZERO) {
            Ok(_) | Err(quote::QuoteError::Nothing) => Ok(()),
            Err(e) => Err(AppError { field: Some("lines".to_owned()), ..AppError::refused(e.to_string()) }),
        }
    }

    /// A product as a line of a quote, at the price of a book.
    pub fn offer(&self, product: RecordId, book: Option<RecordId>) -> Result<Line, AppError> {
        let view = self.get(product).ok();
        let view = view.filter(|view| view.kind == Kind::Product && view.deleted_at.is_none());
        let missing =
            || AppError { field: Some("lines".to_owned()), ..AppError::not_found("product", product) };
        let view = view.ok_or_else(missing)?;
        let text = |key: &str| view.fields.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
        let number = |fields: &Map<String, Json>, key: &str| {
            let number = fields.get(key).and_then(Json::as_f64)?;
            rust_decimal::Decimal::try_from(number).ok().map(|n| n.round_dp(4))
        };
        let own: Option<Money> =
            view.fields.get("price").and_then(|price| serde_json::from_value(price.clone()).ok());
        let book = book.and_then(|book| Some((book, self.get(book).ok()?)));
        let price = match book.filter(|(_, view)| view.deleted_at.is_none()) {
            Some((book, view)) => {
                let off = number(&view.fields, "discount").unwrap_or_default();
                let agreed = self.store.read(|db| quotes::price_in(db, book, product))?;
                agreed.or_else(|| reduced(own, off))
            }
            None => own,
        };
        let tax = match number(&view.fields, "tax") {
            Some(tax) => Some(tax),
            None => number(&self.letterhead()?, "tax"),
        };
        Ok(Line {
            product: Some(product),
            name: view.title.clone(),
            description: text("description"),
            unit: text("unit"),
            quantity: rust_decimal::Decimal::ONE,
            unit_price: price,
            tax,
            ..Line::default()
        })
    }

    pub(crate) fn create_quote(&self, mut values: Values) -> Result<Written, AppError> {
        self.begin_quote(&mut values)?;
        let book = reference(&values, "price_book");
        self.price_lines(&mut values, book)?;
        let (id, registers) = (RecordId(Uuid::now_v7()), registers_of(&values));
        satchel_document::fits(&registers)?;
        let fields = fields_of(Kind::Quote, &registers, &self.catalogue());
        let deals = self.store.read(|db| self.deals_after(db, &[(id, None, standing(id, &fields))]))?;
        let made = [(id, Kind::Quote, registers)];
        let operation = self.together("create", &made, &deals)?;
        Ok(Written { id, operation: Some(operation) })
    }

    /// Changes quotes, and the value of their deals with them.
    pub(crate) fn set_quotes(
        &self,
        label: &str,
        ids: &[RecordId],
        mut values: Values,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<WrittenMany, AppError> {
        if let Some(Some(Value::Text(status))) = values.get("status") {
            let decided = matches!(status.as_str(), "accepted" | "declined");
            let declined = status == "declined";
            values.insert("decided_at".to_owned(), decided.then(|| Value::DateTime(now())));
            if !declined {
                values.entry("declined_reason".to_owned()).or_insert(None);
            }
        }
        let catalogue = self.catalogue();
        let (mut edits, mut moved) = (HashMap::new(), Vec::new());
        for id in ids {
            self.go_on(cancel, "stopped; nothing was changed")?;
            let registers = self.registers_of_quote(*id)?;
            let there = fields_of(Kind::Quote, &registers, &catalogue);
            let mut values = values.clone();
            let book = match values.get("price_book") {
                Some(_) => reference(&values, "price_book"),
                None => there.get("price_book").and_then(Value::as_reference),
            };
            self.price_lines(&mut values, book)?;
            let wanted = registers_of(&values);
            let changes: Changes =
                values.keys().flat_map(|key| difference(key, &registers, &wanted)).collect();
            if changes.is_empty() {
                continue;
            }
            let in_trash = registers.contains_key(DELETED_AT);
            let fields = fields_of(Kind::Quote, &applied(registers, &changes), &catalogue);
            let promised =
                matches!(values.get("status"), Some(Some(Value::Text(s))) if s == "sent" || s == "accepted");
            if promised {
                quote::totals_of(&fields).map_err(|e| AppError::refused(e.to_string()))?;
            }
            if !in_trash {
                moved.push((*id, standing(*id, &there), standing(*id, &fields)));
            }
            edits.insert(*id, changes);
        }
        let plan = |id: RecordId, _: &Registers| edits.get(&id).cloned().unwrap_or_default();
        self.write_with_deals(label, ids, &plan, &moved, progress, cancel)
    }

    pub(crate) fn registers_of_quote(&self, id: RecordId) -> Result<Registers, AppError> {
        self.store.glance(|db| {
            let (row, document) = self.load(db, id)?;
            match row.kind {
                Kind::Quote => guarded(|| Ok(document.registers())),
                _ => Err(AppError::not_found("quote", id)),
            }
        })
    }

    /// Puts records in the trash, or takes them out of it, and the value of the deals of quotes with them.
    pub(crate) fn put_away(
        &self,
        label: &str,
        ids: &[RecordId],
        plan: &(dyn Fn(&Registers) -> Changes + Sync),
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<WrittenMany, AppError> {
        let comes_back = label == "restore";
        let quote = |db: &Connection, id: RecordId| -> Result<Option<Moved>, AppError> {
            let row = documents::find(db, id)?.filter(|(_, kind)| *kind == Kind::Quote);
            let found = row.map(|(row, _)| quotes::of_row(db, row)).transpose()?.flatten();
            Ok(found.map(|(deal, offer, gone)| {
                let stands = Some((deal, offer));
                (id, stands.clone().filter(|_| !gone), stands.filter(|_| comes_back))
            }))
        };
        let moved: Vec<Moved> = self
            .store
            .read::<_, AppError>(|db| ids.iter().filter_map(|id| quote(db, *id).transpose()).collect())?;
        self.write_with_deals(label, ids, &|_, now| plan(now), &moved, progress, cancel)
    }

    /// Writes records and the value of the deals of those that are quotes, as one operation: each deal right behind the
    /// last of its quotes, so that whoever stops it leaves deals as their quotes have them.
    fn write_with_deals(
        &self,
        label: &str,
        ids: &[RecordId],
        plan: &(dyn Fn(RecordId, &Registers) -> Changes + Sync),
        moved: &[Moved],
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<WrittenMany, AppError> {
        let deals: BTreeMap<RecordId, Changes> =
            self.store.read(|db| self.deals_after(db, moved))?.into_iter().collect();
        let named: HashSet<RecordId> = ids.iter().copied().collect();
        let mut last: BTreeMap<RecordId, RecordId> = BTreeMap::new();
        for (quote, before, after) in moved {
            let of = before.iter().chain(after).map(|(deal, _)| *deal);
            last.extend(of.filter(|d| deals.contains_key(d) && !named.contains(d)).map(|d| (d, *quote)));
        }
        let besides = last.len();
        let mut behind: HashMap<RecordId, Vec<RecordId>> = HashMap::new();
        for (deal, quote) in last {
            behind.entry(quote).or_default().push(deal);
        }
        let mut all = Vec::with_capacity(ids.len() + besides);
        for id in ids {
            all.push(*id);
            all.extend(behind.remove(id).unwrap_or_default());
        }
        let plan = |id: RecordId, now: &Registers| {
            let own = if named.contains(&id) { plan(id, now) } else { Changes::new() };
            own.into_iter().chain(deals.get(&id).cloned().unwrap_or_default()).collect()
        };
        let written = self.write_each(self.operation(label), &all, &plan, progress, cancel)?;
        let besides = u32::try_from(besides).unwrap_or(u32::MAX);
        Ok(WrittenMany { count: written.count.saturating_sub(besides), ..written })
    }

    /// What deals are worth once quotes for them stand so: what was accepted last, else what was offered last. Only deals
    /// whose quotes say something else than before.
    fn deals_after(&self, db: &Connection, moved: &[Moved]) -> Result<Vec<(RecordId, Changes)>, AppError> {
        let deals = moved.iter().filter(|(_, before, after)| before != after);
        let deals = deals.flat_map(|(_, before, after)| before.iter().chain(after).map(|(deal, _)| *deal));
        let ids: HashSet<RecordId> = moved.iter().map(|(id, ..)| *id).collect();
        let mut now: HashMap<RecordId, Vec<&quotes::Offer>> = HashMap::new();
        for (deal, offer) in moved.iter().filter_map(|(_, _, after)| after.as_ref()) {
            now.entry(*deal).or_default().push(offer);
        }
        let mut out = Vec::new();
        for deal in deals.collect::<BTreeSet<RecordId>>() {
            // It may not be here yet.
            if documents::find(db, deal)?.is_none_or(|(_, kind)| kind != Kind::Deal) {
                continue;
            }
            let mut offers = quotes::of_deal(db, deal)?;
            offers.retain(|offer| !ids.contains(&offer.id));
            offers.extend(now.remove(&deal).unwrap_or_default().into_iter().cloned());
            let Some(worth) = worth(&offers) else { continue };
            let (_, document) = self.load(db, deal)?;
            let wanted = registers_of(&Values::from([("value".to_owned(), Some(Value::Money(worth)))]));
            let changes: Changes = difference("value", &document.registers(), &wanted).into_iter().collect();
            if !changes.is_empty() {
                out.push((deal, changes));
            }
        }
        Ok(out)
    }

    /// A new version of a quote, to be changed; the one before it no longer stands, unless it was accepted.
    pub fn revise_quote(&self, id: RecordId) -> Result<Written, AppError> {
        let mut registers = self.registers_of_quote(id)?;
        let catalogue = self.catalogue();
        let fields = fields_of(Kind::Quote, &registers, &catalogue);
        let (today, _) = local_day();
        let number = fields.get("number").map(Value::to_text).unwrap_or_default();
        let version = match fields.get("version") {
            Some(Value::Number(version)) => format!("{version}").parse().unwrap_or(1),
            _ => 1,
        };
        let root = match quote::root_of(&number, version) {
            "" => self.next_number(&today)?,
            root => root.to_owned(),
        };
        let given = self.store.read(|db| quotes::numbers(db, &format!("{root}/")))?;
        let given = given.iter().filter_map(|number| quote::version_of(number, &root));
        let next = given.max().unwrap_or(version).max(version) + 1;
        registers.retain(|path, _| !OF_ONE_VERSION.contains(&field_of(path)));
        let valid = self.letterhead()?.get("valid_days").and_then(Json::as_f64).unwrap_or(VALID_DAYS);
        let own = Values::from([
            ("number".to_owned(), Some(Value::Text(quote::version_number(&root, next, &self.code()?)))),
            ("version".to_owned(), Some(Value::Number(f64::from(next)))),
            ("status".to_owned(), Some(Value::Text("draft".to_owned()))),
            ("date".to_owned(), today.parse().ok().map(Value::Date)),
            ("valid_until".to_owned(), later(&today, valid).and_then(|d| d.parse().ok()).map(Value::Date)),
        ]);
        registers.extend(registers_of(&own));
        let status = fields.get("status").map(Value::to_text).unwrap_or_default();
        let superseded = Values::from([("status".to_owned(), Some(Value::Text("superseded".to_owned())))]);
        let before = (status != "accepted").then(|| {
            let all = registers_of(&superseded).into_iter().map(|(path, scalar)| (path, Some(scalar)));
            (id, all.collect::<Changes>())
        });
        let made = RecordId(Uuid::now_v7());
        let mut edits: Vec<(RecordId, Changes)> = before.into_iter().collect();
        let now = standing(made, &fields_of(Kind::Quote, &registers, &catalogue));
        let mut moved = vec![(made, None, now)];
        if let (Some(_), Some((deal, offer))) = (edits.first(), standing(id, &fields)) {
            let after = quotes::Offer { status: "superseded".to_owned(), ..offer.clone() };
            moved.push((id, Some((deal, offer)), Some((deal, after))));
        }
        edits.extend(self.store.read(|db| self.deals_after(db, &moved))?);
        let operation = self.together("revise", &[(made, Kind::Quote, registers)], &edits)?;
        Ok(Written { id: made, operation: Some(operation) })
    }

    /// What a quote comes to, line by line.
    pub fn quote(&self, id: RecordId) -> Result<QuoteView, AppError> {
        let registers = self.registers_of_quote(id)?;
        let fields = fields_of(Kind::Quote, &registers, &self.catalogue());
        Ok(match quote::totals_of(&fields) {
            Ok(sums) => QuoteView { sums: Some(sums), problem: None },
            Err(quote::QuoteError::Nothing) => QuoteView { sums: None, problem: None },
            Err(e) => QuoteView { sums: None, problem: Some(e.to_string()) },
        })
    }
}

/// A quote, and how it stood to its deal before and after.
type Moved = (RecordId, Option<(RecordId, quotes::Offer)>, Option<(RecordId, quotes::Offer)>);

/// The deal of a quote, and what the quote says of it.
fn standing(id: RecordId, fields: &Fields) -> Option<(RecordId, quotes::Offer)> {
    let deal = fields.get("deal").and_then(Value::as_reference)?;
    let text = |key: &str| fields.get(key).map(Value::to_text);
    let net = match fields.get("net") {
        Some(Value::Money(net)) => Some(net.clone()),
        _ => None,
    };
    let offer = quotes::Offer {
        id,
        status: text("status").unwrap_or_else(|| "draft".to_owned()),
        date: text("date"),
        number: text("number").unwrap_or_default(),
        net,
    };
    Some((deal, offer))
}

fn worth(offers: &[quotes::Offer]) -> Option<Money> {
    let latest = |statuses: &[&str]| {
        let of = offers.iter().filter(|o| statuses.contains(&o.status.as_str()) && o.net.is_some());
        of.max_by(|a, b| (&a.date, &a.number).cmp(&(&b.date, &b.number))).and_then(|o| o.net.clone())
    };
    latest(&["accepted"]).or_else(|| latest(&["draft", "sent"]))
}

fn reference(values: &Values, key: &str) -> Option<RecordId> {
    values.get(key)?.as_ref()?.as_reference()
}

fn applied(mut registers: Registers, changes: &Changes) -> Registers {
    for (path, value) in changes {
        match value {
            Some(value) => registers.insert(path.clone(), value.clone()),
            None => registers.remove(path),
        };
    }
    registers
}

pub(crate) fn reduced(price: Option<Money>, off: rust_decimal::Decimal) -> Option<Money> {
    let price = price?;
    let line = Line {
        quantity: rust_decimal::Decimal::ONE,
        unit_price: Some(price.clone()),
        discount: off,
        ..Line::default()
    };
    Some(Money { minor: line.net()?, ..price })
}

/// So many days after a day.
fn later(today: &str, days: f64) -> Option<String> {
    let day: jiff::civil::Date = today.parse().ok()?;
    #[allow(clippy::cast_possible_truncation)]
    let days = days.clamp(0.0, 3650.0).round() as i64;
    Some(day.checked_add(jiff::Span::new().days(days)).ok()?.to_string())
}
