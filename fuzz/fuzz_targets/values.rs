//! Values as people, files and scripts write them: dates, amounts, telephone numbers, names, all fields.
#![no_main]

use satchel_domain::{
    Catalogue, Kind, Registers, Value,
    date::{self, DayOrder},
    money::Money,
    name, phone, text,
    value::{Contact, Habits},
};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let input = satchel_fuzz::text(data);
    for order in [DayOrder::DayFirst, DayOrder::MonthFirst] {
        if let Some(date) = date::parse(&input, order) {
            assert_eq!(date::parse(&date.to_string(), order), Some(date), "a date is read as it is written");
        }
    }
    if let Some(at) = date::instant(&input) {
        let _ = date::rfc3339(at);
    }
    if let Some(money) = Money::parse(&input, "EUR") {
        assert_eq!(Money::parse(&money.to_string(), "EUR").as_ref(), Some(&money), "as it is written");
        let _ = money.amount();
    }
    if let Some(e164) = phone::e164(&input, Some("ES")) {
        assert!(e164.starts_with('+'));
        phone::search_words(&input, Some(&e164));
    }
    let _ = (phone::extension(&input), phone::query_words(&input), phone::split(&input, &[',', ';']));
    name::split(&input);
    let folded = text::fold(&input);
    let _ = (text::runs(&folded), text::segment(&folded), text::sort_key(&input), text::spelled(&input));
    satchel_domain::catalogue::custom_key(&input);
    if let Ok(contact) = Contact::email("work", &input) {
        let again = Contact::email("work", &contact.value);
        assert_eq!(again.as_ref(), Ok(&contact), "an address is read as it is kept");
    }
    if let Ok(contact) = Contact::phone("work", &input, Some("ES")) {
        let again = Contact::phone("work", &contact.value, Some("ES"));
        assert_eq!(again.as_ref(), Ok(&contact), "a number is read as it is kept");
    }
    let (catalogue, habits) = (Catalogue::default(), Habits::default());
    let json: Option<serde_json::Value> = serde_json::from_slice(data).ok();
    for kind in Kind::ALL {
        for field in catalogue.fields(kind) {
            let read = [
                Value::from_text(field, &input, &habits).ok().flatten(),
                json.as_ref().and_then(|json| Value::from_json(field, json, &habits).ok().flatten()),
            ];
            for value in read.into_iter().flatten() {
                let mut registers = Registers::new();
                value.to_registers(&field.key, &mut registers);
                let kept = Value::from_registers(field, &registers);
                assert_eq!(kept.as_ref(), Some(&value), "{} is kept as it was read", field.key);
                let again = Value::from_json(field, &value.to_json(), &habits);
                assert_eq!(again.as_ref(), Ok(&Some(value)), "{} is read as it is told", field.key);
            }
        }
    }
});
