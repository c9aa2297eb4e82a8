//! What a record of another device holds, whatever it is: a line each, with a path, a letter and a value.
#![no_main]

use satchel_domain::{Catalogue, Kind, Registers, Scalar, Value, project, projection::value_of_cells};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let data = satchel_fuzz::amplified(data);
    let text = satchel_fuzz::text(&data);
    let mut registers = Registers::new();
    for line in text.lines().take(2000) {
        let Some((path, value)) = line.split_once('\t') else { continue };
        let Some(kind) = value.chars().next() else { continue };
        let value = &value[kind.len_utf8()..];
        let scalar = match kind {
            'f' => Scalar::Flag(value == "1"),
            'i' => Scalar::Int(value.parse().unwrap_or(i64::MIN)),
            'n' => Scalar::Number(value.parse().unwrap_or(f64::NAN)),
            't' => Scalar::Text(value.to_owned()),
            _ => Scalar::Str(value.to_owned()),
        };
        registers.insert(path.to_owned(), scalar);
    }
    let mut catalogue = Catalogue::default();
    catalogue.extend_by(&registers);
    for kind in Kind::ALL {
        let projection = project(kind, &registers, &catalogue);
        let mut cells = projection.cells.as_slice();
        for field in catalogue.fields(kind) {
            if let Some(value) = Value::from_registers(field, &registers) {
                let _ = (value.to_text(), value.to_json());
                value.to_registers(&field.key, &mut Registers::new());
            }
            if !field.custom {
                let (own, rest) = cells.split_at(satchel_domain::projection::columns(field).len());
                value_of_cells(field, own);
                cells = rest;
            }
        }
    }
});
