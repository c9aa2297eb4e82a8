//! Locks the vault when nobody is there: no key or click for a while, or the computer sleeps.

use crate::{commands::Desktop, remind::Bell, team::note};
use satchel_app::{Cancel, Satchel};
use std::{sync::Arc, thread, time::Duration};

/// Looks every few seconds how long ago somebody was there.
pub fn idle(desktop: Desktop) {
    let _ = thread::Builder::new().name("idle".into()).spawn(move || {
        loop {
            thread::sleep(Duration::from_secs(2));
            let Ok(session) = desktop.satchel.session() else { continue };
            let limit = session.settings().map_or(15, |s| s.lock_after);
            if desktop.idle_for() >= Duration::from_secs(5) {
                session.tidy(Duration::from_millis(200));
            }
            drop(session);
            if limit > 0
                && !desktop.is_working()
                && desktop.idle_for() >= Duration::from_secs(u64::from(limit) * 60)
            {
                desktop.satchel.lock();
            }
        }
    });
}

/// Meets the team, where there is one: what was done here goes out, what others did comes in. What fails is
/// said by the status, and tried again.
pub fn sync(app: tauri::AppHandle, desktop: Desktop) {
    let keep = move || {
        let satchel = desktop.satchel.clone();
        satchel.keep_in_sync(&Cancel::default(), &mut |report| note(&app, &desktop, &report));
    };
    let _ = thread::Builder::new().name("sync".into()).spawn(keep);
}

/// Sleep, and the screen's lock, as systemd-logind announces them.
#[cfg(target_os = "linux")]
pub fn suspend(satchel: Arc<Satchel>, bell: Bell) {
    tauri::async_runtime::spawn(async move {
        // Without a system bus there is nobody to announce it; the idle time still locks.
        let _ = listen(satchel, bell).await;
    });
}

#[cfg(target_os = "linux")]
async fn listen(satchel: Arc<Satchel>, bell: Bell) -> zbus::Result<()> {
    use zbus::{MatchRule, MessageStream, message::Type};
    let bus = zbus::Connection::system().await?;
    let rule = |interface: &'static str, member: &'static str| -> zbus::Result<MatchRule<'static>> {
        Ok(MatchRule::builder()
            .msg_type(Type::Signal)
            .sender("org.freedesktop.login1")?
            .interface(interface)?
            .member(member)?
            .build())
    };
    let sleep =
        MessageStream::for_match_rule(rule("org.freedesktop.login1.Manager", "PrepareForSleep")?, &bus, None)
            .await?;
    let lock =
        MessageStream::for_match_rule(rule("org.freedesktop.login1.Session", "Lock")?, &bus, None).await?;
    let locker = satchel.clone();
    tauri::async_runtime::spawn(async move { each(lock, move |_| locker.lock()).await });
    // Held, it makes the computer wait for us before it sleeps; let go, it sleeps at once.
    let mut delay = hold_sleep(&bus).await;
    let mut sleep = sleep;
    use zbus::export::ordered_stream::OrderedStreamExt;
    while let Some(Ok(message)) = sleep.next().await {
        // True: the computer is about to sleep; false: it woke up.
        if message.body().deserialize::<bool>().unwrap_or(true) {
            let locked = satchel.clone();
            let _ = tauri::async_runtime::spawn_blocking(move || locked.lock()).await;
            delay = None;
        } else {
            bell.ring();
            delay = hold_sleep(&bus).await;
        }
    }
    drop(delay);
    Ok(())
}

/// Asks systemd-logind to wait a moment before it sleeps; without the right to ask, the lock races it.
#[cfg(target_os = "linux")]
async fn hold_sleep(bus: &zbus::Connection) -> Option<zbus::zvariant::OwnedFd> {
    let answer = bus
        .call_method(
            Some("org.freedesktop.login1"),
            "/org/freedesktop/login1",
            Some("org.freedesktop.login1.Manager"),
            "Inhibit",
            &("sleep", "Satchel", "The vault is locked first", "delay"),
        )
        .await
        .ok()?;
    answer.body().deserialize().ok()
}

#[cfg(target_os = "linux")]
async fn each(mut stream: zbus::MessageStream, act: impl Fn(zbus::Message) -> bool) {
    use zbus::export::ordered_stream::OrderedStreamExt;
    while let Some(Ok(message)) = stream.next().await {
        act(message);
    }
}

/// Windows and macOS lock by idle time; their sleep announcements need the window's own loop.
#[cfg(not(target_os = "linux"))]
pub fn suspend(_: Arc<Satchel>, _: Bell) {}

/// Makes the backups and checks that are due, for as long as the app runs.
pub fn health(desktop: Desktop) {
    std::thread::spawn(move || desktop.satchel.keep_healthy(&satchel_app::Cancel::default()));
}
