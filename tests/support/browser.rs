//! The real window, driven by WebDriver (https://www.w3.org/TR/webdriver2/).

use crate::bin;
use serde_json::{Value, json};
use std::{
    io::Write,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

pub struct Window {
    /// Keys that were pressed since they were counted last; a combination is one.
    keys: std::cell::Cell<u32>,
    driver: Child,
    vault: PathBuf,
    agent: ureq::Agent,
    base: String,
}

const PATIENCE: Duration = Duration::from_secs(20);
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Keys that have no character.
pub mod key {
    pub const ENTER: &str = "\u{e007}";
    pub const ESCAPE: &str = "\u{e00c}";
    pub const CTRL: &str = "\u{e009}";
    pub const ALT: &str = "\u{e00a}";
    pub const SHIFT: &str = "\u{e008}";
    pub const DOWN: &str = "\u{e015}";
    pub const END: &str = "\u{e010}";
    pub const HOME: &str = "\u{e011}";
    pub const DELETE: &str = "\u{e017}";
    pub const UP: &str = "\u{e013}";
    pub const LEFT: &str = "\u{e012}";
    pub const RIGHT: &str = "\u{e014}";
    pub const TAB: &str = "\u{e004}";
    pub const F1: &str = "\u{e031}";
    pub const F2: &str = "\u{e032}";
    pub const BACKSPACE: &str = "\u{e003}";
}

impl Window {
    /// Starts the app on a vault, with files as arguments.
    pub fn open(vault: &Path, args: &[&str]) -> Self {
        Self::open_program(&bin("satchel-desktop"), vault, args)
    }

    /// The same, where other programs are looked for in a folder first.
    pub fn open_among(programs: &Path, vault: &Path, args: &[&str]) -> Self {
        let known = std::env::var_os("PATH").unwrap_or_default();
        let folders = [programs.to_owned()].into_iter().chain(std::env::split_paths(&known));
        let path = std::env::join_paths(folders).unwrap();
        Self::start(&bin("satchel-desktop"), vault, args, &[("PATH", path)])
    }

    /// The same, with more in its environment.
    pub fn open_with(vault: &Path, environment: &[(&str, std::ffi::OsString)]) -> Self {
        Self::start(&bin("satchel-desktop"), vault, &[], environment)
    }

    /// Starts any program that shows its pages by WebKitGTK.
    pub fn open_program(program: &Path, vault: &Path, args: &[&str]) -> Self {
        Self::start(program, vault, args, &[])
    }

    fn start(
        program: &Path,
        vault: &Path,
        args: &[&str],
        environment: &[(&str, std::ffi::OsString)],
    ) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let driver = Command::new("WebKitWebDriver")
            .arg(format!("--port={port}"))
            .env("SATCHEL_VAULT", vault)
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("WebKitWebDriver is installed by `cargo xtask test`");
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)));
        let mut window = Self {
            keys: std::cell::Cell::new(0),
            driver,
            vault: vault.to_owned(),
            agent: config.build().into(),
            base: format!("http://127.0.0.1:{port}"),
        };
        let options = json!({"binary": program, "args": args});
        let wanted = json!({"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}});
        let started = Instant::now();
        let session = loop {
            match window.try_call("POST", "/session", &wanted) {
                Ok(value) => break value["sessionId"].as_str().unwrap().to_owned(),
                Err(e) if started.elapsed() > PATIENCE => panic!("no session: {e}"),
                Err(_) => thread::sleep(Duration::from_millis(100)),
            }
        };
        window.base = format!("{}/session/{session}", window.base);
        window
    }

    fn try_call(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let url = format!("{}{path}", self.base);
        let answer = match method {
            "POST" => self.agent.post(&url).send_json(body),
            "DELETE" => self.agent.delete(&url).call(),
            _ => self.agent.get(&url).call(),
        };
        let mut answer = answer.map_err(|e| e.to_string())?;
        let value: Value =
            answer.body_mut().with_config().limit(64 << 20).read_json().map_err(|e| e.to_string())?;
        if answer.status().is_success() {
            Ok(value["value"].clone())
        } else {
            Err(value["value"].to_string())
        }
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        self.try_call(method, path, body).unwrap_or_else(|e| panic!("{method} {path}: {e}"))
    }

    pub fn go(&self, url: &str) {
        self.call("POST", "/url", &json!({ "url": url }));
    }

    /// How large the window is, in pixels.
    pub fn resize(&self, width: u32, height: u32) {
        self.call("POST", "/window/rect", &json!({ "width": width, "height": height }));
    }

    /// How many windows the app has.
    pub fn windows(&self) -> usize {
        let handles = self.try_call("GET", "/window/handles", &json!({})).unwrap_or_default();
        handles.as_array().map_or(0, Vec::len)
    }

    /// Runs a script in the page; the last argument is what it returns to.
    /// Nothing where the page is just being loaded anew.
    pub fn try_script(&self, script: &str) -> Option<Value> {
        self.try_call("POST", "/execute/sync", &json!({"script": script, "args": []})).ok()
    }

    pub fn script(&self, script: &str) -> Value {
        self.call("POST", "/execute/sync", &json!({"script": script, "args": []}))
    }

    pub fn script_async(&self, script: &str) -> Value {
        self.call("POST", "/execute/async", &json!({"script": script, "args": []}))
    }

    fn find(&self, css: &str) -> Option<String> {
        let found =
            self.try_call("POST", "/element", &json!({"using": "css selector", "value": css})).ok()?;
        found[ELEMENT].as_str().map(str::to_owned)
    }

    /// Waits until something is so, or says what was on the screen instead.
    pub fn until<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let started = Instant::now();
        loop {
            if let Some(found) = look() {
                return found;
            }
            if started.elapsed() > PATIENCE {
                let text = self.script("return document.body.innerText");
                self.picture("failure");
                panic!("waited for {what}; the screen says:\n{}", text.as_str().unwrap_or_default());
            }
            thread::sleep(Duration::from_millis(40));
        }
    }

    pub fn wait(&self, css: &str) -> String {
        self.until(css, || self.find(css))
    }

    pub fn gone(&self, css: &str) {
        self.until(&format!("no {css}"), || self.find(css).is_none().then_some(()));
    }

    pub fn says(&self, text: &str) {
        self.until(&format!("«{text}»"), || {
            self.try_script("return document.body.innerText")?.as_str()?.contains(text).then_some(())
        });
    }

    pub fn text(&self, css: &str) -> String {
        self.wait(css);
        let value = self.script(&format!("return document.querySelector({css:?})?.innerText ?? ''"));
        value.as_str().unwrap_or_default().to_owned()
    }

    pub fn click(&self, css: &str) {
        let started = Instant::now();
        // Looked up for each try: a page that is drawn anew has another element of this name.
        while let Err(e) = self.try_call("POST", &format!("/element/{}/click", self.wait(css)), &json!({})) {
            assert!(started.elapsed() < PATIENCE, "click {css}: {e}");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Types into an input, over what it holds.
    pub fn fill(&self, css: &str, text: &str) {
        let id = self.wait(css);
        // Not by the driver's «clear»: the page takes that for its own doing, and writes the old text back when it
        // renders before the first key arrives.
        self.script(&format!(
            "const field = document.querySelector({});
             const own = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), 'value');
             own.set.call(field, '');
             field.dispatchEvent(new Event('input', {{ bubbles: true }}));",
            json!(css)
        ));
        self.call("POST", &format!("/element/{id}/value"), &json!({ "text": text }));
    }

    /// How many keys were pressed meanwhile. Modifiers that are held with a key are no key of their own; what is typed as words counts by its
    /// letters.
    pub fn keys_of(&self, work: impl FnOnce()) -> u32 {
        self.keys.set(0);
        work();
        self.keys.get()
    }

    /// Keys that were pressed until now are not counted: those are words.
    pub fn words(&self, text: &str) {
        let before = self.keys.get();
        self.type_keys(text);
        self.keys.set(before);
    }

    /// Turns to the window of the app that shows something.
    pub fn switch_to(&self, css: &str) {
        self.until(&format!("a window with {css}"), || {
            let handles = self.try_call("GET", "/window/handles", &json!({})).ok()?;
            handles.as_array()?.iter().find_map(|handle| {
                self.try_call("POST", "/window", &json!({ "handle": handle })).ok()?;
                self.find(css).map(|_| ())
            })
        });
    }

    /// Presses keys where the focus is; modifiers are held until the end.
    pub fn press(&self, keys: &[&str]) {
        let is_key = |key: &&&str| ![key::CTRL, key::ALT, key::SHIFT].contains(*key);
        self.keys.set(self.keys.get() + u32::try_from(keys.iter().filter(is_key).count()).unwrap());
        let down = keys.iter().map(|k| json!({"type": "keyDown", "value": k}));
        let up = keys.iter().rev().map(|k| json!({"type": "keyUp", "value": k}));
        let actions: Vec<Value> = down.chain(up).collect();
        self.call(
            "POST",
            "/actions",
            &json!({"actions": [{"type": "key", "id": "keyboard", "actions": actions}]}),
        );
    }

    /// Drags by the mouse, from the middle of one element to that of another.
    pub fn drag(&self, from: &str, to: &str) {
        let element = |css: &str| json!({ ELEMENT: self.wait(css) });
        let go = |css: &str| json!({"type": "pointerMove", "origin": element(css), "x": 0, "y": 0, "duration": 100});
        // A little way first, as a hand does.
        let away = json!({"type": "pointerMove", "origin": "pointer", "x": 12, "y": 6, "duration": 50});
        let (down, up) =
            (json!({"type": "pointerDown", "button": 0}), json!({"type": "pointerUp", "button": 0}));
        let actions = [go(from), down, away, go(to), up];
        let mouse = json!({"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": actions});
        self.call("POST", "/actions", &json!({"actions": [mouse]}));
    }

    pub fn type_keys(&self, text: &str) {
        for c in text.chars() {
            self.press(&[&c.to_string()]);
        }
    }

    /// A picture of the whole screen, beside the other test output.
    pub fn picture(&self, name: &str) {
        let dir = std::env::var_os("SATCHEL_PICTURES")
            .map(std::path::PathBuf::from)
            .unwrap_or_else(|| bin("satchel").with_file_name("pictures"));
        let _ = std::fs::create_dir_all(&dir);
        let _ =
            Command::new("import").args(["-window", "root"]).arg(dir.join(format!("{name}.png"))).status();
    }

    /// A picture of the window alone, which has been given a size.
    pub fn page(&self, width: u32, height: u32, to: &Path) {
        let part = format!("{width}x{height}+0+0");
        let taken =
            Command::new("import").args(["-window", "root", "-crop", &part, "+repage"]).arg(to).status();
        assert!(taken.is_ok_and(|s| s.success()), "no picture of the screen could be taken");
    }

    /// What axe finds wrong with the screen as it is.
    pub fn accessibility(&self, screen: &str) {
        let found = self.violations();
        assert!(found.is_empty(), "{screen}: {found:#?}");
        let _ = writeln!(std::io::stderr(), "axe: {screen} is sound");
    }

    /// What of WCAG 2.2 AA the screen as it is breaks, as far as axe can tell.
    pub fn violations(&self) -> Vec<String> {
        let axe = std::fs::read_to_string(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../ui/node_modules/axe-core/axe.min.js"
        ))
        .unwrap();
        if self.script("return typeof window.axe").as_str() != Some("object") {
            self.script(&axe);
        }
        let found = self.script_async(
            "const done = arguments[arguments.length - 1];
             const asked = { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], rules: { 'target-size': { enabled: true } } };
             Promise.allSettled(document.getAnimations().map((a) => a.finished)).then(() => window.axe.run(document, asked)).then(
               (r) => done(r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html.slice(0, 160)).slice(0, 3).join(' | '))),
               (e) => done(['axe failed: ' + e]));",
        );
        found.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let asked = self.try_call("DELETE", "", &json!({}));
        // The driver answers before it has ended the app; killed too early, it leaves the app behind. And the
        // next window must find the vault free.
        let lock = std::fs::File::options().write(true).open(self.vault.join("vault.lock"));
        let started = Instant::now();
        while lock.as_ref().is_ok_and(|l| l.try_lock().is_err()) {
            if started.elapsed() > PATIENCE {
                eprintln!("the app did not close: {asked:?}");
                break;
            }
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
