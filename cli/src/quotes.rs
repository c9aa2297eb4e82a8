//! Quotes and what they look like.

use crate::{
    args::QuoteCommand,
    run::{assignments, record},
    show::Show,
};
use satchel_app::{AppError, Session, views::QuoteView};
use serde_json::json;

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
    }
    Ok(())
}

fn sums(view: &QuoteView) -> String {
    let Some(sums) = &view.sums else {
        return view.problem.clone().unwrap_or_else(|| "no line with a price yet".to_owned());
    };
    let money =
        |minor: i64| satchel_app::domain::money::Money { minor, currency: sums.currency.clone() }.to_string();
    let mut out = vec![format!("subtotal  {}", money(sums.subtotal))];
    if sums.discount != 0 {
        out.push(format!("discount  {}", money(-sums.discount)));
    }
    out.extend(sums.taxes.iter().map(|tax| format!("tax {}%  {}", tax.rate, money(tax.tax))));
    out.push(format!("total  {}", money(sums.total)));
    out.join("\n")
}

pub fn letterhead(show: &Show, session: &Session, fields: &[String]) -> Result<(), AppError> {
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
