//! Papers of a made-up company.
#![allow(dead_code, clippy::unwrap_used)]

use satchel_paper::{Block, Language, Letterhead, Line, Quote, Report};

/// A disc on nothing, as a company might draw its mark.
pub fn logo(size: u32) -> Vec<u8> {
    let mut pixels = Vec::new();
    let middle = size as f32 / 2.0;
    for (y, x) in (0..size).flat_map(|y| (0..size * 3).map(move |x| (y, x))) {
        let (dx, dy) = (x as f32 - middle, y as f32 - middle);
        let disc = dx.hypot(dy) < middle - 1.0;
        let bar = x > size + size / 6 && (y / (size / 7)) % 2 == 1;
        pixels.extend(if disc || bar { [0x0f, 0x6b, 0x5c, 0xff] } else { [0, 0, 0, 0] });
    }
    png(size * 3, size, &pixels)
}

pub fn png(width: u32, height: u32, rgba: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().unwrap().write_image_data(rgba).unwrap();
    bytes
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

pub fn quote(language: Language, lines: usize) -> Quote {
    match language {
        Language::English => english(lines),
        Language::Chinese => chinese(lines),
    }
}

fn english(lines: usize) -> Quote {
    let line = |n: usize| {
        Line {
        name: ["Espresso machine, two groups", "Grinder 64 mm", "On-site training", "Maintenance, one year"][n % 4].into(),
        description: ["Stainless steel, 230 V, with plumbing kit and a first fill of beans from Huehuetenango.", "", "Half a day for up to six people; travel within 50 km is included.\nSecond visit after three months.", ""][n % 4].into(),
        quantity: ["2", "3", "1", "12 months"][n % 4].into(),
        unit_price: ["€4,350.00", "€789.00", "€420.00", "€39.00"][n % 4].into(),
        discount: ["10%", "", "", ""][n % 4].into(),
        tax: "21%".into(),
        total: ["€7,830.00", "€2,367.00", "€420.00", "€468.00"][n % 4].into(),
    }
    };
    Quote {
        language: Language::English,
        letterhead: Letterhead {
            name: "Norte Coffee Supplies, S.L.".into(),
            lines: strings(&["Rua do Almada 132, 2.º", "4050-031 Porto, Portugal", "+351 22 555 01 20", "norte-coffee.example"]),
            logo: Some(logo(120)),
            accent: Some([0x0f, 0x6b, 0x5c]),
            footer: strings(&["Norte Coffee Supplies, S.L.\nNIF PT 500 123 456", "Banco do Porto\nIBAN PT50 0002 0123 1234 5678 9015 4", "CEO: Inês Carvalho\nRegistered in Porto, no. 48 213"]),
        },
        number: "Q-2026-0017".into(),
        title: "Coffee corner for three offices".into(),
        date: "27 November 2026".into(),
        valid_until: "31 December 2026".into(),
        customer: strings(&["Schäfer & Łukasiewicz GmbH", "Jana Novotná", "Große Bleichen 21", "20354 Hamburg, Germany"]),
        prepared_by: strings(&["Bo Martins", "bo@norte-coffee.example"]),
        intro: "Thank you for the visit on Tuesday. As we agreed, this is everything that the three kitchens need, delivered and installed in one day before the office opens.".into(),
        lines: (0..lines).map(line).collect(),
        sums: vec![("Subtotal".into(), "€11,085.00".into()), ("Discount 3%".into(), "−€332.55".into()), ("VAT 21% of €10,752.45".into(), "€2,258.01".into())],
        total: ("Total".into(), "€13,010.46".into()),
        terms: "Delivery within three weeks of the order. Payment within 30 days of the invoice, without deduction.\n\nThe machines stay our property until they are paid. Warranty: two years on parts and labour; wear parts such as seals and burrs are excluded.".into(),
        ..Quote::default()
    }
}

fn chinese(lines: usize) -> Quote {
    let line = |n: usize| Line {
        name: ["双头半自动意式咖啡机 E61", "磨豆机（64 毫米刀盘）", "上门培训", "年度维护"][n % 4].into(),
        description: [
            "不锈钢机身，220 V，含进水套件与首批咖啡豆（危地马拉 Huehuetenango 产区）。",
            "",
            "半天，最多六人；市区 50 公里以内免差旅费。\n三个月后回访一次。",
            "",
        ][n % 4]
            .into(),
        quantity: ["2 台", "3 台", "1 次", "12 个月"][n % 4].into(),
        unit_price: ["¥31,800.00", "¥5,600.00", "¥2,400.00", "¥260.00"][n % 4].into(),
        discount: ["10%", "", "", ""][n % 4].into(),
        tax: "13%".into(),
        total: ["¥57,240.00", "¥16,800.00", "¥2,400.00", "¥3,120.00"][n % 4].into(),
    };
    Quote {
        language: Language::Chinese,
        letterhead: Letterhead {
            name: "深圳市北辰咖啡设备有限公司".into(),
            lines: strings(&["深圳市南山区科技园南区", "高新南七道 12 号 8 楼", "电话：0755-8655 0120", "beichen-coffee.example"]),
            logo: Some(logo(120)),
            accent: Some([0xc2, 0x41, 0x0c]),
            footer: strings(&["深圳市北辰咖啡设备有限公司\n统一社会信用代码 91440300MA5F00000X", "开户行：招商银行深圳科技园支行\n账号：7559 0000 1234 567", "开票信息以合同为准"]),
        },
        number: "BJ-2026-0017".into(),
        title: "三处办公室的咖啡角".into(),
        date: "2026年11月27日".into(),
        valid_until: "2026年12月31日".into(),
        customer: strings(&["上海喆堃信息技术有限公司", "王玥 采购经理", "上海市浦东新区张江高科技园区碧波路 690 号", "201203"]),
        prepared_by: strings(&["李昇", "lisheng@beichen-coffee.example"]),
        intro: "感谢您周二的接待。按照我们商定的内容，以下为三间茶水间所需的全部设备与服务，将在办公室开门之前一天内送达并安装完毕。王经理说：“越快越好。”——我们会尽力。".into(),
        lines: (0..lines).map(line).collect(),
        sums: vec![("小计".into(), "¥79,560.00".into()), ("折扣 3%".into(), "−¥2,386.80".into()), ("增值税 13%".into(), "¥10,032.52".into())],
        total: ("合计".into(), "¥87,205.72".into()),
        terms: "交货：自订单确认之日起三周内。付款：收到发票后三十日内全额支付。\n\n设备在款项付清之前，所有权归我方所有。质保：整机两年（含零件与人工），密封圈、刀盘等易损件除外。".into(),
        ..Quote::default()
    }
}

/// Scripts, characters that no font has, words without end.
pub fn odd() -> Quote {
    let mut quote = english(2);
    quote.title = "Смета «Кофе» · Προσφορά · 報價單繁體龍龜 · 견적서 · عرض سعر 123 من الشركة".into();
    quote.customer = strings(&[
        "שלום עולם 42 בע\"מ",
        "ประเทศไทย",
        "हिन्दी",
        "e\u{301}cole · ǅ · ﬁ · 👩‍👩‍👧 · \u{e000} · 𠮷野家 · 𝒳",
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    ]);
    quote.lines[0].name = "x".repeat(150);
    quote.lines[0].description = "长".repeat(400);
    quote.lines[1].description = "A very long description. ".repeat(700);
    quote.lines[1].total = "1234567890".repeat(12);
    quote
}

pub fn report(language: Language) -> Report {
    let (title, subtitle, heading, text, head, row): (_, _, _, _, &[&str], &[&str]) = match language {
        Language::English => (
            "Incident report",
            "27 November 2026 · Norte Coffee Supplies",
            "What happened",
            "A laptop was left in a train between Porto and Lisbon at about 18:40. It was locked, and its vault needs the key that only the owner's keyring has. The device was removed from the team the same evening, and the team goes on under a new key.",
            &["When", "Who", "What", "Records"],
            &[
                "27 Nov 2026, 19:05",
                "Ana",
                "Removed the device «Bo's laptop» from the team; all others confirmed it within the hour",
                "1,204",
            ],
        ),
        Language::Chinese => (
            "事件报告",
            "2026年11月27日 · 深圳市北辰咖啡设备有限公司",
            "事情经过",
            "一台笔记本电脑于当日 18:40 左右遗落在高铁上。电脑处于锁定状态，保险库只能用机主密钥环中的密钥打开。当晚已将该设备移出团队，团队改用新密钥。",
            &["时间", "人员", "内容", "记录数"],
            &[
                "2026年11月27日 19:05",
                "李昇",
                "将设备“王玥的笔记本”移出团队；其他设备在一小时内确认",
                "1,204",
            ],
        ),
    };
    let paragraph = Block::Paragraph(text.to_owned());
    let table = Block::Table { head: strings(head), rows: vec![strings(row); 30] };
    let blocks = vec![Block::Heading(heading.to_owned()), paragraph.clone(), paragraph, table];
    Report { language, title: title.to_owned(), subtitle: subtitle.to_owned(), blocks, ..Report::default() }
}
