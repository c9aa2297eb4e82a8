//! Templates, drafts, a letter to many, and letters that mail programs have saved.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use mail_parser::{MessageParser, MimeHeaders};
use satchel_app::{
    Cancel, Code, Letter, Role, Session, TemplateText, WhyLeftOut,
    domain::{Kind, RecordId},
    views::PaperLanguage,
};
use satchel_tests::{
    cli::Cli,
    team::{Device, agree, fields, team},
};
use serde_json::{Value, json};
use std::{fs, io::Write, path::PathBuf, time::Instant};

fn new(session: &Session, kind: Kind, input: Value) -> RecordId {
    session.create(kind, &fields(input)).unwrap().id
}

fn field(session: &Session, id: RecordId, key: &str) -> Value {
    session.get(id).unwrap().fields.get(key).cloned().unwrap_or_default()
}

fn undo(session: &Session) {
    session.undo(None, &mut |_| {}, &Cancel::default()).unwrap();
}

/// What the letters are called that were noted on a record.
fn noted(session: &Session, id: RecordId) -> Vec<String> {
    let all = session.timeline(id, 10).unwrap().into_iter().map(|moment| moment.record);
    all.filter(|record| record.kind == Kind::Activity).map(|record| record.title).collect()
}

fn text(subject: &str, body: &str) -> TemplateText {
    TemplateText { subject: subject.into(), body: body.into(), language: PaperLanguage::En }
}

/// Norte with Zoë in it, and a deal with both.
struct Norte {
    company: RecordId,
    zoe: RecordId,
    deal: RecordId,
}

fn norte(session: &Session) -> Norte {
    let company = new(session, Kind::Company, json!({"name": "Norte SL", "website": "norte.example"}));
    let zoe = new(
        session,
        Kind::Person,
        json!({"first_name": "Zoë", "last_name": "Chérif", "company": company.to_string(),
               "emails": "home:zoe@home.example,work:zoe@norte.example"}),
    );
    let deal = new(
        session,
        Kind::Deal,
        json!({"name": "Pumps", "company": company.to_string(), "person": zoe.to_string(), "value": "1234.50 EUR",
               "close_date": "2026-12-24"}),
    );
    Norte { company, zoe, deal }
}

#[test]
fn a_template_says_what_is_known_of_whom_it_goes_to() {
    let device = Device::new("Ana Ruiz", None);
    let session = device.session();
    let Norte { company, zoe, deal } = norte(session);
    session
        .create_custom_field(Kind::Person, "Shoe size", satchel_app::domain::FieldType::Number, &[])
        .unwrap();
    let body = "Dear {{first_name|there}},\n{{name}} of {{company.name}} ({{company.website}}): {{deal.value}} by \
                {{deal.close_date}}; {{deal.stage}}, {{emails}}.\n{{me}}, {{firm}}";
    let letter = session.letter(&text("{{deal.name}} for\n{{company}}", body), Some(deal)).unwrap();
    assert_eq!(letter.subject, "Pumps for Norte SL", "a subject is one line");
    assert_eq!(
        letter.body,
        "Dear Zoë,\nZoë Chérif of Norte SL (norte.example): €1,234.50 by 24 December 2026; New, \
         zoe@home.example.\nAna Ruiz, Norte"
    );
    assert_eq!((letter.name.as_str(), letter.address.as_str()), ("Zoë Chérif", "zoe@home.example"));
    assert_eq!(letter.addresses.len(), 2);
    let chinese =
        TemplateText { language: PaperLanguage::Zh, ..text("", "{{deal.close_date}} {{deal.value}}") };
    assert_eq!(session.letter(&chinese, Some(deal)).unwrap().body, "2026年12月24日 €1,234.50");

    // What lacks is named, and stands there as it was.
    let letter =
        session.letter(&text("{{title}}", "{{Shoe size}} {{titel}} {{deal.value}} {{person.x}}"), Some(zoe));
    let letter = letter.unwrap();
    assert_eq!(letter.missing, ["title", "Shoe size", "deal.value"]);
    assert_eq!(letter.unknown, ["titel", "person.x"]);
    assert_eq!(letter.body, "{{Shoe size}} {{titel}} {{deal.value}} {{person.x}}");
    // To a firm there is no first name, and what is not named with its kind is the firm's.
    let letter = session.letter(&text("{{first_name|Hello}}", "{{name}}"), Some(company)).unwrap();
    assert_eq!((letter.subject.as_str(), letter.body.as_str()), ("Hello", "Norte SL"));
    assert_eq!(letter.address, "");
    // Without anybody only names are checked.
    let letter = session.letter(&text("{{first_name}}", "{{nobody.x}}"), None).unwrap();
    assert_eq!((letter.missing.len(), letter.unknown), (0, vec!["nobody.x".to_owned()]));
    let task = new(session, Kind::Task, json!({"subject": "x"}));
    assert_eq!(session.letter(&text("", ""), Some(task)).unwrap_err().code, Code::Refused);
}

#[test]
fn a_letter_leaves_as_a_link_or_as_a_draft_and_is_noted_when_one_says_so() {
    let device = Device::new("Ana Ruiz", None);
    let session = device.session();
    let Norte { deal, zoe, company } = norte(session);
    let mut letter = Letter {
        about: deal,
        name: "Zoë Chérif".into(),
        address: "zoe@norte.example".into(),
        subject: "Pumps & more?".into(),
        body: "Dear Zoë,\nyours".into(),
        quote: None,
    };
    assert_eq!(
        session.mailto(&letter).unwrap().as_deref(),
        Some("mailto:zoe@norte.example?subject=Pumps%20%26%20more%3F&body=Dear%20Zo%C3%AB%2C%0D%0Ayours")
    );
    letter.body = "长".repeat(300);
    assert_eq!(session.mailto(&letter).unwrap(), None, "too long for a link");
    letter.body = "Dear {{first_name}}".into();
    assert_eq!(
        session.mailto(&letter).unwrap_err().field.as_deref(),
        Some("body"),
        "nothing unfilled leaves"
    );
    assert!(session.write_draft(&letter, &device.dir.path().join("x.eml")).is_err());
    letter.body = "Dear Zoë,\nyours".into();

    // A quote goes with its PDF.
    let lines = json!([{"name": "Pump", "quantity": 1, "unit_price": "100 EUR"}]);
    let quote = new(session, Kind::Quote, json!({"deal": deal.to_string(), "lines": lines}));
    let number = field(session, quote, "number").as_str().unwrap().to_owned();
    letter.about = quote;
    letter.quote = Some((quote, PaperLanguage::En));
    assert_eq!(session.mailto(&letter).unwrap(), None, "a link takes no file along");
    let mut settings = session.settings().unwrap();
    settings.email = "ana@satchel.example".into();
    session.set_settings(&settings).unwrap();
    let path = device.dir.path().join("offer.eml");
    session.write_draft(&letter, &path).unwrap();
    let bytes = fs::read(&path).unwrap();
    let draft = MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(draft.header_raw("X-Unsent").unwrap().trim(), "1");
    assert_eq!(draft.from().unwrap().first().unwrap().address.as_deref(), Some("ana@satchel.example"));
    assert_eq!(draft.to().unwrap().first().unwrap().name.as_deref(), Some("Zoë Chérif"));
    assert_eq!(
        draft.body_text(0).unwrap().trim_end(),
        "Dear Zoë,\r\nyours".replace("\r\n", draft_break(&bytes))
    );
    let pdf = draft.attachment(0).unwrap();
    assert_eq!(pdf.attachment_name(), Some(format!("{number}.pdf").as_str()));
    assert!(pdf.contents().starts_with(b"%PDF"));
    let vault = session.vault().join("vault.json");
    assert!(session.write_draft(&letter, &vault).is_err(), "never over the vault");

    assert_eq!(session.status().unwrap().records["activity"], 0, "nothing is noted unasked");
    let sent = session.log_letter(&letter).unwrap();
    for (key, id) in [("person", zoe), ("company", company), ("deal", deal)] {
        assert_eq!(field(session, sent.id, key), id.to_string(), "{key}");
    }
    assert_eq!(field(session, sent.id, "type"), "mail");
    assert_eq!(field(session, sent.id, "direction"), "out");
    assert_eq!(noted(session, zoe), ["Pumps & more?"]);
    undo(session);
    assert!(noted(session, zoe).is_empty());
}

/// Lines of a text end as those of the file do.
fn draft_break(bytes: &[u8]) -> &'static str {
    if bytes.windows(2).any(|w| w == b"\r\n") { "\r\n" } else { "\n" }
}

#[test]
fn a_letter_to_many_leaves_out_whom_it_must_and_says_why() {
    let device = Device::new("Ana", None);
    let session = device.session();
    session.create_custom_field(Kind::Person, "No mail", satchel_app::domain::FieldType::YesNo, &[]).unwrap();
    let person = |input: Value| new(session, Kind::Person, input);
    let ana = person(json!({"first_name": "Ana", "emails": "ana@x.example"}));
    let nameless = person(json!({"last_name": "Li", "emails": "li@x.example"}));
    let silent = person(json!({"first_name": "Bo"}));
    let tagged = person(json!({"first_name": "Cy", "emails": "cy@x.example", "tags": "Do-not-contact"}));
    let ticked = person(json!({"first_name": "Di", "emails": "di@x.example", "x_no_mail": true}));
    let gone = person(json!({"first_name": "Ed", "emails": "ed@x.example"}));
    session.delete(&[gone], &mut |_| {}, &Cancel::default()).unwrap();
    let evil = person(json!({"first_name": "../../x", "emails": "e@x.example"}));
    let template = new(
        session,
        Kind::Template,
        json!({"name": "News: 2026/12", "subject": "News, {{first_name}}", "body": "Dear {{first_name}}", "language": "en"}),
    );
    let out = device.dir.path().join("out");
    fs::create_dir(&out).unwrap();
    let all = [ana, nameless, silent, tagged, ticked, gone, evil];
    let merge =
        |log: bool| session.merge_mail(template, &all, &out, log, &mut |_| {}, &Cancel::default()).unwrap();
    let merged = merge(false);
    let left: Vec<(RecordId, WhyLeftOut)> = merged.left_out.iter().map(|l| (l.id, l.why)).collect();
    use WhyLeftOut::{Gone, Missing, NoAddress, NoContact};
    assert_eq!(
        left,
        [(nameless, Missing), (silent, NoAddress), (tagged, NoContact), (ticked, NoContact), (gone, Gone)]
    );
    assert_eq!(merged.left_out[0].missing, ["first_name"]);
    assert_eq!((merged.written, merged.operation), (2, None));
    let mut names: Vec<String> = fs::read_dir(&merged.folder)
        .unwrap()
        .map(|f| f.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["0001 Ana.eml", "0002 x.eml"], "nothing is written elsewhere");
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
    assert!(
        PathBuf::from(&merged.folder).file_name().unwrap().to_str().unwrap().starts_with("News 2026 12 ")
    );

    // Stopped, nothing stays; noted, it is one step to undo.
    fs::remove_dir_all(&merged.folder).unwrap();
    let cancel = Cancel::default();
    let mut stop = |p: satchel_app::Progress| {
        if p.done == 3 {
            cancel.ask();
        }
    };
    let stopped = session.merge_mail(template, &all, &out, true, &mut stop, &cancel).unwrap_err();
    assert_eq!(stopped.code, Code::Cancelled);
    assert_eq!(fs::read_dir(&out).unwrap().count(), 0, "half of them would look like all");
    assert!(merge(true).operation.is_some());
    assert_eq!(noted(session, ana), ["News, Ana"]);
    undo(session);
    assert!(noted(session, ana).is_empty());
    session.set(template, &fields(json!({"body": "Dear {{frist_name}}"}))).unwrap();
    let refused =
        session.merge_mail(template, &all, &out, false, &mut |_| {}, &Cancel::default()).unwrap_err();
    assert!(refused.message.contains("{{frist_name}}"), "{}", refused.message);
}

#[test]
fn a_thousand_drafts_are_written_in_seconds() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let seed = satchel_app::SeedOptions {
        people: 1000,
        companies: 100,
        deals: 0,
        activities: 0,
        tasks: 0,
        seed: 1,
        locale: satchel_app::SeedLocale::Mixed,
    };
    session.seed(seed, &mut |_| {}, &Cancel::default()).unwrap();
    let template = new(
        session,
        Kind::Template,
        json!({"name": "n", "subject": "s", "body": "{{first_name|x}} {{company.name|y}}"}),
    );
    let people = session.ids(Kind::Person, &satchel_app::ListRequest::default()).unwrap();
    let started = Instant::now();
    let merged = session
        .merge_mail(template, &people, device.dir.path(), true, &mut |_| {}, &Cancel::default())
        .unwrap();
    println!("{} drafts, noted, in {:?}", merged.written, started.elapsed());
    assert!(merged.written > 500 && started.elapsed().as_secs() < 30, "{merged:?}");
}

const REPLY: &str = "Message-ID: <r1@norte.example>\r\nDate: Fri, 27 Nov 2026 09:30:00 +0100\r\n\
From: =?UTF-8?Q?Zo=C3=AB_Ch=C3=A9rif?= <ZOE@norte.example>\r\nTo: Ana <ana@satchel.example>\r\n\
Subject: Re: Pumps\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
<p>Agreed,<br>see the <b>order</b>.</p><img src=\"https://spy.example/x.gif\">\r\n--b\r\nContent-Type: application/pdf\r\n\
Content-Disposition: attachment; filename=order.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0x\r\n--b--\r\n";

/// The same file is brought once; another one is brought, though it has the same name and is as long.
#[test]
fn a_letter_brings_a_file_once_and_another_of_its_name_too() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let company = norte(session).company;
    let path = device.dir.path().join("reply.eml");
    for (letter, files) in
        [(REPLY.to_owned(), 1), (REPLY.to_owned(), 1), (REPLY.replace("JVBERi0x", "JVBERi0y"), 2)]
    {
        fs::write(&path, letter).unwrap();
        session.attach_enclosed(company, &path, &[0]).unwrap();
        let there = session.attachments(company).unwrap();
        assert!(there.iter().all(|file| file.name == "order.pdf"));
        assert_eq!(there.len(), files);
    }
}

#[test]
fn a_saved_letter_is_noted_once() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let Norte { company, zoe, deal } = norte(session);
    let path = device.dir.path().join("reply.eml");
    fs::write(&path, REPLY).unwrap();
    let logged = session.log_mail(company, &path).unwrap();
    assert_eq!((logged.direction.as_str(), logged.known), ("in", false));
    assert_eq!(logged.people.iter().map(|p| p.id).collect::<Vec<_>>(), [zoe], "found by her address");
    assert_eq!(field(session, logged.id, "person"), zoe.to_string());
    assert_eq!(field(session, logged.id, "company"), company.to_string());
    assert_eq!(field(session, logged.id, "at"), "2026-11-27T08:30:00Z");
    assert_eq!(field(session, logged.id, "text"), "Agreed,\nsee the order.");
    assert_eq!((logged.enclosed.len(), logged.enclosed[0].name.as_str()), (1, "order.pdf"));
    session.attach_enclosed(company, &path, &[0]).unwrap();
    let files = session.attachments(company).unwrap();
    let out = device.dir.path().join("order.pdf");
    session.save_attachment(files[0].id, &out, &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(fs::read(&out).unwrap(), b"%PDF-1");
    assert!(session.attach_enclosed(company, &path, &[1]).is_err());
    undo(session);

    // Again: it is there; on the deal: it belongs to it, too.
    let again = session.log_mail(company, &path).unwrap();
    assert_eq!((again.id, again.known, again.operation), (logged.id, true, None));
    let again = session.log_mail(deal, &path).unwrap();
    assert!(again.known && again.operation.is_some());
    assert_eq!(noted(session, deal), ["Re: Pumps"]);
    assert_eq!(session.status().unwrap().records["activity"], 1);
    undo(session);
    undo(session);
    assert!(noted(session, zoe).is_empty());
    let back = session.log_mail(zoe, &path).unwrap();
    assert!(back.known && noted(session, zoe) == ["Re: Pumps"], "out of the trash");
    // What one has written oneself goes the other way.
    let own = REPLY.replace("r1@", "r2@").replace("ZOE@norte.example", "ana@satchel.example");
    let own = own.replace("Ana <ana@satchel.example>\r\nSubject", "zoe@norte.example\r\nSubject");
    fs::write(&path, own).unwrap();
    assert_eq!(session.log_mail(deal, &path).unwrap().direction, "out");
    let task = new(session, Kind::Task, json!({"subject": "x"}));
    assert_eq!(session.log_mail(task, &path).unwrap_err().code, Code::Refused);
    fs::write(&path, "no letter").unwrap();
    assert_eq!(session.log_mail(zoe, &path).unwrap_err().code, Code::Refused);
}

#[test]
fn two_who_note_the_same_letter_have_noted_it_once() {
    let devices = team(&[("Bo", Role::Member)]);
    let zoe =
        new(devices[0].session(), Kind::Person, json!({"first_name": "Zoë", "emails": "zoe@norte.example"}));
    agree(&devices);
    let ids: Vec<RecordId> = devices
        .iter()
        .map(|device| {
            let path = device.dir.path().join("reply.eml");
            fs::write(&path, REPLY).unwrap();
            device.session().log_mail(zoe, &path).unwrap().id
        })
        .collect();
    assert_eq!(ids[0], ids[1]);
    agree(&devices);
    for device in &devices {
        assert_eq!(noted(device.session(), zoe).len(), 1);
        assert_eq!(field(device.session(), ids[0], "subject"), "Re: Pumps");
    }
}

/// As Outlook saves it.
fn outlook() -> Vec<u8> {
    let mut file = cfb::CompoundFile::create(std::io::Cursor::new(Vec::new())).unwrap();
    let mut put = |path: &str, bytes: &[u8]| file.create_stream(path).unwrap().write_all(bytes).unwrap();
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    put("/__properties_version1.0", &[0; 32]);
    put("/__substg1.0_0037001F", &wide("报价"));
    put("/__substg1.0_1000001F", &wide("您好，\r\n同意。"));
    put("/__substg1.0_5D01001F", &wide("wang@shenzhen.example"));
    put("/__substg1.0_1035001F", &wide("<w1@shenzhen.example>"));
    file.into_inner().into_inner()
}

#[test]
fn the_command_line_writes_and_notes_letters() {
    let cli = Cli::new();
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let wang = id(&cli.json(&[
        "new",
        "person",
        "first_name=伟",
        "last_name=王",
        "emails=wang@shenzhen.example",
        "tags=vip",
    ]));
    cli.json(&["new", "person", "first_name=Bo", "tags=vip"]);
    let template = id(&cli.json(&[
        "new",
        "template",
        "name=Offer",
        "subject=Offer for {{name}}",
        "body=Dear {{first_name}}, {{title}}",
    ]));
    assert_eq!(cli.json(&["list", "template"])["total"], 1);
    let preview = cli.json(&["mail", "preview", &template, &wang]);
    assert_eq!(preview["missing"], json!(["title"]));
    assert_eq!(
        (preview["mailto"].clone(), preview["address"].clone()),
        (Value::Null, json!("wang@shenzhen.example"))
    );
    let (code, error) = cli.refuse(&["mail", "draft", &template, &wang, "--out", "a.eml"]);
    assert_eq!((code, error["field"].as_str()), (4, Some("title")));
    cli.json(&["set", &template, "body=Dear {{first_name}}, {{title|friend}}"]);
    let link = cli.json(&["mail", "preview", &template, &wang])["mailto"].clone();
    assert!(
        link.as_str().unwrap().starts_with("mailto:wang@shenzhen.example?subject=Offer%20for%20"),
        "{link}"
    );
    let draft = cli.json(&["mail", "draft", &template, &wang, "--out", "a.eml", "--log"]);
    assert!(draft["activity"].is_string() && cli.dir.path().join("a.eml").is_file());
    let merged = cli.json(&["mail", "merge", &template, "--where", "tags has 'vip'", "--out", "."]);
    assert_eq!(
        (merged["written"].clone(), merged["left_out"][0]["why"].clone()),
        (json!(1), json!("no_address"))
    );
    assert_eq!(cli.refuse(&["mail", "merge", &template, "--out", "."]).0, 2);

    fs::write(cli.dir.path().join("reply.msg"), outlook()).unwrap();
    let logged = cli.json(&["mail", "log", &wang, "reply.msg", "--attach"]);
    assert_eq!((logged["direction"].clone(), logged["known"].clone()), (json!("in"), json!(false)));
    assert_eq!(cli.json(&["mail", "log", &wang, "reply.msg"])["known"], true);
    assert_eq!(cli.json(&["get", logged["id"].as_str().unwrap()])["fields"]["text"], "您好，\n同意。");
    // A draft that was written here is a letter, too.
    assert_eq!(cli.json(&["mail", "log", &wang, "a.eml"])["known"], false);
    fs::write(cli.dir.path().join("bad.msg"), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1").unwrap();
    let (code, error) = cli.refuse(&["mail", "log", &wang, "bad.msg"]);
    assert!(
        code == 4 && error["message"].as_str().unwrap().starts_with("bad.msg cannot be read as a letter"),
        "{error}"
    );
    assert_eq!(cli.refuse(&["mail", "log", &wang, "none.eml"]).0, 5);
    let zh = cli
        .command(&["mail", "merge", &template, &wang, "--out", "."])
        .env("SATCHEL_LANG", "zh")
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&zh.stdout).contains("1 份草稿"));
}
