//! How a window looks, changed while it is open: language, theme, size; and what does not fit then.

use crate::browser::Window;
use serde_json::Value;

#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub name: &'static str,
    pub width: u32,
    pub height: u32,
    pub zoom: u32,
    /// In one theme is enough.
    pub once: bool,
}

pub const SIZES: [Size; 4] = [
    Size { name: "small", width: 1024, height: 640, zoom: 100, once: false },
    Size { name: "usual", width: 1440, height: 900, zoom: 100, once: false },
    Size { name: "wide", width: 2560, height: 1440, zoom: 100, once: true },
    Size { name: "large", width: 1440, height: 900, zoom: 200, once: true },
];

#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub language: &'static str,
    pub theme: &'static str,
    pub zoom: u32,
}

impl Look {
    /// As if another window of the app had been given it.
    pub fn put_on(&self, window: &Window) {
        window.script(&format!(
            "localStorage.setItem('satchel.prefs', JSON.stringify({{ language: '{}', theme: '{}', density: 'normal', zoom: {} }}));
             window.dispatchEvent(new StorageEvent('storage', {{ key: 'satchel.prefs' }}));",
            self.language, self.theme, self.zoom
        ));
        window.rest();
    }
}

impl Window {
    /// Until nothing moves, and what was asked for is there.
    pub fn rest(&self) {
        self.script_async(
            "const done = arguments[arguments.length - 1];
             setTimeout(() => Promise.allSettled(document.getAnimations().filter((a) => a.effect?.getTiming().iterations !== Infinity).map((a) => a.finished))
               .then(() => requestAnimationFrame(() => requestAnimationFrame(() => done(0)))), 250);",
        );
    }

    /// What sticks out of the window, is cut off without a sign of it, lies over something else, or is in the wrong language.
    pub fn ill_fitting(&self, look: &Look) -> Vec<String> {
        let found = self.script(&format!("const chinese = {};\n{ILL_FITTING}", look.language == "zh"));
        found.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

const ILL_FITTING: &str = r#"
const out = [];
const seen = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && e.getClientRects().length > 0;
const say = (what, e) => out.push(`${what}: ${e.tagName.toLowerCase()}${e.id ? '#' + e.id : ''}.${[...e.classList].join('.')} «${(e.innerText || e.value || e.getAttribute('aria-label') || '').trim().slice(0, 50)}»`);
const scrolls = (e) => { for (let at = e.parentElement; at; at = at.parentElement) if (/auto|scroll/.test(getComputedStyle(at).overflowX) && at.scrollWidth > at.clientWidth + 1) return true; return false; };
const hidden = (e, x, y) => { for (let at = e.parentElement; at; at = at.parentElement) { const box = at.getBoundingClientRect(); if (getComputedStyle(at).overflow !== 'visible' && (x < box.left || x > box.right || y < box.top || y > box.bottom)) return true; } return false; };
if (document.documentElement.scrollWidth > innerWidth + 1) out.push(`the page is ${document.documentElement.scrollWidth} wide, the window ${innerWidth}`);
const modal = [...document.querySelectorAll("[aria-modal='true']")].at(-1) ?? document.body;
for (const e of modal.querySelectorAll('button, input, select, textarea, a[href], h1, h2, h3, label, th, legend, kbd, [role=tab]')) {
  if (!seen(e)) continue;
  const style = getComputedStyle(e);
  const box = e.getBoundingClientRect();
  if (box.width < 2 || box.height < 2) continue;
  if ((box.right > innerWidth + 1 || box.left < -1) && !scrolls(e)) say('outside of the window', e);
  const signed = style.textOverflow === 'ellipsis' && (e.title || e.closest('[title]'));
  const text = e.matches('button, h1, h2, h3, label, th, legend, kbd');
  if (text && style.display !== 'inline' && style.overflowX !== 'visible' && e.scrollWidth > e.clientWidth + 2 && !signed) say('cut off', e);
  if (text && style.display !== 'inline' && e.scrollWidth > e.clientWidth + 2 && style.overflowX === 'visible') say('wider than its place', e);
  if (e.matches('button, h1, h2, label') && box.width < 24 && e.innerText.trim().length > 4 && box.height > 40) say('one letter a line', e);
}
for (const e of modal.querySelectorAll('button')) {
  if (!seen(e) || e.closest('[hidden]')) continue;
  const box = e.getBoundingClientRect();
  const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
  if (x < 0 || y < 0 || x > innerWidth || y > innerHeight) continue;
  if (hidden(e, x, y)) continue;
  const top = document.elementFromPoint(x, y);
  if (top && !e.contains(top) && !top.contains(e) && !top.closest('.toasts') && !top.closest('.head, .tools, thead, .grid-head')) say(`under ${top.tagName.toLowerCase()}.${top.className}`, e);
}
if (chinese) {
  const walk = document.createTreeWalker(modal, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const text = node.data.trim();
    const parent = node.parentElement;
    if (!parent || !seen(parent) || parent.closest('kbd, code, pre, script, style, [translate=no], option[lang]')) continue;
    if (/[A-Za-z]{3,}\s+[A-Za-z]{2,}\s+[A-Za-z]{2,}/.test(text)) out.push(`in English: ${text.slice(0, 80)}`);
  }
}
return out;
"#;
