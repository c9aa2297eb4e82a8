//! The team: folders, sync, invitations, members, conflicts.

use crate::{
    args::{Command, Init, RemoteCommand},
    run::{Done, make, open, record, usage},
    show::{Show, plain, table},
    words::{say, word},
};
use satchel_app::{
    AppError, Cancel, Code, Invitation, JOINING, Role, Satchel, Session, domain::WorkspaceId, find_team,
    meeting_place, views::SyncReport,
};
use serde_json::json;
use std::{
    net::{SocketAddr, ToSocketAddrs},
    path::Path,
    time::Duration,
};

pub fn run(show: &Show, session: &Session, command: Command) -> Done {
    match command {
        Command::Remote(RemoteCommand::Add { address }) => {
            let remote = session.add_remote(&address)?;
            show.answer(&json!(remote), || say!("{} is connected", remote.name));
        }
        Command::Remote(RemoteCommand::List) => {
            let remotes = session.remotes()?;
            let rows: Vec<Vec<String>> = remotes
                .iter()
                .map(|r| {
                    vec![
                        r.name.clone(),
                        r.address.clone(),
                        word(&r.state).into(),
                        r.synced_at.clone().unwrap_or_default(),
                    ]
                })
                .collect();
            show.answer(&json!({ "remotes": remotes }), || {
                table(&["name", "address", "state", "synced"], &rows)
            });
        }
        Command::Remote(RemoteCommand::Find { wait }) => {
            let found = session.find_relays(Duration::from_secs(wait))?;
            let rows: Vec<Vec<String>> = found
                .iter()
                .map(|f| vec![f.name.clone(), f.person.clone(), f.url.clone(), f.address.clone()])
                .collect();
            show.answer(&json!({ "found": found }), || match rows.is_empty() {
                true => say!(
                    "nobody of the team hosts a relay in this network, or the network lets nothing through"
                ),
                false => table(&["device", "name", "url", "address"], &rows),
            });
        }
        Command::Remote(RemoteCommand::Remove { name }) => {
            let kind = session.remove_remote(&name)?.kind;
            show.answer(&json!({"name": name, "kind": kind, "state": "removed"}), || {
                say!("{} is forgotten; what is in it stays", name)
            });
        }
        Command::Remote(RemoteCommand::Contents { name, from }) => {
            let contents = session.server_contents(&name, from)?;
            show.answer(&json!(contents), || serde_json::to_string_pretty(&contents).unwrap_or_default());
        }
        Command::Sync { compact, .. } => return sync(show, session, compact),
        Command::Invite { role, expires } => {
            let role = role_of(&role)?;
            let invitation = session.invite(role, duration(&expires)?)?;
            show.answer(&json!(invitation), || {
                let sent = say!("Send this link to one person. It is valid until {}.", invitation.expires_at);
                format!("{}\n{sent}", invitation.link)
            });
        }
        Command::Requests => {
            let requests = session.requests()?;
            let rows: Vec<Vec<String>> = requests
                .iter()
                .map(|r| {
                    vec![
                        r.request.clone(),
                        r.person.clone(),
                        r.device.clone(),
                        word(&r.role).into(),
                        r.check_code.clone(),
                    ]
                })
                .collect();
            show.answer(&json!({ "requests": requests }), || {
                table(&["request", "name", "device", "role", "digits"], &rows)
            });
        }
        Command::Approve { request } => {
            let done = session.approve(request.as_deref())?;
            show.answer(&json!(done), || {
                say!("{} is in the team. The digits must be {} on the other screen; if they are not: satchel revoke", done.person, done.check_code)
            });
        }
        Command::Refuse { request } => {
            let done = session.refuse(request.as_deref())?;
            show.answer(&json!(done), || {
                say!(
                    "{} was sent away, and the invitation is void: send a new one to whom you mean",
                    done.person
                )
            });
        }
        Command::Members => {
            let members = session.members()?;
            let rows: Vec<Vec<String>> = members
                .iter()
                .flat_map(|m| {
                    m.devices.iter().map(|d| {
                        let state = match (d.revoked, d.this) {
                            (true, _) => "removed",
                            (_, true) => "this device",
                            _ => "",
                        };
                        vec![
                            m.person.clone(),
                            word(&m.role).into(),
                            d.name.clone(),
                            d.last_seen.clone().unwrap_or_default(),
                            word(state).into(),
                            d.id.clone(),
                        ]
                    })
                })
                .collect();
            show.answer(&json!({ "members": members }), || {
                table(&["name", "role", "device", "last heard of", "", "id"], &rows)
            });
        }
        Command::Revoke { whom } => {
            session.revoke(&whom)?;
            show.answer(&json!({ "members": session.members()? }), || {
                say!("{} is out of the team; what was there stays, and a new key is in use", whom)
            });
        }
        Command::Role { whom, role } => {
            session.change_role(&whom, role_of(&role)?)?;
            show.answer(&json!({ "members": session.members()? }), || {
                say!("{} is {} now", whom, word(&role))
            });
        }
        Command::Conflicts => {
            let conflicts = session.conflicts()?;
            show.answer(&json!({ "conflicts": conflicts }), || {
                let mut out = String::new();
                for c in &conflicts {
                    out.push_str(&format!("{} {} {}\n", c.id, c.kind, c.field));
                    for (at, v) in c.values.iter().enumerate() {
                        out.push_str(&format!("    {at}: {}  ({}, {})\n", plain(&v.value), v.by, v.at));
                    }
                }
                if out.is_empty() { say!("no conflicts") } else { out }
            });
        }
        Command::Settle { id, field, value } => {
            let written = session.settle(record(&id)?, &field, value)?;
            show.answer(&json!(written), || say!("settled; `satchel undo` takes it back"));
        }
        _ => {}
    }
    Ok(())
}

/// Whether a command asks where the team meets.
pub fn meets(command: &Command) -> bool {
    matches!(
        command,
        Command::Sync { .. }
            | Command::Invite { .. }
            | Command::Requests
            | Command::Approve { .. }
            | Command::Refuse { .. }
            | Command::Revoke { .. }
            | Command::Role { .. }
            | Command::Remote(RemoteCommand::Contents { .. })
    )
}

fn sync(show: &Show, session: &Session, compact: bool) -> Done {
    let mut progress = show.progress("syncing");
    let report = match compact {
        true => session.compact(&mut progress, &Cancel::default())?,
        false => session.sync(&mut progress, &Cancel::default())?,
    };
    drop(progress);
    synced(show, &report);
    if report.remotes.is_empty() {
        return Err(AppError::new(
            Code::NotFound,
            "no folder or server is connected; satchel remote add DIR|URL",
        ));
    }
    if report.remotes.iter().any(|r| r.ok) {
        return Ok(());
    }
    // Reached, and refused: this device was removed, its role is to read, or its Satchel is too old.
    let mut remotes = report.remotes.into_iter();
    let refused = remotes.find(|r| matches!(r.code, Some(Code::Refused | Code::Newer)));
    Err(match refused.and_then(|r| Some((r.code?, r.error?))) {
        Some((code, error)) => AppError::new(code, error),
        None => {
            AppError::new(Code::Unreachable, "no remote could be reached; what is to be sent stays queued")
        }
    })
}

/// Until it is stopped: one report for each round that has done something, or failed anew.
pub fn watch(show: &Show, satchel: &Satchel) -> Done {
    satchel.session()?.team_is_there()?;
    let mut said = None;
    satchel.keep_in_sync(&Cancel::default(), &mut |report| match report {
        Ok(report) => {
            let errors: Vec<_> = report.remotes.iter().filter_map(|r| r.error.clone()).collect();
            if report.pushed + report.pulled > 0 || said.as_ref() != Some(&errors) {
                synced(show, &report);
            }
            said = Some(errors);
        }
        Err(e) => show.warn(&e.message),
    });
    Ok(())
}

/// Hosts the relay of an office and keeps in sync, until it is told to end.
pub fn relay(show: &Show, satchel: &Satchel, listen: Option<&str>) -> Done {
    let host = satchel.host_at(listen.map(socket).transpose()?)?;
    let stop = Cancel::default();
    satchel.stop_when_told(&stop)?;
    let url = host.urls.first().cloned().unwrap_or_default();
    show.answer(&json!({"listening": url, "address": host.address}), || {
        let listens = say!("the relay listens on {}", host.urls.join("  "));
        let connect =
            say!("The others of the team, in this network, find and connect it in the app (Team) or by");
        format!("{listens}\n\n{connect}\n    satchel remote find\n    satchel remote add {}", host.address)
    });
    if let Some(problem) = &host.problem {
        show.warn(problem);
    }
    let mut said = Vec::new();
    satchel.keep_in_sync(&stop, &mut |report| {
        let errors: Vec<String> = match report {
            Ok(report) => report.remotes.into_iter().filter_map(|r| r.error).collect(),
            Err(e) => vec![e.message],
        };
        errors.iter().filter(|e| !said.contains(*e)).for_each(|e| show.warn(e));
        said = errors;
    });
    satchel.stop_hosting();
    Ok(())
}

fn socket(text: &str) -> Result<SocketAddr, AppError> {
    let found = text.to_socket_addrs().ok().and_then(|mut all| all.next());
    found.ok_or_else(|| usage(format!("«{text}» is no HOST:PORT of this computer")))
}

fn synced(show: &Show, report: &SyncReport) {
    show.answer(&json!(report), || {
        let mut out = say!(
            "sent {}, received {}, waiting {}, conflicts {}",
            report.pushed,
            report.pulled,
            report.pending,
            report.conflicts
        );
        if report.snapshots + report.left_out > 0 {
            out.push('\n');
            out.push_str(&say!(
                "{} snapshots written, {} entries left out of the log",
                report.snapshots,
                report.left_out
            ));
        }
        for remote in report.remotes.iter().filter(|r| !r.ok) {
            out.push_str(&format!("\n{}: {}", remote.name, remote.error.as_deref().unwrap_or_default()));
        }
        out
    });
}

/// Makes a vault that asks to join, and waits until it is let in. Run again, it goes on asking.
pub fn join(
    show: &Show,
    vault: &Path,
    link: &str,
    args: Init,
    device: &str,
    remote: Option<&str>,
    wait: &str,
) -> Done {
    let wait = duration(wait)?;
    let invitation = Invitation::from_link(link).map_err(AppError::from)?;
    let address = meeting_place(&invitation, remote)?;
    find_team(&invitation, &address)?;
    let satchel = Satchel::new(vault, "The satchel command");
    let mut kit = None;
    let session = if vault.join("vault.json").exists() {
        let session = open(&satchel)?;
        if session.status()?.workspace != JOINING {
            return Err(AppError::new(
                Code::Refused,
                "there is a vault already; join in a new folder, with --vault",
            ));
        }
        session
    } else {
        let workspace = WorkspaceId(uuid_of(invitation.workspace.0));
        let (created, text, in_file) = make(show, vault, &args, device, Some(workspace))?;
        if !in_file && !show.json {
            show.warn(&created.kit.text);
        }
        kit = Some(text);
        created.session
    };
    let code = session.ask_to_join(&invitation, &address)?;
    show.note(&say!("Asked to join. Compare these digits with who approves: {}", code));
    session.await_welcome(&invitation, &address, wait)?;
    drop(session);
    satchel.lock();
    drop(satchel);
    let satchel = Satchel::new(vault, "The satchel command");
    let session = open(&satchel)?;
    let report = session.sync(&mut show.progress("syncing"), &Cancel::default())?;
    let status = session.status()?;
    let answer = json!({
        "check_code": code, "state": "joined", "vault": vault, "workspace": status.workspace,
        "device": status.device, "recovery_kit": kit, "pulled": report.pulled,
    });
    show.answer(&answer, || {
        say!("You are in the team {}: {} entries received", status.workspace, report.pulled)
    });
    Ok(())
}

fn uuid_of(bytes: [u8; 16]) -> satchel_app::domain::Uuid {
    satchel_app::domain::Uuid::from_bytes(bytes)
}

fn role_of(text: &str) -> Result<Role, AppError> {
    Role::from_key(text)
        .ok_or_else(|| usage(format!("«{text}» is no role; roles are viewer, member, admin, owner")))
}

/// `30s`, `5m`, `24h`, `7d`.
fn duration(text: &str) -> Result<Duration, AppError> {
    let bad = || usage(format!("«{text}» is no duration; write 30s, 5m, 24h or 7d"));
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        Some('d') => 86_400,
        _ => return Err(bad()),
    };
    let number: u64 = text.get(..text.len() - 1).and_then(|n| n.parse().ok()).ok_or_else(bad)?;
    number.checked_mul(unit).map(Duration::from_secs).ok_or_else(bad)
}
