//! Where somebody is: latitude and longitude, as a map or a telephone gives them. Without them a place is guessed from
//! those of the same postal code, of codes that begin alike, or of the same town.

use crate::{text::fold, value::Address};
use std::fmt;

/// Degrees, WGS 84.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    pub latitude: f64,
    pub longitude: f64,
}

/// Kilometres; the mean radius of the earth (IUGG).
const RADIUS: f64 = 6_371.0;
/// A longer text is no place.
const LONGEST: usize = 100;
/// Records within this many of a degree share a cell: eleven kilometres.
const CELL: f64 = 0.1;
/// No more cells to the east and the west are looked at: nearer to the poles nobody has so many customers.
const MOST_CELLS: f64 = 20.0;
/// Of a postal code so many characters at least have to be the same.
const SHORTEST: usize = 2;
const LONGEST_CODE: usize = 10;

impl Place {
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let valid = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        // A metre; finer is noise, and would be another value on each device.
        let round = |degrees: f64| (degrees * 1e5).round() / 1e5;
        valid.then(|| Self { latitude: round(latitude), longitude: round(longitude) })
    }

    /// Reads `41.1496, -8.6109`, `geo:41.1496,-8.6109`, `41.1496° N, 8.6109° W`, `41,1496; -8,6109`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > LONGEST {
            return None;
        }
        let text = text.strip_prefix("geo:").and_then(|t| t.split([';', '?']).next()).unwrap_or(text);
        let parts: Vec<&str> = match text.contains(';') {
            true => text.split(';').collect(),
            false if text.contains([',', '，']) => text.split([',', '，']).collect(),
            false => text.split_whitespace().collect(),
        };
        let [latitude, longitude] = parts.as_slice() else { return None };
        Self::new(degrees(latitude, ['N', 'S'])?, degrees(longitude, ['E', 'W'])?)
    }

    /// As the crow flies (haversine).
    pub fn kilometres(&self, other: &Place) -> f64 {
        let (a, b) = (self.latitude.to_radians(), other.latitude.to_radians());
        let half = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
        let between =
            half(self.latitude, other.latitude) + a.cos() * b.cos() * half(self.longitude, other.longitude);
        2.0 * RADIUS * between.sqrt().min(1.0).asin()
    }

    /// The cell of the map that it is in.
    pub fn cell(&self) -> String {
        self.cell_beside(0, 0)
    }

    /// Its cell and those around it in which somebody may be so near. They are the narrower the further from the
    /// equator, so that more of them are.
    pub fn cells_around(&self, kilometres: f64) -> Vec<String> {
        let high = (kilometres / RADIUS).to_degrees();
        let narrowest = (self.latitude.abs() + high).min(90.0).to_radians().cos();
        let wide = (high / narrowest).min(MOST_CELLS * CELL);
        let beside = |at: f64, by: f64| cell_at(at - by) - cell_at(at)..=cell_at(at + by) - cell_at(at);
        beside(self.latitude, high)
            .flat_map(|north| beside(self.longitude, wide).map(move |east| (north, east)))
            .map(|(north, east)| self.cell_beside(north, east))
            .collect()
    }

    fn cell_beside(&self, north: i32, east: i32) -> String {
        // East of 180° is west.
        let around = (cell_at(self.longitude) + east + 1800).rem_euclid(3600) - 1800;
        format!("{}/{around}", cell_at(self.latitude) + north)
    }

    /// In the middle of some.
    pub fn middle(places: &[Place]) -> Option<Self> {
        let first = places.first()?;
        #[allow(clippy::cast_precision_loss)]
        let count = places.len() as f64;
        // Those of one town lie on both sides of 180° at most once in the world.
        let near = |longitude: f64| longitude - 360.0 * ((longitude - first.longitude) / 360.0).round();
        let mean = |of: &dyn Fn(&Place) -> f64| places.iter().map(of).sum::<f64>() / count;
        let longitude = mean(&|p| near(p.longitude));
        Self::new(mean(&|p| p.latitude), (longitude + 540.0).rem_euclid(360.0) - 180.0)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.latitude, self.longitude)
    }
}

#[allow(clippy::cast_possible_truncation)]
fn cell_at(degrees: f64) -> i32 {
    (degrees / CELL).floor() as i32
}

/// `-8.6109`, `8,6109`, `8.6109° W`.
fn degrees(text: &str, halves: [char; 2]) -> Option<f64> {
    let mut text = text.trim().to_uppercase();
    let mut sign = 1.0;
    for (half, side) in halves.into_iter().zip([1.0, -1.0]) {
        if let Some(rest) = text.strip_suffix(half).or_else(|| text.strip_prefix(half)) {
            sign = side;
            text = rest.trim().to_owned();
            break;
        }
    }
    let number = text.trim_end_matches('°').trim().replace(',', ".");
    let plain =
        !number.is_empty() && number.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '+'));
    number.parse::<f64>().ok().filter(|n| plain && n.is_finite()).map(|n| n * sign)
}

/// What an address has in common with others nearby, the nearest first: its postal code, how codes begin, its town; each
/// within its country.
pub fn zones(address: &Address) -> Vec<Zone> {
    let country = fold(&address.country);
    let code: String =
        fold(&address.postal_code).chars().filter(|c| c.is_alphanumeric()).take(LONGEST_CODE).collect();
    let length = code.chars().count();
    let begin = |n: usize| code.chars().take(n).collect::<String>();
    let mut out: Vec<Zone> = (SHORTEST..=length)
        .rev()
        .map(|n| Zone {
            key: format!("{country}/{}", begin(n)),
            how: if n == length { How::PostalCode } else { How::Area },
        })
        .collect();
    let town = fold(&address.city);
    if !town.is_empty() {
        // A town says more than the first characters of a code.
        let at = out.iter().position(|zone| zone.how == How::Area).unwrap_or(out.len());
        out.insert(at, Zone { key: format!("{country}//{town}"), how: How::Town });
    }
    out
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    pub key: String,
    pub how: How,
}

/// How a place is known, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// It was written down.
    Own,
    PostalCode,
    Town,
    /// By how its postal code begins.
    Area,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Place {
        Place::parse(text).expect(text)
    }

    #[test]
    fn places_are_read_as_maps_write_them() {
        for text in [
            "41.1496, -8.6109",
            "41.1496,-8.6109",
            "41.1496 -8.6109",
            "geo:41.1496,-8.6109",
            "geo:41.1496,-8.6109;u=35",
            "41.1496° N, 8.6109° W",
            "N41.1496, W8.6109",
            "41,1496; -8,6109",
            "41.1496，-8.6109",
            " 41.14960000, -8.610900001 ",
        ] {
            assert_eq!(place(text).to_string(), "41.1496, -8.6109", "{text}");
        }
        for text in [
            "",
            "41.1",
            "91, 0",
            "0, 181",
            "a, b",
            "NaN, 0",
            "inf, 0",
            "1e3, 0",
            "1,2,3,4",
            "Porto, Portugal",
            "41.1496, ",
        ] {
            assert_eq!(Place::parse(text), None, "{text}");
        }
        assert_eq!(Place::parse(&"1".repeat(1000)), None);
    }

    #[test]
    fn distances_are_those_of_a_globe() {
        let near = |a: &str, b: &str, km: f64| {
            let found = place(a).kilometres(&place(b));
            assert!((found - km).abs() < km * 0.005 + 0.01, "{a} to {b}: {found}");
        };
        near("41.1496, -8.6109", "38.7223, -9.1393", 274.0);
        near("40.4168, -3.7038", "41.3874, 2.1686", 505.0);
        near("0, 179.9", "0, -179.9", 22.24);
        near("90, 0", "-90, 0", 20_015.0);
        near("10, 10", "10, 10", 0.0);
    }

    #[test]
    fn what_is_near_is_in_a_cell_around() {
        for (a, b) in [
            ("41.1999, -8.6001", "41.2001, -8.5999"),
            ("-0.01, 0.01", "0.01, -0.01"),
            ("10, 179.99", "10, -179.99"),
            // Fifteen kilometres: two cells to the north, and at Hamburg and beyond the polar circle more to the east.
            ("41.11, -8.6", "41.24, -8.6"),
            ("53.55, 9.99", "53.55, 10.21"),
            ("-53.55, 9.99", "-53.55, 9.77"),
            ("69.65, 18.99", "69.65, 18.61"),
        ] {
            assert!(place(a).kilometres(&place(b)) < 15.0, "{a} {b}");
            assert!(place(a).cells_around(15.0).contains(&place(b).cell()), "{a} {b}");
        }
        assert!(!place("41.1, -8.6").cells_around(15.0).contains(&place("41.4, -8.6").cell()));
        assert!(place("90, 0").cells_around(15.0).len() < 300);
        let middle = Place::middle(&[place("10, 179"), place("12, -179")]).expect("some");
        assert_eq!((middle.latitude, middle.longitude.abs()), (11.0, 180.0));
    }

    #[test]
    fn an_address_is_near_what_has_its_code() {
        let address = |code: &str, city: &str| Address {
            postal_code: code.into(),
            city: city.into(),
            country: "España".into(),
            ..Address::default()
        };
        let keys = |address: &Address| zones(address).into_iter().map(|z| z.key).collect::<Vec<_>>();
        assert_eq!(
            keys(&address("280-01", "Madrid")),
            ["espana/28001", "espana//madrid", "espana/2800", "espana/280", "espana/28"]
        );
        assert_eq!(keys(&address("", "Madrid")), ["espana//madrid"]);
        assert!(keys(&address("", "")).is_empty());
        assert!(keys(&address(&"9".repeat(500), "")).len() < 10);
    }
}
