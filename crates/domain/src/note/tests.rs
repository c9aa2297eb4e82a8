use super::*;
use expect_test::{Expect, expect};
use proptest::prelude::*;
use std::time::{Duration, Instant};

const ANA: &str = "0192a3b4-0000-7000-8000-000000000001";

/// A note as one line a part.
fn show(text: &str) -> String {
    let mut out = String::new();
    read(text).iter().for_each(|block| show_block(block, 0, &mut out));
    out
}

fn show_block(block: &Block, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    let mut line = |what: &str, inlines: &[Inline]| {
        let said: String = inlines.iter().map(show_inline).collect();
        out.push_str(&format!("{indent}{what}: {said}\n"));
    };
    match block {
        Block::Paragraph { inlines } => line("p", inlines),
        Block::Heading { level, inlines } => line(&format!("h{level}"), inlines),
        Block::Code { text } => line("code", &[Inline::Text { text: text.clone() }]),
        Block::Rule => line("rule", &[]),
        Block::Table { head, rows } => {
            head.iter().for_each(|cell| line("th", &cell.inlines));
            rows.iter().flatten().for_each(|cell| line("td", &cell.inlines));
        }
        Block::Quote { blocks } => {
            line("quote", &[]);
            blocks.iter().for_each(|block| show_block(block, depth + 1, out));
        }
        Block::List { start, items } => {
            line(&format!("list {start:?}"), &[]);
            for item in items {
                out.push_str(&format!("{indent}item {:?}\n", item.done));
                item.blocks.iter().for_each(|block| show_block(block, depth + 1, out));
            }
        }
    }
}

fn show_inline(inline: &Inline) -> String {
    let all = |inlines: &[Inline]| inlines.iter().map(show_inline).collect::<String>();
    match inline {
        Inline::Text { text } => text.clone(),
        Inline::Code { text } => format!("`{text}`"),
        Inline::Break => "⏎".into(),
        Inline::Strong { inlines } => format!("<b {}>", all(inlines)),
        Inline::Emphasis { inlines } => format!("<i {}>", all(inlines)),
        Inline::Struck { inlines } => format!("<s {}>", all(inlines)),
        Inline::Link { to, inlines } => format!("<a {to} {}>", all(inlines)),
        Inline::Mention { id, name } => format!("<@{} {name}>", id.to_string().split_off(35)),
    }
}

fn check(text: &str, want: Expect) {
    want.assert_eq(&show(text));
}

#[test]
fn a_note_is_read_as_it_was_meant() {
    check(
        &format!(
            "# Visit\n\nMet **[Ana *Ruiz*](satchel:{ANA})** about ~~two~~ `3` pumps\nnext line\n\n\
             - [x] send offer\n- [ ] call\n  1. first\n  2. second\n\n> said so\n\n```rust\na <b> c\n```\n---\n"
        ),
        expect![[r#"
            h1: Visit
            p: Met <b <@1 Ana Ruiz>> about <s two> `3` pumps⏎next line
            list None: 
            item Some(true)
              p: send offer
            item Some(false)
              p: call
              list Some(1): 
              item None
                p: first
              item None
                p: second
            quote: 
              p: said so
            code: a <b> c
            rule: 
        "#]],
    );
    check(
        "| a | b |\n|---|---|\n| 1 | **2** |",
        expect![[r#"
            th: a
            th: b
            td: 1
            td: <b 2>
        "#]],
    );
}

#[test]
fn what_was_typed_without_a_thought_of_markdown_stays_as_it_is() {
    for text in ["Price 5 * 3 * 2, file_name_1", "#4 of 5", "+34 600 1", "a < b && c > d", "王伟 说：好"]
    {
        let want = vec![Block::Paragraph { inlines: vec![Inline::Text { text: text.into() }] }];
        assert_eq!(read(text), want, "{text}");
        assert_eq!(plain(text), text);
    }
    check("Best,\nAna\n--\nNorte", expect![["p: Best,⏎Ana\nrule: \np: Norte\n"]]);
    check("one\ntwo\n    three", expect![["p: one⏎two⏎three\n"]]);
    check(
        "indented:\n\n    is no program",
        expect![[r#"
        p: indented:
        p: is no program
    "#]],
    );
}

#[test]
fn nothing_of_a_browser_gets_through() {
    check("<script>alert(1)</script>", expect![["p: <script>alert(1)</script>\n"]]);
    check("a <b onclick=x>b</b>", expect![["p: a <b onclick=x>b</b>\n"]]);
    check(
        "[x](javascript:alert(1)) [y](file:///etc/passwd) [z](data:text/html,x) [w](//x.example)",
        expect![["p: x y z w\n"]],
    );
    check("![logo](https://x.example/a.png)", expect![["p: <a https://x.example/a.png logo>\n"]]);
    check(
        "[a](HTTPS://x.example) [b](tel:+34600)",
        expect![["p: <a HTTPS://x.example a> <a tel:+34600 b>\n"]],
    );
    check("[a](<https://x.example/a b>)", expect![["p: a\n"]]);
}

#[test]
fn addresses_are_links_without_a_mark() {
    check(
        "See https://x.example/a_b?c=1. (http://y.example), <ana@x.example>",
        expect![[
            "p: See <a https://x.example/a_b?c=1 https://x.example/a_b?c=1>. (<a http://y.example http://y.example>), <a mailto:ana@x.example ana@x.example>\n"
        ]],
    );
    check(
        "`https://x.example` xhttps://y https://",
        expect![["p: `https://x.example` xhttps://y https://\n"]],
    );
    let found = links("- [a](https://a.example)\n> **[b](mailto:b@x.example)**\n\nhttps://c.example");
    assert_eq!(found, ["https://a.example", "mailto:b@x.example", "https://c.example"]);
}

#[test]
fn mentions_are_links_to_records() {
    let text = format!("[Ana](satchel:{ANA}) [Ana](satchel:{ANA}) [x](satchel:nobody) `[c](satchel:{ANA})`");
    assert_eq!(mentions(&text).into_iter().collect::<Vec<_>>(), [ANA.parse().unwrap()]);
    assert!(mentions(&format!("`[c](satchel:{ANA})`")).is_empty(), "code mentions nobody");
    check(&text, expect![["p: <@1 Ana> <@1 Ana> x `[c](satchel:0192a3b4-0000-7000-8000-000000000001)`\n"]]);
    let many: String = (0..2000).map(|n| format!("[a](satchel:0192a3b4-0000-7000-8000-{n:012}) ")).collect();
    assert_eq!(mentions(&many).len(), MAX_MENTIONS);
}

#[test]
fn a_plain_note_says_the_same() {
    let text = format!(
        "## Visit\n**Met** [Ana](satchel:{ANA}) at [our site](https://x.example)\n\n1. one\n2. two\n\n- [ ] x"
    );
    assert_eq!(plain(&text), "Visit\n\nMet Ana at our site\n\n1. one\n2. two\n- [ ] x");
    assert_eq!(plain("a\nb\n\nc - d"), "a\nb\n\nc - d");
}

#[test]
fn hostile_notes_take_no_time_and_no_depth() {
    let n = 1_000_000;
    let repeated = |unit: &str| unit.repeat(n / unit.len());
    let id = format!("[a](satchel:{ANA})");
    for unit in [
        "[",
        "![",
        "]",
        "*",
        "**a ",
        "_a*",
        "`",
        "``a",
        ">",
        "> ",
        "- ",
        "1. ",
        "<",
        "<a ",
        "&",
        "&#",
        "\\",
        "#",
        "~",
        "|",
        "a|b\n-|-\n",
        "[a](",
        "[a](b",
        "[a]: b\n",
        "<!--",
        "<?",
        "- - ",
        "\n- a",
        "> - ",
        "((((",
        "\u{0}",
        "https://",
        "[[a](b)](",
        "\n\n    ",
        "a\n=\n",
        id.as_str(),
        "```\n",
        "王",
    ] {
        let text = repeated(unit);
        let started = Instant::now();
        let blocks = read(&text);
        let json = serde_json::to_string(&blocks).expect("plain data");
        plain(&text);
        mentions(&text);
        let took = started.elapsed();
        assert!(took < Duration::from_secs(4), "{unit:?} took {took:?}");
        let depth = depth_of(&json);
        assert!(depth <= 4 * MAX_DEPTH + 8, "{unit:?}: {depth} deep");
        assert!(json.len() < 12 * n, "{unit:?}: {} bytes", json.len());
    }
}

fn depth_of(json: &str) -> usize {
    let mut depth = 0_usize;
    let mut deepest = 0;
    let mut quoted = false;
    let mut escaped = false;
    for c in json.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '[' | '{' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            ']' | '}' if !quoted => depth -= 1,
            _ => {}
        }
    }
    deepest
}

#[test]
fn what_is_too_much_is_shown_as_it_was_written() {
    let text = format!("{}END", "*a* ".repeat(MAX_PARTS));
    let said = show(&text);
    assert!(said.contains("*a* *a* END"), "nothing is lost");
    for deepest in 0..30 {
        for inside in
            ["bottom", "- bottom", "1. - bottom", "| bottom |\n|---|\n| x |", "# *bottom*", "```\nbottom"]
        {
            let quoted: Vec<String> =
                inside.lines().map(|line| format!("{}{line}", "> ".repeat(deepest))).collect();
            assert!(show(&quoted.join("\n")).contains("bottom"), "{deepest}: {inside}");
            let listed = format!("{}bottom", "- ".repeat(deepest));
            assert!(show(&listed).contains("bottom"), "{listed}");
        }
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC*", marks in r"[\[\]()*_`~<>#|\\&!+\-=0-9.\n \ta:]{0,200}") {
        for text in [&text, &marks, &format!("{text}{marks}")] {
            let blocks = read(text);
            let said = plain(text);
            prop_assert!(said.len() <= 4 * text.len() + 16);
            prop_assert!(blocks.len() <= text.len() + 1);
            mentions(text);
            links(text);
        }
    }
}
