//! Several laptops of one team, and what may happen to them.

use crate::{CHEAP, PASSPHRASE};
use proptest::prelude::*;
use satchel_app::{
    Cancel, Code, CreateVault, ImportOptions, Invitation, Keyring, ListRequest, Passphrase, Role, Satchel,
    Session, Unlock, Which,
    domain::{Kind, RecordId, Uuid, WorkspaceId},
    views::{RemoteState, SyncReport},
};
use serde_json::{Value, json};
use std::{path::Path, sync::Arc, time::Duration};

/// A laptop with a folder of its own, which is carried to the others' now and then.
pub struct Device {
    pub dir: tempfile::TempDir,
    pub satchel: Satchel,
    pub session: Option<Arc<Session>>,
    /// Where the team meets, as this laptop calls it.
    pub address: String,
    /// Whether a server that cannot be reached now is fine.
    pub patient: bool,
    /// Records that were made here: those that are only here, and those that a remote has taken.
    pub saved: Vec<RecordId>,
    pub acknowledged: Vec<RecordId>,
}

fn passphrase() -> Passphrase {
    Passphrase::new(PASSPHRASE).unwrap()
}

impl Device {
    /// One that meets the others in its folder.
    pub fn new(person: &str, joins: Option<WorkspaceId>) -> Self {
        let mut device = Self::at(person, joins, "");
        device.address = device.shared().display().to_string();
        device
    }

    /// One that meets the others at a server.
    pub fn at(person: &str, joins: Option<WorkspaceId>, url: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("shared")).unwrap();
        let satchel = Satchel::new(&dir.path().join("vault"), "A test");
        let created = satchel
            .create(CreateVault {
                workspace: if joins.is_some() { "…" } else { "Norte" }.into(),
                person: person.into(),
                device: format!("{person}'s laptop"),
                passphrase: Some(passphrase()),
                keyring: Keyring::Off,
                cost: CHEAP,
                joins,
            })
            .unwrap();
        Self {
            dir,
            session: Some(created.session),
            satchel,
            address: url.to_owned(),
            patient: false,
            saved: Vec::new(),
            acknowledged: Vec::new(),
        }
    }

    pub fn shared(&self) -> std::path::PathBuf {
        self.dir.path().join("shared")
    }

    pub fn address(&self) -> String {
        self.address.clone()
    }

    pub fn session(&self) -> &Session {
        self.session.as_ref().unwrap()
    }

    pub fn reopen(&mut self) {
        self.meanwhile(|_| {});
    }

    /// Closes the vault, does something to its files, and opens it again.
    pub fn meanwhile(&mut self, act: impl FnOnce(&Path)) {
        self.session = None;
        self.satchel.lock();
        act(self.dir.path());
        self.session = Some(self.satchel.unlock(Unlock::Passphrase(passphrase()), Keyring::Off).unwrap());
    }

    /// Becomes the copy that was made of it, if there is one. What no remote had is gone.
    fn become_copy(&mut self) {
        if !self.dir.path().join("kept").exists() {
            return;
        }
        self.meanwhile(|dir| {
            std::fs::remove_dir_all(dir.join("vault")).unwrap();
            copy_all(&dir.join("kept"), &dir.join("vault"));
        });
        self.saved.clear();
    }

    fn met(&mut self, report: &SyncReport) {
        self.check(report);
        if report.remotes.iter().all(|r| r.ok) {
            self.acknowledged.append(&mut self.saved);
        }
    }

    /// As if nothing were acknowledged: its server has become an older copy of itself.
    pub fn forget(&mut self) {
        self.saved.append(&mut self.acknowledged);
    }

    pub fn sync(&self) {
        self.check(&self.session().sync(&mut |_| {}, &Cancel::default()).unwrap());
    }

    /// Syncs, and makes the log shorter.
    pub fn compact(&self) -> SyncReport {
        let report = self.session().compact(&mut |_| {}, &Cancel::default()).unwrap();
        self.check(&report);
        report
    }

    fn check(&self, report: &SyncReport) {
        assert_eq!(self.session().set_aside().unwrap(), [""; 0], "{report:?}");
        let fine = |r: &RemoteState| r.ok || (self.patient && r.code == Some(Code::Unreachable));
        assert!(report.remotes.iter().all(fine), "{report:?}");
    }

    /// Everything that the lists show.
    pub fn shown(&self) -> Vec<Value> {
        let all = |kind, trash| {
            let request = ListRequest { trash, limit: 10_000, ..ListRequest::default() };
            self.session().list(kind, &request).unwrap().rows
        };
        let mut rows: Vec<Value> = Kind::BROWSED
            .into_iter()
            .flat_map(|kind| [all(kind, false), all(kind, true)])
            .flatten()
            .map(|r| json!({"id": r.id, "fields": r.fields, "deleted": r.deleted_at, "titles": r.titles}))
            .collect();
        rows.sort_by_key(|r| r["id"].to_string());
        rows
    }
}

/// Makes a folder a copy of another.
pub fn copy_all(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten().filter(|e| e.path().is_file()) {
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// Carries what is in one folder into another, as Syncthing would: new files only, each whole.
pub fn carry(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            carry(&path, &target);
        } else if !target.exists() && !entry.file_name().to_string_lossy().starts_with('.') {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

/// A newcomer who joins a team through a folder that all carry.
pub fn join(host: &Device, person: &str, role: Role) -> Device {
    let invited = host.session().invite(role, Duration::from_secs(60)).unwrap();
    let invitation = Invitation::from_link(&invited.link).unwrap();
    let workspace = WorkspaceId(Uuid::from_bytes(invitation.workspace.0));
    let mut newcomer = match host.address.contains("://") {
        true => Device::at(person, Some(workspace), &host.address),
        false => Device::new(person, Some(workspace)),
    };
    carry(&host.shared(), &newcomer.shared());
    let code = newcomer.session().ask_to_join(&invitation, &newcomer.address()).unwrap();
    carry(&newcomer.shared(), &host.shared());
    assert_eq!(host.session().requests().unwrap()[0].check_code, code, "both see the same digits");
    assert_eq!(host.session().approve(None).unwrap().person, person);
    assert!(host.session().requests().unwrap().is_empty());
    carry(&host.shared(), &newcomer.shared());
    newcomer.session().await_welcome(&invitation, &newcomer.address(), Duration::ZERO).unwrap();
    newcomer.reopen();
    newcomer.sync();
    newcomer
}

pub fn team(others: &[(&str, Role)]) -> Vec<Device> {
    team_of(Device::new("Ana", None), others)
}

/// A team around its first device; a server's address without what registers it.
pub fn team_of(mut host: Device, others: &[(&str, Role)]) -> Vec<Device> {
    host.session().add_remote(&host.address()).unwrap();
    host.address = host.address.split('#').next().unwrap_or_default().trim_end_matches('/').to_owned();
    host.sync();
    let mut all = vec![host];
    for (person, role) in others {
        let newcomer = join(&all[0], person, *role);
        all.push(newcomer);
    }
    all
}

/// Carries everything everywhere, until nobody has anything new.
pub fn settle(devices: &[Device]) {
    for _ in 0..3 {
        for device in devices {
            device.sync();
            for other in devices {
                carry(&device.shared(), &other.shared());
            }
        }
    }
    devices.iter().for_each(Device::sync);
}

pub fn agree(devices: &[Device]) {
    settle(devices);
    let (first, others) = devices.split_first().unwrap();
    for id in devices.iter().flat_map(|d| d.acknowledged.iter().chain(&d.saved)) {
        assert!(first.session().get(*id).is_ok(), "{id} was saved, and is lost");
    }
    for device in others {
        assert_eq!(device.shown(), first.shown());
        assert_eq!(device.session().fingerprint().unwrap(), first.session().fingerprint().unwrap());
        assert_eq!(device.session().status().unwrap().pending, 0);
    }
    for device in devices {
        let report = device.session().verify(&mut |_| {}).unwrap();
        assert!(report.ok, "{report:?}");
    }
}

pub fn fields(value: Value) -> serde_json::Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[derive(Clone, Debug)]
pub enum Step {
    Create(u8),
    Edit(u8, u8, u8),
    Note(u8, u8, u8),
    Times(u8, u8, u8),
    Delete(u8, u8),
    Restore(u8, u8),
    Undo(u8),
    Import(u8, u8),
    Sync(u8),
    Compact(u8),
    Carry(u8, u8),
    Reopen(u8),
    KeepVault(u8),
    OldVault(u8),
}

/// Few in CI; `SATCHEL_CASES=N` for more.
pub fn cases() -> ProptestConfig {
    let cases = std::env::var("SATCHEL_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(6);
    ProptestConfig { cases, max_shrink_iters: 60, ..ProptestConfig::default() }
}

pub fn step() -> impl Strategy<Value = Step> {
    let n = any::<u8>;
    prop_oneof![
        2 => n().prop_map(Step::Create),
        5 => (n(), n(), n()).prop_map(|(d, r, v)| Step::Edit(d, r, v)),
        2 => (n(), n(), n()).prop_map(|(d, r, v)| Step::Note(d, r, v)),
        3 => (n(), n(), n()).prop_map(|(d, r, v)| Step::Times(d, r, v)),
        1 => (n(), n()).prop_map(|(d, r)| Step::Delete(d, r)),
        1 => (n(), n()).prop_map(|(d, r)| Step::Restore(d, r)),
        2 => n().prop_map(Step::Undo),
        1 => (n(), n()).prop_map(|(d, v)| Step::Import(d, v)),
        4 => n().prop_map(Step::Sync),
        2 => n().prop_map(Step::Compact),
        4 => (n(), n()).prop_map(|(a, b)| Step::Carry(a, b)),
        1 => n().prop_map(Step::Reopen),
        1 => n().prop_map(Step::KeepVault),
        1 => n().prop_map(Step::OldVault),
    ]
}

/// A meeting that comes again is made, or some of its times are changed or taken away.
fn times(session: &Session, r: u8, v: u8) {
    let request = ListRequest { filter: "not repeat is empty".into(), ..ListRequest::default() };
    let series = session.list(Kind::Activity, &request).unwrap().rows;
    if series.is_empty() || v.is_multiple_of(7) {
        let weekly =
            json!({"type": "meeting", "subject": "Week", "at": "2031-05-05T09:00:00Z", "repeat": "week"});
        session.create(Kind::Activity, &fields(weekly)).unwrap();
        return;
    }
    let id = series[usize::from(r) % series.len()].id;
    let day = format!("2031-05-{:02}", 5 + 7 * (v % 4));
    let which = [Which::This, Which::This, Which::Later, Which::All][usize::from(v / 4) % 4];
    let done = match v % 5 {
        0 => session.remove_occurrence(id, &day, which),
        1 => session.change_occurrence(id, &day, which, &fields(json!({"place": format!("p{r}")}))),
        _ => session.change_occurrence(
            id,
            &day,
            which,
            &fields(json!({"at": format!("{day}T1{}:00:00Z", v % 6)})),
        ),
    };
    // Others may have left that day out.
    assert!(done.is_ok() || done.unwrap_err().code == Code::Refused);
}

pub fn act(devices: &mut [Device], step: &Step) {
    let count = devices.len();
    let at = |n: u8| usize::from(n) % count;
    let pick = |device: &Device, n: u8, trash: bool| -> Option<RecordId> {
        let request = ListRequest { trash, ..ListRequest::default() };
        let rows = device.session().list(Kind::Person, &request).unwrap().rows;
        (!rows.is_empty()).then(|| rows[usize::from(n) % rows.len()].id)
    };
    match *step {
        Step::Create(d) => {
            let person = fields(json!({"first_name": format!("P{d}")}));
            let device = &mut devices[at(d)];
            let id = device.session().create(Kind::Person, &person).unwrap().id;
            device.saved.push(id);
        }
        Step::Edit(d, r, v) => {
            let device = &devices[at(d)];
            let Some(id) = pick(device, r, false) else { return };
            let key = ["title", "department", "source"][usize::from(v) % 3];
            device.session().set(id, &fields(json!({ key: format!("v{v}") }))).unwrap();
        }
        Step::Note(d, r, v) => {
            let device = &devices[at(d)];
            let Some(id) = pick(device, r, false) else { return };
            let change = json!({
                "notes": format!("line {v}\nof {d}"),
                "emails": [{"label": "work", "value": format!("m{}@x.example", v % 5)}],
            });
            device.session().set(id, &fields(change)).unwrap();
        }
        Step::Times(d, r, v) => times(devices[at(d)].session(), r, v),
        Step::Delete(d, r) => {
            let device = &devices[at(d)];
            let Some(id) = pick(device, r, false) else { return };
            device.session().delete(&[id], &mut |_| {}, &Cancel::default()).unwrap();
        }
        Step::Restore(d, r) => {
            let device = &devices[at(d)];
            let Some(id) = pick(device, r, true) else { return };
            device.session().restore(&[id], &mut |_| {}, &Cancel::default()).unwrap();
        }
        Step::Undo(d) => {
            let undone = devices[at(d)].session().undo(None, &mut |_| {}, &Cancel::default());
            assert!(undone.is_ok() || undone.unwrap_err().code == Code::NothingToUndo);
        }
        Step::Import(d, v) => {
            let device = &devices[at(d)];
            // The same files come to several, and bring a field of their own.
            let csv = format!(
                "First Name,Last Name,Company,E-mail Address,Shoe {}\nAna,Ruiz,Norte,ana{}@x.example,38\nBo,Li,Sur,bo@x.example,42\n",
                v % 2,
                v % 3
            );
            let path = device.dir.path().join("import.csv");
            std::fs::write(&path, csv).unwrap();
            let options = ImportOptions::default();
            device.session().import(&path, &options, &mut |_| {}, &Cancel::default()).unwrap();
        }
        Step::Sync(d) => {
            let report = devices[at(d)].session().sync(&mut |_| {}, &Cancel::default()).unwrap();
            devices[at(d)].met(&report);
        }
        Step::Compact(d) => {
            let report = devices[at(d)].session().compact(&mut |_| {}, &Cancel::default()).unwrap();
            devices[at(d)].met(&report);
        }
        Step::Carry(a, b) => {
            if at(a) != at(b) {
                carry(&devices[at(a)].shared(), &devices[at(b)].shared());
            }
        }
        Step::Reopen(d) => devices[at(d)].reopen(),
        Step::KeepVault(d) => {
            devices[at(d)].meanwhile(|dir| copy_all(&dir.join("vault"), &dir.join("kept")));
        }
        Step::OldVault(d) => devices[at(d)].become_copy(),
    }
}
