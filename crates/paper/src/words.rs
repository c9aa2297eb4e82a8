//! What a quote says of itself, in both languages.

use crate::Language;

/// The words of one language.
pub(crate) struct Words {
    pub quote: &'static str,
    pub customer: &'static str,
    pub date: &'static str,
    pub valid_until: &'static str,
    pub prepared_by: &'static str,
    pub item: &'static str,
    pub quantity: &'static str,
    pub unit_price: &'static str,
    pub discount: &'static str,
    pub tax: &'static str,
    pub amount: &'static str,
    pub terms: &'static str,
    pub acceptance: &'static str,
    pub accepted: &'static str,
    pub place_and_date: &'static str,
    pub name: &'static str,
    pub signature: &'static str,
}

static ENGLISH: Words = Words {
    quote: "Quote",
    customer: "Prepared for",
    date: "Date",
    valid_until: "Valid until",
    prepared_by: "Prepared by",
    item: "Item",
    quantity: "Quantity",
    unit_price: "Unit price",
    discount: "Discount",
    tax: "Tax",
    amount: "Amount",
    terms: "Terms",
    acceptance: "Acceptance",
    accepted: "We accept this quote and its terms.",
    place_and_date: "Place and date",
    name: "Name",
    signature: "Signature",
};

static CHINESE: Words = Words {
    quote: "报价单",
    customer: "客户",
    date: "日期",
    valid_until: "有效期至",
    prepared_by: "报价人",
    item: "项目",
    quantity: "数量",
    unit_price: "单价",
    discount: "折扣",
    tax: "税",
    amount: "金额",
    terms: "条款",
    acceptance: "确认",
    accepted: "我方接受本报价及其条款。",
    place_and_date: "地点、日期",
    name: "姓名",
    signature: "签字（盖章）",
};

pub(crate) fn words(language: Language) -> &'static Words {
    match language {
        Language::English => &ENGLISH,
        Language::Chinese => &CHINESE,
    }
}
