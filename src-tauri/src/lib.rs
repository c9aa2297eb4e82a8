//! The desktop host: the only Rust that knows Tauri. A command's body is one call into `app`.

mod audit;
mod backup;
mod capture;
mod commands;
mod fields;
mod incident;
mod look;
mod mail;
mod merge;
#[cfg(test)]
mod names;
mod notes;
mod pictures;
mod quotes;
mod remind;
mod rep;
mod reports;
mod team;
mod update;
mod visits;
mod watch;
mod words;

use commands::Desktop;
use satchel_app::{Event, Satchel, default_vault_dir};
use std::{ffi::OsString, path::PathBuf, sync::Arc};
use tauri::Manager;
use tauri_specta::{Builder, ErrorHandlingMode, collect_commands, collect_events};

fn bindings() -> Builder<tauri::Wry> {
    use audit::*;
    use backup::*;
    use capture::*;
    use commands::*;
    use fields::*;
    use incident::*;
    use look::*;
    use mail::*;
    use merge::*;
    use notes::*;
    use pictures::*;
    use quotes::*;
    use remind::*;
    use rep::*;
    use reports::*;
    use team::*;
    use update::*;
    use visits::*;
    Builder::new()
        .plugin_name("satchel")
        .commands(collect_commands![
            app_state,
            create_vault,
            unlock_keyring,
            unlock_passphrase,
            unlock_recovery,
            lock,
            touch,
            status,
            settings,
            set_settings,
            fields,
            make_field,
            change_field,
            order_fields,
            remove_field,
            applying,
            add_pipeline,
            order_steps,
            remove_step,
            empty_stage,
            list,
            ids,
            groups,
            neighbours,
            search,
            get,
            create,
            set_fields,
            set_many,
            tag_many,
            delete,
            restore,
            history,
            restore_version,
            operations,
            undo,
            redo,
            preview_import,
            run_import,
            imports,
            save_rejects,
            cancel,
            export_records,
            export_all,
            seed_sample,
            remove_sample,
            create_demo,
            leave_demo,
            open_window,
            key_slots,
            set_passphrase,
            remove_passphrase,
            renew_kit,
            rotate_key,
            attachments,
            attach,
            save_attachment,
            fetch_attachment,
            thumbnail,
            picture,
            attach_picture,
            pipelines,
            board,
            more_cards,
            move_deal,
            add_stage,
            log_activity,
            understand,
            understand_line,
            capture_line,
            set_capture_keys,
            open_capture,
            close_capture,
            seal_line,
            unseal_line,
            open_inbox,
            show_main,
            finish_task,
            skip_task,
            timeline,
            read_notes,
            mentions,
            favourites,
            set_favourites,
            past_moment,
            list_at,
            restore_as_of,
            guide,
            day,
            calendar,
            occurrence,
            change_occurrence,
            remove_occurrence,
            speak,
            reminders,
            visits,
            plan_visits,
            check_in,
            here,
            check_out,
            show_on_map,
            quote,
            offer,
            quote_pdf,
            letterhead_id,
            set_logo,
            prices,
            set_price,
            revise_quote,
            letterhead,
            set_letterhead,
            letter,
            template,
            open_letter,
            save_draft,
            open_draft,
            dial,
            open_link,
            log_letter,
            merge_mail,
            log_mail,
            attach_enclosed,
            duplicates,
            merge,
            not_the_same,
            report,
            report_owners,
            save_report,
            save_text,
            verify,
            frequent,
            opened_files,
            sync,
            set_look,
            sync_log,
            team_news,
            add_remote,
            remove_remote,
            server_contents,
            host,
            set_host,
            find_relays,
            invite,
            approve,
            refuse,
            members,
            revoke,
            change_role,
            conflicts,
            settle,
            read_invitation,
            join_team,
            ask_again,
            is_welcome,
            backups,
            back_up,
            drill,
            add_backup_target,
            remove_backup_target,
            keep_backups,
            restore_vault,
            missing_files,
            fetch_missing_files,
            health,
            fix_access,
            confirm_kit,
            trail,
            verify_trail,
            export_trail,
            alerts,
            see_alerts,
            alert_rules,
            set_alert_rules,
            playbooks,
            playbook_for,
            incidents,
            incident,
            open_incident,
            incident_step,
            change_incident,
            close_incident,
            who_saw,
            incident_draft,
            incident_report,
            drills,
            set_drill_plan,
            staff,
            mark_training,
            config_drift,
            export_config,
            compare_config,
            restore_config,
            updates,
            set_updates,
            look_for_updates,
            fetch_update,
            install_update,
            restart_app,
            go_back,
            forget_went_back,
            open_updates_page,
            restore_instead,
        ])
        .events(collect_events![
            VaultEvent,
            ProgressEvent,
            OpenedEvent,
            ReminderEvent,
            TeamEvent,
            UpdateEvent
        ])
        .error_handling(ErrorHandlingMode::Throw)
        .dangerously_cast_bigints_to_number()
        .disable_serde_phases()
}

/// Files named on the command line: a double-click on a contact card shows its import.
fn files_of(args: impl Iterator<Item = OsString>, base: PathBuf) -> Vec<String> {
    args.skip(1)
        .filter(|arg| !arg.as_encoded_bytes().starts_with(b"-"))
        .map(|arg| base.join(arg))
        .filter(|path| path.is_file())
        .map(|path| path.display().to_string())
        .collect()
}

pub fn run() {
    if update::answers_self_check() {
        return;
    }
    prepare_graphics();
    let context = tauri::generate_context!();
    let Some(start) = update::begin(context.config()) else { return };
    let vault = std::env::var_os("SATCHEL_VAULT").map_or_else(default_vault_dir, PathBuf::from);
    let satchel = Arc::new(Satchel::new(&vault, "The Satchel app"));
    let files = files_of(std::env::args_os(), std::env::current_dir().unwrap_or_default());
    let builder = bindings();
    let handler = builder.invoke_handler();
    let plugin = tauri::plugin::Builder::<tauri::Wry>::new("satchel").invoke_handler(handler).build();
    let mut app = tauri::Builder::default();
    // Two windows of one vault would be two writers; tests run several vaults side by side.
    if std::env::var_os("SATCHEL_VAULT").is_none() {
        app = app.plugin(tauri_plugin_single_instance::init(|app, args, cwd| {
            if args.iter().any(|arg| arg == capture::ARGUMENT) {
                let _ = capture::open(app);
                return;
            }
            if let Some(window) = app.get_webview_window("main") {
                let _ = window.unminimize();
                let _ = window.set_focus();
            }
            let files = files_of(args.into_iter().map(OsString::from), PathBuf::from(cwd));
            if !files.is_empty() {
                let _ = tauri_specta::Event::emit(&commands::OpenedEvent { files }, app);
            }
        }));
    }
    app.plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_window_state::Builder::default().with_denylist(&[capture::LABEL]).build())
        .plugin(tauri_plugin_global_shortcut::Builder::new().build())
        .plugin(plugin)
        // Only once the page has its colours: before, the window would flash white.
        .on_page_load(|webview, load| {
            if load.event() == tauri::webview::PageLoadEvent::Finished {
                let _ = webview.window().show();
            }
        })
        // Hidden, it would keep the program going that nobody sees.
        .on_window_event(|window, event| {
            if window.label() == "main"
                && matches!(event, tauri::WindowEvent::Destroyed)
                && let Some(hidden) = window.get_webview_window(capture::LABEL)
            {
                let _ = hidden.destroy();
            }
        })
        .setup(move |app| {
            builder.mount_events(app);
            let handle = app.handle().clone();
            let desktop = Desktop::new(satchel.clone(), files, start.clone());
            let (team, bell) = (desktop.team.clone(), desktop.bell.clone());
            let opened = satchel.clone();
            satchel.events.listen(move |event: &Event| {
                match event {
                    Event::Locked => team.forget(),
                    Event::Unlocked => {
                        start.opened();
                        if let Ok(session) = opened.session() {
                            session.note_went_back(&start.updating);
                        }
                    }
                    Event::Alerted { rules } => audit::announce(&handle, rules),
                    _ => {}
                }
                bell.ring();
                let _ = tauri_specta::Event::emit(&commands::VaultEvent(event.clone()), &handle);
            });
            watch::idle(desktop.clone());
            watch::suspend(satchel.clone(), desktop.bell.clone());
            remind::keep(app.handle().clone(), desktop.clone());
            watch::sync(app.handle().clone(), desktop.clone());
            watch::health(desktop.clone());
            update::keep(app.handle().clone(), desktop.start.clone());
            app.manage(desktop);
            if let Some(main) = app.get_webview_window("main") {
                let _ = main.set_background_color(Some(look::ground(app.handle())));
            }
            if std::env::args_os().any(|arg| arg == capture::ARGUMENT) {
                capture::open(app.handle())?;
            }
            Ok(())
        })
        .build(context)
        .expect("the window system can be reached")
        .run(|app, event| {
            if matches!(event, tauri::RunEvent::Exit) {
                let desktop = app.state::<Desktop>();
                // The office is told that it has to look elsewhere.
                desktop.satchel.stop_hosting();
                desktop.start.ended(&desktop.satchel);
            }
        });
}

/// WebKitGTK shows an empty window with some graphics drivers: the slower path works everywhere.
fn prepare_graphics() {
    #[cfg(target_os = "linux")]
    {
        let safe = std::env::args_os().any(|a| a == "--safe-graphics");
        let set = |name: &str| {
            if std::env::var_os(name).is_none() {
                // SAFETY: the first lines of `main`, before any thread is started.
                #[allow(unsafe_code)]
                unsafe {
                    std::env::set_var(name, "1");
                }
            }
        };
        set("WEBKIT_DISABLE_DMABUF_RENDERER");
        if safe {
            set("WEBKIT_DISABLE_COMPOSITING_MODE");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `cargo xtask codegen` writes the file; without, the test says that it is stale.
    #[test]
    fn the_bindings_are_those_of_the_commands() {
        let target = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("ui/src/bindings/index.ts");
        let fresh = std::env::temp_dir().join(format!("satchel-bindings-{}.ts", std::process::id()));
        bindings().export(specta_typescript::Typescript::default(), &fresh).expect("exported");
        let text = std::fs::read_to_string(&fresh).expect("read");
        let _ = std::fs::remove_file(&fresh);
        if std::env::var_os("SATCHEL_WRITE_BINDINGS").is_some() {
            std::fs::write(&target, &text).expect("written");
        }
        let committed = std::fs::read_to_string(&target).unwrap_or_default();
        assert!(
            committed == text,
            "ui/src/bindings is stale: run `cargo xtask codegen` and commit the result"
        );
    }

    #[test]
    fn every_command_is_named_for_its_permission() {
        let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src-tauri/src");
        let files = std::fs::read_dir(dir).expect("the sources").map(|file| file.expect("a file").path());
        let source: String = files.map(|file| std::fs::read_to_string(file).expect("a source")).collect();
        let declared: Vec<&str> = source
            .split("specta::specta]\npub async fn ")
            .skip(1)
            .filter_map(|rest| rest.split(['(', '<']).next())
            .collect();
        let mut missing: Vec<&&str> =
            declared.iter().filter(|name| !names::COMMANDS.contains(name)).collect();
        missing.sort();
        assert!(missing.is_empty(), "without a permission: {missing:?}");
        assert_eq!(declared.len(), names::COMMANDS.len(), "a permission without a command");
    }
}
