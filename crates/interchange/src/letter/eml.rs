//! `.eml`: a letter as it went through the net.

use super::{Correspondent, Letter};
use crate::{
    EnclosedFile,
    encoding::detect,
    limits::{LETTER_FILES, LETTER_HEADER, LETTER_PARTS, LETTER_PEOPLE},
};
use mail_parser::{Address, Encoding, Message, MessageParser, MessagePart, MimeHeaders};
use std::borrow::Cow;

/// What letters within letters are called while a letter is read: the library does not look into them. It would do so
/// however deep they are, and each within the other takes some of the stack.
const CLOSED: &str = "messagx";

pub(super) fn read(bytes: &[u8]) -> Result<Letter, String> {
    let bytes = legible(bytes)?;
    if parts(&bytes) > LETTER_PARTS {
        return Err(format!("it has more than {LETTER_PARTS} parts"));
    }
    let closed = closed(&bytes);
    let message = MessageParser::default().parse(&closed).ok_or("it is no letter: it has no headers")?;
    letter_of(&message, &bytes)
}

/// The same bytes, in which no part says that it is a letter. What was looked through is not looked at again.
fn closed(bytes: &[u8]) -> Vec<u8> {
    const NAME: &[u8] = b"content-type";
    let mut out = bytes.to_vec();
    let mut rest = out.as_mut_slice();
    while let Some(at) = rest.windows(NAME.len()).position(|w| w.eq_ignore_ascii_case(NAME)) {
        let Some((_, behind)) = rest.split_at_mut_checked(at + NAME.len()) else { break };
        let Some((said, left)) = behind.split_at_mut_checked(end_of_type(behind)) else { break };
        rest = left;
        for (word, last) in [(b"message".as_slice(), b'x'), (b"digest", b'x')] {
            let places: Vec<usize> = said
                .windows(word.len())
                .enumerate()
                .filter(|(_, w)| w.eq_ignore_ascii_case(word))
                .map(|(at, _)| at)
                .collect();
            for place in places {
                if let Some(byte) = said.get_mut(place + word.len() - 1) {
                    *byte = last;
                }
            }
        }
    }
    out
}

/// Where the type of a header ends: at its parameters, or where the header does. What hides it in a remark is looked
/// through whole. It looks no further than to there.
fn end_of_type(rest: &[u8]) -> usize {
    let folded = |at: usize| matches!(rest.get(at + 1), Some(b' ' | b'\t'));
    let mut remark = false;
    let end = rest.iter().enumerate().position(|(at, byte)| {
        remark |= *byte == b'(';
        (*byte == b';' && !remark) || (*byte == b'\n' && !folded(at))
    });
    end.unwrap_or(rest.len())
}

fn letter_of(message: &Message<'_>, raw: &[u8]) -> Result<Letter, String> {
    let known = message.from().is_some() || message.to().is_some() || message.message_id().is_some();
    if !known || (message.date().is_none() && message.subject().is_none() && message.from().is_none()) {
        return Err("it is no letter: it says neither from whom nor to whom".to_owned());
    }
    // Some programs put a picture between two texts.
    let texts = (0..message.text_body_count().min(20)).filter_map(|at| message.body_text(at));
    let text = texts.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect::<Vec<_>>();
    let to = [message.to(), message.cc()].into_iter().flatten().flat_map(people);
    Ok(Letter {
        message_id: message.message_id().map(str::to_owned),
        at: message
            .date()
            .filter(|date| date.is_valid())
            .map(|date| date.to_timestamp().saturating_mul(1000)),
        from: message.from().or_else(|| message.sender()).and_then(|from| people(from).next()),
        to: to.take(LETTER_PEOPLE).collect(),
        subject: message.subject().unwrap_or_default().to_owned(),
        text: text.join("\n\n"),
        enclosed: message.attachments().take(LETTER_FILES).filter_map(|part| enclosed(part, raw)).collect(),
    })
}

fn people<'a>(address: &'a Address<'_>) -> impl Iterator<Item = Correspondent> + 'a {
    address.iter().filter_map(|one| {
        Some(Correspondent {
            name: one.name.as_deref().unwrap_or_default().to_owned(),
            address: one.address.as_deref()?.to_owned(),
        })
    })
}

fn enclosed(part: &MessagePart<'_>, raw: &[u8]) -> Option<EnclosedFile> {
    let kind = part.content_type();
    let is_letter = kind.is_some_and(|kind| kind.ctype().eq_ignore_ascii_case(CLOSED));
    let media_type = match (kind, is_letter) {
        (Some(kind), false) => [kind.ctype(), kind.subtype().unwrap_or_default()].join("/"),
        (_, true) => "message/rfc822".to_owned(),
        (None, false) => String::new(),
    };
    let plain = (part.encoding == Encoding::None).then(|| {
        raw.get(part.raw_body_offset() as usize..part.raw_end_offset() as usize).unwrap_or_default()
    });
    let bytes = plain.filter(|_| is_letter).unwrap_or_else(|| part.contents()).to_vec();
    let name = match part.attachment_name() {
        Some(name) => name.to_owned(),
        None if is_letter => {
            let inner = MessageParser::default().parse_headers(&bytes);
            format!("{}.eml", inner.as_ref().and_then(Message::subject).unwrap_or("letter"))
        }
        // A picture that the letter shows: its background, a signature.
        None if part.content_id().is_some() => return None,
        None => String::new(),
    };
    (!bytes.is_empty()).then_some(EnclosedFile { name, media_type, bytes })
}

/// How many parts there can be at most: each but the first is announced by a boundary, or says what it is.
fn parts(bytes: &[u8]) -> usize {
    let lines = bytes.split(|b| *b == b'\n');
    lines
        .filter(|line| line.get(..13).is_some_and(|name| name.eq_ignore_ascii_case(b"content-type:")))
        .count()
}

/// Headers in the encoding of whoever wrote them, as old programs do: UTF-8.
fn legible(bytes: &[u8]) -> Result<Cow<'_, [u8]>, String> {
    let windows = |mark: &[u8]| bytes.windows(mark.len()).take(LETTER_HEADER + 1).position(|w| w == mark);
    let end = match (windows(b"\r\n\r\n"), windows(b"\n\n")) {
        (Some(a), Some(b)) => a.min(b),
        (a, b) => a.or(b).unwrap_or(bytes.len()),
    };
    if end > LETTER_HEADER {
        return Err(format!("its headers are longer than {} MB", LETTER_HEADER >> 20));
    }
    let (head, body) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
    if std::str::from_utf8(head).is_ok() {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut whole = detect(head).decode(head).into_bytes();
    whole.extend_from_slice(body);
    Ok(Cow::Owned(whole))
}

#[cfg(test)]
mod tests {
    use crate::{Letter, limits, read_letter};

    fn read(bytes: impl AsRef<[u8]>) -> Letter {
        read_letter("a.eml", bytes.as_ref()).unwrap()
    }

    #[test]
    fn a_letter_of_thunderbird_is_read() {
        let letter = read(concat!(
            "Message-ID: <4f1c@norte.example>\r\nDate: Fri, 27 Nov 2026 09:30:00 +0100\r\nMIME-Version: 1.0\r\n",
            "User-Agent: Mozilla Thunderbird\r\nFrom: =?UTF-8?Q?Zo=C3=AB_Ch=C3=A9rif?= <zoe@norte.example>\r\n",
            "To: \"Ruiz, Ana\" <ana@satchel.example>, bo@satchel.example\r\nCc: 王伟 <wang@shenzhen.example>\r\n",
            "Subject: =?UTF-8?B?UmU6IOaKpeS7tw==?=\r\nContent-Type: multipart/mixed; boundary=\"--b\"\r\n\r\n",
            "This is a multi-part message in MIME format.\r\n----b\r\n",
            "Content-Type: text/plain; charset=UTF-8; format=flowed\r\nContent-Transfer-Encoding: 8bit\r\n\r\n",
            "Dear Ana,\r\n\r\n\r\n\r\nagreed.\r\n----b\r\nContent-Type: application/pdf; name=\"=?UTF-8?B?5oql5Lu3LnBkZg==?=\"\r\n",
            "Content-Disposition: attachment; filename*=UTF-8''%E6%8A%A5%E4%BB%B7.pdf\r\n",
            "Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjc=\r\n----b--\r\n"
        ));
        assert_eq!(letter.message_id.as_deref(), Some("4f1c@norte.example"));
        assert_eq!(letter.at, Some(1_795_768_200_000));
        assert_eq!(letter.from.unwrap().name, "Zoë Chérif");
        let to: Vec<_> = letter.to.iter().map(|to| (to.name.as_str(), to.address.as_str())).collect();
        assert_eq!(
            to,
            [
                ("Ruiz, Ana", "ana@satchel.example"),
                ("", "bo@satchel.example"),
                ("王伟", "wang@shenzhen.example")
            ]
        );
        assert_eq!((letter.subject.as_str(), letter.text.as_str()), ("Re: 报价", "Dear Ana,\n\nagreed."));
        let [file] = letter.enclosed.as_slice() else { panic!("one file") };
        assert_eq!((file.name.as_str(), file.bytes.as_slice()), ("报价.pdf", b"%PDF-1.7".as_slice()));
        assert_eq!(file.media_type, "application/pdf");
    }

    #[test]
    fn html_becomes_text_and_nothing_of_it_is_kept() {
        let letter = read(concat!(
            "From: a@x.example\nTo: b@x.example\nSubject: x\nContent-Type: text/html; charset=utf-8\n\n",
            "<html><head><style>p{color:red}</style><title>T</title></head><body><p>Dear&nbsp;Ana,</p>",
            "<script>alert(1)</script><img src=\"https://spy.example/1.gif\"><p>a &lt; b<br>yours</p></body></html>"
        ));
        assert!(letter.text.contains("Dear") && letter.text.contains("a < b\nyours"), "{}", letter.text);
        for gone in ["alert", "spy", "color", "<p>"] {
            assert!(!letter.text.contains(gone), "{gone}: {}", letter.text);
        }
    }

    #[test]
    fn letters_in_the_encodings_of_the_east_are_read() {
        for (label, charset) in
            [("gbk", "GBK"), ("gb18030", "GB18030"), ("gb2312", "GB2312"), ("big5", "Big5")]
        {
            let encoding = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap();
            let (body, ..) = encoding.encode("您好，报价如下");
            let (body, text) = if label == "big5" {
                (encoding.encode("您好，報價如下").0, "您好，報價如下")
            } else {
                (body, "您好，报价如下")
            };
            let mut raw = format!(
                "From: a@x.example\r\nSubject: x\r\nContent-Type: text/plain; charset={charset}\r\n\r\n"
            )
            .into_bytes();
            raw.extend_from_slice(&body);
            assert_eq!(read(&raw).text, text, "{charset}");
        }
        let japanese = "From: a@x.example\r\nSubject: =?ISO-2022-JP?B?GyRCOCtALRsoQg==?=\r\nContent-Type: text/plain; charset=ISO-2022-JP\r\n\r\n\u{1b}$B8+@-\u{1b}(B\r\n";
        let letter = read(japanese);
        assert_eq!(letter.subject, letter.text, "the same in a header and in the text");
        assert!(!letter.text.is_ascii(), "{}", letter.text);
        // Old programs write headers without saying how.
        let (subject, ..) = encoding_rs::GBK
            .encode("From: 王伟 <wang@x.example>\r\nSubject: 关于下周会议的报价单和合同\r\n\r\nx");
        assert_eq!(read(&subject).subject, "关于下周会议的报价单和合同");
    }

    #[test]
    fn what_is_no_letter_is_refused() {
        for bad in ["", "\0\0\0", "a,b\n1,2\n", "%PDF-1.7\n", "<html></html>", "Subject: x\n\ny"] {
            let error = read_letter("x.eml", bad.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with("x.eml cannot be read as a letter: "), "{bad}: {error}");
        }
        let head = format!("From: a@x.example\nX: {}", "y".repeat(limits::LETTER_HEADER));
        assert!(read_letter("x.eml", head.as_bytes()).is_err());
        let many =
            format!("From: a@x.example\n{}", "Content-Type: text/plain\n".repeat(limits::LETTER_PARTS + 1));
        assert!(read_letter("x.eml", many.as_bytes()).is_err());
    }

    #[test]
    fn a_letter_within_a_letter_is_a_file() {
        let inner = "From: c@x.example\nSubject: Inner\nContent-Type: multipart/mixed; boundary=message\n\n--message\nContent-Type: message/rfc822\n\nSubject: y\n\nz\n--message--\n";
        let letter = read(format!(
            "From: a@x.example\nSubject: Outer\nContent-Type: multipart/mixed; boundary=o\n\n--o\n\nsee there\n--o\nContent-Type: message/rfc822\n\n{inner}\n--o--\n"
        ));
        assert_eq!(letter.text, "see there");
        let [file] = letter.enclosed.as_slice() else { panic!("{letter:?}") };
        assert_eq!((file.name.as_str(), file.media_type.as_str()), ("Inner.eml", "message/rfc822"));
        assert_eq!(std::str::from_utf8(&file.bytes).unwrap().trim_end(), inner.trim_end(), "as it was");
    }

    #[test]
    fn letters_within_letters_take_neither_the_stack_nor_long() {
        let started = std::time::Instant::now();
        for (kind, from) in [
            ("message/rfc822", ""),
            ("message/global", ""),
            ("(;)message/rfc822", ""),
            ("\n message/rfc822", ""),
            ("Message/RFC822", "quoted-printable"),
            ("multipart/digest; boundary=x", "quoted-printable"),
        ] {
            let inner = "=43ontent-Type: message/rfc822=0A=0A".repeat(200_000);
            let deep = format!("Content-Type: {kind}\n\n").repeat(limits::LETTER_PARTS - 1);
            let inside = if from.is_empty() { deep } else { format!("--x\n\n{inner}") };
            let head =
                format!("From: a@x.example\nContent-Type: {kind}\nContent-Transfer-Encoding: {from}\n\n");
            let _ = read_letter("x.eml", (head + &inside).as_bytes());
        }
        assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    }

    #[test]
    fn types_without_an_end_do_not_take_long() {
        let started = std::time::Instant::now();
        for named in ["content-type", "content-type;", "content-type(", "content-type:\n "] {
            let text = named.repeat(100_000);
            assert!(!read(format!("From: a@x.example\n\n{text}")).text.is_empty(), "{named}");
        }
        assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
    }
}
