// «I am here»: begun from a page, or from a stop of the day.
import { withUndo } from "../app/undo";
import { commands } from "../platform/tauri";
import { t } from "../shared/i18n";
import { attempt } from "../shared/toast";

/** The task that a visit was begun from, by the visit: it may be done with it. */
export const tasks = new Map<string, { id: string; title: string }>();

export async function checkIn(id: string, whom: string, task?: { id: string; title: string }) {
  const done = await attempt(() => commands.checkIn(id, null));
  if (!done) return;
  if (task) tasks.set(done.id, task);
  withUndo(t("visits.here", { name: whom }), done.operation);
}
