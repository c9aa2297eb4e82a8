//! Formulas: what a field follows to from the other fields of its record, such as `round(amount(value) * 0.2, 2)`.
//!
//! The language is total: no loops, no state, no I/O, limits on length, depth and size. A formula is read once, and every
//! record that it is worked out for costs its size. What has no value says why ([`NoValue`]).

mod work;

use crate::{
    catalogue::{Field, FieldType},
    text::fold,
};
use rust_decimal::Decimal;
use std::collections::BTreeSet;
pub use work::{NoValue, Reckoned, show, work_out};

pub const MAX_LENGTH: usize = 2_000;
const MAX_DEPTH: usize = 40;
const MAX_NODES: usize = 300;

/// What a part of a formula comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Number,
    Money,
    Date,
    Text,
    YesNo,
    List,
}

impl Type {
    /// What a field of this type is in a formula; none where it cannot be in one.
    pub fn of(ty: FieldType) -> Option<Self> {
        Some(match ty {
            FieldType::Number => Type::Number,
            FieldType::Money => Type::Money,
            FieldType::Date | FieldType::DateTime => Type::Date,
            FieldType::Text | FieldType::LongText | FieldType::Url | FieldType::Choice => Type::Text,
            FieldType::YesNo => Type::YesNo,
            FieldType::Tags | FieldType::MultiChoice => Type::List,
            FieldType::Link
            | FieldType::Emails
            | FieldType::Phones
            | FieldType::Addresses
            | FieldType::Lines => return None,
        })
    }

    /// The type of a field that comes to this.
    pub fn field_type(self) -> FieldType {
        match self {
            Type::Number => FieldType::Number,
            Type::Money => FieldType::Money,
            Type::Date => FieldType::Date,
            Type::Text | Type::List => FieldType::Text,
            Type::YesNo => FieldType::YesNo,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Type::Number => "a number",
            Type::Money => "an amount of money",
            Type::Date => "a date",
            Type::Text => "a text",
            Type::YesNo => "yes or no",
            Type::List => "several values",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Binary {
    Or,
    And,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Join,
    Add,
    Subtract,
    Multiply,
    Divide,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    If,
    Round,
    Abs,
    Min,
    Max,
    Empty,
    Default,
    Days,
    Year,
    Month,
    Day,
    Today,
    Amount,
    Money,
    Has,
}

/// Functions with the fewest and the most arguments that each takes.
const FUNCTIONS: [(&str, Function, usize, usize); 15] = [
    ("if", Function::If, 2, 3),
    ("round", Function::Round, 1, 2),
    ("abs", Function::Abs, 1, 1),
    ("min", Function::Min, 1, 20),
    ("max", Function::Max, 1, 20),
    ("empty", Function::Empty, 1, 1),
    ("default", Function::Default, 2, 2),
    ("days", Function::Days, 2, 2),
    ("year", Function::Year, 1, 1),
    ("month", Function::Month, 1, 1),
    ("day", Function::Day, 1, 1),
    ("today", Function::Today, 0, 0),
    ("amount", Function::Amount, 1, 1),
    ("money", Function::Money, 2, 2),
    ("has", Function::Has, 2, 2),
];

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Number(Decimal),
    Text(String),
    YesNo(bool),
    /// By its key.
    Field(String),
    Not(Box<Node>),
    Minus(Box<Node>),
    Binary(Binary, Box<Node>, Box<Node>),
    Call(Function, Vec<Node>),
}

/// A formula that was read and fits together.
#[derive(Clone, Debug, PartialEq)]
pub struct Formula {
    text: String,
    root: Node,
    reads: BTreeSet<String>,
    today: bool,
}

impl Formula {
    /// What comes to nothing: in the place of one that cannot be read.
    pub fn damaged() -> Self {
        Self { text: String::new(), root: Node::Field(String::new()), reads: BTreeSet::new(), today: false }
    }

    /// As it is kept: fields by their keys.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The keys of the fields that it reads.
    pub fn reads(&self) -> &BTreeSet<String> {
        &self.reads
    }

    /// Whether it asks what day it is.
    pub fn asks_today(&self) -> bool {
        self.today
    }
}

/// Why a formula was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(
    "the formula is not understood at position {at}: {why}. Example: if(value > money(1000, 'EUR'), 'large', 'small')"
)]
pub struct FormulaError {
    /// Characters before the place.
    pub at: usize,
    pub why: Why,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Why {
    #[error("expected {0}")]
    Expected(&'static str),
    #[error("there is no field «{0}»")]
    NoField(String),
    #[error("the field «{0}» cannot be used in a formula")]
    NotUsable(String),
    #[error("there is no function «{0}»; functions are {names}", names = function_names())]
    NoFunction(String),
    #[error("{name} takes {least} to {most} values")]
    Arguments { name: &'static str, least: usize, most: usize },
    #[error("{left} and {right} do not go together here")]
    Types { left: &'static str, right: &'static str },
    #[error("expected {wanted}, and this is {found}")]
    Type { wanted: &'static str, found: &'static str },
    #[error("it is too long; at most {MAX_LENGTH} characters and {MAX_NODES} parts fit")]
    TooLong,
    #[error("it is nested too deeply")]
    TooDeep,
}

fn function_names() -> String {
    FUNCTIONS.map(|(name, ..)| name).join(", ")
}

/// Reads what somebody has written about the fields of a kind, which are named by key, by label, or by `[label]`. The
/// formula keeps their keys, so that a field may be renamed.
pub fn parse(input: &str, fields: &[Field]) -> Result<(Formula, Type), FormulaError> {
    if input.chars().count() > MAX_LENGTH {
        return Err(FormulaError { at: MAX_LENGTH, why: Why::TooLong });
    }
    let named = |name: &str| {
        let is = |f: &&Field| !f.hidden && (f.key == name || fold(&f.label) == fold(name));
        fields.iter().find(|f| f.key == name && !f.hidden).or_else(|| fields.iter().find(is))
    };
    let mut parser = Parser::new(input)?;
    parser.keys = Some(&named);
    let (root, ty) = parser.whole()?;
    let end = parser.end;
    let formula = parser.formula(root);
    // As it is kept it can be longer, and has to be read back.
    if formula.text.chars().count() > MAX_LENGTH {
        return Err(FormulaError { at: end, why: Why::TooLong });
    }
    Ok((formula, ty))
}

/// Reads a formula as it is kept, whatever fields there are now; none if it is damaged.
pub fn read(text: &str) -> Option<Formula> {
    if text.chars().count() > MAX_LENGTH {
        return None;
    }
    let mut parser = Parser::new(text).ok()?;
    let (root, _) = parser.whole().ok()?;
    let mut formula = parser.formula(root);
    text.clone_into(&mut formula.text);
    Some(formula)
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(Decimal),
    Word(String),
    /// `[Shoe size]`
    Named(String),
    Quoted(String),
    Sign(&'static str),
}

const SIGNS: [(&str, &str); 22] = [
    ("<>", "!="),
    ("!=", "!="),
    ("==", "="),
    ("<=", "<="),
    (">=", ">="),
    ("=", "="),
    ("<", "<"),
    (">", ">"),
    ("&", "&"),
    ("+", "+"),
    ("-", "-"),
    ("−", "-"),
    ("*", "*"),
    ("×", "*"),
    ("/", "/"),
    ("÷", "/"),
    ("(", "("),
    ("（", "("),
    (")", ")"),
    ("）", ")"),
    (",", ","),
    ("，", ","),
];

fn expected(at: usize, what: &'static str) -> FormulaError {
    FormulaError { at, why: Why::Expected(what) }
}

fn lex(input: &str) -> Result<Vec<(usize, Token)>, FormulaError> {
    let mut out = Vec::new();
    let (mut rest, mut at) = (input, 0);
    while let Some(c) = rest.chars().next() {
        let taken = match c {
            c if c.is_whitespace() => c.len_utf8(),
            '\'' | '"' | '‘' | '“' | '[' => {
                let close = match c {
                    '‘' => '’',
                    '“' => '”',
                    '[' => ']',
                    same => same,
                };
                let (text, taken) =
                    quoted(rest, close).ok_or_else(|| expected(at, "the end of what is in quotes"))?;
                out.push((at, if c == '[' { Token::Named(text) } else { Token::Quoted(text) }));
                taken
            }
            c if c.is_ascii_digit() || c == '.' => {
                let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
                let (number, _) = rest.split_at(end);
                let number = number.parse().map_err(|_| expected(at, "a number"))?;
                out.push((at, Token::Number(number)));
                end
            }
            c if is_word(c) => {
                let end = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
                let (word, _) = rest.split_at(end);
                out.push((at, Token::Word(word.to_owned())));
                end
            }
            _ => {
                let (written, sign) = SIGNS
                    .into_iter()
                    .find(|(written, _)| rest.starts_with(written))
                    .ok_or_else(|| expected(at, "a field, a value or an operator"))?;
                out.push((at, Token::Sign(sign)));
                written.len()
            }
        };
        let (gone, left) = rest.split_at(taken);
        at += gone.chars().count();
        rest = left;
    }
    Ok(out)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// What stands between quotes, where a doubled one stands for itself; and its length with them.
fn quoted(text: &str, close: char) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        let ends = c == close && (close == ']' || chars.next_if(|(_, next)| *next == close).is_none());
        if ends {
            return Some((out, at + c.len_utf8()));
        }
        out.push(c);
    }
    None
}

type Named<'a> = &'a dyn Fn(&str) -> Option<&'a Field>;

/// What was read, with its type where the fields are known.
type Typed = (Node, Option<Type>);

struct Parser<'a> {
    tokens: Vec<(usize, Token)>,
    at: usize,
    end: usize,
    nodes: usize,
    /// None: what is kept is read, where words are keys and fit together.
    keys: Option<Named<'a>>,
    reads: BTreeSet<String>,
    today: bool,
}

impl<'a> Parser<'a> {
    fn new(input: &str) -> Result<Self, FormulaError> {
        Ok(Self {
            tokens: lex(input)?,
            at: 0,
            end: input.chars().count(),
            nodes: 0,
            keys: None,
            reads: BTreeSet::new(),
            today: false,
        })
    }

    fn formula(self, root: Node) -> Formula {
        Formula { text: self.written(), root, reads: self.reads, today: self.today }
    }

    /// The text with fields by their keys.
    fn written(&self) -> String {
        let mut out = String::new();
        for (at, (_, token)) in self.tokens.iter().enumerate() {
            let called = matches!(self.tokens.get(at + 1), Some((_, Token::Sign("("))));
            let text = match token {
                Token::Number(n) => n.to_string(),
                Token::Quoted(text) => format!("'{}'", text.replace('\'', "''")),
                Token::Sign(sign) => (*sign).to_owned(),
                Token::Word(word) if called || keyword(word) => word.clone(),
                Token::Word(name) | Token::Named(name) => {
                    self.keys.and_then(|named| named(name)).map_or_else(|| name.clone(), |f| f.key.clone())
                }
            };
            let tight = matches!(text.as_str(), ")" | ",") || out.is_empty() || out.ends_with('(');
            let function = text == "(" && out.ends_with(is_word);
            if !tight && !function {
                out.push(' ');
            }
            out.push_str(&text);
        }
        out
    }

    fn place(&self) -> usize {
        self.tokens.get(self.at).map_or(self.end, |(at, _)| *at)
    }

    fn refuse<T>(&self, why: Why) -> Result<T, FormulaError> {
        Err(FormulaError { at: self.place(), why })
    }

    fn sign(&mut self, sign: &str) -> bool {
        let is = matches!(self.tokens.get(self.at), Some((_, Token::Sign(s))) if *s == sign);
        self.at += usize::from(is);
        is
    }

    fn word(&mut self, wanted: &str) -> bool {
        let is =
            matches!(self.tokens.get(self.at), Some((_, Token::Word(w))) if w.eq_ignore_ascii_case(wanted));
        self.at += usize::from(is);
        is
    }

    fn whole(&mut self) -> Result<(Node, Type), FormulaError> {
        let (node, ty) = self.expression(0, 0)?;
        if self.at < self.tokens.len() {
            return self.refuse(Why::Expected("an operator, or the end"));
        }
        Ok((node, ty.unwrap_or(Type::Text)))
    }

    fn count(&mut self) -> Result<(), FormulaError> {
        self.nodes += 1;
        if self.nodes > MAX_NODES { self.refuse(Why::TooLong) } else { Ok(()) }
    }

    /// What binds tighter than `least`.
    fn expression(&mut self, least: u8, depth: usize) -> Result<Typed, FormulaError> {
        if depth > MAX_DEPTH {
            return self.refuse(Why::TooDeep);
        }
        let mut left = self.operand(depth)?;
        while let Some((operator, binds)) = self.operator().filter(|(_, binds)| *binds > least) {
            let at = self.place();
            self.at += 1;
            self.count()?;
            let right = self.expression(binds, depth + 1)?;
            let ty = match (left.1, right.1) {
                (Some(l), Some(r)) => Some(
                    together(operator, l, r)
                        .ok_or(FormulaError { at, why: Why::Types { left: l.name(), right: r.name() } })?,
                ),
                _ => None,
            };
            left = (Node::Binary(operator, Box::new(left.0), Box::new(right.0)), ty);
        }
        Ok(left)
    }

    fn operator(&self) -> Option<(Binary, u8)> {
        let (_, token) = self.tokens.get(self.at)?;
        Some(match token {
            Token::Word(w) if w.eq_ignore_ascii_case("or") => (Binary::Or, 1),
            Token::Word(w) if w.eq_ignore_ascii_case("and") => (Binary::And, 2),
            Token::Sign(sign) => match *sign {
                "=" => (Binary::Eq, 4),
                "!=" => (Binary::Ne, 4),
                "<" => (Binary::Lt, 4),
                "<=" => (Binary::Le, 4),
                ">" => (Binary::Gt, 4),
                ">=" => (Binary::Ge, 4),
                "&" => (Binary::Join, 5),
                "+" => (Binary::Add, 6),
                "-" => (Binary::Subtract, 6),
                "*" => (Binary::Multiply, 7),
                "/" => (Binary::Divide, 7),
                _ => return None,
            },
            _ => return None,
        })
    }

    fn operand(&mut self, depth: usize) -> Result<Typed, FormulaError> {
        self.count()?;
        if self.word("not") {
            let at = self.place();
            let (inner, ty) = self.expression(3, depth + 1)?;
            wanted(at, ty, &[Type::YesNo])?;
            return Ok((Node::Not(Box::new(inner)), Some(Type::YesNo)));
        }
        if self.sign("-") {
            let at = self.place();
            let (inner, ty) = self.expression(7, depth + 1)?;
            let ty = wanted(at, ty, &[Type::Number, Type::Money])?;
            return Ok((Node::Minus(Box::new(inner)), ty));
        }
        if self.sign("(") {
            let inner = self.expression(0, depth + 1)?;
            return if self.sign(")") {
                Ok(inner)
            } else {
                self.refuse(Why::Expected("a closing parenthesis"))
            };
        }
        let at = self.place();
        let Some((_, token)) = self.tokens.get(self.at).cloned() else {
            return self.refuse(Why::Expected("a field or a value"));
        };
        self.at += 1;
        match token {
            Token::Number(n) => Ok((Node::Number(n), Some(Type::Number))),
            Token::Quoted(text) => Ok((Node::Text(text), Some(Type::Text))),
            Token::Sign(_) => Err(expected(at, "a field or a value")),
            Token::Named(name) => self.field(at, &name),
            Token::Word(word) if self.sign("(") => self.call(at, &word, depth),
            Token::Word(word) if keyword(&word) => match word.to_ascii_lowercase().as_str() {
                "yes" | "true" => Ok((Node::YesNo(true), Some(Type::YesNo))),
                "no" | "false" => Ok((Node::YesNo(false), Some(Type::YesNo))),
                _ => Err(expected(at, "a field or a value")),
            },
            Token::Word(word) => self.field(at, &word),
        }
    }

    fn field(&mut self, at: usize, name: &str) -> Result<Typed, FormulaError> {
        let Some(named) = self.keys else {
            self.reads.insert(name.to_owned());
            return Ok((Node::Field(name.to_owned()), None));
        };
        let field = named(name).ok_or_else(|| FormulaError { at, why: Why::NoField(name.to_owned()) })?;
        let ty = Type::of(field.ty)
            .ok_or_else(|| FormulaError { at, why: Why::NotUsable(field.label.clone()) })?;
        self.reads.insert(field.key.clone());
        Ok((Node::Field(field.key.clone()), Some(ty)))
    }

    fn call(&mut self, at: usize, name: &str, depth: usize) -> Result<Typed, FormulaError> {
        let known = FUNCTIONS.into_iter().find(|(known, ..)| known.eq_ignore_ascii_case(name));
        let Some((name, function, least, most)) = known else {
            return Err(FormulaError { at, why: Why::NoFunction(name.to_owned()) });
        };
        self.today |= function == Function::Today;
        let (mut nodes, mut types) = (Vec::new(), Vec::new());
        while !self.sign(")") {
            if !nodes.is_empty() && !self.sign(",") {
                return self.refuse(Why::Expected("a comma or a closing parenthesis"));
            }
            let place = self.place();
            let (node, ty) = self.expression(0, depth + 1)?;
            nodes.push(node);
            types.push((place, ty));
        }
        if !(least..=most).contains(&nodes.len()) {
            return Err(FormulaError { at, why: Why::Arguments { name, least, most } });
        }
        Ok((Node::Call(function, nodes), comes_to(function, &types)?))
    }
}

fn keyword(word: &str) -> bool {
    ["yes", "no", "true", "false", "and", "or", "not"].iter().any(|k| word.eq_ignore_ascii_case(k))
}

/// The type, if it is one of these or is not known.
fn wanted(at: usize, ty: Option<Type>, these: &[Type]) -> Result<Option<Type>, FormulaError> {
    match (ty, these.first()) {
        (Some(found), Some(first)) if !these.contains(&found) => {
            Err(FormulaError { at, why: Why::Type { wanted: first.name(), found: found.name() } })
        }
        _ => Ok(ty),
    }
}

/// What an operator makes of two types; none where they do not go together.
fn together(operator: Binary, left: Type, right: Type) -> Option<Type> {
    use Type::{Date, Money, Number, YesNo};
    Some(match (operator, left, right) {
        (Binary::Or | Binary::And, YesNo, YesNo) => YesNo,
        (Binary::Eq | Binary::Ne, l, r) if l == r => YesNo,
        (Binary::Lt | Binary::Le | Binary::Gt | Binary::Ge, l, r)
            if l == r && l != YesNo && l != Type::List =>
        {
            YesNo
        }
        (Binary::Join, ..) => Type::Text,
        (Binary::Add | Binary::Subtract, Number, Number) => Number,
        (Binary::Add | Binary::Subtract, Money, Money) => Money,
        (Binary::Add | Binary::Subtract, Date, Number) => Date,
        (Binary::Subtract, Date, Date) => Number,
        (Binary::Multiply, Number, Number) => Number,
        (Binary::Multiply, Money, Number) | (Binary::Multiply, Number, Money) => Money,
        (Binary::Divide, Number, Number) | (Binary::Divide, Money, Money) => Number,
        (Binary::Divide, Money, Number) => Money,
        _ => return None,
    })
}

fn comes_to(function: Function, types: &[(usize, Option<Type>)]) -> Result<Option<Type>, FormulaError> {
    use Type::{Date, List, Money, Number, Text, YesNo};
    let nth = |n: usize| types.get(n).copied().unwrap_or((0, None));
    let must = |n: usize, these: &[Type]| wanted(nth(n).0, nth(n).1, these);
    let alike = |from: usize| {
        let mut first: Option<Type> = None;
        for (at, ty) in types.iter().skip(from) {
            match (first, ty) {
                (Some(left), Some(right)) if left != *right => {
                    let why = Why::Types { left: left.name(), right: right.name() };
                    return Err(FormulaError { at: *at, why });
                }
                (None, ty) => first = *ty,
                _ => {}
            }
        }
        Ok(first)
    };
    match function {
        Function::If => {
            must(0, &[YesNo])?;
            alike(1)
        }
        Function::Round => {
            must(1, &[Number])?;
            must(0, &[Number, Money])
        }
        Function::Abs => must(0, &[Number, Money]),
        Function::Min | Function::Max => {
            for n in 0..types.len() {
                must(n, &[Number, Money, Date])?;
            }
            alike(0)
        }
        Function::Empty => Ok(Some(YesNo)),
        Function::Default => alike(0),
        Function::Days => {
            must(0, &[Date])?;
            must(1, &[Date])?;
            Ok(Some(Number))
        }
        Function::Year | Function::Month | Function::Day => {
            must(0, &[Date])?;
            Ok(Some(Number))
        }
        Function::Today => Ok(Some(Date)),
        Function::Amount => {
            must(0, &[Money])?;
            Ok(Some(Number))
        }
        Function::Money => {
            must(0, &[Number])?;
            must(1, &[Text])?;
            Ok(Some(Money))
        }
        Function::Has => {
            must(0, &[List])?;
            must(1, &[Text])?;
            Ok(Some(YesNo))
        }
    }
}

#[cfg(test)]
mod tests;
