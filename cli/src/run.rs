//! Each command: one call into `app`, and its answer.

use crate::{
    args::{
        Audit, Cli, Command, Export, FormatArg, Import, Init, Keys, List, Locale, OnMatchArg,
        PassphraseAction,
    },
    refusals::in_words,
    show::{Show, plain, table},
    words::{is_chinese, say, translated, word},
};
use clap::CommandFactory;
use satchel_app::{
    AppError, BackupKey, CalendarRequest, Cancel, Code, Cost, CreateVault, Created, ExportFormat,
    ExportOptions, FieldInput, ImportOptions, Keyring, ListRequest, Logged, MatchKey, Merge, OnMatch,
    Passphrase, Satchel, SeedLocale, SeedOptions, Session, Unlock, Which, Whose,
    domain::{Kind, OperationId, RecordId, WorkspaceId},
    local_day, output,
    views::{Applying, KitView, RecordView, StageView},
};
use serde_json::{Value as Json, json};
use std::{
    io::{IsTerminal, Write},
    path::Path,
    sync::Arc,
};
use zeroize::Zeroizing;

pub type Done = Result<(), AppError>;

pub fn run(cli: Cli) -> Done {
    let show = Show { json: cli.json, quiet: cli.quiet };
    let vault = cli.vault.unwrap_or_else(satchel_app::default_vault_dir);
    match cli.command {
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut translated(Cli::command()), "satchel", &mut script);
            // A reader that went away (`| head`) is no error.
            let _ = std::io::stdout().write_all(&script);
            Ok(())
        }
        Command::Man => clap_mangen::Man::new(translated(Cli::command()))
            .render(&mut std::io::stdout())
            .map_err(|e| AppError::new(Code::Internal, e.to_string())),
        Command::Init(args) => init(&show, &vault, &args),
        Command::Join { link, person, device, remote, kit, wait } => {
            let args = Init { name: satchel_app::JOINING.into(), person, kit, demo: false };
            crate::team::join(&show, &vault, &link, args, &device, remote.as_deref(), &wait)
        }
        Command::Backup(command) => {
            crate::backup::run(&show, &vault, &Satchel::new(&vault, "The satchel command"), command)
        }
        Command::Rescue { out } => {
            let (saved, lost) =
                satchel_app::rescue(&vault, unlock_by_environment()?.unwrap_or(Unlock::Keyring), &out)?;
            show.answer(&json!({"path": out, "saved": saved, "lost": lost}), || {
                say!("{} records saved to {}, {} lost", saved, out.display(), lost)
            });
            Ok(())
        }
        Command::Audit(Audit::Verify { file: Some(file) }) => crate::audit::verify_file(&show, &file),
        command => {
            let satchel = Satchel::new(&vault, "The satchel command");
            let session = open(&satchel)?;
            if let Command::Keys(Keys::Rotate) = command {
                drop(session);
                let slots = satchel.rotate_key()?;
                show.answer(&json!({ "slots": slots }), || {
                    say!("the vault has a new key; every way in works as before")
                });
                return Ok(());
            }
            if let Command::Sync { watch: true, .. } = command {
                // While it waits, it holds nothing.
                drop(session);
                return crate::team::watch(&show, &satchel);
            }
            if let Command::Relay { listen } = command {
                drop(session);
                return crate::team::relay(&show, &satchel, listen.as_deref());
            }
            if crate::team::meets(&command) {
                satchel.host_meanwhile();
            }
            with_session(&show, &session, command)
        }
    }
}

fn with_session(show: &Show, session: &Session, command: Command) -> Done {
    match command {
        Command::Status => status(show, session),
        Command::Health => crate::backup::health(show, session),
        Command::Verify { rebuild } => verify(show, session, rebuild),
        Command::Audit(audit) => crate::audit::audit(show, session, audit),
        Command::Alerts { seen, rules } => crate::audit::alerts(show, session, seen.as_deref(), &rules),
        Command::Incident(incident) => crate::incident::incident(show, session, incident),
        Command::Training { done, of, tour } => {
            crate::incident::training(show, session, &done, of.as_deref(), tour)
        }
        Command::Config(config) => crate::incident::config(show, session, config),
        Command::Keys(keys) => self::keys(show, session, keys),
        Command::Seed(args) => {
            let locale = match args.locale {
                Locale::En => SeedLocale::En,
                Locale::Zh => SeedLocale::Zh,
                Locale::Mixed => SeedLocale::Mixed,
            };
            let options = SeedOptions {
                people: args.people,
                companies: args.companies,
                deals: args.deals,
                activities: args.activities,
                tasks: args.tasks,
                seed: args.seed,
                locale,
            };
            let seeded = session.seed(options, &mut show.progress("seeding"), &Cancel::default())?;
            show.answer(&json!(seeded), || {
                let made: Vec<String> =
                    seeded.created.iter().map(|(kind, n)| format!("{n} {}", word(kind))).collect();
                say!("made {} in {} s", made.join(", "), format!("{:.1}", seeded.seconds))
            });
            Ok(())
        }
        Command::Fields(args) => crate::fields::fields(show, session, &args),
        Command::Restage { from, to } => crate::fields::restage(show, session, &from, &to),
        Command::New { kind, fields } => {
            let written = session.create(kind.parse::<Kind>()?, &assignments(session, &fields)?)?;
            show.answer(&json!(written), || written.id.to_string());
            Ok(())
        }
        Command::Set { id, fields } => {
            let written = session.set(record(&id)?, &assignments(session, &fields)?)?;
            show.answer(&json!(written), || written.id.to_string());
            Ok(())
        }
        Command::Unset { id, keys } => {
            let written = session.unset(record(&id)?, &keys)?;
            show.answer(&json!(written), || written.id.to_string());
            Ok(())
        }
        Command::Log { id, text, ty, outcome, next } => {
            let (today, _) = local_day();
            let logged = Logged { about: record(&id)?, ty, text, outcome, next, today };
            let written = session.log(&logged)?;
            show.answer(&json!(written), || written.id.to_string());
            Ok(())
        }
        Command::Timeline { id, limit } => {
            let moments = session.timeline(record(&id)?, limit)?;
            let row = |m: &satchel_app::views::MomentView| {
                vec![
                    m.at.chars().take(16).collect(),
                    word(m.record.kind.key()).to_owned(),
                    m.record.title.clone(),
                ]
            };
            let rows: Vec<Vec<String>> = moments.iter().map(row).collect();
            show.answer(&json!({ "moments": moments }), || table(&["when", "kind", "title"], &rows));
            Ok(())
        }
        Command::Capture { line } => {
            let made = session.capture_line(&line, &local_day().0)?;
            show.answer(&json!(made), || format!("{} {}", made.id, made.title));
            Ok(())
        }
        Command::Favourites { add, remove } => {
            crate::notes::favourites(show, session, add.as_deref(), remove.as_deref())
        }
        Command::Mentions { id } => crate::notes::mentions(show, session, record(&id)?),
        Command::Today { owner } => today(show, session, &Whose::parse(&owner)),
        Command::Calendar { from, days, owner } => {
            let from = from.unwrap_or_else(|| local_day().0);
            crate::calendar::show(show, session, &CalendarRequest::of_days(&from, days, owner)?)
        }
        Command::Visits(command) => crate::visits::visits(show, session, command),
        Command::Reminders { at } => crate::reminders::show(show, session, at.as_deref()),
        Command::Finish { id, next } => {
            let written = session.finish_task(record(&id)?, &next, &local_day().0)?;
            show.answer(&json!(written), || written.id.to_string());
            Ok(())
        }
        Command::Skip { id } => {
            let written = session.skip_task(record(&id)?, &local_day().0)?;
            show.answer(&json!(written), || written.id.to_string());
            Ok(())
        }
        Command::Occurrence { id, day, fields, later, all, remove } => {
            let id = record(&id)?;
            let which = match (later, all) {
                (true, _) => Which::Later,
                (_, true) => Which::All,
                _ => Which::This,
            };
            let written = match (remove, fields.is_empty()) {
                (true, _) => session.remove_occurrence(id, &day, which)?,
                (false, false) => {
                    session.change_occurrence(id, &day, which, &assignments(session, &fields)?)?
                }
                (false, true) => return view(show, &session.occurrence(id, &day)?),
            };
            show.answer(&json!(written), || written.id.to_string());
            Ok(())
        }
        Command::Pipelines => pipelines(show, session),
        Command::Move { id, stage, reason } => {
            let named = |s: &StageView| s.id.to_string() == stage || s.name.eq_ignore_ascii_case(&stage);
            let stages = session.pipelines(is_chinese())?.into_iter().flat_map(|p| p.stages);
            let found: Vec<StageView> = stages.filter(named).collect();
            let [to] = found.as_slice() else {
                return Err(AppError::new(
                    Code::NotFound,
                    format!("there is no stage «{stage}»; see `satchel pipelines`"),
                ));
            };
            let written = session.move_deal(record(&id)?, to.id, (None, None), reason.as_deref())?;
            show.answer(&json!(written), || written.id.to_string());
            Ok(())
        }
        Command::Quote(command) => crate::quotes::quote(show, session, command),
        Command::Prices { book } => crate::prices::prices(show, session, book.as_deref()),
        Command::Price { product, book, amount } => {
            crate::prices::set(show, session, &product, &book, &amount)
        }
        Command::Letterhead { fields, logo } => {
            crate::quotes::letterhead(show, session, &fields, logo.as_deref())
        }
        Command::Mail(command) => crate::mail::mail(show, session, command),
        Command::Report(args) => crate::report::report(show, session, &args),
        Command::Attach { id, file } => {
            let mut progress = show.progress("attaching");
            let written = session.attach(record(&id)?, &file, &mut progress, &Cancel::default())?;
            drop(progress);
            show.answer(&json!(written), || written.id.to_string());
            Ok(())
        }
        Command::Attachments { id } => {
            let all = session.attachments(record(&id)?)?;
            let row = |a: &satchel_app::views::AttachmentView| {
                let here = if a.here { String::new() } else { say!("not here yet") };
                vec![a.id.to_string(), a.name.clone(), format!("{:.0}", a.size), here]
            };
            let rows: Vec<Vec<String>> = all.iter().map(row).collect();
            show.answer(&json!({ "attachments": all }), || table(&["id", "name", "bytes", ""], &rows));
            Ok(())
        }
        Command::Attachment { id, out } => {
            let mut progress = show.progress("fetching");
            let bytes = session.save_attachment(record(&id)?, &out, &mut progress, &Cancel::default())?;
            drop(progress);
            show.answer(&json!({ "path": out, "bytes": bytes }), || out.display().to_string());
            Ok(())
        }
        Command::Get { id, at: Some(at) } => crate::past::get(show, session, record(&id)?, &at),
        Command::Get { id, at: None } => get(show, session, &id),
        Command::List(args) => match &args.at {
            Some(at) => crate::past::list(show, session, &args, at),
            None => list(show, session, &args),
        },
        Command::RestoreAsOf(args) => crate::past::restore(show, session, args),
        Command::Totals(args) => crate::totals::totals(show, session, args),
        Command::Search { text, kind, limit } => {
            let hits = session.search(&text, kind.map(|k| k.parse::<Kind>()).transpose()?, limit)?;
            let rows: Vec<Vec<String>> = hits
                .iter()
                .map(|h| vec![h.id.to_string(), h.kind.to_string(), h.title.clone(), h.subtitle.clone()])
                .collect();
            show.answer(&json!({ "hits": hits }), || table(&["id", "kind", "title", ""], &rows));
            Ok(())
        }
        Command::Delete { ids } => {
            let written =
                session.delete(&records(&ids)?, &mut show.progress("deleting"), &Cancel::default())?;
            show.answer(&json!(written), || {
                say!("{} in the trash; `satchel undo` brings them back", written.count)
            });
            Ok(())
        }
        Command::Restore { ids } => {
            let written =
                session.restore(&records(&ids)?, &mut show.progress("restoring"), &Cancel::default())?;
            show.answer(&json!(written), || say!("{} restored", written.count));
            Ok(())
        }
        Command::History { id, at } => history(show, session, &id, at.as_deref()),
        Command::Operations { limit } => operations(show, &session.operations(limit)?, "operations"),
        Command::Imports => operations(show, &session.imports()?, "imports"),
        Command::Undo { operation } => {
            let id = operation.map(|o| self::operation(&o)).transpose()?;
            let report = session.undo(id, &mut show.progress("undoing"), &Cancel::default())?;
            show.answer(&json!(report), || {
                say!("undone: {}, {} records{}", word(&report.label), report.records, left(&report.skipped))
            });
            Ok(())
        }
        Command::Redo => {
            let report = session.redo(&mut show.progress("redoing"), &Cancel::default())?;
            show.answer(&json!(report), || {
                say!("done again: {} records{}", report.records, left(&report.skipped))
            });
            Ok(())
        }
        Command::Duplicates { kind } => duplicates(show, session, kind.as_deref()),
        Command::Merge { keep, others, fields } => merge(show, session, &keep, &others, &fields),
        Command::Unmerge { operation } => {
            let operation = self::operation(&operation)?;
            let report = session.unmerge(operation, &mut show.progress("undoing"), &Cancel::default())?;
            show.answer(&json!(report), || {
                say!("undone: {}, {} records{}", word(&report.label), report.records, left(&report.skipped))
            });
            Ok(())
        }
        Command::NotSame { id, others } => {
            let ids = records(&[&[id], others.as_slice()].concat())?;
            let written = session.not_the_same(&ids)?;
            show.answer(&json!(written), || say!("noted; they are not shown as duplicates any more"));
            Ok(())
        }
        Command::Import(args) => import(show, session, &args),
        Command::Export(args) => export(show, session, args),
        Command::Remote(_)
        | Command::Sync { .. }
        | Command::Invite { .. }
        | Command::Requests
        | Command::Approve { .. }
        | Command::Refuse { .. }
        | Command::Members
        | Command::Revoke { .. }
        | Command::Role { .. }
        | Command::Conflicts
        | Command::Settle { .. } => crate::team::run(show, session, command),
        Command::Join { .. }
        | Command::Relay { .. }
        | Command::Init(_)
        | Command::Rescue { .. }
        | Command::Backup(_)
        | Command::Completions { .. }
        | Command::Man => Ok(()),
    }
}

fn left(skipped: &[satchel_app::views::Skipped]) -> String {
    if skipped.is_empty() {
        String::new()
    } else {
        say!(", {} fields left because they were edited since", skipped.len())
    }
}

fn duplicates(show: &Show, session: &Session, kind: Option<&str>) -> Done {
    let kind = kind.map(str::parse::<Kind>).transpose()?;
    let mut progress = show.progress("looking for duplicates");
    let found = session.duplicates(kind, &mut progress, &Cancel::default())?;
    drop(progress);
    let row = |group: &satchel_app::views::GroupView| {
        let why: Vec<String> =
            group.reasons.iter().map(|r| word(&r.key().replace('_', " ")).to_owned()).collect();
        let ids: Vec<String> = group.ids.iter().map(ToString::to_string).collect();
        vec![format!("{:.0} %", group.score * 100.0), group.titles.join(" · "), why.join(", "), ids.join(" ")]
    };
    let rows: Vec<Vec<String>> = found.groups.iter().map(row).collect();
    show.answer(&json!(found), || match rows.is_empty() {
        true => say!("no duplicates"),
        false => table(&["likely", "title", "because", "id"], &rows),
    });
    Ok(())
}

fn merge(show: &Show, session: &Session, keep: &str, others: &[String], fields: &[String]) -> Done {
    let field = |text: &String| match text.split_once('=') {
        Some((key, id)) => Ok((key.to_owned(), record(id)?)),
        None => Err(usage(format!("«{text}» says nothing; write --field title=ID"))),
    };
    let fields = fields.iter().map(field).collect::<Result<_, AppError>>()?;
    let merge = Merge { keep: record(keep)?, others: records(others)?, fields };
    let mut progress = show.progress("merging");
    let written = session.merge(&merge, &mut progress, &Cancel::default())?;
    drop(progress);
    show.answer(&json!(written), || {
        let operation = written.operation.map(|o| o.to_string()).unwrap_or_default();
        say!("merged into {}; take it back with: satchel unmerge {}", written.id, operation)
    });
    Ok(())
}

pub fn usage(message: impl Into<String>) -> AppError {
    AppError::new(Code::Usage, message)
}

pub fn record(id: &str) -> Result<RecordId, AppError> {
    id.parse().map_err(|_| usage(format!("«{id}» is not the id of a record")))
}

fn operation(id: &str) -> Result<OperationId, AppError> {
    id.parse().map_err(|_| usage(format!("«{id}» is not the id of an operation; see `satchel operations`")))
}

pub fn records(ids: &[String]) -> Result<Vec<RecordId>, AppError> {
    let mut out: Vec<RecordId> = Vec::with_capacity(ids.len());
    for id in ids {
        let id = record(id)?;
        if !out.contains(&id) {
            out.push(id);
        }
    }
    Ok(out)
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|v| !v.is_empty())
}

/// `SATCHEL_PASSPHRASE`, or the first line of the file that `SATCHEL_PASSPHRASE_FILE` names.
fn passphrase_of_environment() -> Result<Option<Passphrase>, AppError> {
    let text = match (environment("SATCHEL_PASSPHRASE"), environment("SATCHEL_PASSPHRASE_FILE")) {
        (Some(text), _) => Zeroizing::new(text),
        (None, Some(path)) => {
            let text = std::fs::read_to_string(&path).map(Zeroizing::new).map_err(|e| {
                AppError::new(Code::NotFound, format!("{path}: {e}; name the file of the passphrase"))
            })?;
            Zeroizing::new(text.lines().next().unwrap_or_default().to_owned())
        }
        (None, None) => return Ok(None),
    };
    Ok(Some(Passphrase::new(&text)?))
}

/// All keys that the environment gives, for a backup.
pub fn keys_of_environment() -> Result<Vec<BackupKey>, AppError> {
    let passphrase = passphrase_of_environment()?.map(BackupKey::Passphrase);
    let code = recovery_of_environment()?.map(|text| BackupKey::typed(&text)).transpose()?;
    Ok(passphrase.into_iter().chain(code).collect())
}

fn recovery_of_environment() -> Result<Option<Zeroizing<String>>, AppError> {
    if let Some(code) = environment("SATCHEL_RECOVERY_KEY") {
        return Ok(Some(code.into()));
    }
    let file = environment("SATCHEL_RECOVERY_KEY_FILE").or_else(|| environment("SATCHEL_RECOVERY_KEYFILE"));
    let Some(path) = file else { return Ok(None) };
    let text = std::fs::read_to_string(&path).map_err(|e| {
        AppError::new(Code::NotFound, format!("{path}: {e}; name the file of the recovery kit"))
    })?;
    Ok(Some(text.into()))
}

/// A key given by the environment.
fn unlock_by_environment() -> Result<Option<Unlock>, AppError> {
    if let Some(passphrase) = passphrase_of_environment()? {
        return Ok(Some(Unlock::Passphrase(passphrase)));
    }
    Ok(recovery_of_environment()?.map(Unlock::Recovery))
}

/// The environment, the keyring, a prompt.
pub fn open(satchel: &Satchel) -> Result<Arc<Session>, AppError> {
    if let Some(unlock) = unlock_by_environment()? {
        // A vault without a passphrase lives by its keyring: the kit puts the key back into it.
        let by_kit = matches!(unlock, Unlock::Recovery(_)) && !satchel.has_passphrase()?;
        return satchel.unlock(unlock, if by_kit { Keyring::Os } else { Keyring::Off });
    }
    match satchel.unlock(Unlock::Keyring, Keyring::Os) {
        Err(error) if error.code == Code::Keyring && std::io::stdin().is_terminal() => {
            eprintln!("{}", error.message);
            let text =
                rpassword::prompt_password(say!("Passphrase or recovery code: ")).map(Zeroizing::new)?;
            satchel.unlock(Unlock::typed(&text)?, Keyring::Os)
        }
        other => other,
    }
}

fn init(show: &Show, vault: &Path, args: &Init) -> Done {
    if args.demo {
        return demo(show, vault);
    }
    let device = device_name();
    let (created, kit, in_file) = make(show, vault, args, &device, None)?;
    let status = created.session.status()?;
    let answer =
        json!({"vault": vault, "workspace": status.workspace, "device": status.device, "recovery_kit": kit});
    show.answer(&answer, || match in_file {
        true => say!("The vault is ready. Its recovery kit is in {}: print it, then delete the file.", kit),
        false => format!(
            "{}\n{}",
            created.kit.text,
            say!("The vault is ready. Print the kit above or copy it by hand: it is shown this once.")
        ),
    });
    Ok(())
}

fn demo(show: &Show, vault: &Path) -> Done {
    let given = passphrase_of_environment()?;
    let is_given = given.is_some();
    let created =
        Satchel::new(vault, "The satchel command").create_demo(crate::words::is_chinese(), given)?;
    let status = created.session.status()?;
    let passphrase = !is_given && created.session.key_slots().iter().any(|slot| slot.kind == "passphrase");
    let answer = json!({"vault": vault, "workspace": status.workspace, "demo": true});
    show.answer(&answer, || match passphrase {
        true => say!("The demo is ready. It opens with the passphrase {}.", satchel_app::DEMO_PASSPHRASE),
        false => say!("The demo is ready."),
    });
    Ok(())
}

fn device_name() -> String {
    let name =
        environment("HOSTNAME").or_else(|| std::fs::read_to_string("/etc/hostname").ok()).unwrap_or_default();
    name.trim().to_owned()
}

/// Makes a vault. Its kit as it is answered, and whether that is a file.
pub fn make(
    show: &Show,
    vault: &Path,
    args: &Init,
    device: &str,
    joins: Option<WorkspaceId>,
) -> Result<(Created, String, bool), AppError> {
    let passphrase = passphrase_of_environment()?;
    let keyring = if passphrase.is_some() { Keyring::Off } else { Keyring::Os };
    if let Some(kit) = args.kit.as_ref().filter(|k| k.exists()) {
        return Err(AppError::new(
            Code::Refused,
            format!("{} exists; name a new file for the recovery kit", kit.display()),
        ));
    }
    if let Some(kit) = &args.kit {
        output::check(vault, kit)?;
    }
    let satchel = Satchel::new(vault, "The satchel command");
    let created = satchel.create(CreateVault {
        workspace: args.name.clone(),
        person: args.person.clone(),
        device: if device.is_empty() { device_name() } else { device.to_owned() },
        passphrase,
        keyring,
        cost: Cost::default(),
        joins,
    })?;
    let (kit, in_file) = keep_kit(show, vault, args.kit.as_deref(), &created.kit);
    if let Some(why) = &created.keyring {
        show.note(&say!("The key is not in the OS keyring: {}", why));
    }
    Ok((created, kit, in_file))
}

/// Where the kit is now, and whether that is a file. By now it is the only one that works, so what
/// cannot be written is shown.
fn keep_kit(show: &Show, vault: &Path, file: Option<&Path>, kit: &KitView) -> (String, bool) {
    let code = kit.groups.join("-");
    let Some(path) = file else { return (code, false) };
    match output::write_private(vault, path, kit.text.as_bytes()) {
        Ok(()) => (path.display().to_string(), true),
        Err(error) => {
            show.warn(&say!("The kit is not in a file: {}. Copy it from here.", error.message));
            (code, false)
        }
    }
}

fn status(show: &Show, session: &Session) -> Done {
    let status = session.status()?;
    let rows: Vec<Vec<String>> = status
        .records
        .iter()
        .map(|(kind, n)| {
            vec![kind.clone(), n.to_string(), status.trash.get(kind).map_or(String::new(), u32::to_string)]
        })
        .collect();
    show.answer(&json!(status), || {
        format!(
            "{} · {}\n{}\n\n{}",
            status.workspace,
            say!("{} on {}", status.person, status.device),
            status.vault,
            table(&["kind", "records", "trash"], &rows)
        )
    });
    Ok(())
}

fn verify(show: &Show, session: &Session, rebuild: bool) -> Done {
    let before = session.verify(&mut show.progress("checking"))?;
    let mut answer = json!(before);
    let mut report = before;
    if rebuild {
        let records = session.rebuild(&mut show.progress("rebuilding"))?;
        report = session.verify(&mut show.progress("checking"))?;
        let equal = answer.clone();
        answer = json!(report);
        answer["rebuilt"] = json!(records);
        answer["before"] = equal["checks"].clone();
    }
    let rows: Vec<Vec<String>> = report
        .checks
        .iter()
        .map(|c| vec![c.name.clone(), word(if c.ok { "ok" } else { "BAD" }).into(), in_words(&c.detail)])
        .collect();
    show.answer(&answer, || table(&["check", "", "detail"], &rows));
    if report.ok {
        Ok(())
    } else {
        Err(AppError::new(
            Code::Damaged,
            "the vault is damaged; see the checks. Copy its folder away, then `satchel verify --rebuild`, `satchel rescue`, or restore a backup",
        ))
    }
}

fn keys(show: &Show, session: &Session, keys: Keys) -> Done {
    let slots = match keys {
        Keys::List | Keys::Rotate => session.key_slots(),
        Keys::Passphrase(PassphraseAction::Set) => {
            let text = match environment("SATCHEL_NEW_PASSPHRASE") {
                Some(text) => text,
                None if std::io::stdin().is_terminal() => {
                    let failed = |e: std::io::Error| AppError::new(Code::Internal, e.to_string());
                    let first = rpassword::prompt_password(say!("New passphrase: ")).map_err(failed)?;
                    if rpassword::prompt_password(say!("Once more: ")).map_err(failed)? != first {
                        return Err(AppError::new(
                            Code::Refused,
                            "the two are not the same; nothing was changed",
                        ));
                    }
                    first
                }
                None => return Err(usage("set SATCHEL_NEW_PASSPHRASE, or run in a terminal")),
            };
            session.set_passphrase(&Passphrase::new(&text)?, Cost::default())?
        }
        Keys::Passphrase(PassphraseAction::Remove) => session.remove_passphrase()?,
        Keys::Kit { kit } => {
            let vault = session.vault();
            if let Some(path) = &kit {
                output::check(&vault, path)?;
                if path.exists() {
                    return Err(usage(format!("{} exists; name a new file for the kit", path.display())));
                }
            }
            let new = session.renew_kit()?;
            let (shown, in_file) = keep_kit(show, &vault, kit.as_deref(), &new);
            let answer = json!({"slots": session.key_slots(), "recovery_kit": shown});
            show.answer(&answer, || {
                if in_file {
                    say!("The new recovery kit is in {}; the old one stopped working.", shown)
                } else {
                    new.text.clone()
                }
            });
            return Ok(());
        }
    };
    let rows: Vec<Vec<String>> = slots
        .iter()
        .map(|s| vec![s.kind.clone(), word(if s.ok { "ok" } else { "-" }).into(), s.detail.clone()])
        .collect();
    show.answer(&json!({ "slots": slots }), || table(&["way in", "", "detail"], &rows));
    Ok(())
}

/// `key=value …`; a value that is JSON is taken as such.
pub fn assignments(session: &Session, list: &[String]) -> Result<FieldInput, AppError> {
    let mut out = FieldInput::new();
    for item in list {
        let (key, value) = item.split_once('=').ok_or_else(|| usage(format!("«{item}» is not key=value")))?;
        let json = match value.trim_start().chars().next() {
            Some('[' | '{') => serde_json::from_str(value).unwrap_or_else(|_| json!(value)),
            _ => json!(value),
        };
        let json = if key == "company" { company(session, json)? } else { json };
        out.insert(key.trim().to_owned(), json);
    }
    Ok(out)
}

/// A company may be named by its id or by its name.
fn company(session: &Session, value: Json) -> Result<Json, AppError> {
    let Some(text) = value.as_str().filter(|t| !t.is_empty() && t.parse::<RecordId>().is_err()) else {
        return Ok(value);
    };
    let request = ListRequest {
        filter: format!("name = '{}'", text.replace('\'', "''")),
        limit: 2,
        ..ListRequest::default()
    };
    let page = session.list(Kind::Company, &request)?;
    match page.rows.as_slice() {
        [one] => Ok(json!(one.id)),
        [] => Err(AppError::new(
            Code::NotFound,
            format!("there is no company «{text}»; make it with `satchel new company name=…`"),
        )),
        _ => Err(AppError::new(
            Code::Refused,
            format!("several companies are called «{text}»; name one by its id"),
        )),
    }
}

fn today(show: &Show, session: &Session, whose: &Whose) -> Done {
    let (today, bounds) = local_day();
    let day = session.day(&today, bounds, whose)?;
    let birthdays: Vec<_> = day.birthdays.iter().map(|b| b.person.clone()).collect();
    let sections = [
        (word("overdue"), &day.overdue),
        (word("due today"), &day.due),
        (word("meetings and visits"), &day.agenda),
        (word("deals past their close date"), &day.late),
        (word("deals that have gone quiet"), &day.quiet),
        (word("birthdays"), &birthdays),
    ];
    let mut rows = Vec::new();
    for (section, lines) in sections {
        for (n, line) in lines.iter().enumerate() {
            let section = if n == 0 { section.to_owned() } else { String::new() };
            let who: Vec<&str> = line.titles.values().map(String::as_str).collect();
            rows.push(vec![section, line.title.clone(), who.join(", "), line.id.to_string()]);
        }
    }
    show.answer(&json!(day), || match rows.is_empty() {
        true => word("nothing is due today").to_owned(),
        false => table(&["", "", "with", "id"], &rows),
    });
    Ok(())
}

fn pipelines(show: &Show, session: &Session) -> Done {
    let (mut all, mut rows) = (Vec::new(), Vec::new());
    for pipeline in session.pipelines(is_chinese())? {
        let board = session.board(pipeline.id)?;
        let mut stages = Vec::new();
        for column in board.columns {
            let sums: Vec<String> = column
                .sums
                .iter()
                .map(|s| {
                    satchel_app::domain::money::Money { minor: s.minor, currency: s.currency.clone() }
                        .to_string()
                })
                .collect();
            rows.push(vec![
                pipeline.name.clone(),
                column.stage.name.clone(),
                column.count.to_string(),
                sums.join(", "),
                column.stage.id.to_string(),
            ]);
            stages.push(json!({"stage": column.stage, "deals": column.count, "sums": column.sums}));
        }
        all.push(json!({"id": pipeline.id, "name": pipeline.name, "stages": stages}));
    }
    show.answer(&json!({ "pipelines": all }), || {
        table(&["pipeline", "stage", "deals", "worth", "id"], &rows)
    });
    Ok(())
}

fn get(show: &Show, session: &Session, id: &str) -> Done {
    view(show, &session.get(record(id)?)?)
}

fn view(show: &Show, view: &RecordView) -> Done {
    let rows: Vec<Vec<String>> = view
        .fields
        .iter()
        .map(|(k, v)| vec![k.clone(), view.titles.get(k).cloned().unwrap_or_else(|| plain(v))])
        .chain(view.reasons.iter().map(|(k, why)| vec![k.clone(), format!("— {why}")]))
        .collect();
    show.answer(&json!(view), || {
        let trash = view.deleted_at.as_ref().map_or(String::new(), |at| say!(" (in the trash since {})", at));
        format!("{} · {}{trash}\n{}", view.title, view.kind, table(&["", ""], &rows).trim_start_matches('\n'))
    });
    Ok(())
}

fn list(show: &Show, session: &Session, args: &List) -> Done {
    let kind: Kind = args.kind.parse()?;
    let applying = match args.lenient {
        true => session.applying(kind, &args.filter, &args.sort)?,
        false => Applying { filter: args.filter.clone(), sort: args.sort.clone(), left_out: Vec::new() },
    };
    let request = ListRequest {
        filter: applying.filter,
        text: String::new(),
        sort: applying.sort,
        trash: args.trash,
        offset: args.offset,
        limit: args.limit,
    };
    let mut page = session.list(kind, &request)?;
    // Pages have a limit of their own: go on until there are as many as were asked for.
    loop {
        let got = u32::try_from(page.rows.len()).unwrap_or(u32::MAX);
        if got >= args.limit || args.offset.saturating_add(got) >= page.total {
            break;
        }
        let more = ListRequest { offset: args.offset + got, limit: args.limit - got, ..request.clone() };
        let more = session.list(kind, &more)?;
        if more.rows.is_empty() {
            break;
        }
        page.rows.extend(more.rows);
    }
    let rows: Vec<Vec<String>> = page
        .rows
        .iter()
        .map(|r| {
            let field = |key: &str| r.fields.get(key).map(plain).unwrap_or_default();
            vec![
                r.id.to_string(),
                r.title.clone(),
                r.titles.get("company").cloned().unwrap_or_else(|| field("industry")),
                field("emails"),
                field("phones"),
            ]
        })
        .collect();
    let mut answer = json!(page);
    if let (true, Some(answer)) = (args.lenient, answer.as_object_mut()) {
        answer.insert("left_out".to_owned(), json!(applying.left_out));
    }
    for part in &applying.left_out {
        eprintln!("{}", say!("does not apply any more: {}", part));
    }
    show.answer(&answer, || {
        format!(
            "{}{}",
            table(&["id", "name", "company", "e-mail", "phone"], &rows),
            say!("{} of {}", page.rows.len(), page.total)
        )
    });
    Ok(())
}

fn history(show: &Show, session: &Session, id: &str, at: Option<&str>) -> Done {
    let id = record(id)?;
    let mut versions = session.history(id)?;
    let mut answer = json!({});
    if let Some(at) = at {
        let time = satchel_app::domain::date::instant(at)
            .ok_or_else(|| usage(format!("«{at}» is not a time; write 2026-01-31T12:00:00Z")))?;
        versions.retain(|v| satchel_app::domain::date::instant(&v.at).is_some_and(|t| t <= time));
        answer["fields"] = json!(session.fields_at(id, time)?);
    }
    answer["versions"] = json!(versions);
    show.answer(&answer, || {
        let mut out = String::new();
        for v in &versions {
            out.push_str(&format!(
                "{}  {}  {}{}\n",
                v.at,
                word(&v.label),
                say!("{} on {}", v.by, v.device),
                if v.undone { say!("  (undone)") } else { String::new() }
            ));
            for c in &v.changes {
                out.push_str(&format!("    {}: {} -> {}\n", c.field, plain(&c.before), plain(&c.after)));
            }
        }
        out
    });
    Ok(())
}

fn operations(show: &Show, operations: &[satchel_app::views::OperationView], key: &str) -> Done {
    let rows: Vec<Vec<String>> = operations
        .iter()
        .map(|o| {
            let state = if o.undone {
                "undone"
            } else if !o.finished {
                "interrupted"
            } else {
                ""
            };
            vec![
                o.operation.to_string(),
                o.at.clone(),
                word(&o.label).to_owned(),
                o.records.to_string(),
                o.title.clone(),
                word(state).into(),
            ]
        })
        .collect();
    show.answer(&json!({ key: operations }), || {
        table(&["operation", "at", "what", "records", "", ""], &rows)
    });
    Ok(())
}

fn import(show: &Show, session: &Session, args: &Import) -> Done {
    let mapping = match &args.map {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|e| AppError::new(Code::NotFound, format!("{}: {e}", path.display())))?;
            serde_json::from_str(&text)
                .map_err(|e| usage(format!("{}: {e}; write {{\"Column\": \"target\"}}", path.display())))?
        }
        None => Default::default(),
    };
    let key = |name: &str| match name.trim() {
        "external_id" => Ok(MatchKey::ExternalId),
        "email" => Ok(MatchKey::Email),
        "phone" => Ok(MatchKey::Phone),
        "title" => Ok(MatchKey::Title),
        other => {
            Err(usage(format!("«{other}» cannot be matched by; write external_id,email,phone,title or none")))
        }
    };
    let match_by = if args.match_by == "none" {
        Vec::new()
    } else {
        args.match_by.split(',').map(key).collect::<Result<_, _>>()?
    };
    let options = ImportOptions {
        kind: if args.kind == "auto" { None } else { Some(args.kind.parse::<Kind>()?) },
        source: args.source.clone(),
        mapping,
        match_by,
        on_match: match args.on_match {
            OnMatchArg::Update => OnMatch::Update,
            OnMatchArg::Skip => OnMatch::Skip,
            OnMatchArg::Create => OnMatch::Create,
        },
        header: if args.header { Some(true) } else { args.no_header.then_some(false) },
    };
    let vault = session.vault();
    if let Some(path) = &args.rejects {
        output::check(&vault, path)?;
        let same = |file: &std::path::PathBuf| {
            file.canonicalize().ok().zip(path.canonicalize().ok()).is_some_and(|(a, b)| a == b)
        };
        if args.files.iter().any(same) {
            return Err(usage("the rejected rows would be written over the file itself; name another file"));
        }
    }
    // Before the first is imported: a slip in the last name must not leave half of the work done.
    for file in &args.files {
        if !file.exists() {
            return Err(AppError::new(Code::NotFound, format!("{}: there is no such file", file.display())));
        }
    }
    let mut reports = Vec::new();
    let mut failed = None;
    for file in &args.files {
        let report = match args.dry_run {
            true => session.preview_import(file, &options, &mut show.progress("reading"), &Cancel::default()),
            false => session.import(file, &options, &mut show.progress("importing"), &Cancel::default()),
        };
        match report {
            Ok(report) => reports.push(report),
            // What was imported before is told all the same.
            Err(e) => {
                failed = Some(e);
                break;
            }
        }
    }
    if let (Some(path), Some(first)) = (&args.rejects, reports.first()) {
        let columns: Vec<&str> = first.columns.iter().map(|c| c.name.as_str()).collect();
        let rejects: Vec<_> = reports.iter().flat_map(|r| r.rejects.iter().cloned()).collect();
        output::write_private(&vault, path, satchel_app::rejects_csv(&columns, &rejects).as_bytes())?;
    }
    if let Some(failed) = failed.take_if(|_| reports.is_empty()) {
        return Err(failed);
    }
    show.answer(&in_one(&reports), || {
        let mut out = String::new();
        for (file, r) in args.files.iter().zip(&reports) {
            let created: Vec<String> =
                r.created.iter().map(|(kind, n)| format!("{n} {}", word(kind))).collect();
            out.push_str(&say!(
                "{}: {} rows ({}, {}{}): {} created, {} updated, {} unchanged, {} skipped, {} rejected",
                file.display(),
                r.rows,
                r.format,
                r.encoding,
                r.preset.as_ref().map_or(String::new(), |p| format!(", {p}")),
                if created.is_empty() { "0".to_owned() } else { created.join(", ") },
                r.updated,
                r.unchanged,
                r.skipped,
                r.rejected
            ));
            out.push('\n');
            if !r.because.is_empty() {
                out.push_str(&say!("taken for {} by the columns {}", word(&r.kind), r.because.join(", ")));
                out.push('\n');
            }
            for sheet in &r.left_out {
                out.push_str(&say!(
                    "not read: the sheet {}; save it as a file of its own and import that",
                    sheet
                ));
                out.push('\n');
            }
            let rows: Vec<Vec<String>> = r
                .columns
                .iter()
                .map(|c| {
                    vec![
                        c.name.clone(),
                        c.target.clone(),
                        word(because(&c.how)).to_owned(),
                        c.samples.first().cloned().unwrap_or_default(),
                    ]
                })
                .collect();
            out.push_str(&table(&["column", "became", "because", "for example"], &rows));
            for e in r.errors.iter().take(20) {
                out.push_str(&say!("row {}: {} {} {}", e.row, e.column, in_words(&e.message), e.value));
                out.push('\n');
            }
            if let Some(operation) = r.operation {
                out.push_str(&say!("roll back with: satchel undo {}", operation));
                out.push('\n');
            }
        }
        out
    });
    failed.map_or(Ok(()), Err)
}

/// Why a column became what it became.
fn because(how: &str) -> &str {
    match how {
        "header" => "its name",
        "values" => "its values",
        "custom" => "no field fits; kept as your own",
        "empty" => "no row has a value",
        "repeated" => "in other columns too",
        "technical" => "the other program's own",
        "chosen" => "your choice",
        other => other,
    }
}

/// Several files are answered as one import is, with the parts beside it.
fn in_one(reports: &[satchel_app::ImportReport]) -> Json {
    let mut whole = json!(reports.last());
    if let [_, _, ..] = reports {
        let sum = |count: &dyn Fn(&satchel_app::ImportReport) -> u32| reports.iter().map(count).sum::<u32>();
        let mut created = std::collections::BTreeMap::<&str, u32>::new();
        for (kind, count) in reports.iter().flat_map(|r| &r.created) {
            *created.entry(kind).or_default() += count;
        }
        whole["created"] = json!(created);
        whole["rows"] = json!(sum(&|r| r.rows));
        whole["updated"] = json!(sum(&|r| r.updated));
        whole["unchanged"] = json!(sum(&|r| r.unchanged));
        whole["skipped"] = json!(sum(&|r| r.skipped));
        whole["rejected"] = json!(sum(&|r| r.rejected));
        whole["columns"] = json!(reports.iter().flat_map(|r| &r.columns).collect::<Vec<_>>());
        whole["errors"] = json!(reports.iter().flat_map(|r| &r.errors).collect::<Vec<_>>());
        whole["imports"] = json!(reports);
    }
    whole
}

fn export(show: &Show, session: &Session, args: Export) -> Done {
    let kinds = match args.kind.as_str() {
        "all" => Kind::BROWSED.to_vec(),
        kind => vec![kind.parse::<Kind>()?],
    };
    let format = match args.format {
        FormatArg::Csv => ExportFormat::Csv,
        FormatArg::Xlsx => ExportFormat::Xlsx,
        FormatArg::Ics => ExportFormat::Ics,
        FormatArg::Json => ExportFormat::Json,
        FormatArg::Vcard => ExportFormat::Vcard,
    };
    let request = ListRequest { filter: args.filter, ..ListRequest::default() };
    let files = session.export(
        &ExportOptions { kinds, format, out: args.out, request },
        &mut show.progress("exporting"),
        &Cancel::default(),
    )?;
    let rows: Vec<Vec<String>> =
        files.iter().map(|f| vec![f.path.clone(), f.rows.to_string(), f.sha256.clone()]).collect();
    show.answer(&json!({ "files": files }), || table(&["file", "rows", "sha256"], &rows));
    Ok(())
}
