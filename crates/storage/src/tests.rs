use super::*;
use expect_test::expect_file;
use satchel_domain::{Catalogue, Kind, Projection, RecordId, Registers, Value, project, value::Habits};

fn key(byte: &str) -> SqlCipherKey {
    SqlCipherKey::new(format!("x'{}'", byte.repeat(32)))
}

fn projection(kind: Kind, pairs: &[(&str, &str)]) -> Projection {
    let catalogue = Catalogue::default();
    let mut registers = Registers::new();
    for (key, text) in pairs {
        let field = catalogue.field(kind, key).expect("declared");
        let habits = Habits { region: Some("GB".into()), ..Habits::default() };
        if let Some(value) = Value::from_text(field, text, &habits).expect("valid") {
            value.to_registers(key, &mut registers);
        }
    }
    project(kind, &registers, &catalogue)
}

fn add(store: &Store, kind: Kind, n: u128, pairs: &[(&str, &str)]) -> RecordId {
    let id = RecordId::from_bytes((n << 64 | 7).to_be_bytes());
    let projection = projection(kind, pairs);
    let there = store.read(|db| documents::find(db, id)).expect("read");
    let put = Put {
        id,
        row: there.map(|(row, _)| row),
        alone: false,
        kind,
        heads: &[[1; 32]],
        bytes: b"doc",
        appended: 0,
        created_at: 1000,
        updated_at: 2000 + i64::try_from(n).expect("small"),
        projection: &projection,
        conflicts: &[],
    };
    store.write::<_, StorageError>(|tx| documents::put(tx, &put)).expect("written");
    id
}

/// A store with nothing in it.
pub(crate) fn empty() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().expect("a folder");
    let store = Store::create(&dir.path().join("v.db"), &key("ab")).expect("made");
    (dir, store)
}

struct Fixture {
    dir: tempfile::TempDir,
    store: Store,
}

fn fixture() -> Fixture {
    let dir = tempfile::tempdir().expect("a folder");
    let store = Store::create(&dir.path().join("v.db"), &key("ab")).expect("made");
    add(
        &store,
        Kind::Person,
        1,
        &[
            ("first_name", "Ana"),
            ("last_name", "Ruiz"),
            ("emails", "ana@norte.example"),
            ("phones", "020 7946 0018"),
            ("tags", "VIP,north"),
            ("addresses", r#"[{"label":"work","city":"Porto"}]"#),
        ],
    );
    add(
        &store,
        Kind::Person,
        2,
        &[("first_name", "伟"), ("last_name", "王"), ("notes", "深圳 客户"), ("birthday", "1985-04-12")],
    );
    add(
        &store,
        Kind::Person,
        3,
        &[
            ("first_name", "Zoë"),
            ("last_name", "Chérif"),
            ("title", "Director"),
            ("addresses", r#"[{"city":"São Paulo"}]"#),
        ],
    );
    let norte = add(
        &store,
        Kind::Company,
        4,
        &[("name", "Norte SL"), ("employees", "120"), ("annual_revenue", "1250000 EUR")],
    );
    add(&store, Kind::Person, 5, &[("first_name", "Bo"), ("company", &norte.to_string())]);
    Fixture { dir, store }
}

fn titles(store: &Store, kind: Kind, filter: &str, sort: &[(&str, bool)]) -> Vec<String> {
    let catalogue = Catalogue::default();
    let query = ListQuery {
        filter: satchel_domain::filter::parse(filter).expect("a filter"),
        sort: sort.iter().map(|(f, d)| ((*f).to_owned(), *d)).collect(),
        ..ListQuery::all(kind)
    };
    let found = store.read(|db| lists::page(db, &catalogue, kind, &lists::rows(db, &catalogue, &query)?));
    let found: Vec<Row> = found.map_err(|e: StorageError| e).expect("listed");
    found.into_iter().map(|r| r.title).collect()
}

fn found(store: &Store, text: &str) -> Vec<String> {
    let catalogue = Catalogue::default();
    let rows = store.read(|db| {
        let rows = search::find(db, text, Some(Kind::Person), 10)?;
        lists::page(db, &catalogue, Kind::Person, &rows)
    });
    rows.map_err(|e: StorageError| e).expect("searched").into_iter().map(|r| r.title).collect()
}

#[test]
fn this_build_is_fit_to_hold_secrets() {
    connection::check_build().expect("SQLCipher, a recent SQLite, and no temporary files");
}

/// Every table, index and column in one place: a change here is a change of the format.
#[test]
fn the_schema_is_as_recorded() {
    let fixture = fixture();
    expect_file!["../schema.sql"].assert_eq(&fixture.store.schema().expect("dumped"));
}

#[test]
fn people_are_found_by_any_part_and_notation() {
    let Fixture { store, .. } = fixture();
    for text in ["ruiz", "RUI", "ana@norte", "+44 20 7946 0018", "0018", "02079460018", "porto"] {
        assert_eq!(found(&store, text), ["Ana Ruiz"], "{text}");
    }
    for text in ["王伟", "王", "wangwei", "wang wei", "ww", "深圳", "客户"] {
        assert_eq!(found(&store, text), ["王伟"], "{text}");
    }
    for text in ["zoe", "cherif", "CHÉRIF zo", "sao paulo", "direc"] {
        assert_eq!(found(&store, text), ["Zoë Chérif"], "{text}");
    }
    assert!(found(&store, "nobody").is_empty() && found(&store, "\"*").is_empty());
}

#[test]
fn lists_filter_and_sort() {
    let Fixture { store, .. } = fixture();
    let all = |filter| titles(&store, Kind::Person, filter, &[]);
    assert_eq!(all(""), ["Bo", "Zoë Chérif", "Ana Ruiz", "王伟"], "by family name, Chinese by pinyin");
    assert_eq!(all("city = 'porto'"), ["Ana Ruiz"]);
    assert_eq!(all("city = 'Sao Paulo'"), ["Zoë Chérif"]);
    assert_eq!(all("tags has 'vip' and not title is empty"), [""; 0]);
    assert_eq!(all("tags has 'vip' and title is empty"), ["Ana Ruiz"]);
    assert_eq!(all("company = 'norte sl'"), ["Bo"]);
    assert_eq!(all("company contains 'NORTE'"), ["Bo"]);
    assert_eq!(all("emails contains 'norte'"), ["Ana Ruiz"]);
    assert_eq!(all("first_name starts 'zo' or last_name = '王'"), ["Zoë Chérif", "王伟"]);
    assert_eq!(all("birthday >= '1985-01-01'"), ["王伟"]);
    assert_eq!(all("title != 'director'").len(), 3);
    assert_eq!(all("updated_at > '2020-01-01'").len(), 0);
    assert_eq!(all("street contains 'porto'"), ["Ana Ruiz"]);
    assert_eq!(all("name contains 'an'"), ["Ana Ruiz"]);
    assert_eq!(
        titles(&store, Kind::Person, "", &[("updated_at", true)]),
        ["Bo", "Zoë Chérif", "王伟", "Ana Ruiz"]
    );
    assert_eq!(titles(&store, Kind::Person, "", &[("title", false)])[0], "Zoë Chérif", "no value sorts last");
    assert_eq!(titles(&store, Kind::Person, "", &[("company", false)])[0], "Bo");
    assert_eq!(
        titles(&store, Kind::Company, "employees > 100 and annual_revenue >= 1,000,000", &[("name", false)]),
        ["Norte SL"]
    );
}

#[test]
fn bad_filters_say_what_is_wrong() {
    let Fixture { store, .. } = fixture();
    let rows = |filter: &str| {
        let query = ListQuery {
            filter: satchel_domain::filter::parse(filter).expect("parses"),
            ..ListQuery::all(Kind::Company)
        };
        store.read(|db| lists::rows(db, &Catalogue::default(), &query)).expect_err(filter)
    };
    assert!(matches!(rows("shoe = 1"), StorageError::UnknownField(f) if f == "shoe"));
    assert!(matches!(rows("employees > many"), StorageError::BadOperand { .. }));
}

#[test]
fn a_write_that_fails_leaves_nothing() {
    let Fixture { store, .. } = fixture();
    let before = store.read(|db| projections::count(db, Kind::Person)).expect("counted");
    let failed = store.write(|tx| {
        settings::put(tx, "half", "done")?;
        Err::<(), _>(StorageError::DiskFull)
    });
    assert!(failed.is_err());
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = store.write::<(), StorageError>(|tx| {
            settings::put(tx, "half", "done")?;
            panic!("in the middle");
        });
    }));
    assert!(panicked.is_err());
    let (half, after) = store
        .read::<_, StorageError>(|db| Ok((settings::get(db, "half")?, projections::count(db, Kind::Person)?)))
        .expect("read");
    assert_eq!((half, after), (None, before));
}

#[test]
fn what_is_no_database_of_ours_is_refused_and_left_alone() {
    let Fixture { dir, store } = fixture();
    let path = dir.path().join("v.db");
    drop(store);
    let good = std::fs::read(&path).expect("read");
    let plain = dir.path().join("plain.db");
    Connection::open(&plain).expect("opened").execute_batch("CREATE TABLE a (b)").expect("made");
    let variants: Vec<(&str, Vec<u8>)> = vec![
        ("truncated", good[..good.len() / 3].to_vec()),
        ("noise", vec![0x5a; 8192]),
        ("another program's", std::fs::read(&plain).expect("read")),
        ("header damaged", {
            let mut bad = good.clone();
            bad[20] ^= 1;
            bad
        }),
    ];
    for (what, bytes) in variants {
        std::fs::write(&path, &bytes).expect("written");
        let opened =
            Store::open(&path, &key("ab")).map(|store| store.check().map(|c| c.iter().all(|c| c.ok)));
        assert!(!matches!(opened, Ok(Ok(true))), "{what}: must be noticed");
        if what != "truncated" {
            assert!(matches!(opened, Err(StorageError::Damaged(_))), "{what}: {opened:?}");
            assert_eq!(std::fs::read(&path).expect("read"), bytes, "{what}: must not be changed");
        }
    }
    std::fs::write(&path, &good).expect("written");
    assert!(matches!(Store::open(&path, &key("cd")), Err(StorageError::Damaged(_))), "a wrong key");
    assert!(matches!(Store::open(&dir.path().join("none.db"), &key("ab")), Err(StorageError::Missing(_))));
    assert!(Store::create(&path, &key("ab")).is_err(), "an existing file is never made anew");
    Store::open(&path, &key("ab")).expect("the good one still opens");
}

#[test]
fn a_newer_schema_is_refused() {
    let Fixture { dir, store } = fixture();
    store.write::<_, StorageError>(|tx| Ok(tx.pragma_update(None, "user_version", 99)?)).expect("written");
    drop(store);
    assert!(matches!(
        Store::open(&dir.path().join("v.db"), &key("ab")),
        Err(StorageError::Newer { found: 99, .. })
    ));
}

#[test]
fn nothing_on_disk_is_readable_and_deleted_text_is_gone() {
    let Fixture { dir, store } = fixture();
    let id = add(&store, Kind::Person, 9, &[("first_name", "Canary4711")]);
    store.checkpoint().expect("checkpoint");
    for entry in std::fs::read_dir(dir.path()).expect("listed").flatten() {
        let bytes = std::fs::read(entry.path()).expect("read");
        for canary in ["Canary4711", "canary4711", "Ruiz", "SQLite format 3"] {
            assert!(!bytes.windows(canary.len()).any(|w| w == canary.as_bytes()), "{canary} in {entry:?}");
        }
    }
    // Under the key too: after an erasure the index holds none of the words, of earlier edits neither.
    add(&store, Kind::Person, 9, &[("first_name", "Canary4712")]);
    let words = || -> i64 {
        let sql = "SELECT count(*) FROM search_data WHERE instr(block, 'canary') > 0";
        store.read::<_, StorageError>(|db| Ok(db.query_row(sql, [], |r| r.get(0))?)).expect("read")
    };
    assert!(words() > 0, "the test can see words");
    let row = store.read(|db| documents::get(db, id)).expect("read").expect("there").row;
    store.write(|tx| search::erase(tx, row)).expect("erased");
    store.checkpoint().expect("checkpoint");
    assert_eq!(words(), 0, "FTS5 must not keep erased words");
}

#[test]
fn a_copy_under_another_key_is_complete_and_the_old_key_does_not_open_it() {
    let Fixture { dir, store } = fixture();
    let copy = dir.path().join("copy.db");
    store.export(&copy, &key("cd")).expect("copied");
    assert!(Store::open(&copy, &key("ab")).is_err());
    let copy = Store::open(&copy, &key("cd")).expect("opens");
    assert_eq!(found(&copy, "wangwei"), ["王伟"]);
    assert!(copy.check().expect("checked").iter().all(|c| c.ok));
}

#[test]
fn a_full_disk_is_said_and_nothing_is_lost() {
    let Fixture { dir: _dir, store } = fixture();
    let pages: i64 = store
        .read::<_, StorageError>(|db| Ok(db.query_row("PRAGMA page_count", [], |r| r.get(0))?))
        .expect("read");
    store
        .write::<_, StorageError>(|tx| Ok(tx.pragma_update(None, "max_page_count", pages + 2)?))
        .expect("set");
    let big = "x".repeat(200_000);
    let full = store.write(|tx| settings::put(tx, "big", &big));
    assert!(matches!(full, Err(StorageError::DiskFull)), "{full:?}");
    assert_eq!(found(&store, "ruiz"), ["Ana Ruiz"]);
    assert!(store.check().expect("checked").iter().all(|c| c.ok));
}

/// A vault of the first version, with an operation that touched two records.
#[test]
fn an_older_vault_is_brought_up_to_date_and_a_copy_is_kept() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("satchel-1.db");
    let old = connection::open(&path, &key("ab"), connection::Mode::Create).expect("made");
    old.execute_batch(include_str!("migrations/0001_base.sql")).expect("a schema");
    old.execute_batch(
        "INSERT INTO document (id, kind, heads, bytes) VALUES
           ('00000000-0000-0000-0000-000000000001', 'person', x'01', x'02'),
           ('00000000-0000-0000-0000-000000000002', 'person', x'01', x'02');
         INSERT INTO operation (id, label, at, person, device, records, finished)
           VALUES ('00000000-0000-0000-0000-000000000009', 'import', 1, 'Ana', 'laptop', 2, 1);
         INSERT INTO operation_record VALUES (1, 1, x'', x'01'), (1, 2, x'', x'01');
         PRAGMA user_version = 1;",
    )
    .expect("filled");
    drop(old);
    let store = Store::open(&path, &key("ab")).expect("opened");
    let touched = store.read(|db| operations::touched(db, 1, &[Kind::Person], i64::MAX, 10)).expect("read");
    assert_eq!(touched.iter().map(|t| t.row).collect::<Vec<_>>(), [2, 1]);
    let one = store.read(|db| documents::by_row(db, 1)).expect("read").expect("there");
    assert_eq!((one.bytes, one.appended), (vec![2], 0));
    assert!(store.check().expect("checked").iter().all(|c| c.ok));
    let copies = std::fs::read_dir(dir.path()).expect("listed").flatten();
    let name = format!("before-schema-{SCHEMA_VERSION}");
    let copies = copies.filter(|e| e.file_name().to_string_lossy().contains(&name));
    assert_eq!(copies.count(), 1);
    drop(store);
    // It has opened as it is now: the copy would only be another place where all can be read.
    drop(Store::open(&path, &key("ab")).expect("opened"));
    let left = std::fs::read_dir(dir.path()).expect("listed").flatten();
    assert!(left.into_iter().all(|e| !e.file_name().to_string_lossy().contains("before-schema")));
}

/// Whole lists are sorted by us, two rows by SQLite: they must agree.
#[test]
fn our_order_is_that_of_sqlite() {
    let Fixture { dir: _dir, store } = fixture();
    let catalogue = Catalogue::default();
    for (n, (title, employees)) in
        [("", "3"), ("Ab", ""), ("a", "-2.5"), ("Ärger", "0"), ("ab c", "40000000"), ("王", "1")]
            .iter()
            .enumerate()
    {
        let n = 100 + n as u128;
        add(&store, Kind::Person, n, &[("first_name", "X"), ("title", title), ("birthday", "1985-04-12")]);
        add(&store, Kind::Company, n + 50, &[("name", "Y"), ("employees", employees)]);
    }
    for (kind, sort) in [
        (Kind::Person, "title"),
        (Kind::Person, "company"),
        (Kind::Person, "birthday"),
        (Kind::Person, "city"),
        (Kind::Person, "updated_at"),
        (Kind::Company, "employees"),
        (Kind::Company, "industry"),
    ] {
        for descending in [false, true] {
            let sort = vec![(sort.to_owned(), descending), ("name".to_owned(), !descending)];
            let query = ListQuery { sort, ..ListQuery::all(kind) };
            let rows = store.read(|db| lists::rows(db, &catalogue, &query)).expect("listed");
            assert!(rows.len() > 5);
            for two in rows.windows(2) {
                let place = store.read(|db| lists::place(db, &catalogue, &query, two[1], &two[..1]));
                assert_eq!(place.expect("placed"), lists::Place::At(1), "{:?} {two:?}", query.sort);
            }
        }
    }
}

/// An operation that came to nothing gives its number back, and the index must not know it already.
#[test]
fn the_index_forgets_an_operation_that_was_discarded() {
    let Fixture { dir: _dir, store } = fixture();
    let operation = |label: &str| Operation {
        seq: 0,
        id: satchel_domain::OperationId::from_bytes(
            blake3::hash(label.as_bytes()).as_bytes()[..16].try_into().expect("16"),
        ),
        label: label.into(),
        detail: "{}".into(),
        at: 1,
        person: String::new(),
        device: String::new(),
        records: 1,
        finished: true,
        undoes: None,
        undone_by: None,
        origin: None,
    };
    store
        .write::<_, StorageError>(|tx| {
            let seq = operations::begin(tx, &operation("undo"))?;
            search::nothing_is_pending(tx)?;
            operations::discard(tx, seq)?;
            let again = operations::begin(tx, &operation("edit"))?;
            assert_eq!(again, seq, "SQLite gives the number again");
            operations::touch(tx, again, 1, true, &[], &[])?;
            assert_eq!(search::pending(tx)?, [1]);
            Ok(())
        })
        .expect("written");
}

/// Three incarnations of a trail, 100 lines each, of which every tenth is an export; a day for every 50 lines.
fn trail(store: &Store) {
    let day = |row: u64| i64::try_from(row / 50).expect("small") * 86_400_000;
    let write = |tx: &Transaction<'_>| -> Result<(), StorageError> {
        for row in 0..300 {
            let act = if row % 10 == 0 { "export" } else { "change" };
            audit::add(tx, (row / 100 + 7, row % 100 + 1), day(row), act, &format!("line {row}"))?;
        }
        Ok(())
    };
    store.write_aside(write).expect("written");
}

#[test]
fn lines_of_a_trail_are_found_by_place_day_and_act() {
    let Fixture { dir: _dir, store } = fixture();
    trail(&store);
    let at = |incarnation, seq| {
        let row = store.read(|db| audit::up_to(db, incarnation, seq)).expect("read");
        row.map(|row| (row.incarnation, row.seq))
    };
    assert_eq!(at(8, 30), Some((8, 30)));
    assert_eq!(at(8, 500), Some((8, 100)), "the last that is there");
    assert_eq!(at(9, u64::MAX >> 1), Some((9, 100)));
    assert_eq!(at(1, 1), None);
    let rows = |wanted: audit::Wanted| -> Vec<i64> {
        let lines = store.read(|db| audit::newest(db, &audit::Wanted { limit: 3, ..wanted.clone() }));
        lines.expect("read").into_iter().map(|line| line.row).collect()
    };
    let between = Some((86_400_000, 2 * 86_400_000));
    let export = Some("export".to_owned());
    assert_eq!(rows(audit::Wanted::default()), [300, 299, 298]);
    assert_eq!(rows(audit::Wanted { between, ..audit::Wanted::default() }), [100, 99, 98]);
    assert_eq!(
        rows(audit::Wanted { between, act: export.clone(), ..audit::Wanted::default() }),
        [91, 81, 71]
    );
    assert_eq!(rows(audit::Wanted { before: Some(12), act: export, ..audit::Wanted::default() }), [11, 1]);
    assert_eq!(
        rows(audit::Wanted { between: Some((i64::MAX, i64::MAX)), ..audit::Wanted::default() }),
        [0; 0]
    );
}

#[test]
fn a_rare_act_is_found_by_its_index() {
    let Fixture { dir: _dir, store } = fixture();
    trail(&store);
    let plan = store.read::<_, StorageError>(|db| {
        let sql =
            "EXPLAIN QUERY PLAN SELECT line FROM audit WHERE row > ?1 AND row < ?2 AND at >= ?3 AND at < ?4
                   AND act = ?5 AND act <> 'change' ORDER BY row DESC LIMIT 50";
        let mut statement = db.prepare(sql)?;
        let steps = statement.query_map((0, 9, 0, 9, "export"), |r| r.get::<_, String>(3))?;
        Ok(steps.collect::<Result<Vec<_>, _>>()?.join("; "))
    });
    let plan = plan.expect("planned");
    assert!(plan.contains("audit_by_act") && !plan.contains("TEMP B-TREE"), "{plan}");
}

#[test]
fn of_an_hour_the_last_that_was_heard_of_a_trail_is_kept() {
    let Fixture { dir: _dir, store } = fixture();
    let hear = |seq: u64, minute: i64| {
        let seen = audit::SeenRow {
            device: [1; 16],
            incarnation: 7,
            seq,
            hash: [2; 32],
            at: minute * 60_000,
            signature: [3; 64],
        };
        store.write_aside::<_, StorageError>(|tx| audit::see(tx, &seen)).expect("kept");
    };
    for (seq, minute) in [(1, 0), (2, 5), (9, 10), (12, 100), (12, 100), (13, 110)] {
        hear(seq, minute);
    }
    let kept = store.read(|db| audit::seen_of(db, &[1; 16])).expect("read");
    assert_eq!(kept.iter().map(|s| s.seq).collect::<Vec<_>>(), [9, 13]);
    let furthest = store.read(|db| audit::furthest(db, &[1; 16], 7)).expect("read");
    assert_eq!(furthest.map(|s| s.seq), Some(13));
}

#[test]
fn a_write_that_was_cut_off_before_the_log_began_is_taken_back() {
    let dir = tempfile::tempdir().expect("a folder");
    let (path, cut) = (dir.path().join("v.db"), dir.path().join("cut.db"));
    let store = Store::create(&path, &key("ab")).expect("made");
    store.write::<_, StorageError>(|tx| settings::put(tx, "name", "before")).expect("written");
    drop(store);
    let db = crate::connection::open(&path, &key("ab"), crate::connection::Mode::Write).expect("open");
    db.execute_batch(
        "PRAGMA journal_mode = DELETE; PRAGMA cache_size = 2; BEGIN IMMEDIATE;
         UPDATE setting SET value = 'after' WHERE key = 'name';
         CREATE TABLE filler (a); INSERT INTO filler VALUES (zeroblob(400000));",
    )
    .expect("in the middle");
    // As it lies on the disk when the power goes.
    let beside = |path: &std::path::Path| std::path::PathBuf::from(format!("{}-journal", path.display()));
    std::fs::copy(&path, &cut).expect("copied");
    std::fs::copy(beside(&path), beside(&cut)).expect("there is a journal");
    drop(db);
    let store = Store::open(&cut, &key("ab")).expect("it opens");
    let name = store.read(|db| settings::get(db, "name")).expect("read");
    assert_eq!(name.as_deref(), Some("before"));
    // Whoever has not the key changes nothing of it.
    std::fs::write(beside(&cut), "no journal").expect("written");
    assert!(Store::open(&cut, &key("cd")).is_err());
}
