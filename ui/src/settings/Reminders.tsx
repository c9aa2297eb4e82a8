import { useState } from "react";
import { useQuery } from "../app/data";
import type { Says, Reminders as Wanted } from "../bindings";
import { commands } from "../platform/tauri";
import { hourOf } from "../shared/format";
import { t } from "../shared/i18n";
import { attempt } from "../shared/toast";
import { Choice } from "./rows";

const HOURS = [6, 7, 8, 9, 10, 12, 18].map((hour) => `${String(hour).padStart(2, "0")}:00`);

/** What is told of by the system's notifications, and how much of it others may read. */
export function Reminders() {
  const [round, setRound] = useState(0);
  const settings = useQuery(() => commands.settings(), [round]).data;
  if (!settings) return null;
  const { on = true, at = "", says = "title" } = settings.reminders ?? {};
  const set = async (change: Partial<Wanted>) => {
    await attempt(() =>
      commands.setSettings({ ...settings, reminders: { ...settings.reminders, ...change } }),
    );
    setRound((n) => n + 1);
  };
  const hours = at && !HOURS.includes(at) ? [...HOURS, at].sort() : HOURS;
  return (
    <section id="reminders" tabIndex={-1}>
      <h2>{t("remind.title")}</h2>
      <Choice
        label={t("remind.on")}
        hint={t("remind.onHint")}
        value={on ? "on" : "off"}
        options={[
          ["on", t("yes")],
          ["off", t("no")],
        ]}
        onChange={(v) => void set({ on: v === "on" })}
      />
      <Choice
        label={t("remind.usually")}
        hint={t("remind.usuallyHint")}
        value={at}
        options={[
          ["", t("remind.never")],
          ...hours.map((time): [string, string] => [time, t("remind.usualAt", { time: clockWords(time) })]),
        ]}
        onChange={(v) => void set({ at: v })}
      />
      <Choice<Says>
        label={t("remind.says")}
        hint={t("remind.saysHint")}
        value={says}
        options={[
          ["nothing", t("remind.nothing")],
          ["title", t("remind.what")],
          ["everything", t("remind.everything")],
        ]}
        onChange={(v) => void set({ says: v })}
      />
    </section>
  );
}

const clockWords = (time: string) => (time.endsWith(":00") ? hourOf(Number(time.slice(0, 2))) : time);
