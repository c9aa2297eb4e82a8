//! Who belongs to the team: a linear log of signed records. Every device derives the same membership from
//! it, and so refuses the same things.

use crate::{
    Card, DeviceId, DeviceKeys, Hash, PersonId, Place, ProtocolError, Result, Sealed, Signature, VERSION,
    WorkspaceId, limits,
    wire::{decode, encode},
};
use minicbor::{Decode, Encode};
use std::{cmp::Reverse, collections::BTreeMap};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Role {
    /// Reads.
    #[n(0)]
    Viewer,
    /// Reads and writes.
    #[n(1)]
    Member,
    /// Invites and removes, too.
    #[n(2)]
    Admin,
    /// Makes admins, too. There is always one.
    #[n(3)]
    Owner,
}

impl Role {
    /// By the name that people write.
    pub fn from_key(key: &str) -> Option<Self> {
        [Role::Viewer, Role::Member, Role::Admin, Role::Owner].into_iter().find(|role| role.key() == key)
    }

    pub const fn key(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Member => "member",
            Role::Admin => "admin",
            Role::Owner => "owner",
        }
    }
}

/// How far one incarnation of a device counts: what is behind it is refused, whenever it was written.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Pin {
    #[n(0)]
    pub device: DeviceId,
    #[n(1)]
    pub incarnation: u64,
    /// The last place that counts.
    #[n(2)]
    pub seq: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Action {
    /// The first record: the workspace, its first device and owner, its first epoch.
    #[n(0)]
    Create {
        #[n(0)]
        device: Card,
        #[n(1)]
        person: PersonId,
        /// Person and device, under the epoch's key.
        #[cbor(n(2), with = "minicbor::bytes")]
        names: Vec<u8>,
        /// The first epoch's key for the device.
        #[n(3)]
        sealed: Sealed,
        /// The X25519 key of the recovery identity, and the epoch's key for it.
        #[cbor(n(4), with = "minicbor::bytes")]
        recovery: [u8; 32],
        #[n(5)]
        for_recovery: Sealed,
    },
    /// A device joins, of a new person or of one who is there.
    #[n(1)]
    Add {
        #[n(0)]
        device: Card,
        #[n(1)]
        person: PersonId,
        #[n(2)]
        role: Role,
        #[cbor(n(3), with = "minicbor::bytes")]
        names: Vec<u8>,
        /// What the newcomer needs, for its device alone.
        #[n(4)]
        welcome: Sealed,
    },
    /// Devices go, and a new epoch begins.
    #[n(2)]
    Remove {
        #[n(0)]
        devices: Vec<DeviceId>,
        #[n(1)]
        pins: Vec<Pin>,
        #[n(2)]
        epoch: u32,
        /// The new epoch's key for each device that stays, in the order of their ids.
        #[n(3)]
        sealed: Vec<Sealed>,
        #[n(4)]
        for_recovery: Sealed,
        /// The epoch before under the new one.
        #[cbor(n(5), with = "minicbor::bytes")]
        previous: Vec<u8>,
    },
    /// A person gets another role. Who may not write any more is pinned.
    #[n(3)]
    Change {
        #[n(0)]
        person: PersonId,
        #[n(1)]
        role: Role,
        #[n(2)]
        pins: Vec<Pin>,
    },
}

/// A record as its author has written it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Record {
    #[n(0)]
    version: u8,
    #[n(1)]
    pub workspace: WorkspaceId,
    /// From 0, without gaps.
    #[n(2)]
    pub seq: u64,
    #[n(3)]
    pub previous: Hash,
    #[n(4)]
    pub author: DeviceId,
    #[n(5)]
    pub action: Action,
}

/// A record as it travels: its bytes, and their signature.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SignedRecord {
    #[cbor(n(0), with = "minicbor::bytes")]
    bytes: Vec<u8>,
    #[n(1)]
    signature: Signature,
}

const RECORD: &str = "satchel control record 1";

impl SignedRecord {
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        decode(bytes, limits::RECORD_BYTES)
    }

    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    pub fn hash(&self) -> Hash {
        Hash::of("satchel 2026 control record", &self.bytes)
    }

    /// What it says. Nothing of it is to be believed before [`Membership::apply`].
    pub fn read(&self) -> Result<Record> {
        let record: Record = decode(&self.bytes, limits::RECORD_BYTES)?;
        match record.version {
            VERSION => Ok(record),
            newer if newer > VERSION => Err(ProtocolError::Newer(newer)),
            _ => Err(ProtocolError::Malformed("its version is no version".into())),
        }
    }
}

/// A device of the team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub card: Card,
    pub person: PersonId,
    /// Person and device, under the key of the epoch in which it came.
    pub names: Vec<u8>,
    pub names_epoch: u32,
    /// The place of the record that has added it.
    pub since: u64,
    pub removed: bool,
}

/// The team as the control log says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    pub workspace: WorkspaceId,
    /// The place that comes next.
    pub next: u64,
    pub head: Hash,
    pub epoch: u32,
    pub recovery: [u8; 32],
    pub devices: BTreeMap<DeviceId, Member>,
    pub roles: BTreeMap<PersonId, Role>,
    /// By device: how far each of its incarnations counts; one that is not named does not count at all.
    pins: BTreeMap<DeviceId, BTreeMap<u64, u64>>,
}

impl Membership {
    /// From the first record, whose hash an invitation or this device's own vault vouches for.
    pub fn begin(first: &SignedRecord) -> Result<Self> {
        let record = first.read()?;
        let Action::Create { device, person, names, recovery, .. } = record.action else {
            return Err(ProtocolError::Gap("the first record does not make a workspace"));
        };
        if record.seq != 0 || record.previous != Hash::NONE || record.author != device.id {
            return Err(ProtocolError::Malformed("the first record is not one".into()));
        }
        device.check()?;
        check_names(&names)?;
        device.verify(RECORD, &first.bytes, &first.signature)?;
        let member = Member { card: device, person, names, names_epoch: 1, since: 0, removed: false };
        Ok(Self {
            workspace: record.workspace,
            next: 1,
            head: first.hash(),
            epoch: 1,
            recovery,
            devices: BTreeMap::from([(member.card.id, member)]),
            roles: BTreeMap::from([(person, Role::Owner)]),
            pins: BTreeMap::new(),
        })
    }

    /// The next record, if its author may do what it says. On an error nothing has changed.
    pub fn apply(&mut self, signed: &SignedRecord) -> Result<()> {
        let record = signed.read()?;
        if record.workspace != self.workspace {
            return Err(ProtocolError::OtherWorkspace);
        }
        if record.seq != self.next {
            return Err(match record.seq > self.next {
                true => ProtocolError::Gap("records before it are missing"),
                false => ProtocolError::Fork("there is another record in its place"),
            });
        }
        if record.previous != self.head {
            return Err(ProtocolError::Fork("it follows another record"));
        }
        let author =
            self.active(record.author).ok_or(ProtocolError::NotAllowed("its author is no member"))?;
        author.card.verify(RECORD, &signed.bytes, &signed.signature)?;
        let person = author.person;
        let mut next = self.clone();
        next.act(person, record.action)?;
        next.next += 1;
        next.head = signed.hash();
        *self = next;
        Ok(())
    }

    /// The log that all known records lead to from the first one, and the membership behind it. Where the log
    /// forks, all take the same branch: the one with a record of the highest role, of equals that of whoever
    /// has been there longest, then the lower hash. So what an owner has written cannot be displaced by
    /// anybody who is not one, however it is dated.
    pub fn agree(
        first: &SignedRecord,
        known: impl IntoIterator<Item = SignedRecord>,
    ) -> Result<(Vec<SignedRecord>, Self)> {
        let mut behind: BTreeMap<Hash, Vec<SignedRecord>> = BTreeMap::new();
        for record in known {
            // What cannot be read is none of ours, or from a newer version: then the log ends before it.
            if let Ok(read) = record.read() {
                behind.entry(read.previous).or_default().push(record);
            }
        }
        let branch = Self::begin(first)?.best(&behind, &mut limits::FORKS.clone());
        Ok((std::iter::once(first.clone()).chain(branch.records).collect(), branch.members))
    }

    /// The best branch that goes on from here; `forks` may still be followed to their ends.
    fn best(self, behind: &BTreeMap<Hash, Vec<SignedRecord>>, forks: &mut usize) -> Branch {
        let mut here = Branch { rank: (Reverse(Role::Viewer), u64::MAX), records: Vec::new(), members: self };
        loop {
            let candidates = behind.get(&here.members.head).into_iter().flatten();
            let mut next: Vec<Branch> = candidates.filter_map(|record| here.members.step(record)).collect();
            next.sort_by_cached_key(Branch::order);
            next.dedup_by_key(|branch| branch.members.head);
            if next.len() > 1 && *forks > 0 {
                *forks -= 1;
                for branch in &mut next {
                    let rest = branch.members.clone().best(behind, forks);
                    branch.go_on(rest);
                }
                next.sort_by_cached_key(Branch::order);
                if !next.is_empty() {
                    here.go_on(next.swap_remove(0));
                }
                return here;
            }
            if next.is_empty() {
                return here;
            }
            here.go_on(next.swap_remove(0));
        }
    }

    /// One record further, if it may follow.
    fn step(&self, record: &SignedRecord) -> Option<Branch> {
        let mut members = self.clone();
        members.apply(record).ok()?;
        let author = self.active(record.read().ok()?.author)?;
        let rank = (Reverse(self.role(author.person)), author.since);
        Some(Branch { rank, records: vec![record.clone()], members })
    }

    fn act(&mut self, author: PersonId, action: Action) -> Result<()> {
        let rank = self.role(author);
        match action {
            Action::Create { .. } => Err(ProtocolError::NotAllowed("the workspace is there")),
            Action::Add { device, person, role, names, .. } => {
                device.check()?;
                check_names(&names)?;
                if self.devices.contains_key(&device.id) || self.devices.len() >= limits::DEVICES {
                    return Err(ProtocolError::NotAllowed("the device is there, or there are too many"));
                }
                match self.roles.get(&person) {
                    // Another device of a person who is there has that person's rights: nobody may
                    // give themselves those of somebody above them.
                    Some(now)
                        if person == author
                            || rank == Role::Owner
                            || (rank >= Role::Admin && *now < rank) => {}
                    None if rank >= Role::Admin && role < Role::Owner && role <= rank => {
                        self.roles.insert(person, role);
                    }
                    _ => return Err(ProtocolError::NotAllowed("only admins invite, up to their own role")),
                }
                let id = device.id;
                let (names_epoch, since) = (self.epoch, self.next);
                let member = Member { card: device, person, names, names_epoch, since, removed: false };
                self.devices.insert(id, member);
                Ok(())
            }
            Action::Remove { devices, pins, epoch, sealed, .. } => {
                if devices.is_empty() || epoch != self.epoch + 1 {
                    return Err(ProtocolError::Malformed(
                        "a removal removes, and begins the next epoch".into(),
                    ));
                }
                for id in &devices {
                    let person = self.active(*id).ok_or(ProtocolError::NotAllowed("it is no member"))?.person;
                    let own = person == author;
                    if !own && (rank < Role::Admin || self.role(person) >= rank && rank != Role::Owner) {
                        return Err(ProtocolError::NotAllowed("only admins remove, and nobody above them"));
                    }
                }
                self.pin(&devices, &pins)?;
                for id in &devices {
                    if let Some(member) = self.devices.get_mut(id) {
                        member.removed = true;
                    }
                }
                if sealed.len() != self.active_devices().count() {
                    return Err(ProtocolError::Malformed(
                        "the new epoch is not sealed for all who stay".into(),
                    ));
                }
                self.epoch = epoch;
                self.keep_an_owner()
            }
            Action::Change { person, role, pins } => {
                let now =
                    *self.roles.get(&person).ok_or(ProtocolError::NotAllowed("there is no such person"))?;
                let allowed = match rank {
                    Role::Owner => true,
                    Role::Admin => now < Role::Admin && role < Role::Admin,
                    _ => false,
                };
                if !allowed {
                    return Err(ProtocolError::NotAllowed("only owners make and unmake admins"));
                }
                let of_person = self.active_devices().filter(|m| m.person == person).map(|m| m.card.id);
                let devices: Vec<DeviceId> = of_person.collect();
                match role {
                    Role::Viewer => self.pin(&devices, &pins)?,
                    _ => devices.iter().for_each(|id| {
                        self.pins.remove(id);
                    }),
                }
                self.roles.insert(person, role);
                self.keep_an_owner()
            }
        }
    }

    fn pin(&mut self, devices: &[DeviceId], pins: &[Pin]) -> Result<()> {
        if pins.iter().any(|pin| !devices.contains(&pin.device)) {
            return Err(ProtocolError::Malformed("a pin names a device that is not meant".into()));
        }
        for id in devices {
            let own = pins.iter().filter(|pin| pin.device == *id);
            self.pins.insert(*id, own.map(|pin| (pin.incarnation, pin.seq)).collect());
        }
        Ok(())
    }

    fn keep_an_owner(&self) -> Result<()> {
        match self.active_devices().any(|m| self.role(m.person) == Role::Owner) {
            true => Ok(()),
            false => Err(ProtocolError::NotAllowed("a workspace keeps an owner with a device")),
        }
    }

    /// A device that is a member now.
    pub fn active(&self, device: DeviceId) -> Option<&Member> {
        self.devices.get(&device).filter(|m| !m.removed)
    }

    /// In the order of their ids.
    pub fn active_devices(&self) -> impl Iterator<Item = &Member> {
        self.devices.values().filter(|m| !m.removed)
    }

    pub fn role(&self, person: PersonId) -> Role {
        self.roles.get(&person).copied().unwrap_or(Role::Viewer)
    }

    /// Whether an entry in this place counts, for everybody and for ever.
    pub fn counts(&self, place: Place) -> bool {
        let Some(member) = self.devices.get(&place.device) else { return false };
        match self.pins.get(&place.device) {
            Some(pins) => pins.get(&place.incarnation).is_some_and(|last| place.seq <= *last),
            None => !member.removed && self.role(member.person) >= Role::Member,
        }
    }

    /// A record to come next, by a device that is a member.
    pub fn write(&self, keys: &DeviceKeys, action: Action) -> SignedRecord {
        sign(keys, self.workspace, self.next, self.head, action)
    }
}

/// Records that follow each other, and where they lead.
struct Branch {
    /// The best of its records: the role of the author, and since when they belong to the team.
    rank: (Reverse<Role>, u64),
    records: Vec<SignedRecord>,
    members: Membership,
}

impl Branch {
    fn order(&self) -> (Reverse<Role>, u64, Option<Hash>) {
        (self.rank.0, self.rank.1, self.records.first().map(SignedRecord::hash))
    }

    fn go_on(&mut self, rest: Branch) {
        self.rank = self.rank.min(rest.rank);
        self.records.extend(rest.records);
        self.members = rest.members;
    }
}

impl SignedRecord {
    /// The record that makes a workspace.
    pub fn first(keys: &DeviceKeys, workspace: WorkspaceId, create: Action) -> Self {
        sign(keys, workspace, 0, Hash::NONE, create)
    }
}

fn sign(keys: &DeviceKeys, workspace: WorkspaceId, seq: u64, previous: Hash, action: Action) -> SignedRecord {
    let bytes = encode(&Record { version: VERSION, workspace, seq, previous, author: keys.id, action });
    let signature = keys.sign(RECORD, &bytes);
    SignedRecord { bytes, signature }
}

fn check_names(names: &[u8]) -> Result<()> {
    match names.len() <= limits::NAME_BYTES {
        true => Ok(()),
        false => Err(ProtocolError::TooLarge(limits::NAME_BYTES)),
    }
}
