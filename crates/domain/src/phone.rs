//! Telephone numbers: parsed by the rules of libphonenumber, compared in E.164.

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};

/// The number in E.164 (`+34600000000`), if it is one; `region` (ISO 3166, `ES`) says where a
/// number without a country code is dialled.
pub fn e164(number: &str, region: Option<&str>) -> Option<String> {
    if number.len() > 100 || !number.bytes().any(|b| b.is_ascii_digit()) && number.is_ascii() {
        return None;
    }
    let region = region.and_then(|r| r.parse::<Region>().ok());
    let international = number.strip_prefix("00").map(|rest| format!("+{rest}"));
    let parsed = PHONE_NUMBER_UTIL
        .parse(number, region)
        .ok()
        .filter(|parsed| PHONE_NUMBER_UTIL.is_valid_number(parsed))
        .or_else(|| PHONE_NUMBER_UTIL.parse(international.as_deref()?, None).ok())?;
    if !PHONE_NUMBER_UTIL.is_valid_number(&parsed) {
        return None;
    }
    let formatted = PHONE_NUMBER_UTIL.format(&parsed, PhoneNumberFormat::E164);
    Some(formatted.into_owned())
}

/// The extension behind a number: `+1 418 656 9254 ext. 102`, `;ext=102`, `x102`, `转102`.
pub fn extension(number: &str) -> Option<String> {
    const MARKS: [&str; 9] = [";ext=", "ext.", "ext", "extension", "доб.", "доб", "分机", "转", "x"];
    let lower = number.to_lowercase();
    let digits_from = lower
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(0, |at| at + lower.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8));
    let (front, extension) = (lower.get(..digits_from)?.trim_end(), lower.get(digits_from..)?);
    let front = MARKS.iter().find_map(|mark| front.strip_suffix(mark))?;
    ((1..=7).contains(&extension.len()) && digits(front).len() >= 5).then(|| extension.to_owned())
}

/// Several numbers in one text; the `;ext=102` of a number is a part of it.
pub fn split(text: &str, at: &[char]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for part in text.split(at) {
        let parameter = part.trim_start().split('=').next().unwrap_or_default().to_lowercase();
        match out.last_mut() {
            Some(last) if ["ext", "isub", "phone-context"].contains(&parameter.as_str()) => {
                last.push(';');
                last.push_str(part.trim());
            }
            _ => out.push(part.trim().to_owned()),
        }
    }
    out.retain(|part| !part.is_empty());
    out
}

/// The digits of a number, whatever stands between them.
pub fn digits(number: &str) -> String {
    number
        .chars()
        .filter_map(|c| c.to_digit(10).or_else(|| full_width(c)))
        .map(|d| char::from_digit(d, 10).unwrap_or('0'))
        .collect()
}

fn full_width(c: char) -> Option<u32> {
    ('０'..='９').contains(&c).then(|| c as u32 - '０' as u32)
}

/// What a phone number is found by: all its digits from the front, the national part from the
/// front, and (reversed behind a `z`) all from the end, so that any notation and the last four
/// digits are prefixes of some word.
pub fn search_words(number: &str, e164: Option<&str>) -> String {
    let raw = digits(number);
    if raw.len() < 3 {
        return String::new();
    }
    let national = raw.trim_start_matches('0');
    let full = e164.map(digits).unwrap_or_else(|| national.to_owned());
    let reversed: String = full.chars().rev().collect();
    let mut words = format!("{full} z{reversed}");
    if national != full {
        words.push(' ');
        words.push_str(national);
    }
    if let Some(rest) = e164.and_then(national_part).filter(|rest| *rest != national) {
        words.push(' ');
        words.push_str(&rest);
    }
    words
}

fn national_part(e164: &str) -> Option<String> {
    let parsed = PHONE_NUMBER_UTIL.parse(e164, None).ok()?;
    Some(rlibphonenumber::get_national_significant_number_owned(&parsed))
}

/// The words that a typed number is looked up by, or nothing if the text is no number.
pub fn query_words(text: &str) -> Option<Vec<String>> {
    let allowed = |c: char| c.is_ascii_digit() || full_width(c).is_some() || " +-().\u{a0}/".contains(c);
    let digits = digits(text);
    if digits.len() < 3 || digits.len() > 20 || !text.chars().all(allowed) {
        return None;
    }
    let from_front = digits.trim_start_matches('0');
    let reversed: String = digits.chars().rev().collect();
    let mut words = vec![format!("z{reversed}")];
    if from_front.len() >= 3 {
        words.push(from_front.to_owned());
        // A trunk zero is not part of the number: `(0)20 7946 0000` ends like `20 7946 0000`.
        if from_front.len() < digits.len() && from_front.len() >= 4 {
            words.push(format!("z{}", from_front.chars().rev().collect::<String>()));
        }
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_parse_with_and_without_a_country() {
        assert_eq!(e164("+34 600 000 000", None).as_deref(), Some("+34600000000"));
        assert_eq!(e164("0034 600 000 000", None).as_deref(), Some("+34600000000"));
        assert_eq!(e164("020 7946 0018", Some("GB")).as_deref(), Some("+442079460018"));
        assert_eq!(e164("13800138000", Some("CN")).as_deref(), Some("+8613800138000"));
        assert_eq!(e164("call me", Some("GB")), None);
        assert_eq!(e164("12", None), None);
    }

    #[test]
    fn extensions_are_told_apart() {
        for text in [
            "+1-418-656-9254;ext=102",
            "+1 418 656 9254 ext. 102",
            "418-656-9254 x102",
            "0755 8888 8888 转102",
        ] {
            assert_eq!(extension(text).as_deref(), Some("102"), "{text}");
        }
        for text in ["+34 600 000 102", "x102", "13800138000"] {
            assert_eq!(extension(text), None, "{text}");
        }
        assert_eq!(split("+1;ext=2; +3", &[';']), ["+1;ext=2", "+3"]);
    }

    #[test]
    fn every_notation_finds_the_number() {
        let words = search_words("020 7946 0018", Some("+442079460018"));
        let words: Vec<&str> = words.split(' ').collect();
        for typed in [
            "+44 20 7946 0018",
            "0044 20 7946 0018",
            "020 7946",
            "2079",
            "(020) 7946-0018",
            "0018",
            "7946 0018",
        ] {
            let query = query_words(typed).expect("a number");
            assert!(
                query.iter().any(|q| words.iter().any(|w| w.starts_with(q.as_str()))),
                "{typed} must find the number: {query:?} in {words:?}"
            );
        }
        assert_eq!(query_words("room 12"), None);
    }
}
