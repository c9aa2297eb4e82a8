//! Synthetic data for trying out, demonstrations and benchmarks: the same for the same seed.

use crate::{
    AppError, Cancel, Progress, Session, bulk,
    error::Code,
    session::{Prepared, facts},
    views::UndoReport,
};
use satchel_document::Stamp;
use satchel_domain::{
    Kind, RecordId, Registers, Scalar, Value,
    catalogue::REACHED,
    value::{Address, Contact},
};
use satchel_storage::{documents, operations, settings};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeedLocale {
    En,
    Zh,
    Mixed,
}

#[derive(Clone, Copy, Debug)]
pub struct SeedOptions {
    pub people: u32,
    pub companies: u32,
    pub deals: u32,
    pub activities: u32,
    pub tasks: u32,
    pub seed: u64,
    pub locale: SeedLocale,
}

impl SeedOptions {
    fn count(&self, kind: Kind) -> u32 {
        match kind {
            Kind::Company => self.companies,
            Kind::Person => self.people,
            Kind::Deal => self.deals,
            Kind::Activity => self.activities,
            Kind::Task => self.tasks,
            _ => 0,
        }
    }
}

/// What is made before what links to it.
const MADE: [Kind; 5] = [Kind::Company, Kind::Person, Kind::Deal, Kind::Activity, Kind::Task];

#[derive(Clone, Debug, Serialize)]
pub struct Seeded {
    pub created: BTreeMap<String, u32>,
    pub seconds: f64,
}

const BATCH: u32 = 2000;

impl Session {
    pub fn seed(
        &self,
        options: SeedOptions,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<Seeded, AppError> {
        let started = std::time::Instant::now();
        let total = MADE.iter().map(|kind| u64::from(options.count(*kind))).sum();
        let course = Course::new(self, &options)?;
        let mut head = self.operation("seed");
        head.finished = false;
        head.records = total;
        let stamp = self.stamp(&head);
        let catalogue = self.catalogue();
        let id = |kind: Kind, n: u32| {
            self.derive_id(&["seed", &options.seed.to_string(), kind.key(), &n.to_string()])
        };
        let batches = MADE
            .into_iter()
            .flat_map(|kind| (0..options.count(kind)).step_by(BATCH as usize).map(move |from| (kind, from)));
        let _claim = self.claim(head.id)?;
        let seq = self.store.write::<_, AppError>(|tx| Ok(operations::begin(tx, &head)?))?;
        let make = |(kind, from): (Kind, u32)| -> Vec<Prepared> {
            let to = (from + BATCH).min(options.count(kind));
            let one = |n: u32| {
                let mut random = Random::of(options.seed, kind, n);
                let registers = match kind {
                    Kind::Company => company(&mut random, options.locale),
                    Kind::Person => person(
                        &mut random,
                        options.locale,
                        employer(&options, n).map(|c| id(Kind::Company, c)),
                    ),
                    kind => course.of(kind, n, &mut random, &id),
                };
                let made = Stamp { at: course.made_at(kind, n, &registers), ..stamp.clone() };
                Prepared::new_record(id(kind, n), kind, &made, &registers, &catalogue)
            };
            (from..to).map(one).collect()
        };
        let (mut done, mut created) = (0_u64, BTreeMap::<String, u32>::new());
        let bulk = self.store.bulk();
        let outcome = bulk::run(batches, make, |prepared| {
            self.go_on(cancel, "stopped; what was made can be undone")?;
            self.store.write::<_, AppError>(|tx| {
                for p in &prepared {
                    // The same seed again makes nothing new, but brings back what was undone.
                    let written = match documents::exists(tx, p.id)? {
                        true => self.revive(tx, seq, p.id, &stamp, &catalogue)?,
                        false => self.put(tx, seq, p).map(|_| true)?,
                    };
                    if written {
                        *created.entry(p.kind.key().to_owned()).or_default() += 1;
                    }
                }
                Ok(())
            })?;
            done += prepared.len() as u64;
            progress(Progress { done, total });
            Ok(())
        });
        drop(bulk);
        self.store.write::<_, AppError>(|tx| {
            settings::put(tx, facts::SAMPLE, &head.id.to_string())?;
            operations::finish(tx, seq, "{}")?;
            Ok(())
        })?;
        self.changed(Vec::new());
        outcome?;
        Ok(Seeded { created, seconds: started.elapsed().as_secs_f64() })
    }
}

impl Session {
    /// Takes the sample data away: what nobody has touched for good, what somebody has edited into the
    /// trash.
    pub fn remove_sample(
        &self,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<UndoReport, AppError> {
        let sample = self.status()?.sample;
        let sample = sample.ok_or_else(|| AppError::new(Code::NotFound, "there is no sample data"))?;
        let report = self.undo(Some(sample), progress, cancel)?;
        let seq = |id| -> Result<i64, AppError> {
            Ok(self.store.read(|db| operations::get(db, id))?.map_or(0, |o| o.seq))
        };
        let (made, undone) = (seq(sample)?, seq(report.operation)?);
        self.store.write::<_, AppError>(|tx| {
            for kind in Kind::BY_LINKS.into_iter().flatten().copied() {
                for row in documents::touched_only_by(tx, kind, made, undone)? {
                    documents::purge(tx, row, kind, [made, undone])?;
                }
            }
            settings::remove(tx, facts::SAMPLE)?;
            // What is gone for good cannot be done again.
            operations::rename(tx, undone, "sample_removed")?;
            Ok(())
        })?;
        self.changed(Vec::new());
        Ok(report)
    }
}

/// For which company a person works.
fn employer(options: &SeedOptions, person: u32) -> Option<u32> {
    let mut random = Random::of(options.seed, Kind::Pipeline, person);
    (options.companies > 0 && random.below(10) > 0).then(|| random.below(options.companies))
}

/// The course of business: deals, and what is done about them, around the day of today.
struct Course {
    options: SeedOptions,
    /// Of the first pipeline, each with its outcome.
    stages: Vec<(RecordId, String)>,
    /// One for each deal.
    ranks: Vec<String>,
    /// The most has the first.
    owners: [String; 3],
    now: i64,
}

const DAY: i64 = 86_400_000;
const GOODS: &[&str] = &[
    "Pumps",
    "Spare parts",
    "Service contract",
    "Packaging line",
    "Scales",
    "Cold room",
    "Training",
    "Labels",
];
const GOODS_ZH: &[&str] = &["水泵", "备件", "年度服务", "包装线", "电子秤", "冷库", "培训", "标签"];
const SAID: &[&str] = &[
    "Wants the offer by Friday",
    "Asked for a longer warranty",
    "Showed the new samples, liked the blue ones",
    "Budget is decided next month",
    "Compares us with one other",
    "Happy with the last delivery",
    "Nobody there, left a card",
];
const SAID_ZH: &[&str] = &[
    "希望周五前收到报价",
    "要求延长质保",
    "看了新样品，比较满意",
    "下个月定预算",
    "在和另一家比价",
    "对上次交货很满意",
    "没见到人，留了名片",
];
const STEPS: &[&str] = &[
    "Send the offer",
    "Call back",
    "Bring samples",
    "Ask for the order",
    "Send the contract",
    "Arrange a visit",
];
const STEPS_ZH: &[&str] = &["寄报价", "回电话", "带样品", "催单", "寄合同", "约拜访"];

impl Course {
    fn new(session: &Session, options: &SeedOptions) -> Result<Self, AppError> {
        let mut stages = Vec::new();
        if options.deals > 0 {
            let pipelines = session.pipelines(options.locale == SeedLocale::Zh)?;
            let first = pipelines.into_iter().next().map(|p| p.stages).unwrap_or_default();
            stages = first.into_iter().map(|s| (s.id, s.outcome)).collect();
        }
        let mut last: Option<String> = None;
        let ranks = (0..options.deals).map(|_| {
            let rank = satchel_domain::rank::between(last.as_deref(), None);
            last = Some(rank.clone());
            rank
        });
        let colleagues =
            if options.locale == SeedLocale::Zh { ["李娜", "陈磊"] } else { ["Bo Lind", "Carla Reis"] };
        let [second, third] = colleagues.map(str::to_owned);
        let owners = [session.person.clone(), second, third];
        Ok(Self { options: *options, stages, ranks: ranks.collect(), owners, now: crate::session::now() })
    }

    /// Whose a deal is, or what else is done by somebody.
    fn owner(&self, kind: Kind, n: u32) -> &str {
        let [first, second, third] = &self.owners;
        match Random::of(!self.options.seed, kind, n).below(10) {
            0..5 => first,
            5..8 => second,
            _ => third,
        }
    }

    /// When somebody has typed it in: over more than a year, more and more often.
    fn made_at(&self, kind: Kind, n: u32, registers: &Registers) -> i64 {
        let mut random = Random::of(!self.options.seed, kind, n);
        let mut days = |most| i64::from(random.below(most).min(random.below(most)));
        match kind {
            Kind::Person => self.now - days(400) * DAY,
            Kind::Deal => match registers.get("stage_at") {
                Some(Scalar::Int(since)) => since - days(120) * DAY,
                _ => self.now,
            },
            Kind::Activity => match registers.get("at") {
                Some(Scalar::Int(at)) => self.now.min(*at),
                _ => self.now,
            },
            _ => self.now,
        }
    }

    fn of(&self, kind: Kind, n: u32, random: &mut Random, id: &dyn Fn(Kind, u32) -> RecordId) -> Registers {
        let chinese = is_chinese(random, self.options.locale);
        let mut r = Registers::new();
        let deal = (kind != Kind::Deal && self.options.deals > 0 && random.below(3) > 0)
            .then(|| random.below(self.options.deals));
        text(&mut r, "owner", deal.map_or_else(|| self.owner(kind, n), |deal| self.owner(Kind::Deal, deal)));
        // Whom a deal is with is the same for all that is done about it.
        let whom = match deal.or((kind == Kind::Deal).then_some(n)) {
            Some(deal) => Random::of(self.options.seed, Kind::Stage, deal).below(self.options.people),
            None => random.below(self.options.people),
        };
        if self.options.people > 0 {
            Value::Reference(id(Kind::Person, whom)).to_registers("person", &mut r);
            if let Some(company) = employer(&self.options, whom) {
                Value::Reference(id(Kind::Company, company)).to_registers("company", &mut r);
            }
        }
        if let Some(deal) = deal {
            Value::Reference(id(Kind::Deal, deal)).to_registers("deal", &mut r);
        }
        let days = |random: &mut Random, from: i64, to: i64| {
            from + i64::from(random.below(u32::try_from(to - from).unwrap_or(1)))
        };
        let date = |at: i64| satchel_domain::date::rfc3339(at).chars().take(10).collect::<String>();
        match kind {
            Kind::Deal => self.deal(n, random, chinese, &mut r),
            Kind::Activity => {
                let types = &satchel_domain::catalogue::ACTIVITIES;
                text(&mut r, "type", random.of_list(types));
                text(&mut r, "subject", random.of_list(if chinese { SAID_ZH } else { SAID }));
                // Every third is of the months before.
                let back = if n.is_multiple_of(3) { days(random, -330, -120) } else { days(random, -120, 4) };
                let hour = i64::from(random.below(9)) + 8;
                let at = (self.now / DAY + back) * DAY + hour * 3_600_000;
                Value::DateTime(at).to_registers("at", &mut r);
            }
            _ => {
                text(&mut r, "subject", random.of_list(if chinese { STEPS_ZH } else { STEPS }));
                let due = self.now + days(random, -40, 25) * DAY;
                text(&mut r, "due", &date(due));
                // Most of what was due is done.
                if due < self.now - 2 * DAY && random.below(10) > 0 {
                    Value::DateTime(due).to_registers("done_at", &mut r);
                }
            }
        }
        r
    }

    fn deal(&self, n: u32, random: &mut Random, chinese: bool, r: &mut Registers) {
        text(r, "name", random.of_list(if chinese { GOODS_ZH } else { GOODS }));
        let currency = if chinese { "CNY" } else { "EUR" };
        let minor = i64::from(random.below(400) + 5) * 25_000;
        Value::Money(satchel_domain::money::Money { minor, currency: currency.into() })
            .to_registers("value", r);
        text(r, "rank", self.ranks.get(n as usize).map_or("", String::as_str));
        let at = random.below(u32::try_from(self.stages.len()).unwrap_or(1)) as usize;
        let Some((stage, outcome)) = self.stages.get(at) else { return };
        Value::Reference(*stage).to_registers("stage", r);
        let open = outcome == "open";
        let back = match (open, random.below(6)) {
            (false, _) => random.below(350).min(random.below(350)),
            (true, 0) => random.below(110),
            (true, _) => random.below(30),
        };
        let since = self.now - i64::from(back) * DAY;
        Value::DateTime(since).to_registers("stage_at", r);
        self.way(at, random, r);
        if !open {
            Value::DateTime(since).to_registers("closed_at", r);
        }
        if outcome == "lost" && random.below(8) > 0 {
            let why: &[&str] = match chinese {
                true => &["价格", "价格", "选择了别家", "时机不合适", "没有答复"],
                false => &["Price", "Price", "Bought elsewhere", "Not now", "No answer"],
            };
            text(r, "lost_reason", random.of_list(why));
        }
        let ahead = if open { i64::from(random.below(160)) - 8 } else { -i64::from(back) };
        let close: String = satchel_domain::date::rfc3339(self.now + ahead * DAY).chars().take(10).collect();
        text(r, "close_date", &close);
    }
}

impl Course {
    /// The stages that a deal has been in before it came to one: some leave one out, and who is lost gave up somewhere.
    fn way(&self, to: usize, random: &mut Random, r: &mut Registers) {
        let open: Vec<usize> = (0..self.stages.len()).filter(|at| self.outcome(*at) == "open").collect();
        let before = match self.outcome(to) {
            "open" => open.iter().filter(|at| **at < to).count(),
            "won" => open.len(),
            _ => 1 + random.below(u32::try_from(open.len()).unwrap_or(1)) as usize,
        };
        let mut been: Vec<usize> = open.into_iter().take(before).filter(|_| random.below(10) > 0).collect();
        been.push(to);
        let been = been.into_iter().filter_map(|at| Some(self.stages.get(at)?.0.to_string()));
        Value::Tags(been.collect()).to_registers(REACHED, r);
    }

    fn outcome(&self, at: usize) -> &str {
        self.stages.get(at).map_or("open", |(_, outcome)| outcome)
    }
}

/// A small deterministic generator (xorshift64*); nothing here is secret.
struct Random(u64);

impl Random {
    fn of(seed: u64, kind: Kind, n: u32) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&seed.to_be_bytes()).update(kind.key().as_bytes()).update(&n.to_be_bytes());
        let bytes: [u8; 8] = hasher.finalize().as_bytes()[..8].try_into().expect("8 of 32 bytes");
        Self(u64::from_be_bytes(bytes) | 1)
    }

    fn below(&mut self, n: u32) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        u32::try_from(high % u64::from(n.max(1))).unwrap_or(0)
    }

    fn of_list<'a>(&mut self, list: &[&'a str]) -> &'a str {
        let at = self.below(u32::try_from(list.len()).unwrap_or(1)) as usize;
        list.get(at).copied().unwrap_or_default()
    }
}

const FIRST: &[&str] = &[
    "Ana", "Bruno", "Carla", "David", "Elena", "Felix", "Grace", "Hugo", "Ines", "Jonas", "Karin", "Liam",
    "Maria", "Noah", "Olivia", "Pedro", "Quentin", "Rosa", "Samuel", "Tess", "Ulrich", "Vera", "William",
    "Xenia", "Yann", "Zoë", "Jürgen", "Søren", "Chloé", "Łukasz", "Beatriz", "Andrés", "Fatima", "Ivan",
    "Sofia", "Thomas",
];
const LAST: &[&str] = &[
    "Smith",
    "Müller",
    "García",
    "Rossi",
    "Novak",
    "Jensen",
    "Silva",
    "Dubois",
    "Kowalski",
    "Andersson",
    "Johnson",
    "Williams",
    "Brown",
    "Chérif",
    "Ruiz",
    "Fernández",
    "Bianchi",
    "Schmidt",
    "Weber",
    "Moreau",
    "Costa",
    "Santos",
    "Popescu",
    "Horvat",
    "Larsen",
    "Murphy",
    "Kelly",
    "Walsh",
    "Evans",
    "Taylor",
    "Baker",
    "Cooper",
    "Fischer",
    "Keller",
    "Meyer",
    "Dupont",
    "Lefèvre",
    "Marino",
    "Greco",
    "Ortega",
];
const SURNAME: &[&str] = &[
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何",
    "郭", "马", "罗", "梁", "宋", "郑", "谢", "韩", "唐", "冯", "于", "董", "萧", "曾", "单", "欧阳", "司马",
];
const GIVEN: &[&str] = &[
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明", "超",
    "秀英", "志强", "小红", "建国", "晓明", "雨桐", "子轩", "浩然", "梓涵", "欣怡", "俊杰", "思远", "文博",
    "佳怡", "海燕",
];
const TITLE: &[&str] = &[
    "Buyer",
    "Head of Purchasing",
    "Managing Director",
    "Sales Manager",
    "Owner",
    "Operations Lead",
    "Engineer",
    "Accountant",
    "Site Manager",
    "Pharmacist",
];
const TITLE_ZH: &[&str] = &["采购经理", "总经理", "销售总监", "工程师", "财务", "店长", "厂长", "运营主管"];
const CITY: &[(&str, &str)] = &[
    ("Porto", "Portugal"),
    ("Lisbon", "Portugal"),
    ("Madrid", "Spain"),
    ("Barcelona", "Spain"),
    ("Berlin", "Germany"),
    ("Köln", "Germany"),
    ("Paris", "France"),
    ("Lyon", "France"),
    ("Milano", "Italy"),
    ("London", "United Kingdom"),
    ("Leeds", "United Kingdom"),
    ("Dublin", "Ireland"),
    ("Kraków", "Poland"),
    ("São Paulo", "Brazil"),
    ("Boston", "United States"),
];
const CITY_ZH: &[&str] = &["深圳", "上海", "北京", "广州", "杭州", "成都", "武汉", "南京", "苏州", "西安"];
const FIRM: &[&str] = &[
    "Norte",
    "Atlas",
    "Blue Harbour",
    "Cedar",
    "Delta",
    "Elm Street",
    "Falcon",
    "Granite",
    "Horizon",
    "Iberia",
    "Juniper",
    "Kestrel",
    "Lumen",
    "Meridian",
    "Northwind",
    "Orchard",
    "Pinecone",
    "Quarry",
    "Riverside",
    "Summit",
    "Terra",
    "Union",
    "Vela",
    "Westgate",
];
const TRADE: &[&str] = &[
    "Foods",
    "Tools",
    "Medical",
    "Logistics",
    "Textiles",
    "Energy",
    "Packaging",
    "Optics",
    "Dental",
    "Marine",
];
const TRADE_ZH: &[&str] = &["科技", "医疗", "贸易", "物流", "食品", "电子", "能源", "纺织"];
const FORM: &[&str] = &["SL", "GmbH", "Ltd", "SA", "Lda", "Inc", "BV"];
const TAGS: &[&str] =
    &["vip", "north", "south", "trade fair", "newsletter", "cold", "key account", "reseller"];
const SOURCE: &[&str] = &["Referral", "Trade fair", "Website", "Cold call", "Import"];

fn text(registers: &mut Registers, key: &str, value: &str) {
    Value::Text(value.to_owned()).to_registers(key, registers);
}

fn is_chinese(random: &mut Random, locale: SeedLocale) -> bool {
    match locale {
        SeedLocale::En => false,
        SeedLocale::Zh => true,
        SeedLocale::Mixed => random.below(2) == 0,
    }
}

fn address(random: &mut Random, chinese: bool) -> Value {
    let number = random.below(200) + 1;
    let one = if chinese {
        let city = random.of_list(CITY_ZH).to_owned();
        Address {
            label: "work".into(),
            street: format!("人民路{number}号"),
            postal_code: format!("{}", 100_000 + random.below(800_000)),
            city,
            country: "中国".into(),
            ..Address::default()
        }
    } else {
        let (city, country) = CITY.get(random.below(15) as usize).copied().unwrap_or(("Porto", "Portugal"));
        let street =
            random.of_list(&["Main Street", "Station Road", "Rua Nova", "Calle Mayor", "Hafenstraße"]);
        Address {
            label: "work".into(),
            street: format!("{street} {number}"),
            city: city.into(),
            postal_code: format!("{}", 1000 + random.below(90_000)),
            country: country.into(),
            ..Address::default()
        }
    };
    Value::addresses(vec![one]).expect("one address fits")
}

fn phone(random: &mut Random, chinese: bool) -> Value {
    let number = if chinese {
        format!("+86 138 {:04} {:04}", random.below(10_000), random.below(10_000))
    } else {
        format!("+34 6{:02} {:03} {:03}", random.below(100), random.below(1000), random.below(1000))
    };
    let item = Contact::phone("mobile", &number, None).expect("it has digits");
    Value::contacts(vec![item]).expect("one phone fits")
}

fn person(random: &mut Random, locale: SeedLocale, company: Option<RecordId>) -> Registers {
    let chinese = is_chinese(random, locale);
    let mut r = Registers::new();
    let (first, last) = if chinese {
        (random.of_list(GIVEN), random.of_list(SURNAME))
    } else {
        (random.of_list(FIRST), random.of_list(LAST))
    };
    text(&mut r, "first_name", first);
    text(&mut r, "last_name", last);
    text(&mut r, "title", random.of_list(if chinese { TITLE_ZH } else { TITLE }));
    let number = random.below(1_000_000);
    let plain = |s: &str| {
        satchel_domain::text::sort_key(s).chars().filter(char::is_ascii_alphabetic).collect::<String>()
    };
    let email = format!(
        "{}.{}{number}@{}.example",
        plain(first),
        plain(last),
        random.of_list(&["mail", "post", "firm", "web"])
    );
    let email = Contact::email("work", &email).expect("it is an address");
    Value::contacts(vec![email]).expect("one e-mail fits").to_registers("emails", &mut r);
    phone(random, chinese).to_registers("phones", &mut r);
    address(random, chinese).to_registers("addresses", &mut r);
    if let Some(company) = company {
        Value::Reference(company).to_registers("company", &mut r);
    }
    if random.below(3) == 0 {
        Value::Tags(vec![random.of_list(TAGS).to_owned()]).to_registers("tags", &mut r);
    }
    text(&mut r, "source", random.of_list(SOURCE));
    if random.below(4) == 0 {
        text(
            &mut r,
            "birthday",
            &format!(
                "19{:02}-{:02}-{:02}",
                50 + random.below(50),
                1 + random.below(12),
                1 + random.below(28)
            ),
        );
    }
    r
}

fn company(random: &mut Random, locale: SeedLocale) -> Registers {
    let chinese = is_chinese(random, locale);
    let mut r = Registers::new();
    let number = random.below(900) + 100;
    let (name, trade) = if chinese {
        let trade = random.of_list(TRADE_ZH);
        (
            format!(
                "{}{}{trade}有限公司",
                random.of_list(CITY_ZH),
                random.of_list(&["华", "新", "恒", "瑞", "远", "盛", "明", "达"])
            ),
            trade,
        )
    } else {
        let trade = random.of_list(TRADE);
        (format!("{} {trade} {}", random.of_list(FIRM), random.of_list(FORM)), trade)
    };
    text(&mut r, "name", &name);
    text(&mut r, "industry", trade);
    Value::Number(f64::from(random.below(500) + 1)).to_registers("employees", &mut r);
    text(&mut r, "website", &format!("https://www.firm{number}.example"));
    phone(random, chinese).to_registers("phones", &mut r);
    address(random, chinese).to_registers("addresses", &mut r);
    r
}
