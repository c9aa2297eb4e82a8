//! Backups and the health of a vault on the command line.

use crate::{
    args::{BackupCommand, PlaceCommand},
    refusals::of_screens,
    run::{Done, keys_of_environment, open},
    show::{Show, table},
    words::{is_chinese, say, word},
};
use satchel_app::{
    AppError, BackupKey, BackupPlan, BackupTarget, Cancel, Code, HealthCheck, Keyring, Level, Mend, Satchel,
    Session, restore_backup, verify_file,
    views::{BackupView, BackupsView, MissingFileView, MissingFilesView, ProvenKind},
};
use serde_json::json;
use std::{io::IsTerminal, path::Path};

pub fn run(show: &Show, vault: &Path, satchel: &Satchel, command: BackupCommand) -> Done {
    match command {
        BackupCommand::Restore { file } => restore(show, vault, satchel, &file),
        BackupCommand::Files { from, list } => files(show, &*open(satchel)?, from.as_deref(), list),
        BackupCommand::Verify { file } => verify(show, satchel, &file),
        BackupCommand::Create { to } => {
            let session = open(satchel)?;
            let mut bar = show.progress("backing up");
            let made = session.back_up(to.as_deref(), &mut bar, &Cancel::default())?;
            show.answer(&json!(made), || {
                say!("{} records are in {}; it was read back and is whole", made.records, made.file)
            });
            Ok(())
        }
        BackupCommand::List => {
            let backups = open(satchel)?.backups()?;
            show.answer(&json!(backups), || list(&backups));
            Ok(())
        }
        BackupCommand::Drill { file, kit } => drill(show, &*open(satchel)?, file.as_deref(), kit),
        BackupCommand::Places(command) => places(show, &*open(satchel)?, command),
        BackupCommand::Due => {
            let session = open(satchel)?;
            let made = session.back_up_if_due(&Cancel::default())?;
            let places = session.backups()?.places;
            let failed = places.iter().filter_map(|p| Some((&p.address, p.trouble.as_ref()?)));
            let failed: Vec<_> = failed.map(|(place, why)| json!({ "place": place, "why": why })).collect();
            show.answer(&json!({ "made": made, "failed": failed }), || say!("{} backups were made", made));
            match failed.len() {
                0 => Ok(()),
                n => Err(AppError::new(
                    Code::Unreachable,
                    format!("{n} places got no backup; see `satchel backup places list`"),
                )),
            }
        }
    }
}

fn list(backups: &BackupsView) -> String {
    let rows = backups.backups.iter().map(|b| {
        let proven = b.drilled_at.as_deref().or(b.verified_at.as_deref()).unwrap_or_default();
        let place = if b.there { b.file.clone() } else { format!("{} ({})", b.file, word("not there")) };
        vec![b.made_at.clone(), b.records.to_string(), proven.to_owned(), place]
    });
    table(&["made", "records", "proven", "file"], &rows.collect::<Vec<_>>())
}

/// The keys of the environment, or one that is typed.
fn typed_keys(show: &Show) -> Result<Vec<BackupKey>, AppError> {
    let keys = keys_of_environment()?;
    if !keys.is_empty() {
        return Ok(keys);
    }
    if !std::io::stdin().is_terminal() || show.json {
        return Err(AppError::new(
            Code::Locked,
            "say how the backup is opened: set SATCHEL_RECOVERY_KEY or SATCHEL_PASSPHRASE",
        ));
    }
    let text =
        rpassword::prompt_password(say!("Passphrase or recovery code: ")).map(zeroize::Zeroizing::new)?;
    Ok(vec![BackupKey::typed(&text)?])
}

/// With each key, until one fits.
fn by_any<T>(
    keys: &[BackupKey],
    mut work: impl FnMut(&BackupKey) -> Result<T, AppError>,
) -> Result<T, AppError> {
    let mut last = AppError::new(Code::Locked, "there is no key to open the backup with");
    for key in keys {
        match work(key) {
            Err(e) if e.code == Code::WrongKey => last = e,
            done => return done,
        }
    }
    Err(last)
}

fn verify(show: &Show, satchel: &Satchel, file: &Path) -> Done {
    let found: BackupView = match open(satchel) {
        Ok(session) => {
            let keys = keys_of_environment()?;
            match session.verify_backup(file, None) {
                Err(e) if e.code == Code::WrongKey => {
                    by_any(&keys, |key| session.verify_backup(file, Some(key)))?
                }
                found => found?,
            }
        }
        // Without a vault, or where another program has it open, the key says enough.
        Err(_) => by_any(&typed_keys(show)?, |key| verify_file(file, key))?,
    };
    show.answer(&json!(found), || {
        say!("the backup is whole: {} records, made {}", found.records, found.made_at)
    });
    Ok(())
}

fn restore(show: &Show, vault: &Path, satchel: &Satchel, file: &Path) -> Done {
    // A vault that lacks files since its restore gets them; no other one is touched.
    if vault.join("vault.json").exists()
        && let Ok(session) = open(satchel)
    {
        if session.missing_files()?.count > 0 {
            return files(show, &session, Some(file), false);
        }
        drop(session);
        satchel.lock();
    }
    let keys = typed_keys(show)?;
    // By a passphrase of the environment no keyring is asked for, as elsewhere.
    let keyring = match std::env::var_os("SATCHEL_PASSPHRASE").is_some() {
        true => Keyring::Off,
        false => Keyring::Os,
    };
    let mut bar = show.progress("restoring");
    let restored =
        by_any(&keys, |key| restore_backup(file, key, vault, keyring, &mut bar, &Cancel::default()))?;
    show.answer(&json!(restored), || {
        let done = say!(
            "{} records of «{}» are in {}; the vault opens as the one did that was backed up",
            restored.records,
            restored.workspace,
            restored.vault
        );
        match restored.missing_files {
            0 => done,
            n => {
                let said = say!("{} files on records were not beside the backup", n);
                let how = say!("They are asked for now and then; `satchel backup files --from FOLDER` looks for them beside another backup");
                [done, said, named(&restored.missing), how].join("\n")
            }
        }
    });
    Ok(())
}

fn named(files: &[MissingFileView]) -> String {
    let row = |file: &MissingFileView| vec![file.title.clone(), file.name.clone(), file.size.to_string()];
    table(&["record", "file", "bytes"], &files.iter().map(row).collect::<Vec<_>>())
}

fn files(show: &Show, session: &Session, from: Option<&Path>, list: bool) -> Done {
    let mut bar = show.progress("looking for files");
    let never = Cancel::default();
    let view = match from {
        _ if list => session.missing_files()?,
        None => session.fetch_missing_files(&mut bar, &never)?,
        Some(from) => {
            let mut came = 0;
            let mut view = session.missing_files()?;
            for key in typed_keys(show)? {
                view = session.take_missing_files(from, &key, &mut bar, &never)?;
                came += view.came;
            }
            MissingFilesView { came, ..view }
        }
    };
    show.answer(&json!(view), || match view.count {
        0 => say!("{} files have come; none is missing", view.came),
        n => [say!("{} files have come; {} are still missing", view.came, n), named(&view.files)].join("\n"),
    });
    Ok(())
}

fn drill(show: &Show, session: &Session, file: Option<&Path>, kit: bool) -> Done {
    let keys = if kit { typed_keys(show)? } else { Vec::new() };
    let typed = keys.into_iter().find(|key| matches!(key, BackupKey::Recovery(_)));
    if kit && typed.is_none() {
        return Err(AppError::new(
            Code::Locked,
            "a drill of the kit needs its code: set SATCHEL_RECOVERY_KEY",
        ));
    }
    let mut bar = show.progress("proving the backup");
    let proven = session.drill(file, typed.as_ref(), &mut bar, &Cancel::default())?;
    show.answer(&json!(proven), || {
        let done = say!(
            "proven: {} records came back from {} in {} s",
            proven.records,
            proven.file,
            format!("{:.1}", proven.seconds)
        );
        let state = |ok| word(if ok { "as it was" } else { "not as it was" }).to_owned();
        let row = |kind: &ProvenKind| vec![kind.kind.clone(), kind.records.to_string(), state(kind.ok)];
        let kinds = table(&["kind", "records", ""], &proven.kinds.iter().map(row).collect::<Vec<_>>());
        [done, kinds].join("\n")
    });
    Ok(())
}

fn places(show: &Show, session: &Session, command: PlaceCommand) -> Done {
    match command {
        PlaceCommand::List => {}
        PlaceCommand::Add { address, endpoint, region, key_id, secret_file, away } => {
            let secret = secret_file
                .map(|path| {
                    let read = std::fs::read_to_string(&path);
                    let told = |e| AppError::new(Code::NotFound, format!("{}: {e}", path.display()));
                    Ok::<_, AppError>(read.map_err(told)?.trim().to_owned())
                })
                .transpose()?;
            let known = session.backup_target(&address)?;
            let target = BackupTarget {
                endpoint: endpoint.unwrap_or(known.endpoint),
                region: region.unwrap_or(known.region),
                key_id: key_id.unwrap_or(known.key_id),
                secret: secret.unwrap_or(known.secret),
                away: away.unwrap_or(known.away),
                address,
            };
            session.add_backup_target(target, &Cancel::default())?;
        }
        PlaceCommand::Remove { address } => session.remove_backup_target(&address)?,
        PlaceCommand::Keep { days, weeks, months, automatic } => {
            let plan = session.backup_plan()?;
            let keep = satchel_app::Keep {
                days: days.unwrap_or(plan.keep.days),
                weeks: weeks.unwrap_or(plan.keep.weeks),
                months: months.unwrap_or(plan.keep.months),
            };
            let automatic = automatic.unwrap_or(plan.automatic);
            session.set_backup_plan(&BackupPlan { keep, automatic, ..plan })?;
        }
    }
    let backups = session.backups()?;
    let answer = json!({"places": backups.places, "automatic": backups.automatic, "keep": backups.keep});
    show.answer(&answer, || {
        let rows = backups.places.iter().map(|p| {
            let state = match &p.trouble {
                Some(trouble) => trouble.clone(),
                None if p.late => word("no backup for days").to_owned(),
                None => String::new(),
            };
            vec![p.address.clone(), p.last.clone().unwrap_or_default(), state]
        });
        table(&["place", "last backup", "state"], &rows.collect::<Vec<_>>())
    });
    Ok(())
}

pub fn health(show: &Show, session: &Session) -> Done {
    let health = session.health()?;
    show.answer(&json!(health), || {
        let told = health.checks.iter().map(told_of);
        told.collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

/// What is so, whole, and what mends it below.
fn told_of(check: &HealthCheck) -> String {
    let level = match check.level {
        Level::Ok => "ok",
        Level::Unknown => "unknown",
        Level::Warn => "warning",
        Level::Bad => "danger",
    };
    let (name, grade) = (&check.name, json!(check.level));
    let of_screen = |key: String| of_screens(&key, &check.facts);
    let called = of_screen(format!("health.name.{name}")).unwrap_or_else(|| name.clone());
    let says = of_screen(format!("health.is.{name}.{}", grade.as_str().unwrap_or_default()));
    let says = says.unwrap_or_else(|| check.detail.clone());
    let mends = check.action.into_iter().chain(check.next).map(mend).filter(|mend| !mend.is_empty());
    let mends: String = mends.map(|mend| format!("\n    {mend}")).collect();
    let colon = if is_chinese() { "：" } else { ": " };
    [word(level), colon, &called, colon, &says, &mends].concat()
}

fn mend(action: Mend) -> &'static str {
    match action {
        Mend::BackUp => "satchel backup create",
        Mend::Drill => "satchel backup drill",
        Mend::DrillKit => "satchel backup drill --kit",
        Mend::AddPlace => "satchel backup places add FOLDER",
        Mend::SetPassphrase => "satchel keys passphrase set",
        Mend::RenewKit => "satchel keys kit",
        Mend::StoreKey => "satchel status",
        Mend::Sync => "satchel sync",
        Mend::OpenTeam => "satchel members",
        Mend::Verify => "satchel verify",
        Mend::FixAccess => "chmod -R go-rwx VAULT",
        Mend::OpenIncidents => "satchel incident drills",
        Mend::VerifyTrail => "satchel audit verify",
        Mend::ExportTrail => "satchel audit export --out FILE",
        Mend::OpenIncident => "satchel incident open suspected_leak",
        Mend::FetchFiles => "satchel backup files",
        Mend::FindFiles => "satchel backup files --from FOLDER",
        Mend::OpenUpdates | Mend::OpenSystem => "",
    }
}
