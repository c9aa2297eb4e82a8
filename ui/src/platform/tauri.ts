// The only module, beside the generated bindings, that talks to Tauri.
import { getCurrentWebview } from "@tauri-apps/api/webview";
import { open, save } from "@tauri-apps/plugin-dialog";
import { type AppError, commands, type Event, events, type Job, type OpenedRecord } from "../bindings";
import { refusalInWords } from "../shared/errors";

export { commands };

export function onVault(listener: (event: Event) => void): () => void {
  const stop = events.vaultEvent.listen((e) => listener(e.payload));
  return () => void stop.then((off) => off());
}

export function onProgress(listener: (done: number, total: number, job: Job) => void): () => void {
  const stop = events.progressEvent.listen(({ payload }) =>
    listener(payload.done, payload.total, payload.job),
  );
  return () => void stop.then((off) => off());
}

export function onTeam(listener: () => void): () => void {
  const stop = events.teamEvent.listen(listener);
  return () => void stop.then((off) => off());
}

/** A newer version was found that was not known before. */
export function onUpdate(listener: (version: string) => void): () => void {
  const stop = events.updateEvent.listen((e) => listener(e.payload.version));
  return () => void stop.then((off) => off());
}

export function onOpened(listener: (files: string[]) => void): () => void {
  const stop = events.openedEvent.listen((e) => listener(e.payload.files));
  return () => void stop.then((off) => off());
}

/** A notification was clicked: the record that it is about; none: the day. */
export function onReminder(listener: (record: OpenedRecord | null) => void): () => void {
  const stop = events.reminderEvent.listen((e) => listener(e.payload.record));
  return () => void stop.then((off) => off());
}

/** Files dragged over the window and dropped on it. */
export function onFileDrop(over: (isOver: boolean) => void, dropped: (paths: string[]) => void): () => void {
  const stop = getCurrentWebview().onDragDropEvent(({ payload }) => {
    over(payload.type === "enter" || payload.type === "over");
    if (payload.type === "drop") dropped(payload.paths);
  });
  return () => void stop.then((off) => off());
}

export async function chooseImportFile(): Promise<string | null> {
  const extensions = ["csv", "tsv", "txt", "xlsx", "vcf", "vcard", "ics", "json"];
  const filters = [{ name: "CSV, Excel, vCard, iCalendar, JSON", extensions }];
  const chosen = await open({ multiple: false, filters });
  return typeof chosen === "string" ? chosen : null;
}

export async function chooseFile(name: string, extensions: string[]): Promise<string | null> {
  const chosen = await open({ multiple: false, filters: [{ name, extensions }] });
  return typeof chosen === "string" ? chosen : null;
}

export async function choosePicture(): Promise<string | null> {
  const filters = [{ name: "PNG, JPEG", extensions: ["png", "jpg", "jpeg"] }];
  const chosen = await open({ multiple: false, filters });
  return typeof chosen === "string" ? chosen : null;
}

export async function chooseFiles(): Promise<string[]> {
  const chosen = await open({ multiple: true });
  return Array.isArray(chosen) ? chosen : [];
}

export const chooseTarget = (name: string): Promise<string | null> => save({ defaultPath: name });

export async function chooseFolder(): Promise<string | null> {
  const chosen = await open({ directory: true });
  return typeof chosen === "string" ? chosen : null;
}

/** The ground of windows is of the same colour as their pages, before those are drawn. */
export const setLook = (dark: boolean): Promise<null> => commands.setLook(dark);

export const setZoom = (percent: number): Promise<void> => getCurrentWebview().setZoom(percent / 100);

/** What a command's refusal says, whatever was thrown. */
export function errorOf(thrown: unknown): AppError {
  if (typeof thrown === "object" && thrown !== null && "message" in thrown) {
    const { code = "internal", message, field, operation } = thrown as AppError;
    return { code, message: refusalInWords(String(message), field), field, operation };
  }
  return { code: "internal", message: String(thrown) };
}
