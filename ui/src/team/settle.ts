import { withUndo } from "../app/undo";
import { commands } from "../platform/tauri";
import { t } from "../shared/i18n";
import { attempt } from "../shared/toast";

/** Takes one of the values that two have written; whether it could be written. */
export async function settle(record: string, field: string, at: number, label: string): Promise<boolean> {
  const written = await attempt(() => commands.settle(record, field, at));
  if (written) withUndo(t("team.settled", { field: label }), written.operation);
  return written !== undefined;
}
