import { useState } from "react";
import { useQuery, useVersion } from "../app/data";
import { exportAll, verify } from "../app/registry";
import { go } from "../app/router";
import type { ExportFormat, KitView, Settings } from "../bindings";
import { chooseTarget, commands } from "../platform/tauri";
import { Letterhead } from "../quotes/Letterhead";
import { BROWSED, type Browsed, KINDS } from "../records/kinds";
import { count } from "../shared/format";
import { type Key, language, t, usePrefs } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { type Prefs, prefs } from "../shared/prefs";
import { attempt, toast } from "../shared/toast";
import { Dialog } from "../shared/ui";
import { Kit } from "../start/Welcome";
import { CaptureKeys } from "./CaptureKeys";
import { OwnFields } from "./Fields";
import { Pipelines } from "./Pipelines";
import { Reminders } from "./Reminders";
import { Choice, Row } from "./rows";

export function SettingsPage() {
  return (
    <>
      <div className="head">
        <h1>{t("settings.title")}</h1>
      </div>
      <div className="page narrow stack">
        <Look />
        <Vault />
        <Reminders />
        <Security />
        <OwnFields />
        <Pipelines />
        <section>
          <h2>{t("letterhead.title")}</h2>
          <Letterhead />
        </section>
        <Data />
        <About />
      </div>
    </>
  );
}

function Look() {
  const now = usePrefs();
  return (
    <section>
      <h2>{t("settings.look")}</h2>
      <Choice
        label={t("start.language")}
        value={language()}
        options={[
          ["en", "English"],
          ["zh", "中文"],
        ]}
        onChange={(v) => prefs.set({ language: v as "en" | "zh" })}
      />
      <Choice<Prefs["theme"]>
        label={t("settings.theme")}
        value={now.theme}
        options={[
          ["", t("settings.system")],
          ["light", t("settings.light")],
          ["dark", t("settings.dark")],
        ]}
        onChange={(theme) => prefs.set({ theme })}
      />
      <Choice<Prefs["density"]>
        label={t("settings.density")}
        value={now.density}
        options={[
          ["compact", t("settings.compact")],
          ["normal", t("settings.normal")],
          ["roomy", t("settings.roomy")],
        ]}
        onChange={(density) => prefs.set({ density })}
      />
      <Choice
        label={t("settings.zoom")}
        value={now.zoom}
        options={Array.from({ length: 13 }, (_, n) => 80 + n * 10).map((n): [number, string] => [
          n,
          `${n} %`,
        ])}
        onChange={(zoom) => prefs.set({ zoom })}
      />
      <CaptureKeys />
    </section>
  );
}

const REGIONS = [
  "",
  "AT",
  "AU",
  "BE",
  "BR",
  "CA",
  "CH",
  "CN",
  "CZ",
  "DE",
  "DK",
  "ES",
  "FI",
  "FR",
  "GB",
  "GR",
  "HK",
  "HU",
  "IE",
  "IN",
  "IT",
  "JP",
  "KR",
  "LU",
  "MO",
  "MX",
  "MY",
  "NL",
  "NO",
  "NZ",
  "PL",
  "PT",
  "RO",
  "SE",
  "SG",
  "TR",
  "TW",
  "US",
  "ZA",
];
const CURRENCIES = [
  "EUR",
  "USD",
  "GBP",
  "CHF",
  "CNY",
  "HKD",
  "TWD",
  "JPY",
  "SGD",
  "KRW",
  "INR",
  "AUD",
  "CAD",
  "SEK",
  "NOK",
  "DKK",
  "PLN",
  "CZK",
  "HUF",
  "RON",
  "TRY",
  "BRL",
  "MXN",
  "ZAR",
];

function Vault() {
  const [round, setRound] = useState(0);
  const settings = useQuery(() => commands.settings(), [round]).data;
  if (!settings) return null;
  const set = async (change: Partial<Settings>) => {
    await attempt(() => commands.setSettings({ ...settings, ...change }));
    setRound((n) => n + 1);
  };
  const names = new Intl.DisplayNames([language()], { type: "region" });
  return (
    <section>
      <h2>{t("settings.place")}</h2>
      <Row label={t("settings.email")} hint={t("settings.emailHint")}>
        <input
          className="input"
          id="own-email"
          type="email"
          aria-label={t("settings.email")}
          key={settings.email}
          defaultValue={settings.email}
          onBlur={(e) =>
            e.target.value.trim() !== settings.email && void set({ email: e.target.value.trim() })
          }
          onKeyDown={(e) => e.key === "Enter" && !isComposing(e.nativeEvent) && e.currentTarget.blur()}
        />
      </Row>
      <Choice
        label={t("settings.region")}
        value={settings.region}
        options={REGIONS.map((r): [string, string] => [r, r ? (names.of(r) ?? r) : t("none")])}
        onChange={(region) => void set({ region })}
      />
      <Choice
        label={t("settings.currency")}
        value={settings.currency}
        options={[...new Set([settings.currency, ...CURRENCIES])].map((c): [string, string] => [c, c])}
        onChange={(currency) => void set({ currency })}
      />
      <Choice
        label={t("settings.lockAfter")}
        value={settings.lock_after}
        options={[1, 5, 15, 30, 60, 0].map((n): [number, string] => [
          n,
          n ? t("settings.minutes", { n }) : t("settings.never"),
        ])}
        onChange={(lock_after) => void set({ lock_after })}
      />
    </section>
  );
}

function Security() {
  const [round, setRound] = useState(0);
  const slots = useQuery(() => commands.keySlots(), [round]).data ?? [];
  const [passphrase, setPassphrase] = useState("");
  const [kit, setKit] = useState<KitView>();
  const [sure, setSure] = useState(false);
  const [busy, setBusy] = useState(false);
  const has = slots.some((s) => s.kind === "passphrase");
  const act = async (work: () => Promise<unknown>, done: string) => {
    setBusy(true);
    if ((await attempt(work)) !== undefined) toast(done);
    setBusy(false);
    setRound((n) => n + 1);
  };
  return (
    <section>
      <h2>{t("settings.security")}</h2>
      {slots.map((slot) => (
        <Row key={slot.kind} label={t(`settings.${slot.kind}` as Key)}>
          <span className={slot.ok ? "good" : "warn"}>{slot.ok ? "✓" : "!"}</span>{" "}
          <span className="soft small cell">{slot.ok ? "" : slot.detail}</span>
          {slot.kind === "passphrase" && (
            <button
              type="button"
              className="button"
              disabled={busy}
              onClick={() => void act(commands.removePassphrase, t("settings.saved"))}
            >
              {t("settings.removePassphrase")}
            </button>
          )}
        </Row>
      ))}
      <Row label={has ? t("settings.changePassphrase") : t("settings.setPassphrase")}>
        <input
          className="input"
          id="new-passphrase"
          type="password"
          autoComplete="new-password"
          aria-label={t("settings.passphrase")}
          value={passphrase}
          onChange={(e) => setPassphrase(e.target.value)}
        />
        <button
          type="button"
          className="button"
          id="set-passphrase"
          disabled={busy || !passphrase}
          onClick={() =>
            void act(async () => {
              const slots = await commands.setPassphrase(passphrase);
              setPassphrase("");
              return slots;
            }, t("settings.saved"))
          }
        >
          {t("save")}
        </button>
      </Row>
      <Row label={t("settings.recovery")} hint={t("settings.newKitHint")}>
        <button
          type="button"
          className="button"
          disabled={busy}
          onClick={() => {
            // Nothing brings the old kit back: one click must not be enough.
            if (sure) void attempt(commands.renewKit).then(setKit);
            setSure(!sure);
          }}
        >
          {t(sure ? "settings.newKitSure" : "settings.newKit")}
        </button>
        {sure && (
          <button type="button" className="button plain" onClick={() => setSure(false)}>
            {t("cancel")}
          </button>
        )}
      </Row>
      <Row label={t("settings.rotate")} hint={t("settings.rotateHint")}>
        <button
          type="button"
          className="button"
          disabled={busy}
          onClick={() => void act(commands.rotateKey, t("settings.rotated"))}
        >
          {t("settings.rotate")}
        </button>
      </Row>
      {kit && (
        // The old kit opens nothing any more: this one stays until two of its groups are typed back.
        <Dialog label={t("kit.title")} onClose={() => {}}>
          <div className="body">
            <Kit kit={kit} keyring={null} onDone={() => setKit(undefined)} />
          </div>
        </Dialog>
      )}
    </section>
  );
}

const FORMATS = ["csv", "xlsx", "vcard", "json", "ics"] as const;

/** Whether a format has a place for such records. */
const holds = (format: ExportFormat, kind: Browsed) =>
  format === "ics" ? kind === "person" : format !== "vcard" || !!KINDS[kind].imported;

function Data() {
  async function save(kind: Browsed, format: ExportFormat) {
    const extension = { csv: "csv", xlsx: "xlsx", json: "json", vcard: "vcf", ics: "ics" }[format];
    const path = await chooseTarget(`${kind === "person" ? "people" : "companies"}.${extension}`);
    if (!path) return;
    const files = await attempt(() =>
      commands.exportRecords(kind, format, path, {
        filter: "",
        text: "",
        sort: "",
        trash: false,
        offset: 0,
        limit: 0,
      }),
    );
    if (files) toast(t("settings.exported", { n: count(files[0]?.rows ?? 0) }));
  }
  return (
    <section>
      <h2>{t("settings.data")}</h2>
      {BROWSED.map((kind) => (
        <Row key={kind} label={`${t("settings.export")}: ${t(KINDS[kind].many)}`}>
          {FORMATS.filter((f) => holds(f, kind)).map((f) => (
            <button
              type="button"
              className="button"
              key={f}
              aria-label={`${t("settings.export")} ${t(`export.${f}`)}`}
              onClick={() => void save(kind, f)}
            >
              {t(`export.${f}`)}
            </button>
          ))}
        </Row>
      ))}
      <Row label={t("export.all")} hint={t("settings.exportAllHint")}>
        <button type="button" className="button" id="export-all" onClick={() => void exportAll()}>
          {t("export.all")} <kbd>Ctrl Shift E</kbd>
        </button>
      </Row>
    </section>
  );
}

function About() {
  const version = useVersion();
  const state = useQuery(() => commands.appState(), []).data;
  const status = useQuery(() => commands.status(), [version]).data;
  const [busy, setBusy] = useState(false);
  async function check() {
    setBusy(true);
    await verify();
    setBusy(false);
  }
  return (
    <section>
      <h2>{t("settings.about")}</h2>
      <Row label="Satchel">
        <span className="soft">{state?.version}</span>
        <button
          type="button"
          className="button"
          id="settings-updates"
          onClick={() => go({ page: "safety", tab: "updates" })}
        >
          {t("updates.title")}
        </button>
      </Row>
      <Row label={status?.workspace ?? ""}>
        <span className="soft cell">{state?.vault}</span>
        <button type="button" className="button" disabled={busy} onClick={() => void check()}>
          {t("settings.verify")}
        </button>
      </Row>
    </section>
  );
}
