//! Formulas: as somebody writes them, and as another device sends them.
#![no_main]

use satchel_domain::{
    Catalogue, Field, Kind,
    catalogue::Derived,
    formula::{parse, read, work_out},
    value::Fields,
};
use std::sync::Arc;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let text = satchel_fuzz::text(data);
    let mut catalogue = Catalogue::default();
    if let Ok((formula, ty)) = parse(&text, catalogue.fields(Kind::Deal)) {
        let again = read(formula.text()).expect("what is kept can be read");
        let mut field = Field::custom("x_out", ty.field_type(), "Out", Vec::new());
        field.derived = Some(Derived::Formula(Arc::new(again)));
        catalogue.extend(Kind::Deal, field);
        let mut fields = Fields::new();
        let reasons = work_out(Kind::Deal, &mut fields, &catalogue, None);
        assert!(fields.contains_key("x_out") != reasons.contains_key("x_out"));
    }
    let _ = read(&text);
});
