//! Reads everything that is stored and says what does not hold together.

use crate::{
    blobs::Blobs,
    hub::follow,
    store::{Store, StoreError},
};
use satchel_protocol::{DeviceId, Feed, Hash, Segment};
use std::collections::BTreeMap;

/// What was looked at, and what is wrong.
#[derive(Debug, Default, serde::Serialize)]
pub struct Report {
    pub workspaces: u64,
    pub segments: u64,
    pub entries: u64,
    pub bytes: u64,
    /// Of attachments.
    pub pieces: u64,
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
        let (mut seq, mut entries) = (0, 0);
        loop {
            let rows = store.segments(id, seq + 1, STEP).await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                seq = row.seq;
                report.segments += 1;
                report.bytes += row.bytes.len() as u64;
                let feed = feeds
                    .entry((row.device, row.incarnation))
                    .or_insert_with(|| Feed::new(row.device, row.incarnation));
                entries += row.next - row.first;
                let card = members.devices.get(&row.device).map(|m| &m.card);
                let accepted = card.ok_or_else(|| "its device is no member".to_owned()).and_then(|card| {
                    let segment = Segment::decode(id, &row.bytes).map_err(|e| e.to_string())?;
                    feed.accept(id, card, &segment).map_err(|e| e.to_string())
                });
                if let Err(why) = accepted {
                    report.wrong.push(format!("{id}: segment {}: {why}", row.seq));
                    // What comes behind it may be right.
                    (feed.next, feed.last) = (row.next, row.last);
                }
            }
        }
        if entries != workspace.entries {
            report.wrong.push(format!("{id}: it counts {} entries and has {entries}", workspace.entries));
        }
        report.entries += entries;
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

/// The same for the pieces of attachments.
pub async fn check_pieces(store: &dyn Store, blobs: &Blobs, report: &mut Report) -> Result<(), StoreError> {
    for workspace in store.workspaces().await? {
        let mut after = Hash::NONE;
        loop {
            let names = store.blobs(workspace.id, after, STEP).await?;
            let Some(last) = names.last() else { break };
            after = *last;
            for name in names {
                report.pieces += 1;
                report.wrong.extend(blobs.look(workspace.id, name).await);
            }
        }
    }
    Ok(())
}
