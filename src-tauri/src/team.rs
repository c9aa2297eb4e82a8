//! The team's commands, and what the last sync has said.

use crate::commands::{Answer, Desktop, Job, NewVaultAnswer, long, run, this_computer, with};
use satchel_app::{
    AppError, Code, Cost, Join, Keyring, Passphrase, Role, Session,
    domain::{RecordId, date::rfc3339},
    views::{
        ConflictOf, ContentsView, FoundView, HostView, InvitedView, MemberView, RemoteState, RemoteView,
        RequestView, RoundView, SyncReport, Written,
    },
};
use serde::{Deserialize, Serialize};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};
use tauri::State;

/// How long computers in the network have to answer.
const LOOK: Duration = Duration::from_secs(2);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What the desktop knows of its team beside the vault.
#[derive(Clone, Default)]
pub struct Team {
    news: Arc<Mutex<TeamNews>>,
}

/// How the last sync went, and who asks to join.
#[derive(Clone, Debug, Default, PartialEq, Serialize, specta::Type)]
pub struct TeamNews {
    pub at: Option<String>,
    pub remotes: Vec<RemoteState>,
    /// Why there was no sync at all.
    pub error: Option<String>,
    pub requests: Vec<RequestView>,
}

/// There are other news, or the team is another.
#[derive(Clone, Debug, Serialize, Deserialize, specta::Type, tauri_specta::Event)]
pub struct TeamEvent {}

impl Team {
    fn news(&self) -> TeamNews {
        self.news.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the new ones say anything new.
    fn replace(&self, news: TeamNews) -> bool {
        let mut known = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        let at = known.at.take();
        let same = TeamNews { at: None, ..news.clone() } == *known && at.is_some();
        *known = news;
        !same
    }

    /// Names of people must not outlive the lock.
    pub fn forget(&self) {
        *self.news.lock().unwrap_or_else(PoisonError::into_inner) = TeamNews::default();
    }
}

/// Keeps what a sync has said, of all remotes or of some.
pub fn note(app: &tauri::AppHandle, desktop: &Desktop, report: &Answer<SyncReport>) {
    let Ok(session) = desktop.satchel.session() else { return };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let remotes = report.as_ref().map(|r| r.remotes.clone()).unwrap_or_default();
    let others = desktop.team.news().remotes.into_iter().filter(|o| remotes.iter().all(|r| r.name != o.name));
    let mut all: Vec<RemoteState> = others.chain(remotes.iter().cloned()).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let news = TeamNews {
        at: Some(rfc3339(i64::try_from(now.as_millis()).unwrap_or_default())),
        remotes: all,
        error: report.as_ref().err().map(|e| e.message.clone()),
        // Where nothing can be reached, nobody is heard of.
        requests: session.requests().unwrap_or_default(),
    };
    drop(session);
    // Locked meanwhile: nothing of it stays.
    if desktop.satchel.session().is_ok() && desktop.team.replace(news) {
        let _ = tauri_specta::Event::emit(&TeamEvent {}, app);
    }
}

/// A change of the team that shows on every screen.
async fn tell<T: Send + 'static>(
    app: &tauri::AppHandle,
    desktop: &Desktop,
    work: impl FnOnce(&Session) -> Answer<T> + Send + 'static,
) -> Answer<T> {
    let answer = with(desktop, work).await;
    let _ = tauri_specta::Event::emit(&TeamEvent {}, app);
    answer
}

#[tauri::command]
#[specta::specta]
pub async fn sync(app: tauri::AppHandle, desktop: State<'_, Desktop>) -> Answer<SyncReport> {
    let report = long(&app, &desktop, Job::Sync, |s, progress, cancel| s.sync(progress, cancel)).await;
    run(&desktop, move |d| {
        note(&app, d, &report);
        report
    })
    .await
}

/// What the last rounds with remotes have come to, the newest first.
#[tauri::command]
#[specta::specta]
pub async fn sync_log(desktop: State<'_, Desktop>) -> Answer<Vec<RoundView>> {
    with(&desktop, |s| s.sync_log()).await
}

#[tauri::command]
#[specta::specta]
pub async fn team_news(desktop: State<'_, Desktop>) -> Answer<TeamNews> {
    Ok(desktop.team.news())
}

#[tauri::command]
#[specta::specta]
pub async fn add_remote(
    app: tauri::AppHandle,
    desktop: State<'_, Desktop>,
    address: String,
) -> Answer<RemoteView> {
    tell(&app, &desktop, move |s| s.add_remote(&at_home(&address))).await
}

/// An address as people type it: no shell stands in for `~` here.
fn at_home(address: &str) -> String {
    match (address.trim().strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest).display().to_string(),
        _ => address.trim().to_owned(),
    }
}

#[tauri::command]
#[specta::specta]
pub async fn server_contents(desktop: State<'_, Desktop>, name: String, from: u32) -> Answer<ContentsView> {
    with(&desktop, move |s| s.server_contents(&name, u64::from(from))).await
}

#[tauri::command]
#[specta::specta]
pub async fn remove_remote(
    app: tauri::AppHandle,
    desktop: State<'_, Desktop>,
    name: String,
) -> Answer<RemoteView> {
    tell(&app, &desktop, move |s| s.remove_remote(&name)).await
}

#[tauri::command]
#[specta::specta]
pub async fn host(desktop: State<'_, Desktop>) -> Answer<HostView> {
    run(&desktop, |d| d.satchel.host()).await
}

#[tauri::command]
#[specta::specta]
pub async fn set_host(app: tauri::AppHandle, desktop: State<'_, Desktop>, wanted: bool) -> Answer<HostView> {
    let answer = run(&desktop, move |d| d.satchel.set_host(wanted)).await;
    let _ = tauri_specta::Event::emit(&TeamEvent {}, &app);
    answer
}

#[tauri::command]
#[specta::specta]
pub async fn find_relays(desktop: State<'_, Desktop>) -> Answer<Vec<FoundView>> {
    with(&desktop, |s| s.find_relays(LOOK)).await
}

#[derive(Serialize, specta::Type)]
pub struct InvitationAnswer {
    pub link: String,
    pub expires_at: String,
    /// The link for a camera, as SVG.
    pub qr: String,
}

#[tauri::command]
#[specta::specta]
pub async fn invite(desktop: State<'_, Desktop>, role: String, days: u32) -> Answer<InvitationAnswer> {
    with(&desktop, move |s| {
        let invitation = s.invite(role_of(&role)?, DAY * days)?;
        let qr = satchel_app::qr(&invitation.link);
        Ok(InvitationAnswer { link: invitation.link, expires_at: invitation.expires_at, qr })
    })
    .await
}

#[tauri::command]
#[specta::specta]
pub async fn approve(
    app: tauri::AppHandle,
    desktop: State<'_, Desktop>,
    request: String,
) -> Answer<RequestView> {
    tell(&app, &desktop, move |s| s.approve(Some(&request))).await
}

#[tauri::command]
#[specta::specta]
pub async fn refuse(
    app: tauri::AppHandle,
    desktop: State<'_, Desktop>,
    request: String,
) -> Answer<RequestView> {
    tell(&app, &desktop, move |s| s.refuse(Some(&request))).await
}

#[tauri::command]
#[specta::specta]
pub async fn members(desktop: State<'_, Desktop>) -> Answer<Vec<MemberView>> {
    with(&desktop, |s| s.members()).await
}

#[tauri::command]
#[specta::specta]
pub async fn revoke(app: tauri::AppHandle, desktop: State<'_, Desktop>, whom: String) -> Answer<()> {
    tell(&app, &desktop, move |s| s.revoke(&whom)).await
}

#[tauri::command]
#[specta::specta]
pub async fn change_role(
    app: tauri::AppHandle,
    desktop: State<'_, Desktop>,
    whom: String,
    role: String,
) -> Answer<()> {
    tell(&app, &desktop, move |s| s.change_role(&whom, role_of(&role)?)).await
}

fn role_of(key: &str) -> Answer<Role> {
    Role::from_key(key).ok_or_else(|| AppError::new(Code::Internal, format!("«{key}» is no role")))
}

#[tauri::command]
#[specta::specta]
pub async fn conflicts(desktop: State<'_, Desktop>) -> Answer<Vec<ConflictOf>> {
    with(&desktop, |s| s.conflicts()).await
}

#[tauri::command]
#[specta::specta]
pub async fn settle(desktop: State<'_, Desktop>, id: RecordId, field: String, value: u32) -> Answer<Written> {
    with(&desktop, move |s| s.settle(id, &field, value as usize)).await
}

#[tauri::command]
#[specta::specta]
pub async fn read_invitation(
    desktop: State<'_, Desktop>,
    link: String,
    address: Option<String>,
) -> Answer<InvitedView> {
    run(&desktop, move |_| satchel_app::read_invitation(&link, address.as_deref().map(at_home).as_deref()))
        .await
}

#[derive(Deserialize, specta::Type)]
pub struct JoinRequest {
    pub link: String,
    pub address: Option<String>,
    pub person: String,
    /// Nothing: as the computer is called.
    pub device: String,
    pub passphrase: Option<String>,
}

#[tauri::command]
#[specta::specta]
pub async fn join_team(desktop: State<'_, Desktop>, request: JoinRequest) -> Answer<NewVaultAnswer> {
    run(&desktop, move |d| {
        d.sign_of_life();
        let passphrase =
            request.passphrase.filter(|p| !p.is_empty()).map(|p| Passphrase::new(&p)).transpose()?;
        let created = d.satchel.join(Join {
            link: request.link,
            address: request.address.as_deref().map(at_home),
            person: request.person,
            device: Some(request.device).filter(|d| !d.trim().is_empty()).unwrap_or_else(this_computer),
            passphrase,
            keyring: Keyring::Os,
            cost: Cost::default(),
        })?;
        Ok(NewVaultAnswer { kit: created.kit, keyring: created.keyring })
    })
    .await
}

/// By another invitation, or at another address.
#[tauri::command]
#[specta::specta]
pub async fn ask_again(desktop: State<'_, Desktop>, link: String, address: Option<String>) -> Answer<()> {
    with(&desktop, move |s| s.ask_again(&link, address.as_deref().map(at_home).as_deref())).await
}

/// Whether somebody has let this vault in; it is the team's from then on.
#[tauri::command]
#[specta::specta]
pub async fn is_welcome(desktop: State<'_, Desktop>) -> Answer<bool> {
    run(&desktop, |d| d.satchel.is_welcome()).await
}
