//! Quotes and what they look like.

use crate::{
    args::{PaperLanguageArg, QuoteCommand},
    run::{assignments, record},
    show::{Show, harmless},
    words::{say, word},
};
use satchel_app::{
    AppError, Session,
    views::{Notice, PaperLanguage, QuoteView},
};
use serde_json::json;
use std::path::Path;

pub fn quote(show: &Show, session: &Session, command: QuoteCommand) -> Result<(), AppError> {
    match command {
        QuoteCommand::Sums { id } => {
            let view = session.quote(record(&id)?)?;
            show.answer(&json!(view), || sums(&view));
        }
        QuoteCommand::Revise { id } => {
            let written = session.revise_quote(record(&id)?)?;
            show.answer(&json!(written), || written.id.to_string());
        }
        QuoteCommand::Pdf { id, out, language } => {
            let language = match language {
                PaperLanguageArg::En => PaperLanguage::En,
                PaperLanguageArg::Zh => PaperLanguage::Zh,
            };
            let written = session.write_quote_pdf(record(&id)?, language, &out)?;
            left_out(show, &written.notices);
            let answer = json!({"file": out, "bytes": written.bytes, "notices": written.notices});
            show.answer(&answer, || out.display().to_string());
        }
    }
    Ok(())
}

/// Says what a paper goes without; scripts read it in the answer.
pub fn left_out(show: &Show, notices: &[Notice]) {
    for notice in notices.iter().filter(|_| !show.json) {
        show.warn(&harmless(&say!("{} was left out: {}", notice.left_out, notice.why)));
    }
}

fn sums(view: &QuoteView) -> String {
    let Some(sums) = &view.sums else {
        return view.problem.clone().unwrap_or_else(|| word("no line with a price yet").to_owned());
    };
    let money =
        |minor: i64| satchel_app::domain::money::Money { minor, currency: sums.currency.clone() }.to_string();
    let mut out = vec![format!("{}  {}", word("subtotal"), money(sums.subtotal))];
    if sums.discount != 0 {
        out.push(format!("{}  {}", word("discount"), money(-sums.discount)));
    }
    out.extend(sums.taxes.iter().map(|tax| format!("{} {}%  {}", word("tax"), tax.rate, money(tax.tax))));
    out.push(format!("{}  {}", word("total"), money(sums.total)));
    out.join("\n")
}

pub fn letterhead(
    show: &Show,
    session: &Session,
    fields: &[String],
    logo: Option<&Path>,
) -> Result<(), AppError> {
    if let Some(logo) = logo {
        let written = session.set_logo(logo)?;
        if fields.is_empty() {
            show.answer(&json!(written), || written.id.to_string());
            return Ok(());
        }
    }
    if fields.is_empty() {
        let fields = session.letterhead()?;
        let lines =
            || fields.iter().map(|(key, value)| format!("{key}: {value}")).collect::<Vec<_>>().join("\n");
        show.answer(&json!({"id": session.letterhead_id(), "fields": fields}), lines);
        return Ok(());
    }
    let written = session.set_letterhead(&assignments(session, fields)?)?;
    show.answer(&json!(written), || written.id.to_string());
    Ok(())
}
