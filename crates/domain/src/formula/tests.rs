use super::*;
use crate::{
    Catalogue, Kind, Registers, Value,
    catalogue::Derived,
    projection::fields_of,
    value::{Fields, Habits},
};
use proptest::prelude::*;
use std::sync::Arc;

fn catalogue() -> Catalogue {
    let mut catalogue = Catalogue::default();
    for (key, ty, label) in [
        ("x_cost", FieldType::Money, "Cost"),
        ("x_shoe_size", FieldType::Number, "Shoe size"),
        ("x_began", FieldType::Date, "Began"),
        ("x_colours", FieldType::MultiChoice, "Colours"),
        ("x_key", FieldType::YesNo, "Key account"),
    ] {
        catalogue.extend(Kind::Deal, Field::custom(key, ty, label, Vec::new()));
    }
    catalogue
}

fn with(mut catalogue: Catalogue, key: &str, text: &str) -> Catalogue {
    let (formula, ty) = parse(text, catalogue.fields(Kind::Deal)).unwrap_or_else(|e| panic!("{text}: {e}"));
    let mut field = Field::custom(key, ty.field_type(), key, Vec::new());
    field.derived = Some(Derived::Formula(Arc::new(read(formula.text()).expect("it was just read"))));
    catalogue.extend(Kind::Deal, field);
    catalogue
}

fn registers(catalogue: &Catalogue, pairs: &[(&str, &str)]) -> Registers {
    let mut registers = Registers::new();
    for (key, text) in pairs {
        let field = catalogue.field(Kind::Deal, key).expect("declared");
        let value = Value::from_text(field, text, &Habits::default()).expect("valid").expect("some");
        value.to_registers(key, &mut registers);
    }
    registers
}

const DEAL: [(&str, &str); 7] = [
    ("name", "Pump"),
    ("value", "1250 EUR"),
    ("x_cost", "1000.50 EUR"),
    ("x_shoe_size", "38.5"),
    ("x_began", "2026-02-01"),
    ("close_date", "2026-03-01"),
    ("x_colours", "red,blue"),
];

/// What a formula comes to for a deal, or why to nothing.
fn comes_to(text: &str) -> String {
    let catalogue = with(catalogue(), "x_out", text);
    let mut fields = fields_of(Kind::Deal, &registers(&catalogue, &DEAL), &catalogue);
    let today = jiff::civil::date(2026, 11, 27);
    let reasons = work_out(Kind::Deal, &mut fields, &catalogue, Some(today));
    match fields.get("x_out") {
        Some(value) => value.to_text(),
        None => reasons.get("x_out").map(ToString::to_string).unwrap_or_default(),
    }
}

#[test]
fn formulas_come_to_what_they_say() {
    let check = |text: &str, want: &str| assert_eq!(comes_to(text), want, "{text}");
    check("1 + 2 * 3 - 4 / 2", "5");
    check("10 - 2 - 3", "5");
    check("-2 * -3", "6");
    check("0.1 + 0.2", "0.3");
    check("(1 + 2) × 3", "9");
    check("value - x_cost", "249.50 EUR");
    check("Value - Cost", "249.50 EUR");
    check("value * 0.333", "416.25 EUR");
    check("round(value * 0.333)", "416.00 EUR");
    check("round(x_shoe_size)", "39");
    check("round(10 / 3, 2)", "3.33");
    check("round(x_cost / value * 100, 1)", "80");
    check("amount(value) * 2", "2500");
    check("money(12.345, 'jpy')", "12 JPY");
    check("close_date - x_began", "28");
    check("days(close_date, x_began) > 20 and not no", "true");
    check("x_began + 30", "2026-03-03");
    check("year(x_began) * 100 + month(x_began)", "202602");
    check("name & ' · ' & [Shoe size] & '!'", "Pump · 38.5!");
    check("'it''s ' & \"so\"", "it's so");
    check("if(value > money(1000, 'EUR'), 'large', 'small')", "large");
    check("if(name = 'PUMP', 1, 2)", "1");
    check("has(x_colours, 'Blue')", "true");
    check("min(3, x_shoe_size, 5)", "3");
    check("max(x_began, close_date)", "2026-03-01");
    check("default(probability, 50)", "50");
    check("empty(lost_reason) or x_key", "true");
    check("today() - close_date", "271");
    check("abs(close_date - today())", "271");
}

#[test]
fn what_has_no_value_says_why() {
    let check = |text: &str, want: &str| assert_eq!(comes_to(text), want, "{text}");
    check("probability * 2", "«probability» is empty");
    check("1 / (x_shoe_size - 38.5)", "it divides by zero");
    check("value + money(1, 'USD')", "EUR and USD are different currencies");
    check("money(1, 'XYZ')", "XYZ is no currency; write one such as EUR");
    check("if(no, 1)", "nothing applies");
    check("x_shoe_size * 9999999999999999999999999999", "it is too large");
    check("x_began + 9999999", "it is too large");
}

#[test]
fn what_is_not_understood_says_where_and_why() {
    let catalogue = catalogue();
    let check = |text: &str, at: usize, why: &str| {
        let e = parse(text, catalogue.fields(Kind::Deal)).expect_err(text);
        assert_eq!((e.at, e.why.to_string().as_str()), (at, why), "{text}");
    };
    check("value +", 7, "expected a field or a value");
    check("valeu + 1", 0, "there is no field «valeu»");
    check("value + 1", 6, "an amount of money and a number do not go together here");
    check("company", 0, "the field «Company» cannot be used in a formula");
    check("1 + (2", 6, "expected a closing parenthesis");
    check("1 2", 2, "expected an operator, or the end");
    check("'a", 0, "expected the end of what is in quotes");
    check("round(name)", 6, "expected a number, and this is a text");
    check("if(x_key, 1, 'a')", 13, "a number and a text do not go together here");
    check("if(x_key)", 0, "if takes 2 to 3 values");
    check("1 ; 2", 2, "expected a field, a value or an operator");
    assert!(parse("sum(1)", catalogue.fields(Kind::Deal)).expect_err("none").to_string().contains("round"));
    let deep = "(".repeat(500) + "1" + &")".repeat(500);
    assert_eq!(parse(&deep, &[]).expect_err("deep").why, Why::TooDeep);
    assert_eq!(parse(&vec!["1"; 900].join("+"), &[]).expect_err("large").why, Why::TooLong);
    assert_eq!(parse(&"1".repeat(3000), &[]).expect_err("long").why, Why::TooLong);
}

#[test]
fn a_formula_that_is_taken_is_read_back() {
    let joined = |times: usize| format!("'{}'{}", "a".repeat(1900), "&1".repeat(times));
    let (formula, _) = parse(&joined(24), &[]).expect("it fits");
    assert_eq!((formula.text().len(), read(formula.text())), (1998, Some(formula.clone())));
    // Shorter than the limit as it is typed, and longer as it is kept.
    let long = joined(40);
    assert_eq!(long.len(), 1982);
    assert_eq!(parse(&long, &[]).expect_err("long").why, Why::TooLong);
}

#[test]
fn a_formula_is_kept_by_keys() {
    let catalogue = catalogue();
    let (formula, ty) =
        parse("if([Shoe size]>40,'large ' & Name,\"it's\")", catalogue.fields(Kind::Deal)).expect("valid");
    assert_eq!(formula.text(), "if(x_shoe_size > 40, 'large ' & name, 'it''s')");
    assert_eq!(ty, Type::Text);
    assert_eq!(read(formula.text()).map(|f| f.root), Some(formula.root));
}

#[test]
fn formulas_read_each_other_and_never_themselves() {
    let catalogue = with(with(catalogue(), "x_a", "x_shoe_size * 2"), "x_b", "x_a + 1");
    let fields = fields_of(Kind::Deal, &registers(&catalogue, &DEAL), &catalogue);
    assert_eq!(fields.get("x_b"), Some(&Value::Number(78.0)));

    // Two laptops have each let one read the other.
    let mut circle = catalogue.clone();
    let mut field = circle.field(Kind::Deal, "x_a").expect("made").clone();
    field.key = "x_c".into();
    field.derived = Some(Derived::Formula(Arc::new(read("x_d + 1").expect("valid"))));
    circle.extend(Kind::Deal, field.clone());
    field.key = "x_d".into();
    field.derived = Some(Derived::Formula(Arc::new(read("default(x_c, 1)").expect("valid"))));
    circle.extend(Kind::Deal, field);
    let mut fields = Fields::new();
    let reasons = work_out(Kind::Deal, &mut fields, &circle, None);
    assert_eq!((reasons.get("x_c"), reasons.get("x_d")), (Some(&NoValue::Itself), Some(&NoValue::Itself)));
    assert!(circle.is_circular(Kind::Deal, "x_c") && !circle.is_circular(Kind::Deal, "x_b"));
}

#[test]
fn what_asks_for_the_day_is_not_kept() {
    let catalogue = with(with(catalogue(), "x_age", "today() - x_began"), "x_old", "x_age > 100");
    let fields = fields_of(Kind::Deal, &registers(&catalogue, &DEAL), &catalogue);
    assert_eq!((fields.get("x_age"), fields.get("x_old")), (None, None));
    assert!(catalogue.is_daily(Kind::Deal, "x_old"));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".{0,200}") {
        let catalogue = catalogue();
        let _ = parse(&text, catalogue.fields(Kind::Deal));
        let _ = read(&text);
    }

    /// Whatever is made of its own words is read and worked out, and what is kept of it reads as the same.
    #[test]
    fn its_own_words_in_any_order_are_harmless(
        words in proptest::collection::vec(
            proptest::sample::select(vec![
                "value", "x_shoe_size", "x_began", "x_colours", "x_key", "name", "1", "0.5", "'EUR'", "[Shoe size]",
                "if", "round", "min", "days", "today", "default", "has", "money", "(", ")", ",", "+", "-", "*", "/",
                "&", "=", "<", ">=", "and", "or", "not", "yes",
            ]),
            0..14,
        ),
    ) {
        let base = catalogue();
        let text = words.join(" ");
        let Ok((formula, ty)) = parse(&text, base.fields(Kind::Deal)) else { return Ok(()) };
        let again = read(formula.text()).expect("what is kept can be read");
        prop_assert_eq!(&again.root, &formula.root, "{}", formula.text());
        let mut field = Field::custom("x_out", ty.field_type(), "Out", Vec::new());
        field.derived = Some(Derived::Formula(Arc::new(again)));
        let mut catalogue = base;
        catalogue.extend(Kind::Deal, field);
        let mut fields = fields_of(Kind::Deal, &registers(&catalogue, &DEAL), &catalogue);
        let reasons = work_out(Kind::Deal, &mut fields, &catalogue, Some(jiff::civil::date(2026, 11, 27)));
        prop_assert!(fields.contains_key("x_out") != reasons.contains_key("x_out"));
        prop_assert!(reasons.get("x_out") != Some(&NoValue::Mismatch), "its types were checked: {}", text);
    }
}
