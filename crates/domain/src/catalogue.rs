//! The catalogue: each field of each kind is declared once, here. The SQL column, the check, the
//! form input, the import target, the export column and the privacy register follow from it.

use crate::{
    formula::{self, Formula},
    projection::fields_of,
    register::{self, Registers},
    series,
    text::fold,
    value::{Value, item_id},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
    sync::Arc,
};

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Person,
    Company,
    /// What may be sold to somebody.
    Deal,
    /// The steps of a sale, in order: see [`Kind::Stage`].
    Pipeline,
    /// One step of a pipeline, a record of its own: so two may change a pipeline at once.
    Stage,
    /// What has happened with somebody, or is to: a call, a visit, a meeting, a message, a note.
    Activity,
    /// What somebody has to do.
    Task,
    /// What is sold.
    Product,
    /// Prices for some customers: see [`Kind::Price`].
    PriceBook,
    /// What one product costs in a price book.
    Price,
    /// What was offered to somebody, line by line.
    Quote,
    /// What the team's quotes look like and say.
    Letterhead,
    /// A letter with places to fill in: see [`crate::template`].
    Template,
    /// A field that the user has added to another kind.
    CustomField,
    /// A file on another record.
    Attachment,
    /// That something unusual was done on a device of the team.
    Alert,
    /// What was done when something had happened, or as a drill: see [`crate::playbook`].
    Incident,
    /// What somebody of the team has gone through: see [`crate::training`].
    Training,
}

impl Kind {
    pub const ALL: [Kind; 18] = [
        Kind::Person,
        Kind::Company,
        Kind::Deal,
        Kind::Pipeline,
        Kind::Stage,
        Kind::Activity,
        Kind::Task,
        Kind::Product,
        Kind::PriceBook,
        Kind::Price,
        Kind::Quote,
        Kind::Letterhead,
        Kind::Template,
        Kind::CustomField,
        Kind::Attachment,
        Kind::Alert,
        Kind::Incident,
        Kind::Training,
    ];
    /// The kinds that a person browses, searches and exports, and adds fields to.
    pub const BROWSED: [Kind; 7] =
        [Kind::Person, Kind::Company, Kind::Deal, Kind::Activity, Kind::Task, Kind::Product, Kind::Quote];
    /// Each links only to what comes in a later row: what is taken away in this order is in nobody's way.
    pub const BY_LINKS: [&'static [Kind]; 5] = [
        &[
            Kind::Task,
            Kind::Activity,
            Kind::Attachment,
            Kind::Quote,
            Kind::Price,
            Kind::Alert,
            Kind::Incident,
            Kind::Training,
        ],
        &[Kind::Deal],
        &[Kind::Person, Kind::Stage],
        &[Kind::Company, Kind::Pipeline, Kind::CustomField, Kind::Product],
        &[Kind::PriceBook, Kind::Letterhead, Kind::Template],
    ];
    /// The kinds that files of other programs hold.
    pub const IMPORTED: [Kind; 6] =
        [Kind::Person, Kind::Company, Kind::Deal, Kind::Activity, Kind::Task, Kind::Product];

    pub fn key(self) -> &'static str {
        match self {
            Kind::Person => "person",
            Kind::Company => "company",
            Kind::Deal => "deal",
            Kind::Pipeline => "pipeline",
            Kind::Stage => "stage",
            Kind::Activity => "activity",
            Kind::Task => "task",
            Kind::Product => "product",
            Kind::PriceBook => "price_book",
            Kind::Price => "price",
            Kind::Quote => "quote",
            Kind::Letterhead => "letterhead",
            Kind::Template => "template",
            Kind::CustomField => "custom_field",
            Kind::Attachment => "attachment",
            Kind::Alert => "alert",
            Kind::Incident => "incident",
            Kind::Training => "training",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("there is no kind «{0}»; kinds are {names}", names = names())]
pub struct UnknownKind(String);

fn names() -> String {
    Kind::ALL.map(Kind::key).join(", ")
}

impl FromStr for Kind {
    type Err = UnknownKind;
    fn from_str(s: &str) -> Result<Self, UnknownKind> {
        let key = s.trim().to_ascii_lowercase();
        match key.as_str() {
            "people" | "persons" | "contact" | "contacts" => return Ok(Kind::Person),
            "companies" => return Ok(Kind::Company),
            "opportunity" | "opportunities" => return Ok(Kind::Deal),
            "activities" => return Ok(Kind::Activity),
            _ => {}
        }
        let key =
            key.strip_suffix('s').filter(|one| Kind::ALL.iter().any(|k| k.key() == *one)).unwrap_or(&key);
        Kind::ALL.into_iter().find(|k| k.key() == key).ok_or_else(|| UnknownKind(s.to_owned()))
    }
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    Text,
    LongText,
    Number,
    Money,
    Date,
    /// A moment.
    DateTime,
    YesNo,
    Choice,
    /// Some of the options; two who choose at once choose both.
    MultiChoice,
    Url,
    Tags,
    /// The id of a record of the kind that the field says.
    Link,
    Emails,
    Phones,
    Addresses,
    /// Of a quote.
    Lines,
}

impl FieldType {
    /// The types that a custom field may have.
    pub const CUSTOM: [FieldType; 12] = [
        FieldType::Text,
        FieldType::LongText,
        FieldType::Number,
        FieldType::Money,
        FieldType::Date,
        FieldType::DateTime,
        FieldType::YesNo,
        FieldType::Choice,
        FieldType::MultiChoice,
        FieldType::Url,
        FieldType::Tags,
        FieldType::Link,
    ];

    pub fn key(self) -> &'static str {
        match self {
            FieldType::Text => "text",
            FieldType::LongText => "long_text",
            FieldType::Number => "number",
            FieldType::Money => "money",
            FieldType::Date => "date",
            FieldType::DateTime => "date_time",
            FieldType::YesNo => "yes_no",
            FieldType::Choice => "choice",
            FieldType::MultiChoice => "multi_choice",
            FieldType::Url => "url",
            FieldType::Tags => "tags",
            FieldType::Link => "link",
            FieldType::Emails => "emails",
            FieldType::Phones => "phones",
            FieldType::Addresses => "addresses",
            FieldType::Lines => "lines",
        }
    }

    pub fn from_key(key: &str) -> Option<Self> {
        let others = [FieldType::Emails, FieldType::Phones, FieldType::Addresses, FieldType::Lines];
        Self::CUSTOM.into_iter().chain(others).find(|t| t.key() == key)
    }
}

/// Where a field's text goes in the search index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    No,
    /// Part of what the record is called; Chinese also by pinyin.
    Name,
    /// What one writes or dials.
    Contact,
    Body,
}

/// How sensitive a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Privacy {
    /// Says who a person is.
    Identity,
    /// Reaches the person.
    Contact,
    /// Describes the person.
    Profile,
    /// May hold anything that somebody has typed.
    FreeText,
    /// About a firm, not a person.
    Business,
}

/// Why a field is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    Identify,
    Reach,
    Relate,
    Organise,
}

/// What a text has to read like; it is kept as its module writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Plain,
    /// A time of day: `09:30`.
    Clock,
    /// See [`crate::remind`].
    Reminder,
    /// See [`crate::repeat`].
    Repeat,
    /// See [`crate::place`].
    Place,
}

/// How a field follows from others.
#[derive(Clone, Debug, PartialEq)]
pub enum Derived {
    /// What a quote comes to, before tax.
    QuoteNet,
    /// The same with tax.
    QuoteTotal,
    /// Behind which moment a meeting that comes again does so no more.
    SeriesEnds,
    /// What a formula of the user's comes to.
    Formula(Arc<Formula>),
}

/// One field of one kind.
#[derive(Clone, Debug)]
pub struct Field {
    pub key: String,
    pub ty: FieldType,
    /// English; the screens translate built-in fields by their key and show custom labels as they are.
    pub label: String,
    pub search: Search,
    /// Lists can be sorted by it.
    pub sorted: bool,
    /// Filters on it are answered from an index.
    pub indexed: bool,
    pub privacy: Privacy,
    pub purpose: Purpose,
    /// Names that other programs give this field, beside those of `interchange`.
    pub import_names: &'static [&'static str],
    /// What may be chosen, in order.
    pub options: Vec<String>,
    /// What was called otherwise: the item id of the earlier name, and what it is called now.
    pub renamed: BTreeMap<String, String>,
    /// Options that are not offered any more; records keep them.
    pub retired: Vec<String>,
    /// A number that is a percentage: from 0 to 100.
    pub percent: bool,
    /// What a link leads to.
    pub links: Option<Kind>,
    /// Nobody writes it: it follows from the other fields of its record.
    pub derived: Option<Derived>,
    /// Long text in Markdown, which may mention records: see [`crate::note`].
    pub note: bool,
    pub custom: bool,
    /// Where a custom field stands among the others.
    pub rank: String,
    /// Forms and lists go without it, and it is there all the same.
    pub shelved: bool,
    /// Not offered, but projected: one in the trash, so that taking the field away or back touches no record; and what
    /// only reports read.
    pub hidden: bool,
}

impl Field {
    fn new(key: &str, ty: FieldType, label: &str) -> Self {
        Field {
            key: key.to_owned(),
            ty,
            label: label.to_owned(),
            search: Search::No,
            sorted: false,
            indexed: false,
            privacy: Privacy::Profile,
            purpose: Purpose::Relate,
            import_names: &[],
            options: Vec::new(),
            renamed: BTreeMap::new(),
            retired: Vec::new(),
            percent: false,
            links: None,
            derived: None,
            note: false,
            custom: false,
            rank: String::new(),
            shelved: false,
            hidden: false,
        }
    }
    /// What somebody has written down.
    fn note(key: &str, label: &str) -> Self {
        let field = Field::new(key, FieldType::LongText, label).search(Search::Body);
        Field { note: true, ..field.kept(Privacy::FreeText, Purpose::Organise) }
    }
    /// A reference to a record of another kind.
    fn link(key: &str, to: Kind, label: &str) -> Self {
        Field { links: Some(to), ..Field::new(key, FieldType::Link, label).indexed() }
    }
    fn search(mut self, search: Search) -> Self {
        self.search = search;
        self
    }
    fn percent(mut self) -> Self {
        self.percent = true;
        self
    }

    fn sorted(mut self) -> Self {
        self.sorted = true;
        self
    }
    fn indexed(mut self) -> Self {
        self.indexed = true;
        self
    }
    fn kept(mut self, privacy: Privacy, purpose: Purpose) -> Self {
        self.privacy = privacy;
        self.purpose = purpose;
        self
    }
    fn derived(mut self, derived: Derived) -> Self {
        self.derived = Some(derived);
        self
    }
    fn options(mut self, options: &[&str]) -> Self {
        self.options = options.iter().map(|o| (*o).to_owned()).collect();
        self
    }
    fn imports(mut self, names: &'static [&'static str]) -> Self {
        self.import_names = names;
        self
    }
    fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// A day that comes again each year.
    pub fn yearly(&self) -> bool {
        self.key == "birthday"
    }

    /// What a text has to read like.
    pub fn form(&self) -> Form {
        match self.key.as_str() {
            "due_time" => Form::Clock,
            "remind" => Form::Reminder,
            "repeat" => Form::Repeat,
            "location" => Form::Place,
            _ => Form::Plain,
        }
    }

    /// What an option is called now that was called so when it was chosen.
    pub fn called_now<'a>(&'a self, option: &'a str) -> &'a str {
        let mut now = option;
        // Two who rename at once may lead in a circle.
        for _ in 0..=self.renamed.len().min(20) {
            let mut options = self.options.iter().chain(&self.retired);
            if options.clone().any(|o| o == now) {
                break;
            }
            // The same in other letters is the same option.
            if let Some(option) = options.find(|o| fold(o) == fold(now)) {
                return option;
            }
            match self.renamed.get(&item_id(&fold(now))) {
                Some(next) => now = next,
                None => break,
            }
        }
        now
    }

    /// The formula that it follows from.
    pub fn formula(&self) -> Option<&Formula> {
        match &self.derived {
            Some(Derived::Formula(formula)) => Some(formula),
            _ => None,
        }
    }

    /// A field that a user has made.
    pub fn custom(key: &str, ty: FieldType, label: &str, options: Vec<String>) -> Self {
        let mut field = Field::new(key, ty, label).kept(Privacy::FreeText, Purpose::Organise);
        field.search = match ty {
            FieldType::Text
            | FieldType::LongText
            | FieldType::Choice
            | FieldType::MultiChoice
            | FieldType::Url
            | FieldType::Tags => Search::Body,
            _ => Search::No,
        };
        field.note = ty == FieldType::LongText;
        field.sorted = !matches!(ty, FieldType::LongText | FieldType::MultiChoice | FieldType::Tags);
        field.options = options;
        field.custom = true;
        field
    }
}

fn person() -> Vec<Field> {
    use FieldType::*;
    use Privacy::{Contact, FreeText, Identity};
    use Purpose::{Identify, Organise, Reach};
    vec![
        Field::new("prefix", Text, "Prefix").kept(Identity, Identify).imports(&[
            "honorific",
            "salutation",
            "name prefix",
        ]),
        Field::new("first_name", Text, "First name")
            .search(Search::Name)
            .sorted()
            .kept(Identity, Identify)
            .imports(&["first name", "given name", "名"]),
        Field::new("middle_name", Text, "Middle name")
            .search(Search::Name)
            .kept(Identity, Identify)
            .imports(&["middle name", "additional name"]),
        Field::new("last_name", Text, "Last name")
            .search(Search::Name)
            .sorted()
            .kept(Identity, Identify)
            .imports(&["last name", "family name", "surname", "姓"]),
        Field::new("suffix", Text, "Suffix").kept(Identity, Identify).imports(&["name suffix"]),
        Field::new("nickname", Text, "Nickname")
            .search(Search::Name)
            .kept(Identity, Identify)
            .imports(&["nickname", "昵称"]),
        Field::new("name_language", Text, "Language of the name").kept(Identity, Identify),
        Field::new("title", Text, "Job title").search(Search::Body).sorted().imports(&[
            "job title",
            "position",
            "职务",
        ]),
        Field::new("department", Text, "Department").search(Search::Body).imports(&["department", "部门"]),
        Field::link("company", Kind::Company, "Company").sorted().imports(&[
            "company",
            "organization",
            "公司",
        ]),
        Field::new("emails", Emails, "E-mail")
            .search(Search::Contact)
            .indexed()
            .kept(Contact, Reach)
            .imports(&["e-mail", "email", "电子邮件"]),
        Field::new("phones", Phones, "Phone")
            .search(Search::Contact)
            .indexed()
            .kept(Contact, Reach)
            .imports(&["phone", "telephone", "电话"]),
        Field::new("addresses", Addresses, "Address")
            .search(Search::Body)
            .indexed()
            .kept(Contact, Reach)
            .imports(&["address", "地址"]),
        Field::new("location", Text, "Location").kept(Contact, Reach).imports(&["coordinates", "坐标"]),
        Field::new("website", Url, "Website")
            .search(Search::Body)
            .kept(Contact, Reach)
            .imports(&["website", "web page", "url"]),
        Field::new("birthday", Date, "Birthday").sorted().indexed().imports(&[
            "birthday",
            "date of birth",
            "生日",
        ]),
        Field::note("notes", "Notes").imports(&["notes", "note", "备注"]),
        Field::new("tags", Tags, "Tags").search(Search::Body).indexed().kept(FreeText, Organise).imports(&[
            "tags",
            "labels",
            "categories",
            "标签",
        ]),
        Field::new("source", Text, "Source")
            .search(Search::Body)
            .sorted()
            .imports(&["source", "lead source"]),
        Field::new("owner", Text, "Owner")
            .search(Search::Body)
            .sorted()
            .kept(Privacy::Business, Organise)
            .imports(&["owner"]),
    ]
}

fn company() -> Vec<Field> {
    use FieldType::*;
    use Privacy::{Business, FreeText};
    use Purpose::{Identify, Organise, Reach, Relate};
    vec![
        Field::new("name", Text, "Name")
            .search(Search::Name)
            .sorted()
            .indexed()
            .kept(Business, Identify)
            .imports(&["name", "company name", "account name"]),
        Field::new("website", Url, "Website")
            .search(Search::Contact)
            .sorted()
            .kept(Business, Reach)
            .imports(&["website", "domain"]),
        Field::new("industry", Text, "Industry")
            .search(Search::Body)
            .sorted()
            .kept(Business, Relate)
            .imports(&["industry", "行业"]),
        Field::new("employees", Number, "Employees")
            .sorted()
            .kept(Business, Relate)
            .imports(&["employees", "number of employees"]),
        Field::new("annual_revenue", Money, "Annual revenue")
            .sorted()
            .kept(Business, Relate)
            .imports(&["annual revenue"]),
        Field::new("emails", Emails, "E-mail").search(Search::Contact).indexed().kept(Business, Reach),
        Field::new("phones", Phones, "Phone").search(Search::Contact).indexed().kept(Business, Reach),
        Field::new("addresses", Addresses, "Address").search(Search::Body).indexed().kept(Business, Reach),
        Field::new("location", Text, "Location").kept(Business, Reach).imports(&["coordinates", "坐标"]),
        Field::note("notes", "Notes"),
        Field::new("tags", Tags, "Tags").search(Search::Body).indexed().kept(FreeText, Organise),
        Field::new("source", Text, "Source").search(Search::Body).sorted().kept(Business, Relate),
        Field::new("owner", Text, "Owner").search(Search::Body).sorted().kept(Business, Organise),
        Field::link("price_book", Kind::PriceBook, "Price book").kept(Business, Relate),
    ]
}

/// Whom a deal, an activity or a task is about.
fn about() -> [Field; 2] {
    [
        Field::link("company", Kind::Company, "Company").sorted(),
        Field::link("person", Kind::Person, "Person").sorted(),
    ]
}

/// The stages that a deal has been in.
pub const REACHED: &str = "reached";

fn deal() -> Vec<Field> {
    use FieldType::{Date, DateTime, Money, Number, Tags, Text};
    use Privacy::{Business, FreeText};
    use Purpose::{Identify, Organise, Relate};
    let [company, person] = about();
    vec![
        Field::new("name", Text, "Name").search(Search::Name).sorted().kept(Business, Identify),
        company,
        person,
        Field::new("value", Money, "Value").sorted().kept(Business, Relate),
        Field::link("stage", Kind::Stage, "Stage").sorted().kept(Business, Organise),
        // Since when it is there.
        Field::new("stage_at", DateTime, "In this stage since").sorted().kept(Business, Organise),
        // All stages that it has been in, by their ids: moves of two at once are both kept.
        Field::new(REACHED, Tags, "Stages").kept(Business, Organise).hidden(),
        // Where it stands among the others of its stage.
        Field::new("rank", Text, "Rank").kept(Business, Organise),
        // Percent; without it that of the stage counts.
        Field::new("probability", Number, "Probability").percent().sorted().kept(Business, Relate),
        Field::new("close_date", Date, "Expected close").sorted().indexed().kept(Business, Relate),
        Field::new("closed_at", DateTime, "Closed").sorted().kept(Business, Relate),
        Field::new("lost_reason", Text, "Reason for loss")
            .search(Search::Body)
            .sorted()
            .kept(FreeText, Relate),
        Field::new("owner", Text, "Owner").search(Search::Body).sorted().kept(Business, Organise),
        Field::new("source", Text, "Source").search(Search::Body).sorted().kept(Business, Relate),
        Field::note("notes", "Notes"),
        Field::new("tags", Tags, "Tags").search(Search::Body).indexed().kept(FreeText, Organise),
    ]
}

fn pipeline() -> Vec<Field> {
    let field = |key, label| {
        Field::new(key, FieldType::Text, label).sorted().kept(Privacy::Business, Purpose::Organise)
    };
    vec![field("name", "Name"), field("rank", "Rank")]
}

/// How a deal ends in a stage.
pub const OUTCOMES: [&str; 3] = ["open", "won", "lost"];

fn stage() -> Vec<Field> {
    use FieldType::{Choice, Number, Text};
    let kept = |field: Field| field.kept(Privacy::Business, Purpose::Organise);
    vec![
        kept(Field::new("name", Text, "Name").sorted()),
        kept(Field::link("pipeline", Kind::Pipeline, "Pipeline")),
        kept(Field::new("rank", Text, "Rank").sorted()),
        kept(Field::new("probability", Number, "Probability").percent()),
        kept(Field::new("outcome", Choice, "Outcome").options(&OUTCOMES)),
        // A deal that is here for more days has gone quiet.
        kept(Field::new("rot_days", Number, "Days until quiet")),
    ]
}

/// What one does with customers.
pub const ACTIVITIES: [&str; 6] = ["call", "visit", "meeting", "message", "mail", "note"];
/// Which way a letter has gone.
pub const DIRECTIONS: [&str; 2] = ["in", "out"];

fn activity() -> Vec<Field> {
    use FieldType::{Choice, Date, DateTime, Number, Tags, Text};
    use Privacy::{Business, FreeText};
    use Purpose::{Organise, Relate};
    let [company, person] = about();
    let kept_of_series =
        |key: &str, ty: FieldType, label: &str| Field::new(key, ty, label).kept(Business, Organise).hidden();
    vec![
        Field::new("type", Choice, "Kind").sorted().kept(Business, Organise).options(&ACTIVITIES),
        Field::new("subject", Text, "Subject").search(Search::Body).sorted().kept(FreeText, Relate),
        Field::new("at", DateTime, "When").sorted().indexed().kept(Business, Relate),
        Field::new("minutes", Number, "Minutes").sorted().kept(Business, Relate),
        Field::new("outcome", Text, "Outcome").search(Search::Body).sorted().kept(FreeText, Relate),
        Field::note("text", "Text").kept(FreeText, Relate),
        company,
        person,
        Field::link("deal", Kind::Deal, "Deal"),
        Field::new("place", Text, "Place").search(Search::Body).kept(Business, Relate),
        Field::new("direction", Choice, "Direction").kept(Business, Relate).options(&DIRECTIONS),
        // When somebody said «I am here», and when he left.
        Field::new("arrived_at", DateTime, "Arrived").kept(Business, Relate),
        Field::new("left_at", DateTime, "Left").kept(Business, Relate),
        // By the clock of wherever one is then, see [`crate::remind`].
        Field::new("remind", Text, "Reminder").kept(Business, Organise),
        Field::new("repeat", Text, "Comes again").kept(Business, Organise),
        kept_of_series(series::ZONE, Text, "By the clock of"),
        kept_of_series(series::LEFT_OUT, Tags, "Not on"),
        kept_of_series(series::SERIES, Text, "One of"),
        kept_of_series(series::OCCURRENCE, Date, "Meant for"),
        kept_of_series(series::ENDS, DateTime, "Ends").derived(Derived::SeriesEnds),
        Field::new("owner", Text, "Owner").search(Search::Body).sorted().kept(Business, Organise),
    ]
}

fn task() -> Vec<Field> {
    use FieldType::{Date, DateTime, Text};
    use Privacy::{Business, FreeText};
    use Purpose::{Organise, Relate};
    let [company, person] = about();
    vec![
        Field::new("subject", Text, "Subject").search(Search::Body).sorted().kept(FreeText, Relate),
        Field::new("due", Date, "Due").sorted().indexed().kept(Business, Organise),
        // By the clock of wherever one is then: 09:30.
        Field::new("due_time", Text, "At").sorted().kept(Business, Organise),
        Field::new("done_at", DateTime, "Done").sorted().indexed().kept(Business, Organise),
        company,
        person,
        Field::link("deal", Kind::Deal, "Deal"),
        Field::new("owner", Text, "Owner").search(Search::Body).sorted().kept(Business, Organise),
        Field::new("repeat", Text, "Comes again").kept(Business, Organise),
        Field::new(crate::repeat::MEANT, Date, "Meant for").kept(Business, Organise).hidden(),
        // By the clock of wherever one is then, see [`crate::remind`].
        Field::new("remind", Text, "Reminder").kept(Business, Organise),
        Field::note("notes", "Notes"),
    ]
}

fn product() -> Vec<Field> {
    use FieldType::{LongText, Money, Number, Tags, Text, YesNo};
    use Privacy::{Business, FreeText};
    use Purpose::{Identify, Organise, Relate};
    vec![
        Field::new("name", Text, "Name").search(Search::Name).sorted().kept(Business, Identify),
        Field::new("code", Text, "Code").search(Search::Name).sorted().indexed().kept(Business, Identify),
        Field::new("price", Money, "Price").sorted().kept(Business, Relate),
        Field::new("unit", Text, "Unit").kept(Business, Relate),
        // Percent.
        Field::new("tax", Number, "Tax").sorted().kept(Business, Relate),
        Field::new("category", Text, "Category").search(Search::Body).sorted().kept(Business, Organise),
        Field::new("description", LongText, "Description").search(Search::Body).kept(Business, Relate),
        // Not offered any more.
        Field::new("retired", YesNo, "Retired").sorted().kept(Business, Organise),
        Field::note("notes", "Notes"),
        Field::new("tags", Tags, "Tags").search(Search::Body).indexed().kept(FreeText, Organise),
    ]
}

fn price_book() -> Vec<Field> {
    use FieldType::{Number, Text};
    use Privacy::Business;
    use Purpose::{Organise, Relate};
    vec![
        Field::new("name", Text, "Name").sorted().kept(Business, Organise),
        // ISO 4217, of the prices in it; without it the first of them decides.
        Field::new("currency", Text, "Currency").kept(Business, Relate),
        // Percent off the price of what has no price of its own in it.
        Field::new("discount", Number, "Discount").kept(Business, Relate),
    ]
}

fn price() -> Vec<Field> {
    let kept = |field: Field| field.kept(Privacy::Business, Purpose::Relate);
    vec![
        kept(Field::link("price_book", Kind::PriceBook, "Price book")),
        kept(Field::link("product", Kind::Product, "Product")),
        kept(Field::new("price", FieldType::Money, "Price")),
    ]
}

fn quote() -> Vec<Field> {
    use FieldType::{Choice, Date, DateTime, Lines, LongText, Money, Number, Tags, Text};
    use Privacy::{Business, FreeText};
    use Purpose::{Identify, Organise, Relate};
    let [company, person] = about();
    vec![
        Field::new("number", Text, "Number").search(Search::Name).sorted().indexed().kept(Business, Identify),
        Field::new("name", Text, "Name").search(Search::Name).sorted().kept(Business, Identify),
        company,
        person,
        Field::link("deal", Kind::Deal, "Deal").sorted(),
        Field::new("status", Choice, "Status")
            .sorted()
            .kept(Business, Organise)
            .options(&crate::quote::STATUSES),
        Field::new("date", Date, "Date").sorted().kept(Business, Relate),
        Field::new("valid_until", Date, "Valid until").sorted().kept(Business, Relate),
        Field::new("lines", Lines, "Lines").search(Search::Body).kept(Business, Relate),
        // Percent off the whole.
        Field::new("discount", Number, "Discount").kept(Business, Relate),
        Field::new("net", Money, "Before tax").sorted().kept(Business, Relate).derived(Derived::QuoteNet),
        Field::new("total", Money, "Total").sorted().kept(Business, Relate).derived(Derived::QuoteTotal),
        Field::link("price_book", Kind::PriceBook, "Price book").kept(Business, Relate),
        Field::new("intro", LongText, "Introduction").kept(Business, Relate),
        Field::new("terms", LongText, "Terms").kept(Business, Relate),
        // When it was accepted or declined, and why it was declined.
        Field::new("decided_at", DateTime, "Decided").sorted().kept(Business, Relate),
        Field::new("declined_reason", Text, "Reason").search(Search::Body).kept(FreeText, Relate),
        Field::new("version", Number, "Version").kept(Business, Identify),
        Field::new("owner", Text, "Owner").search(Search::Body).sorted().kept(Business, Organise),
        Field::note("notes", "Notes"),
        Field::new("tags", Tags, "Tags").search(Search::Body).indexed().kept(FreeText, Organise),
    ]
}

fn letterhead() -> Vec<Field> {
    use FieldType::{LongText, Number, Text};
    let field = |key, ty, label| Field::new(key, ty, label).kept(Privacy::Business, Purpose::Organise);
    vec![
        field("name", Text, "Name"),
        field("address", LongText, "Address"),
        // Bank, register, tax number: what stands at the foot of each page.
        field("footer", LongText, "Footer"),
        // #7a4a21
        field("accent", Text, "Colour"),
        field("intro", LongText, "Introduction"),
        field("terms", LongText, "Terms"),
        field("valid_days", Number, "Valid for days"),
        field("tax", Number, "Tax"),
        // `a4` or `letter`.
        field("paper", Text, "Paper"),
    ]
}

/// What a letter is written in.
pub const LANGUAGES: [&str; 2] = ["en", "zh"];

fn template() -> Vec<Field> {
    use FieldType::{Choice, LongText, Text};
    let field = |key, ty, label| Field::new(key, ty, label).kept(Privacy::Business, Purpose::Organise);
    vec![
        field("name", Text, "Name").sorted(),
        field("subject", Text, "Subject").sorted(),
        field("body", LongText, "Text"),
        field("language", Choice, "Language").options(&LANGUAGES),
    ]
}

/// A register for each option that was renamed: see [`Field::renamed`].
pub const RENAMES: &str = "renames";

fn custom_field() -> Vec<Field> {
    use FieldType::{Choice, Tags, Text, YesNo};
    let field = |key, ty, label| Field::new(key, ty, label).kept(Privacy::Business, Purpose::Organise);
    vec![
        field("for_kind", Choice, "Kind"),
        field("key", Text, "Key"),
        field("label", Text, "Label").sorted(),
        field("type", Choice, "Type"),
        field("options", Tags, "Options"),
        // The ids of the options in their order, with commas.
        field("option_order", Text, "Order of the options"),
        field("retired", Tags, "Retired options"),
        field(RENAMES, Tags, "Renamed options").hidden(),
        // What a reference leads to.
        field("links", Choice, "Leads to"),
        field("formula", Text, "Formula"),
        field("rank", Text, "Rank"),
        field("shelved", YesNo, "Hidden"),
        field("privacy", Choice, "Privacy"),
        field("purpose", Choice, "Purpose"),
    ]
}

fn attachment() -> Vec<Field> {
    use FieldType::{Number, Text};
    let field = |key, ty, label| Field::new(key, ty, label).kept(Privacy::FreeText, Purpose::Organise);
    vec![
        field("name", Text, "Name").sorted(),
        field("media_type", Text, "Kind of file"),
        field("size", Number, "Size").sorted(),
        field("record", Text, "On").sorted().indexed(),
        field("content", Text, "Content"),
    ]
}

fn alert() -> Vec<Field> {
    use FieldType::{DateTime, Number, Tags, Text};
    let field = |key, ty, label| Field::new(key, ty, label).kept(Privacy::Business, Purpose::Organise);
    vec![
        field("rule", Text, "Rule"),
        field("at", DateTime, "When").sorted(),
        // Of this device, in its trail.
        field("device", Text, "Device"),
        field("incarnation", Text, "Incarnation"),
        field("entry", Number, "Entry"),
        field("count", Number, "How many"),
        field("most", Number, "Threshold"),
        // The device that it is about, where that is another.
        field("subject", Text, "About"),
        field("seen_by", Tags, "Seen by"),
    ]
}

fn incident() -> Vec<Field> {
    use FieldType::{DateTime, LongText, Tags, Text, YesNo};
    let field = |key, ty, label| Field::new(key, ty, label).kept(Privacy::FreeText, Purpose::Organise);
    vec![
        field("playbook", Text, "Playbook"),
        field("name", Text, "Name"),
        field("drill", YesNo, "Drill"),
        field("opened_at", DateTime, "Opened").sorted(),
        // When the hours begin within which others are told.
        field("known_at", DateTime, "Known since"),
        field("closed_at", DateTime, "Closed"),
        // The steps that were taken: two may take one each at once.
        field("done", Tags, "Done"),
        field("affected", LongText, "Affected"),
        field("notes", LongText, "Notes"),
    ]
}

fn training() -> Vec<Field> {
    use FieldType::{DateTime, Number, Tags, Text};
    let field = |key, ty, label| Field::new(key, ty, label).kept(Privacy::Business, Purpose::Organise);
    vec![
        field("person", Text, "Person"),
        field("member", Text, "Member"),
        field("version", Number, "Version"),
        field("items", Tags, "Done"),
        field("done_at", DateTime, "Since").sorted(),
    ]
}

/// All fields of all kinds, the user's own included.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// In the order of [`Kind::ALL`].
    kinds: [Vec<Field>; Kind::ALL.len()],
    /// The formulas of each kind, each behind those that it reads.
    formulas: BTreeMap<Kind, Vec<String>>,
    /// Formulas that refer to themselves, by whatever way.
    circular: BTreeSet<(Kind, String)>,
    /// Formulas that come to something else each day.
    daily: BTreeSet<(Kind, String)>,
}

impl Default for Catalogue {
    fn default() -> Self {
        let kinds = Kind::ALL.map(|kind| match kind {
            Kind::Person => person(),
            Kind::Company => company(),
            Kind::Deal => deal(),
            Kind::Pipeline => pipeline(),
            Kind::Stage => stage(),
            Kind::Activity => activity(),
            Kind::Task => task(),
            Kind::Product => product(),
            Kind::PriceBook => price_book(),
            Kind::Price => price(),
            Kind::Quote => quote(),
            Kind::Letterhead => letterhead(),
            Kind::Template => template(),
            Kind::CustomField => custom_field(),
            Kind::Attachment => attachment(),
            Kind::Alert => alert(),
            Kind::Incident => incident(),
            Kind::Training => training(),
        });
        Self { kinds, formulas: BTreeMap::new(), circular: BTreeSet::new(), daily: BTreeSet::new() }
    }
}

impl Catalogue {
    pub fn fields(&self, kind: Kind) -> &[Field] {
        &self.kinds[kind as usize]
    }

    /// The fields that are offered.
    pub fn offered(&self, kind: Kind) -> impl Iterator<Item = &Field> {
        self.fields(kind).iter().filter(|f| !f.hidden)
    }

    pub fn field(&self, kind: Kind, key: &str) -> Option<&Field> {
        self.fields(kind).iter().find(|f| f.key == key)
    }

    /// The fields that are offered, the user's own in his order.
    pub fn in_order(&self, kind: Kind) -> Vec<&Field> {
        let mut all: Vec<&Field> = self.offered(kind).collect();
        all.sort_by(|a, b| (a.custom, &a.rank).cmp(&(b.custom, &b.rank)));
        all
    }

    /// The key of the user's field that is called so, or of the one that would be made for the name.
    pub fn key_of(&self, kind: Kind, label: &str) -> String {
        let called = |f: &&Field| f.custom && fold(&f.label) == fold(label);
        self.offered(kind).find(called).map_or_else(|| custom_key(label), |f| f.key.clone())
    }

    /// The links of a kind, and what each leads to.
    pub fn links(&self, kind: Kind) -> impl Iterator<Item = (&Field, Kind)> {
        self.fields(kind).iter().filter_map(|f| Some((f, f.links?)))
    }

    /// Adds a user's field; a second definition of the same key only brings a hidden one back.
    pub fn extend(&mut self, kind: Kind, field: Field) {
        if !Kind::BROWSED.contains(&kind) {
            return;
        }
        let list = &mut self.kinds[kind as usize];
        if let Some(known) = list.iter_mut().find(|f| f.key == field.key) {
            known.hidden &= field.hidden;
        } else {
            // Always in the same order, however they came: projections depend on it.
            let at = list.iter().position(|f| f.custom && f.key > field.key).unwrap_or(list.len());
            list.insert(at, field);
        }
        self.settle(kind);
    }

    /// Puts the formulas of a kind in the order in which they are worked out.
    fn settle(&mut self, kind: Kind) {
        let all = self.fields(kind).iter().filter(|f| !f.hidden);
        let mut left: BTreeMap<String, Arc<Formula>> = all
            .filter_map(|f| match &f.derived {
                Some(Derived::Formula(formula)) => Some((f.key.clone(), formula.clone())),
                _ => None,
            })
            .collect();
        self.circular.retain(|(of, _)| *of != kind);
        self.daily.retain(|(of, _)| *of != kind);
        let mut order = Vec::with_capacity(left.len());
        while !left.is_empty() {
            let ready: Vec<String> = left
                .iter()
                .filter(|(_, formula)| !formula.reads().iter().any(|key| left.contains_key(key)))
                .map(|(key, _)| key.clone())
                .collect();
            if ready.is_empty() {
                self.circular.extend(left.keys().map(|key| (kind, key.clone())));
                order.extend(left.into_keys());
                break;
            }
            for key in ready {
                let Some(formula) = left.remove(&key) else { continue };
                let read_daily = |read: &String| self.daily.contains(&(kind, read.clone()));
                if formula.asks_today() || formula.reads().iter().any(read_daily) {
                    self.daily.insert((kind, key.clone()));
                }
                order.push(key);
            }
        }
        self.formulas.insert(kind, order);
    }

    /// The formulas of a kind, each behind those that it reads.
    pub fn formulas(&self, kind: Kind) -> &[String] {
        self.formulas.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// Whether a formula refers to itself.
    pub fn is_circular(&self, kind: Kind, key: &str) -> bool {
        self.circular.contains(&(kind, key.to_owned()))
    }

    /// Whether a field comes to something else each day, and is worked out only where it is shown.
    pub fn is_daily(&self, kind: Kind, key: &str) -> bool {
        self.daily.contains(&(kind, key.to_owned()))
    }

    /// Which custom fields there are, and what projections depend on of them.
    pub fn shape(&self) -> String {
        let of = |kind| self.fields(kind).iter().filter(|f| f.custom).map(move |f| (kind, f));
        let names = Kind::BROWSED.into_iter().flat_map(of);
        let names: String = names.map(|(kind, f)| format!("{kind}.{}:{}\n", f.key, f.ty.key())).collect();
        names + &Kind::BROWSED.map(|kind| self.ways(kind)).concat()
    }

    /// What projections of a kind depend on beside its records: when it is another, they have to be made anew.
    pub fn ways(&self, kind: Kind) -> String {
        let mut out = String::new();
        for field in self.fields(kind).iter().filter(|f| f.custom) {
            for (from, to) in &field.renamed {
                out.push_str(&format!("{}/{from}={to}\n", field.key));
            }
        }
        for key in self.formulas(kind) {
            let Some((field, formula)) = self.field(kind, key).and_then(|f| Some((f, f.formula()?))) else {
                continue;
            };
            out.push_str(&format!("{key}:{}={}\n", field.ty.key(), formula.text()));
            for read in formula.reads() {
                let there = self.field(kind, read).filter(|f| !f.hidden);
                out.push_str(there.map_or("-", |f| f.ty.key()));
                out.push('\n');
            }
        }
        out
    }

    /// Adds the custom field that a record of [`Kind::CustomField`] describes.
    pub fn extend_by(&mut self, registers: &Registers) {
        let described = fields_of(Kind::CustomField, registers, self);
        let text = |key: &str| described.get(key).map_or("", Value::as_text);
        let (Ok(kind), Some(ty)) = (text("for_kind").parse::<Kind>(), FieldType::from_key(text("type")))
        else {
            return;
        };
        let key = text("key");
        // What another device, or a damaged record, says becomes part of SQL paths: only our own form.
        let ours = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !key.starts_with("x_") || key.len() > 120 || !key.chars().all(ours) {
            return;
        }
        let list = |key: &str| match described.get(key) {
            Some(Value::Tags(list)) => list.clone(),
            _ => Vec::new(),
        };
        let retired = list("retired");
        let order: Vec<&str> = text("option_order").split(',').collect();
        let place = |option: &String| {
            let id = item_id(&fold(option));
            order.iter().position(|at| *at == id).unwrap_or(order.len())
        };
        let mut options: Vec<String> = list("options").into_iter().filter(|o| !retired.contains(o)).collect();
        options.sort_by_key(place);
        let mut field = Field::custom(key, ty, text("label"), options);
        field.retired = retired;
        field.renamed = register::of_field(registers, RENAMES)
            .filter_map(|(id, now)| Some((id.to_owned(), now.as_str()?.to_owned())))
            .collect();
        field.links = text("links").parse().ok().filter(|_| ty == FieldType::Link);
        if ty == FieldType::Link && field.links.is_none() || !FieldType::CUSTOM.contains(&ty) {
            return;
        }
        if !text("formula").is_empty() {
            // One that cannot be read comes to nothing, and says so.
            let formula = formula::read(text("formula")).unwrap_or_else(Formula::damaged);
            field.sorted &= !formula.asks_today();
            field.derived = Some(Derived::Formula(Arc::new(formula)));
        }
        field.rank = text("rank").to_owned();
        field.shelved = described.get("shelved") == Some(&Value::YesNo(true));
        let said = |key: &str| serde_json::Value::String(text(key).to_owned());
        field.privacy = serde_json::from_value(said("privacy")).unwrap_or(field.privacy);
        field.purpose = serde_json::from_value(said("purpose")).unwrap_or(field.purpose);
        field.hidden = registers.contains_key(register::DELETED_AT);
        self.extend(kind, field);
    }
}

/// The key of a custom field, from its label: `Shoe size` is `x_shoe_size`, `客户等级` is `x_ke_hu_deng_ji`.
pub fn custom_key(label: &str) -> String {
    let mut key = String::from("x");
    let mut dropped = false;
    let spelled = crate::text::sort_key(label);
    for run in crate::text::runs(&spelled) {
        if let crate::text::Run::Word(word) = run {
            let ascii: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
            dropped |= ascii.len() < word.len() || key.len() >= 60;
            if !ascii.is_empty() && key.len() < 60 {
                key.push('_');
                key.push_str(&ascii);
            }
        }
    }
    // `Тип 1` and `Размер 1` must not become the same field.
    if dropped || key == "x" {
        let id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, crate::text::fold(label).as_bytes());
        key.push('_');
        key.extend(id.simple().to_string().chars().take(8));
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_found_by_their_place() {
        for (at, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, at, "{kind}");
            assert_eq!(kind.key().parse(), Ok(kind));
        }
        assert_eq!("Deals".parse(), Ok(Kind::Deal));
    }

    #[test]
    fn what_links_comes_before_what_it_links_to() {
        let catalogue = Catalogue::default();
        let at = |kind: Kind| Kind::BY_LINKS.iter().position(|row| row.contains(&kind));
        for kind in Kind::ALL {
            assert!(at(kind).is_some(), "{kind}");
            for (field, to) in catalogue.links(kind) {
                assert!(at(kind) < at(to), "{kind}.{}", field.key);
            }
        }
    }

    #[test]
    fn keys_are_unique_and_never_the_records_own() {
        let catalogue = Catalogue::default();
        for kind in Kind::ALL {
            let mut keys: Vec<_> = catalogue.fields(kind).iter().map(|f| &f.key).collect();
            assert!(keys.iter().all(|k| !k.starts_with('_') && !k.starts_with("x_")));
            keys.sort();
            keys.dedup();
            assert_eq!(keys.len(), catalogue.fields(kind).len(), "a key of {kind} is declared twice");
        }
    }

    fn described(pairs: &[(&str, &str)]) -> Registers {
        use crate::register::Scalar;
        pairs.iter().map(|(path, text)| ((*path).to_owned(), Scalar::Str((*text).to_owned()))).collect()
    }

    #[test]
    fn options_lead_to_what_they_are_called_now() {
        let id = |label: &str| item_id(&fold(label));
        let mut registers =
            described(&[("for_kind", "person"), ("key", "x_tier"), ("label", "Tier"), ("type", "choice")]);
        let mut put = |path: String, text: &str| {
            registers.insert(path, register::Scalar::Str(text.to_owned()));
        };
        for option in ["Gold", "Silver", "Lead"] {
            put(format!("options/{}", id(option)), option);
        }
        put(format!("retired/{}", id("Lead")), "Lead");
        put("option_order".to_owned(), &format!("{},{}", id("Silver"), id("Gold")));
        put(format!("{RENAMES}/{}", id("First")), "Best");
        put(format!("{RENAMES}/{}", id("Best")), "Gold");
        // Two have renamed against each other.
        put(format!("{RENAMES}/{}", id("Up")), "Down");
        put(format!("{RENAMES}/{}", id("Down")), "Up");
        let mut catalogue = Catalogue::default();
        catalogue.extend_by(&registers);
        let tier = catalogue.field(Kind::Person, "x_tier").expect("made");
        assert_eq!(
            (&tier.options[..], &tier.retired[..]),
            (&["Silver".into(), "Gold".into()][..], &["Lead".into()][..])
        );
        assert_eq!(
            (tier.called_now("first"), tier.called_now("Lead"), tier.called_now("Tin")),
            ("Gold", "Lead", "Tin")
        );
        assert!(["Up", "Down"].contains(&tier.called_now("Up")), "a circle has an end");
    }

    #[test]
    fn what_another_device_says_of_a_field_is_held_to_the_same_rules() {
        let base = [("for_kind", "deal"), ("label", "X")];
        let with = |more: &[(&str, &str)]| {
            let mut catalogue = Catalogue::default();
            catalogue.extend_by(&described(&[&base[..], more].concat()));
            catalogue.fields(Kind::Deal).iter().find(|f| f.custom).cloned()
        };
        assert!(with(&[("key", "x_a"), ("type", "link")]).is_none(), "a reference leads somewhere");
        assert!(with(&[("key", "x_a'"), ("type", "text")]).is_none());
        assert!(with(&[("key", "x_a"), ("type", "lines")]).is_none(), "what is no type of a custom field");
        let long = "(".repeat(5000);
        let damaged = with(&[("key", "x_a"), ("type", "number"), ("formula", &long)]).expect("it is there");
        assert!(damaged.formula().is_some_and(|f| f.text().is_empty()), "and comes to nothing");
    }

    #[test]
    fn custom_keys_are_readable_ascii() {
        assert_eq!(custom_key("Shoe size (EU)"), "x_shoe_size_eu");
        assert_eq!(custom_key("客户等级"), "x_ke_hu_deng_ji");
        assert!(custom_key("Тип").starts_with("x_"));
        assert_ne!(custom_key("Тип 1"), custom_key("Размер 1"));
    }
}
