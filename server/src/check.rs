//! Reads everything that is stored and says what does not hold together.

use crate::{
    hub::follow,
    store::{Store, StoreError},
};
use satchel_protocol::{DeviceId, Feed, Segment};
use std::collections::BTreeMap;

/// What was looked at, and what is wrong.
#[derive(Debug, Default, serde::Serialize)]
pub struct Report {
    pub workspaces: u64,
    pub segments: u64,
    pub entries: u64,
    pub bytes: u64,
    pub wrong: Vec<String>,
}

const STEP: usize = 200;

pub async fn check(store: &dyn Store) -> Result<Report, StoreError> {
    let mut report = Report { wrong: store.integrity().await?, ..Report::default() };
    for workspace in store.workspaces().await? {
        report.workspaces += 1;
        let id = workspace.id;
        let members = match follow(&store.control(id).await?) {
            Ok(members) => members,
            Err(_) => {
                report.wrong.push(format!("{id}: its control log does not hold together"));
                continue;
            }
        };
        let mut feeds: BTreeMap<(DeviceId, u64), Feed> = BTreeMap::new();
        let mut seq = 0;
        loop {
            let rows = store.segments(id, seq + 1, STEP).await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                if row.seq != seq + 1 {
                    report.wrong.push(format!(
                        "{id}: segments from {} to {} are missing",
                        seq + 1,
                        row.seq - 1
                    ));
                }
                seq = row.seq;
                report.segments += 1;
                report.bytes += row.bytes.len() as u64;
                let feed = feeds
                    .entry((row.device, row.incarnation))
                    .or_insert_with(|| Feed::new(row.device, row.incarnation));
                let card = members.devices.get(&row.device).map(|m| &m.card);
                let accepted = card.ok_or_else(|| "its device is no member".to_owned()).and_then(|card| {
                    let segment = Segment::decode(&row.bytes).map_err(|e| e.to_string())?;
                    feed.accept(id, card, &segment).map_err(|e| e.to_string())?;
                    Ok(segment.entries.len() as u64)
                });
                match accepted {
                    Ok(entries) => report.entries += entries,
                    Err(why) => report.wrong.push(format!("{id}: segment {}: {why}", row.seq)),
                }
            }
        }
        if seq != workspace.head {
            report.wrong.push(format!("{id}: it counts {} segments and has {seq}", workspace.head));
        }
        for feed in store.feeds(id).await? {
            let read = feeds.get(&(feed.device, feed.incarnation)).map_or(1, |f| f.next);
            if read != feed.next {
                report
                    .wrong
                    .push(format!("{id}: the feed of {} says {} and ends at {read}", feed.device, feed.next));
            }
        }
    }
    Ok(report)
}
