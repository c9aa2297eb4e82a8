import { commands, errorOf } from "../platform/tauri";
import { t, tOr } from "../shared/i18n";
import { toast } from "../shared/toast";

/** Takes an operation back, or the last one, and says what that was. */
export async function undo(operation: string | null = null): Promise<boolean> {
  try {
    const report = await commands.undo(operation);
    const left = report.skipped.length > 0 ? ` · ${t("ops.skipped", { n: report.skipped.length })}` : "";
    toast(t("ops.didUndo", { what: tOr(`op.${report.label}`, report.label) }) + left, {
      label: t("redo"),
      run: () => void redo(),
    });
    return true;
  } catch (thrown) {
    const { code, message } = errorOf(thrown);
    toast(code === "nothing_to_undo" ? t("ops.nothing") : message);
    return false;
  }
}

export async function redo() {
  try {
    await commands.redo();
    toast(t("ops.didRedo"), { label: t("undo"), run: () => void undo() });
  } catch (thrown) {
    const { code, message } = errorOf(thrown);
    toast(code === "nothing_to_undo" ? t("ops.nothingRedo") : message);
  }
}

export const withUndo = (text: string, operation: string | null) =>
  toast(text, operation ? { label: t("undo"), run: () => void undo(operation) } : undefined);
