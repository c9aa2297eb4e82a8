//! The filter language: `city = 'Porto' and tags has 'vip' and not notes is empty`; `city:Porto` is short for the first.

use serde::{Deserialize, Serialize};
use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Contains,
    Starts,
    Has,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    Compare { field: String, op: Op, value: String },
    Empty { field: String },
}

impl Filter {
    /// Whether it says anything of a field.
    pub fn asks(&self, name: &str) -> bool {
        match self {
            Filter::And(parts) | Filter::Or(parts) => parts.iter().any(|part| part.asks(name)),
            Filter::Not(inner) => inner.asks(name),
            Filter::Compare { field, .. } | Filter::Empty { field } => field.eq_ignore_ascii_case(name),
        }
    }
}

impl Filter {
    /// The filter without the conditions that do not apply any more; those are named.
    pub fn without(self, gone: &dyn Fn(&Filter) -> bool, left_out: &mut Vec<String>) -> Option<Filter> {
        match self {
            Filter::And(parts) => joined(parts, Filter::And, gone, left_out),
            Filter::Or(parts) => joined(parts, Filter::Or, gone, left_out),
            Filter::Not(inner) => inner.without(gone, left_out).map(|inner| Filter::Not(Box::new(inner))),
            condition if gone(&condition) => {
                left_out.push(condition.to_string());
                None
            }
            condition => Some(condition),
        }
    }
}

fn joined(
    parts: Vec<Filter>,
    with: fn(Vec<Filter>) -> Filter,
    gone: &dyn Fn(&Filter) -> bool,
    left_out: &mut Vec<String>,
) -> Option<Filter> {
    let mut parts: Vec<Filter> = parts.into_iter().filter_map(|part| part.without(gone, left_out)).collect();
    match parts.len() {
        0 | 1 => parts.pop(),
        _ => Some(with(parts)),
    }
}

/// As [`parse`] reads it.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = |part: &Filter| match part {
            Filter::And(_) | Filter::Or(_) => format!("({part})"),
            other => other.to_string(),
        };
        let all = |parts: &[Filter], word: &str| parts.iter().map(inner).collect::<Vec<_>>().join(word);
        match self {
            Filter::And(parts) => f.write_str(&all(parts, " and ")),
            Filter::Or(parts) => f.write_str(&all(parts, " or ")),
            Filter::Not(part) => write!(f, "not {}", inner(part)),
            Filter::Empty { field } => write!(f, "{field} is empty"),
            Filter::Compare { field, op, value } => {
                let op = match op {
                    Op::Eq => "=",
                    Op::Ne => "!=",
                    Op::Lt => "<",
                    Op::Le => "<=",
                    Op::Gt => ">",
                    Op::Ge => ">=",
                    Op::Contains => "contains",
                    Op::Starts => "starts",
                    Op::Has => "has",
                };
                write!(f, "{field} {op} '{}'", value.replace('\'', "''"))
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(
    "the filter is not understood at position {at}: expected {expected}. Example: city = 'Porto' and tags has 'vip'"
)]
pub struct FilterError {
    /// Characters before the place.
    pub at: usize,
    pub expected: &'static str,
}

const MAX_DEPTH: usize = 40;
const MAX_LENGTH: usize = 10_000;

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Quoted(String),
    Sign(&'static str),
}

/// Parses an expression; empty text is no filter.
pub fn parse(input: &str) -> Result<Option<Filter>, FilterError> {
    if input.len() > MAX_LENGTH {
        return Err(FilterError { at: MAX_LENGTH, expected: "a shorter filter" });
    }
    let tokens = lex(input)?;
    if tokens.is_empty() {
        return Ok(None);
    }
    let mut parser = Parser { tokens, at: 0, end: input.chars().count() };
    let filter = parser.any(0)?;
    match parser.tokens.get(parser.at) {
        None => Ok(Some(filter)),
        Some(_) => Err(parser.expected("and, or, or the end")),
    }
}

fn lex(input: &str) -> Result<Vec<(usize, Token)>, FilterError> {
    let chars: Vec<char> = input.chars().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let start = at;
        let next = chars.get(at + 1).copied();
        let token = match c {
            c if c.is_whitespace() => {
                at += 1;
                continue;
            }
            '\'' | '"' | '‘' | '“' => {
                let close = match c {
                    '‘' => '’',
                    '“' => '”',
                    c => c,
                };
                let mut text = String::new();
                loop {
                    at += 1;
                    match chars.get(at) {
                        None => return Err(FilterError { at: start, expected: "a closing quote" }),
                        // A doubled quote is the quote itself, as in SQL.
                        Some(&c) if c == close && chars.get(at + 1) == Some(&close) => {
                            text.push(close);
                            at += 1;
                        }
                        Some(&c) if c == close => break,
                        Some(&c) => text.push(c),
                    }
                }
                at += 1;
                out.push((start, Token::Quoted(text)));
                continue;
            }
            '!' if next == Some('=') => Token::Sign("!="),
            '<' if next == Some('=') => Token::Sign("<="),
            '>' if next == Some('=') => Token::Sign(">="),
            '<' if next == Some('>') => Token::Sign("!="),
            '=' if next == Some('=') => Token::Sign("=="),
            '=' => Token::Sign("="),
            '<' => Token::Sign("<"),
            '>' => Token::Sign(">"),
            '(' | '（' => Token::Sign("("),
            ')' | '）' => Token::Sign(")"),
            _ => {
                let mut word = String::new();
                while let Some(&c) =
                    chars.get(at).filter(|c| !c.is_whitespace() && !"=!<>()（）'\"".contains(**c))
                {
                    word.push(c);
                    at += 1;
                }
                if word.is_empty() {
                    return Err(FilterError { at, expected: "a field, a value or an operator" });
                }
                out.push((start, Token::Word(word)));
                continue;
            }
        };
        at += match &token {
            Token::Sign(sign) => sign.len(),
            _ => 1,
        };
        out.push((start, token));
    }
    Ok(out)
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    at: usize,
    end: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn expected(&self, expected: &'static str) -> FilterError {
        let at = self.tokens.get(self.at).map_or(self.end, |(at, _)| *at);
        FilterError { at, expected }
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let is = matches!(self.peek(), Some(Token::Word(w)) if w.eq_ignore_ascii_case(keyword));
        self.at += usize::from(is);
        is
    }

    fn sign(&mut self, sign: &str) -> bool {
        let is = matches!(self.peek(), Some(Token::Sign(s)) if *s == sign);
        self.at += usize::from(is);
        is
    }

    fn any(&mut self, depth: usize) -> Result<Filter, FilterError> {
        let mut parts = vec![self.all(depth)?];
        while self.keyword("or") {
            parts.push(self.all(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::Or(parts) })
    }

    fn all(&mut self, depth: usize) -> Result<Filter, FilterError> {
        let mut parts = vec![self.one(depth)?];
        while self.keyword("and") {
            parts.push(self.one(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::And(parts) })
    }

    fn one(&mut self, depth: usize) -> Result<Filter, FilterError> {
        if depth > MAX_DEPTH {
            return Err(self.expected("fewer nested parentheses"));
        }
        if self.keyword("not") {
            return Ok(Filter::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.sign("(") {
            let inner = self.any(depth + 1)?;
            if !self.sign(")") {
                return Err(self.expected("a closing parenthesis"));
            }
            return Ok(inner);
        }
        let field = match self.peek() {
            Some(Token::Word(word)) => word.clone(),
            _ => return Err(self.expected("the name of a field")),
        };
        self.at += 1;
        match field.split_once([':', '：']) {
            Some((field, value)) => self.named(field, value),
            None => self.comparison(field),
        }
    }

    /// `city:Porto`, as in the search lines of other programs.
    fn named(&mut self, field: &str, value: &str) -> Result<Filter, FilterError> {
        let value = match self.peek() {
            _ if !value.is_empty() => value.to_owned(),
            Some(Token::Word(value) | Token::Quoted(value)) => {
                let value = value.clone();
                self.at += 1;
                value
            }
            _ => return Err(self.expected("a value, such as 'Porto'")),
        };
        Ok(Filter::Compare { field: field.to_owned(), op: Op::Eq, value })
    }

    fn comparison(&mut self, field: String) -> Result<Filter, FilterError> {
        if self.keyword("is") {
            let negated = self.keyword("not");
            if !self.keyword("empty") {
                return Err(self.expected("empty"));
            }
            let empty = Filter::Empty { field };
            return Ok(if negated { Filter::Not(Box::new(empty)) } else { empty });
        }
        let negated = self.keyword("not");
        let signs = [
            ("==", Op::Eq),
            ("=", Op::Eq),
            ("!=", Op::Ne),
            ("<=", Op::Le),
            (">=", Op::Ge),
            ("<", Op::Lt),
            (">", Op::Gt),
        ];
        let words = [("contains", Op::Contains), ("starts", Op::Starts), ("has", Op::Has)];
        let sign = signs.into_iter().find(|(sign, _)| self.sign(sign));
        let word = || words.into_iter().find(|(word, _)| self.keyword(word));
        let Some((_, op)) = sign.or_else(word) else {
            return Err(self.expected("one of = != < <= > >= contains starts has is"));
        };
        if op == Op::Starts {
            self.keyword("with");
        }
        let value = match self.peek() {
            Some(Token::Word(value) | Token::Quoted(value)) => value.clone(),
            _ => return Err(self.expected("a value, such as 'Porto'")),
        };
        self.at += 1;
        let compare = Filter::Compare { field, op, value };
        Ok(if negated { Filter::Not(Box::new(compare)) } else { compare })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn compare(field: &str, op: Op, value: &str) -> Filter {
        Filter::Compare { field: field.into(), op, value: value.into() }
    }

    #[test]
    fn the_contracts_example_is_read() {
        let filter = parse("city = 'Porto' and tags has 'vip' and updated_at > '2026-01-01'");
        let want = Filter::And(vec![
            compare("city", Op::Eq, "Porto"),
            compare("tags", Op::Has, "vip"),
            compare("updated_at", Op::Gt, "2026-01-01"),
        ]);
        assert_eq!(filter, Ok(Some(want)));
    }

    #[test]
    fn and_binds_tighter_than_or() {
        let filter = parse("a = 1 or b = 2 and not (c is empty or d is not empty)").expect("valid");
        let Some(Filter::Or(parts)) = filter else { panic!("{filter:?}") };
        assert_eq!(parts.len(), 2);
        assert!(matches!(parts[1], Filter::And(_)));
    }

    #[test]
    fn quotes_hold_quotes() {
        assert_eq!(parse("name = 'O''Brien'"), Ok(Some(compare("name", Op::Eq, "O'Brien"))));
        assert_eq!(parse("名='王伟'"), Ok(Some(compare("名", Op::Eq, "王伟"))));
    }

    #[test]
    fn a_colon_is_short_for_equal() {
        let want = compare("city", Op::Eq, "Porto");
        for text in ["city:Porto", "city：Porto", "city: Porto", "city:'Porto'", "city: 'Porto'"] {
            assert_eq!(parse(text), Ok(Some(want.clone())), "{text}");
        }
        let both = parse("not quiet:yes and url = 'https://x.example'");
        let quiet = Filter::Not(Box::new(compare("quiet", Op::Eq, "yes")));
        assert_eq!(both, Ok(Some(Filter::And(vec![quiet, compare("url", Op::Eq, "https://x.example")]))));
        // A value keeps its own.
        assert_eq!(parse("at > 2026-01-01T10:00"), Ok(Some(compare("at", Op::Gt, "2026-01-01T10:00"))));
        assert_eq!(parse("city:").expect_err("no value").at, 5);
    }

    #[test]
    fn what_is_not_understood_says_where() {
        let at = |text: &str| parse(text).expect_err(text).at;
        assert_eq!(at("city"), 4);
        assert_eq!(at("city = "), 7);
        assert_eq!(at("city = 'Porto"), 7);
        assert_eq!(at("city = 'a' 'b'"), 11);
        assert_eq!(at("(city = 'a'"), 11);
        assert!(parse(&"(".repeat(5000)).is_err(), "nesting has a limit");
    }

    #[test]
    fn a_filter_is_written_as_it_is_read() {
        for text in [
            "a = '1' and (b has 'x' or not c is empty)",
            "not (a = '1' or name contains 'O''Brien') and d >= '2'",
        ] {
            let filter = parse(text).expect("valid").expect("some");
            assert_eq!(filter.to_string(), text);
        }
    }

    #[test]
    fn what_does_not_apply_is_left_out_and_named() {
        let gone = |part: &Filter| part.asks("size");
        let check = |text: &str, want: &str, names: &[&str]| {
            let mut left_out = Vec::new();
            let left = parse(text).expect("valid").expect("some").without(&gone, &mut left_out);
            assert_eq!(left.map(|f| f.to_string()).unwrap_or_default(), want, "{text}");
            assert_eq!(left_out, names, "{text}");
        };
        check("size > 3", "", &["size > '3'"]);
        check("city = 'Porto' and size > 3", "city = 'Porto'", &["size > '3'"]);
        check("a = 1 and (size > 3 or size is empty)", "a = '1'", &["size > '3'", "size is empty"]);
        check("not size = 3 or a = 1 or b = 2", "a = '1' or b = '2'", &["size = '3'"]);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in ".*") {
            let _ = parse(&text);
        }
    }
}
