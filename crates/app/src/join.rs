//! Joining a team from a screen: the vault that was made for it remembers its invitation, so that it waits
//! across any number of starts, and becomes the team's when somebody has let it in.

use crate::{
    AppError, CreateVault, Created, Invitation, Keyring, Passphrase, Satchel, Session,
    domain::WorkspaceId,
    error::Code,
    find_team,
    session::now,
    views::{AskedView, InvitedView, WaitingView},
};
use satchel_domain::date::rfc3339;
use satchel_protocol::{ProtocolError, Request, check_code};
use satchel_storage::{Connection, StorageError, settings, team};
use satchel_sync::is_served;
use satchel_vault::Cost;
use std::time::Duration;

/// What the workspace is called until the team has said it.
pub const JOINING: &str = "…";

const LINK: &str = "join.link";
const ADDRESS: &str = "join.address";
/// Whether the request was left where the team meets.
const ASKED: &str = "join.asked";

/// A vault that is to be made for a team.
#[derive(Debug)]
pub struct Join {
    pub link: String,
    /// Where the team meets, as this computer calls it; none: as the invitation says.
    pub address: Option<String>,
    pub person: String,
    pub device: String,
    pub passphrase: Option<Passphrase>,
    pub keyring: Keyring,
    pub cost: Cost,
}

/// A link as people paste it: with words around it, broken into lines by a mail program.
fn invitation_in(text: &str) -> Result<Invitation, AppError> {
    let from = text.find("satchel://").unwrap_or(0);
    let link: String = text.get(from..).unwrap_or_default().split_whitespace().collect();
    Invitation::from_link(link.trim_end_matches(['>', '"', '.', ')'])).map_err(|e| match e {
        ProtocolError::Newer(_) => e.into(),
        _ => AppError::refused("this is no invitation; copy the whole link, from satchel:// to its end"),
    })
}

fn valid(text: &str) -> Result<Invitation, AppError> {
    let invitation = invitation_in(text)?;
    match invitation.expires_at < now() {
        true => Err(AppError::refused("the invitation has expired; ask for a new one")),
        false => Ok(invitation),
    }
}

/// Where the team of an invitation meets, as this computer calls it or as the invitation does.
pub fn meeting_place(invitation: &Invitation, address: Option<&str>) -> Result<String, AppError> {
    let address = address.map(str::trim).filter(|a| !a.is_empty()).unwrap_or(&invitation.remote);
    if is_served(address) {
        return Ok(address.to_owned());
    }
    let path = std::path::Path::new(address);
    Ok(std::path::absolute(path).map_err(AppError::io(path))?.display().to_string())
}

/// What an invitation says, and whether its team is found where it says, or at another address.
pub fn read_invitation(link: &str, address: Option<&str>) -> Result<InvitedView, AppError> {
    let invitation = valid(link)?;
    let address = meeting_place(&invitation, address)?;
    Ok(InvitedView {
        role: invitation.role.key().to_owned(),
        expires_at: rfc3339(invitation.expires_at),
        problem: find_team(&invitation, &address).err(),
        address,
    })
}

impl Satchel {
    /// Makes a vault that asks to join, and waits.
    pub fn join(&self, join: Join) -> Result<Created, AppError> {
        let invitation = valid(&join.link)?;
        let address = meeting_place(&invitation, join.address.as_deref())?;
        find_team(&invitation, &address)?;
        let created = self.create(CreateVault {
            workspace: JOINING.to_owned(),
            person: join.person,
            device: join.device,
            passphrase: join.passphrase,
            keyring: join.keyring,
            cost: join.cost,
            joins: Some(WorkspaceId(uuid::Uuid::from_bytes(invitation.workspace.0))),
        })?;
        // Before anybody can look at what waits: two who need the device's keys first would make two pairs.
        created.session.device_keys()?;
        created.session.remember(&invitation, &address)?;
        // What fails is tried again by who waits: the vault is there now, and so is its kit.
        let _ = created.session.ask(&invitation, &address);
        Ok(created)
    }

    /// Whether somebody has let this vault in. If so, it is opened anew, as the team's.
    pub fn is_welcome(&self) -> Result<bool, AppError> {
        let session = self.session()?;
        let (invitation, address, asked) = session
            .store
            .read(Invited::read)?
            .ok_or_else(|| AppError::new(Code::NotFound, "this vault does not wait for a team"))?
            .parts()?;
        if !asked {
            session.ask(&invitation, &address)?;
        }
        match session.await_welcome(&invitation, &address, Duration::ZERO) {
            Err(e) if e.code == Code::NeedsDecision => return Ok(false),
            done => done?,
        }
        session.store.write_aside::<_, StorageError>(|tx| {
            [LINK, ADDRESS, ASKED].iter().try_for_each(|key| settings::remove(tx, key))
        })?;
        drop(session);
        // Half a member must not go on: unlocked again, it is a whole one.
        self.reopen().inspect_err(|_| {
            self.lock();
        })?;
        Ok(true)
    }
}

impl Session {
    /// What a vault waits for that was made for a team and is not let in yet.
    pub fn waiting(&self) -> Result<Option<WaitingView>, AppError> {
        let (invited, remotes) = self.store.read::<_, StorageError>(|db| {
            let remotes = team::remotes(db)?.len();
            Ok((Invited::read(db)?, remotes))
        })?;
        if remotes > 0 || (invited.is_none() && self.workspace != JOINING) {
            return Ok(None);
        }
        let Some(invited) = invited else { return Ok(Some(WaitingView { asked: None })) };
        let (invitation, address, _) = invited.parts()?;
        let request = Request {
            device: self.device_keys()?.card()?,
            person: self.person.clone(),
            name: self.device_name.clone(),
        };
        let asked = AskedView {
            check_code: check_code(&invitation, &request),
            address,
            expires_at: rfc3339(invitation.expires_at),
        };
        Ok(Some(WaitingView { asked: Some(asked) }))
    }

    /// Asks by another invitation of the same team, or at another address.
    pub fn ask_again(&self, link: &str, address: Option<&str>) -> Result<(), AppError> {
        let invitation = valid(link)?;
        let address = meeting_place(&invitation, address)?;
        self.ask_to_join(&invitation, &address)?;
        self.remember(&invitation, &address)?;
        self.asked()
    }

    fn ask(&self, invitation: &Invitation, address: &str) -> Result<(), AppError> {
        self.ask_to_join(invitation, address)?;
        self.asked()
    }

    fn remember(&self, invitation: &Invitation, address: &str) -> Result<(), AppError> {
        Ok(self.store.write_aside::<_, StorageError>(|tx| {
            settings::put(tx, LINK, &invitation.to_link())?;
            settings::put(tx, ADDRESS, address)
        })?)
    }

    fn asked(&self) -> Result<(), AppError> {
        Ok(self.store.write_aside::<_, StorageError>(|tx| settings::put(tx, ASKED, "yes"))?)
    }
}

/// What a vault that waits has kept.
struct Invited {
    link: String,
    address: String,
    asked: bool,
}

impl Invited {
    fn read(db: &Connection) -> Result<Option<Self>, StorageError> {
        let Some(link) = settings::get(db, LINK)? else { return Ok(None) };
        let address = settings::get(db, ADDRESS)?.unwrap_or_default();
        Ok(Some(Self { link, address, asked: settings::get(db, ASKED)?.is_some() }))
    }

    fn parts(self) -> Result<(Invitation, String, bool), AppError> {
        Ok((Invitation::from_link(&self.link)?, self.address, self.asked))
    }
}

/// A text for a camera, as SVG.
pub fn qr(text: &str) -> String {
    qrcode::QrCode::new(text.as_bytes())
        .map(|qr| qr.render::<qrcode::render::svg::Color<'_>>().min_dimensions(160, 160).build())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use satchel_protocol::{Hash, Role, WorkspaceId};

    fn link(expires_at: i64) -> String {
        let place = "/nowhere/Team";
        Invitation::new(WorkspaceId([1; 16]), Hash([2; 32]), Role::Member, expires_at, place)
            .unwrap()
            .to_link()
    }

    #[test]
    fn a_link_is_found_in_what_people_paste() {
        let link = link(now() + 1000);
        let (first, rest) = link.split_at(40);
        let pasted = format!("Here you are:\n<{first}\r\n  {rest}>\n");
        let found = read_invitation(&pasted, None).unwrap();
        assert_eq!((found.role.as_str(), found.address.as_str()), ("member", "/nowhere/Team"));
        assert_eq!(found.problem.map(|p| p.code), Some(Code::Unreachable), "no such folder");
    }

    #[test]
    fn each_bad_link_is_refused_in_words_of_its_own() {
        let refused = |text: &str| read_invitation(text, None).unwrap_err();
        for text in ["", "https://satchel.example/", "satchel://join#", "satchel://join#AAAA", "王伟"] {
            assert!(refused(text).message.starts_with("this is no invitation"), "{text}");
        }
        assert!(refused(&link(now() - 1)).message.starts_with("the invitation has expired"));
        // The version is the second byte.
        let newer = link(now() + 1000).replace("#hwFQ", "#hwJQ");
        assert_eq!(refused(&newer).code, Code::Newer);
    }
}
