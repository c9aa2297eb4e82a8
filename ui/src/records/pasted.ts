import { language, t } from "../shared/i18n";

/** More is not taken from the clipboard: it is there as a file, too. */
export const PASTED_MOST = 20_000_000;

/** The picture on the clipboard. Cells of a spreadsheet are there as text and as a picture of it: they are text. */
export function pastedPicture(data: Pick<DataTransfer, "types" | "files"> | null): File | undefined {
  if (!data || data.types.includes("text/plain")) return undefined;
  return [...data.files].find((file) => file.type.startsWith("image/"));
}

/** A copied file keeps its name; a screenshot has none, and is called by the minute. */
export function nameOfPasted(file: Pick<File, "name" | "type">, now = new Date(), lang = language()): string {
  if (file.name && !/^image\.\w+$/i.test(file.name)) return file.name;
  const two = (n: number) => String(n).padStart(2, "0");
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  const kind = file.type.replace(/^image\//, "").replace("jpeg", "jpg");
  const when = `${day} ${two(now.getHours())}.${two(now.getMinutes())}`;
  return `${t("files.pasted", { when }, lang)}.${kind}`;
}

export function base64Of(file: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ""));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
