//! PostgreSQL, for several nodes without a state of their own. The row of a workspace is locked while a
//! segment comes in, so its numbers have no gaps; nodes tell each other by NOTIFY, sent behind the commit.

use super::{
    Appended, Behind, FeedState, LOOK, NewSegment, Replaced, Result, Row as Place, SegmentRow, Store,
    StoreError, WAITING, Waiting, Workspace, fits, page,
};
use async_trait::async_trait;
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Timeouts, Transaction};
use satchel_protocol::{DeviceId, Hash, Kept, News, Position, WorkspaceId, WrappedKey, from_hex};
use std::{collections::BTreeMap, path::Path, str::FromStr, sync::Arc, time::Duration};
use tokio::sync::mpsc;
use tokio_postgres::{AsyncMessage, Config, Row, types::ToSql};
use tokio_postgres_rustls::MakeRustlsConnect;

/// What brings the database from each version to the next.
const STEPS: [&str; 2] = [include_str!("postgres.sql"), include_str!("postgres_2.sql")];
const CONNECTIONS: usize = 16;
const WAIT: Duration = Duration::from_secs(10);
const CHANNEL: &str = "satchel";
/// Keeps two nodes that start at once from both making the tables.
const START_LOCK: i64 = 0x5A7C_4E1F;

pub struct Postgres {
    pool: Pool,
    config: Config,
    url: String,
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postgres").field("hosts", &self.config.get_hosts()).finish_non_exhaustive()
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(said) => Self::Failed(format!("{}: {}", said.code().code(), said.message())),
            None => Self::Unreachable(error.to_string()),
        }
    }
}

impl From<deadpool_postgres::PoolError> for StoreError {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        Self::Unreachable(error.to_string())
    }
}

/// TLS with the certificates that come with the system is not ours to find: those of the file that
/// `PGSSLROOTCERT` names.
fn tls() -> Result<MakeRustlsConnect> {
    let mut roots = rustls::RootCertStore::empty();
    if let Some(path) = std::env::var_os("PGSSLROOTCERT") {
        for certificate in crate::listen::certificates(Path::new(&path)).map_err(StoreError::Failed)? {
            roots.add(certificate).map_err(|e| StoreError::Failed(e.to_string()))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| StoreError::Failed(e.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn number(value: u64) -> i64 {
    // What counts things stays far below; incarnations are 64 random bits, kept as they are.
    value.cast_signed()
}

fn unsigned(r: &Row, at: usize) -> u64 {
    r.get::<_, i64>(at).cast_unsigned()
}

fn fixed<const N: usize>(r: &Row, at: usize) -> Result<[u8; N]> {
    r.get::<_, &[u8]>(at).try_into().map_err(|_| StoreError::Damaged("a row has bytes of another length"))
}

const WORKSPACE: &str = "SELECT id, head, control, entries, bytes, created_at, written_at FROM workspace";

fn workspace(r: &Row) -> Result<Workspace> {
    Ok(Workspace {
        id: WorkspaceId(fixed(r, 0)?),
        head: unsigned(r, 1),
        control: unsigned(r, 2),
        entries: unsigned(r, 3),
        bytes: unsigned(r, 4),
        created_at: r.get(5),
        written_at: r.get(6),
    })
}

type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

impl Postgres {
    pub async fn open(url: &str) -> Result<Self> {
        let config = Config::from_str(url).map_err(|e| StoreError::Failed(format!("DATABASE_URL: {e}")))?;
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(config.clone(), tls()?, recycling);
        let timeouts = Timeouts { wait: Some(WAIT), create: Some(WAIT), recycle: Some(WAIT) };
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .runtime(deadpool_postgres::Runtime::Tokio1)
            .timeouts(timeouts)
            .build()
            .map_err(|e| StoreError::Failed(e.to_string()))?;
        let store = Self { pool, config, url: url.to_owned() };
        store.migrate().await?;
        Ok(store)
    }

    async fn migrate(&self) -> Result<()> {
        let mut db = self.pool.get().await?;
        let tx = db.transaction().await?;
        tx.execute("SELECT pg_advisory_xact_lock($1)", &[&START_LOCK]).await?;
        let there = tx.query_one("SELECT to_regclass('meta') IS NOT NULL", &[]).await?;
        let version: i64 = match there.get(0) {
            true => {
                let row = tx.query_opt("SELECT value FROM meta WHERE key = 'schema'", &[]).await?;
                row.and_then(|r| r.get::<_, String>(0).parse().ok())
                    .ok_or(StoreError::Damaged("the table meta is not ours"))?
            }
            false => 0,
        };
        let schema = number(STEPS.len() as u64);
        let done = usize::try_from(version).unwrap_or(usize::MAX);
        for step in STEPS.get(done..).ok_or(StoreError::Newer(version, schema))? {
            tx.batch_execute(step).await?;
        }
        let sql = "INSERT INTO meta (key, value) VALUES ('schema', $1)
                   ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        tx.execute(sql, &[&schema.to_string()]).await?;
        Ok(tx.commit().await?)
    }

    async fn db(&self) -> Result<Object> {
        Ok(self.pool.get().await?)
    }

    async fn rows(&self, sql: &str, values: Values<'_>) -> Result<Vec<Row>> {
        let db = self.db().await?;
        let statement = db.prepare_cached(sql).await?;
        Ok(db.query(&statement, values).await?)
    }

    async fn row(&self, sql: &str, values: Values<'_>) -> Result<Option<Row>> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    async fn execute(&self, sql: &str, values: Values<'_>) -> Result<u64> {
        let db = self.db().await?;
        let statement = db.prepare_cached(sql).await?;
        Ok(db.execute(&statement, values).await?)
    }

    /// What other nodes have committed, workspace by workspace, for ever. After a pause `None`: something may
    /// have been missed.
    pub fn listen(&self) -> mpsc::UnboundedReceiver<Option<WorkspaceId>> {
        let (send, receive) = mpsc::unbounded_channel();
        let config = self.config.clone();
        tokio::spawn(async move {
            while !send.is_closed() {
                if let Err(e) = listen_once(&config, &send).await {
                    tracing::warn!(error = %e, "listening to the other nodes stopped; again in a second");
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        receive
    }

    /// Tells the other nodes.
    pub async fn notify(&self, id: WorkspaceId) -> Result<()> {
        self.execute("SELECT pg_notify($1, $2)", &[&CHANNEL, &id.to_string()]).await.map(|_| ())
    }
}

async fn listen_once(config: &Config, send: &mpsc::UnboundedSender<Option<WorkspaceId>>) -> Result<()> {
    let (client, mut connection) = config.connect(tls()?).await?;
    let forward = send.clone();
    let messages = tokio::spawn(async move {
        while let Some(message) = std::future::poll_fn(|cx| connection.poll_message(cx)).await {
            match message {
                Ok(AsyncMessage::Notification(n)) => {
                    let id = from_hex(n.payload()).map(WorkspaceId);
                    if id.is_some() && forward.send(id).is_err() {
                        return Ok(());
                    }
                }
                Ok(_) => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    });
    client.batch_execute(&format!("LISTEN {CHANNEL}")).await?;
    let _ = send.send(None);
    messages.await.map_err(|e| StoreError::Failed(e.to_string()))??;
    drop(client);
    Ok(())
}

/// A reader's view of one moment.
async fn snapshot(db: &mut Object) -> Result<Transaction<'_>> {
    let level = tokio_postgres::IsolationLevel::RepeatableRead;
    Ok(db.build_transaction().isolation_level(level).read_only(true).start().await?)
}

#[async_trait]
impl Store for Postgres {
    async fn ready(&self) -> Result<()> {
        self.row("SELECT 1", &[]).await.map(|_| ())
    }

    async fn keep(&self, key: &str, value: &str) -> Result<String> {
        let sql = "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        self.execute(sql, &[&key, &value]).await?;
        let row = self.row("SELECT value FROM meta WHERE key = $1", &[&key]).await?;
        row.map(|r| r.get(0)).ok_or(StoreError::Damaged("what was kept is not there"))
    }

    async fn workspaces(&self) -> Result<Vec<Workspace>> {
        self.rows(&format!("{WORKSPACE} ORDER BY id"), &[]).await?.iter().map(workspace).collect()
    }

    async fn workspace(&self, id: WorkspaceId) -> Result<Option<Workspace>> {
        let sql = format!("{WORKSPACE} WHERE id = $1");
        self.row(&sql, &[&&id.0[..]]).await?.as_ref().map(workspace).transpose()
    }

    async fn create(&self, id: WorkspaceId, first: &[u8], at: i64) -> Result<bool> {
        let mut db = self.db().await?;
        let tx = db.transaction().await?;
        let sql = "INSERT INTO workspace (id, head, control, entries, bytes, created_at, written_at)
                   VALUES ($1, 0, 1, 0, 0, $2, $2) ON CONFLICT DO NOTHING";
        let new = tx.execute(sql, &[&&id.0[..], &at]).await? > 0;
        if new {
            let sql = "INSERT INTO control (workspace, seq, bytes) VALUES ($1, 0, $2)";
            tx.execute(sql, &[&&id.0[..], &first]).await?;
        }
        tx.commit().await?;
        Ok(new)
    }

    async fn control(&self, id: WorkspaceId) -> Result<Vec<Vec<u8>>> {
        let sql = "SELECT bytes FROM control WHERE workspace = $1 ORDER BY seq";
        Ok(self.rows(sql, &[&&id.0[..]]).await?.iter().map(|r| r.get(0)).collect())
    }

    async fn set_control(
        &self,
        id: WorkspaceId,
        version: u64,
        from: u64,
        records: &[Vec<u8>],
    ) -> Result<bool> {
        let mut db = self.db().await?;
        let tx = db.transaction().await?;
        let sql = "UPDATE workspace SET control = control + 1 WHERE id = $1 AND control = $2";
        if tx.execute(sql, &[&&id.0[..], &number(version)]).await? == 0 {
            return Ok(false);
        }
        let sql = "DELETE FROM control WHERE workspace = $1 AND seq >= $2";
        tx.execute(sql, &[&&id.0[..], &number(from)]).await?;
        for (seq, bytes) in (from..).zip(records) {
            let sql = "INSERT INTO control (workspace, seq, bytes) VALUES ($1, $2, $3)";
            tx.execute(sql, &[&&id.0[..], &number(seq), bytes]).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn feeds(&self, id: WorkspaceId) -> Result<Vec<Position>> {
        let rows = self.rows(FEEDS, &[&&id.0[..]]).await?;
        rows.iter().map(position).collect()
    }

    async fn feed(&self, id: WorkspaceId, device: DeviceId, incarnation: u64) -> Result<Option<FeedState>> {
        let row = self.row(FEED, &[&&id.0[..], &&device.0[..], &number(incarnation)]).await?;
        row.as_ref().map(state).transpose()
    }

    async fn segment_with(&self, id: WorkspaceId, place: Position) -> Result<Option<Vec<u8>>> {
        let sql = "SELECT next, bytes FROM segment WHERE workspace = $1 AND device = $2 AND incarnation = $3
                   AND first <= $4 ORDER BY first DESC LIMIT 1";
        let values: Values<'_> =
            &[&&id.0[..], &&place.device.0[..], &number(place.incarnation), &number(place.next)];
        let row = self.row(sql, values).await?;
        Ok(row.filter(|r| unsigned(r, 0) > place.next).map(|r| r.get(1)))
    }

    async fn append(&self, s: NewSegment) -> Result<Appended> {
        let mut db = self.db().await?;
        let tx = db.transaction().await?;
        // The lock that all others of this workspace wait for.
        let sql = "UPDATE workspace SET head = head + 1, entries = entries + $2, bytes = bytes + $3, written_at = $4
                   WHERE id = $1 AND bytes + $3 <= $5 RETURNING head";
        let statement = tx.prepare_cached(sql).await?;
        let quota = i64::try_from(s.quota).unwrap_or(i64::MAX);
        let (id, device, incarnation) = (&s.workspace.0[..], &s.device.0[..], number(s.incarnation));
        let values: Values<'_> =
            &[&id, &number(s.after.next - s.before.next), &number(s.size), &s.at, &quota];
        let Some(row) = tx.query_opt(&statement, values).await? else { return Ok(Appended::Full) };
        let seq = unsigned(&row, 0);
        let statement = tx.prepare_cached(FEED).await?;
        let now = tx.query_opt(&statement, &[&id, &device, &incarnation]).await?;
        if now.as_ref().map(state).transpose()?.unwrap_or(FeedState::NEW) != s.before {
            return Ok(Appended::Moved);
        }
        put_segment(&tx, &s, seq).await?;
        put_feed(&tx, &s).await?;
        tx.commit().await?;
        Ok(Appended::Yes(seq))
    }

    async fn replace(&self, s: NewSegment) -> Result<Replaced> {
        let mut db = self.db().await?;
        let tx = db.transaction().await?;
        let (id, device, incarnation) = (&s.workspace.0[..], &s.device.0[..], number(s.incarnation));
        // The lock that all others of this workspace wait for.
        let statement = tx.prepare_cached("SELECT bytes FROM workspace WHERE id = $1 FOR UPDATE").await?;
        let row = tx.query_opt(&statement, &[&id]).await?;
        let bytes = row.map(|r| unsigned(&r, 0)).ok_or(StoreError::Damaged("the workspace is gone"))?;
        let sql = "SELECT seq, first, next, last, size FROM segment WHERE workspace = $1 AND device = $2
                   AND incarnation = $3 AND first >= $4 AND first < $5 ORDER BY first";
        let statement = tx.prepare_cached(sql).await?;
        let (first, next) = (number(s.before.next), number(s.after.next));
        let rows = tx.query(&statement, &[&id, &device, &incarnation, &first, &next]).await?;
        let place = |r: &Row| -> Result<Place> {
            let (seq, last) = (unsigned(r, 0), Hash(fixed(r, 3)?));
            Ok(Place { seq, first: unsigned(r, 1), next: unsigned(r, 2), last, size: unsigned(r, 4) })
        };
        let rows: Vec<Place> = rows.iter().map(place).collect::<Result<_>>()?;
        let statement = tx.prepare_cached(FEED).await?;
        let end = tx.query_opt(&statement, &[&id, &device, &incarnation]).await?;
        let end = end.as_ref().map(state).transpose()?.unwrap_or(FeedState::NEW);
        let Some(to) = rows.iter().map(|r| r.seq).min().filter(|_| fits(&rows, end, &s)) else {
            return Ok(Replaced::No);
        };
        let old: u64 = rows.iter().map(|r| r.size).sum();
        let total = (bytes + s.size).saturating_sub(old);
        if s.size > old && total > s.quota {
            return Ok(Replaced::Full);
        }
        let more = s.after.next.saturating_sub(end.next);
        let sql = "UPDATE workspace SET bytes = $2, entries = entries + $3, written_at = $4 WHERE id = $1";
        let statement = tx.prepare_cached(sql).await?;
        tx.execute(&statement, &[&id, &number(total), &number(more), &s.at]).await?;
        let seqs: Vec<i64> = rows.iter().map(|r| number(r.seq)).collect();
        let sql = "UPDATE doc_key SET seq = $3 WHERE workspace = $1 AND seq = ANY($2)";
        let statement = tx.prepare_cached(sql).await?;
        tx.execute(&statement, &[&id, &seqs, &number(to)]).await?;
        let statement =
            tx.prepare_cached("DELETE FROM segment WHERE workspace = $1 AND seq = ANY($2)").await?;
        tx.execute(&statement, &[&id, &seqs]).await?;
        put_segment(&tx, &s, to).await?;
        if more > 0 {
            put_feed(&tx, &s).await?;
        }
        tx.commit().await?;
        Ok(Replaced::Yes)
    }

    async fn put_read(&self, id: WorkspaceId, device: DeviceId, read: &[u8]) -> Result<()> {
        let sql = "INSERT INTO has_read (workspace, device, bytes) VALUES ($1, $2, $3)
                   ON CONFLICT (workspace, device) DO UPDATE SET bytes = excluded.bytes";
        self.execute(sql, &[&&id.0[..], &&device.0[..], &read]).await.map(|_| ())
    }

    async fn reads(&self, id: WorkspaceId) -> Result<Vec<Vec<u8>>> {
        let sql = "SELECT bytes FROM has_read WHERE workspace = $1 ORDER BY device";
        Ok(self.rows(sql, &[&&id.0[..]]).await?.iter().map(|r| r.get(0)).collect())
    }

    async fn put_blob(&self, id: WorkspaceId, name: Hash, size: u64, at: i64, quota: u64) -> Result<bool> {
        let mut db = self.db().await?;
        let tx = db.transaction().await?;
        let (id, name) = (&id.0[..], &name.0[..]);
        let sql =
            "INSERT INTO blob (workspace, name, size, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
        if tx.execute(sql, &[&id, &name, &number(size), &at]).await? == 0 {
            return Ok(true);
        }
        let sql =
            "UPDATE workspace SET bytes = bytes + $2, written_at = $3 WHERE id = $1 AND bytes + $2 <= $4";
        let quota = i64::try_from(quota).unwrap_or(i64::MAX);
        if tx.execute(sql, &[&id, &number(size), &at, &quota]).await? == 0 {
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn lacking_blobs(&self, id: WorkspaceId, names: Vec<Hash>) -> Result<Vec<Hash>> {
        let sql = "SELECT name FROM blob WHERE workspace = $1 AND name = ANY($2)";
        let asked: Vec<&[u8]> = names.iter().map(|n| &n.0[..]).collect();
        let there = self.rows(sql, &[&&id.0[..], &asked]).await?;
        let there: Vec<[u8; 32]> = there.iter().map(|r| fixed(r, 0)).collect::<Result<_>>()?;
        Ok(names.into_iter().filter(|n| !there.contains(&n.0)).collect())
    }

    async fn blobs(&self, id: WorkspaceId, after: Hash, limit: usize) -> Result<Vec<Hash>> {
        let sql = "SELECT name FROM blob WHERE workspace = $1 AND name > $2 ORDER BY name LIMIT $3";
        let rows = self.rows(sql, &[&&id.0[..], &&after.0[..], &number(limit as u64)]).await?;
        rows.iter().map(|r| fixed(r, 0).map(Hash)).collect()
    }

    async fn blob_total(&self, id: WorkspaceId) -> Result<(u64, u64)> {
        let sql = "SELECT count(*), coalesce(sum(size), 0)::bigint FROM blob WHERE workspace = $1";
        let row = self.row(sql, &[&&id.0[..]]).await?;
        Ok(row.map_or((0, 0), |r| (unsigned(&r, 0), unsigned(&r, 1))))
    }

    async fn news(&self, id: WorkspaceId, asks: DeviceId, known: Vec<Position>) -> Result<News> {
        let known: BTreeMap<(DeviceId, u64), u64> =
            known.iter().map(|p| ((p.device, p.incarnation), p.next)).collect();
        let mut db = self.db().await?;
        let tx = snapshot(&mut db).await?;
        let id = &id.0[..];
        let statement = tx.prepare_cached("SELECT head, control FROM workspace WHERE id = $1").await?;
        let row =
            tx.query_opt(&statement, &[&id]).await?.ok_or(StoreError::Damaged("the workspace is gone"))?;
        let (head, control) = (unsigned(&row, 0), unsigned(&row, 1));
        let statement = tx.prepare_cached(FEEDS).await?;
        let (mut behind, mut own) = (Vec::new(), Vec::new());
        for feed in tx.query(&statement, &[&id]).await? {
            let feed = position(&feed)?;
            own.extend((feed.device == asks).then_some(feed));
            let next = known.get(&(feed.device, feed.incarnation)).copied().unwrap_or(1);
            if feed.next <= next {
                continue;
            }
            // The segment that holds the place may begin before it.
            let sql = "SELECT seq, size FROM segment WHERE workspace = $1 AND device = $2 AND incarnation = $3
                       AND first >= coalesce((SELECT max(first) FROM segment WHERE workspace = $1 AND device = $2
                         AND incarnation = $3 AND first <= $4), $4)
                       ORDER BY first LIMIT $5";
            let statement = tx.prepare_cached(sql).await?;
            let (device, incarnation) = (&feed.device.0[..], number(feed.incarnation));
            let limit = number(LOOK as u64);
            let rows = tx.query(&statement, &[&id, &device, &incarnation, &number(next), &limit]).await?;
            let size = |r: &Row| usize::try_from(unsigned(r, 1)).unwrap_or(usize::MAX);
            let seqs: Vec<_> = rows.iter().map(|r| (unsigned(r, 0), size(r))).collect();
            behind.push(Behind { more: seqs.len() == LOOK, seqs });
        }
        let (chosen, more) = page(behind);
        let seqs: Vec<i64> = chosen.iter().map(|seq| number(*seq)).collect();
        let sql =
            "SELECT s.bytes, ARRAY(SELECT k.bytes FROM doc_key k WHERE k.workspace = $1 AND k.seq = s.seq)
                   FROM segment s WHERE s.workspace = $1 AND s.seq = ANY($2) ORDER BY s.seq";
        let statement = tx.prepare_cached(sql).await?;
        let rows = tx.query(&statement, &[&id, &seqs]).await?;
        let kept = |r: &Row| Kept { segment: r.get(0), keys: WrappedKey::join(&r.get::<_, Vec<Vec<u8>>>(1)) };
        Ok(News { head, control, more, segments: rows.iter().map(kept).collect(), own })
    }

    async fn segments(&self, id: WorkspaceId, from: u64, limit: usize) -> Result<Vec<SegmentRow>> {
        let sql = "SELECT seq, device, incarnation, first, next, last, at, bytes FROM segment
                   WHERE workspace = $1 AND seq >= $2 ORDER BY seq LIMIT $3";
        let values: Values<'_> = &[&&id.0[..], &number(from), &number(limit as u64)];
        let read = |r: &Row| {
            Ok(SegmentRow {
                seq: unsigned(r, 0),
                device: DeviceId(fixed(r, 1)?),
                incarnation: unsigned(r, 2),
                first: unsigned(r, 3),
                next: unsigned(r, 4),
                last: Hash(fixed(r, 5)?),
                at: r.get(6),
                bytes: r.get(7),
            })
        };
        self.rows(sql, values).await?.iter().map(read).collect()
    }

    async fn key_count(&self, id: WorkspaceId) -> Result<u64> {
        let row = self.row("SELECT count(*) FROM doc_key WHERE workspace = $1", &[&&id.0[..]]).await?;
        Ok(row.map_or(0, |r| unsigned(&r, 0)))
    }

    async fn put_invitation(&self, id: WorkspaceId, pass: Hash, expires_at: i64, now: i64) -> Result<()> {
        let mut db = self.db().await?;
        let tx = db.transaction().await?;
        let (id, pass) = (&id.0[..], &pass.0[..]);
        let sql = "DELETE FROM request WHERE workspace = $1 AND pass IN (
                     SELECT pass FROM invitation WHERE workspace = $1 AND expires_at <= $2)";
        tx.execute(sql, &[&id, &now]).await?;
        tx.execute("DELETE FROM invitation WHERE workspace = $1 AND expires_at <= $2", &[&id, &now]).await?;
        let sql = "INSERT INTO invitation (workspace, pass, expires_at) VALUES ($1, $2, $3)
                   ON CONFLICT DO NOTHING";
        tx.execute(sql, &[&id, &pass, &expires_at]).await?;
        Ok(tx.commit().await?)
    }

    async fn invited(&self, id: WorkspaceId, pass: Hash, now: i64) -> Result<bool> {
        let sql = "SELECT 1 FROM invitation WHERE workspace = $1 AND pass = $2 AND expires_at > $3";
        Ok(self.row(sql, &[&&id.0[..], &&pass.0[..], &now]).await?.is_some())
    }

    async fn put_request(&self, id: WorkspaceId, pass: Hash, request: Waiting, at: i64) -> Result<()> {
        let mut db = self.db().await?;
        let tx = db.transaction().await?;
        let (id, pass) = (&id.0[..], &pass.0[..]);
        let sql = "INSERT INTO request (workspace, name, pass, at, bytes) VALUES ($1, $2, $3, $4, $5)
                   ON CONFLICT DO NOTHING";
        if tx.execute(sql, &[&id, &request.name, &pass, &at, &request.bytes]).await? == 0 {
            return Ok(());
        }
        let sql = "DELETE FROM request WHERE workspace = $1 AND pass = $2 AND name NOT IN (
                     SELECT name FROM request WHERE workspace = $1 AND pass = $2
                     ORDER BY at DESC, name LIMIT $3)";
        tx.execute(sql, &[&id, &pass, &number(WAITING as u64)]).await?;
        tx.execute("UPDATE workspace SET control = control + 1 WHERE id = $1", &[&id]).await?;
        Ok(tx.commit().await?)
    }

    async fn requests(&self, id: WorkspaceId) -> Result<Vec<Waiting>> {
        let sql = "SELECT name, bytes FROM request WHERE workspace = $1 ORDER BY at, name LIMIT 1000";
        let rows = self.rows(sql, &[&&id.0[..]]).await?;
        Ok(rows.iter().map(|r| Waiting { name: r.get(0), bytes: r.get(1) }).collect())
    }

    async fn remove_request(&self, id: WorkspaceId, name: &str) -> Result<()> {
        let sql = "DELETE FROM request WHERE workspace = $1 AND name = $2";
        self.execute(sql, &[&&id.0[..], &name]).await.map(|_| ())
    }

    /// By PostgreSQL's own tool, which must be there.
    async fn backup(&self, to: &Path) -> Result<()> {
        let (url, to) = (self.url.clone(), to.to_owned());
        let dumped = tokio::task::spawn_blocking(move || {
            let mut command = std::process::Command::new("pg_dump");
            command.arg("--format=custom").arg("--file").arg(&to).arg("--dbname").arg(&url).output()
        });
        let out = dumped.await.map_err(|e| StoreError::Failed(e.to_string()))?;
        let out = out.map_err(|e| StoreError::Failed(format!("pg_dump cannot be started: {e}")))?;
        match out.status.success() {
            true => Ok(()),
            false => Err(StoreError::Failed(String::from_utf8_lossy(&out.stderr).trim().to_owned())),
        }
    }

    async fn integrity(&self) -> Result<Vec<String>> {
        // PostgreSQL checks its pages as it reads them, where `data_checksums` is on.
        Ok(Vec::new())
    }
}

/// A segment under its number in the workspace, and the keys that came with it.
async fn put_segment(tx: &Transaction<'_>, s: &NewSegment, seq: u64) -> Result<()> {
    let (id, device, incarnation) = (&s.workspace.0[..], &s.device.0[..], number(s.incarnation));
    let sql = "INSERT INTO segment (workspace, seq, device, incarnation, first, next, last, at, size, bytes)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let statement = tx.prepare_cached(sql).await?;
    let (first, next, last) = (number(s.before.next), number(s.after.next), &s.after.last.0[..]);
    let size = number(s.size);
    let values: Values<'_> =
        &[&id, &number(seq), &device, &incarnation, &first, &next, &last, &s.at, &size, &s.bytes];
    tx.execute(&statement, values).await?;
    if s.keys.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO doc_key (workspace, tag, epoch, seq, bytes)
               SELECT $1, k.tag, k.epoch, $2, k.bytes FROM unnest($3::bytea[], $4::bigint[], $5::bytea[])
                 AS k (tag, epoch, bytes) ON CONFLICT DO NOTHING";
    let tags: Vec<&[u8]> = s.keys.iter().map(|k| &k.tag.0[..]).collect();
    let epochs: Vec<i64> = s.keys.iter().map(|k| i64::from(k.epoch)).collect();
    let bytes: Vec<Vec<u8>> =
        s.keys.iter().map(|k| WrappedKey::encode_all(std::slice::from_ref(k))).collect();
    let statement = tx.prepare_cached(sql).await?;
    tx.execute(&statement, &[&id, &number(seq), &tags, &epochs, &bytes]).await?;
    Ok(())
}

async fn put_feed(tx: &Transaction<'_>, s: &NewSegment) -> Result<()> {
    let sql = "INSERT INTO feed (workspace, device, incarnation, next, last) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (workspace, device, incarnation)
               DO UPDATE SET next = excluded.next, last = excluded.last";
    let statement = tx.prepare_cached(sql).await?;
    let (next, last) = (number(s.after.next), &s.after.last.0[..]);
    tx.execute(&statement, &[&&s.workspace.0[..], &&s.device.0[..], &number(s.incarnation), &next, &last])
        .await?;
    Ok(())
}

const FEED: &str = "SELECT next, last FROM feed WHERE workspace = $1 AND device = $2 AND incarnation = $3";
const FEEDS: &str =
    "SELECT device, incarnation, next FROM feed WHERE workspace = $1 ORDER BY device, incarnation";

fn position(r: &Row) -> Result<Position> {
    Ok(Position { device: DeviceId(fixed(r, 0)?), incarnation: unsigned(r, 1), next: unsigned(r, 2) })
}

fn state(r: &Row) -> Result<FeedState> {
    Ok(FeedState { next: unsigned(r, 0), last: Hash(fixed(r, 1)?) })
}
