// What the core says, in the language of the screen. The core speaks English (logs do too); a sentence that is not here is
// shown as it is. The command line reads the same list (cli/src/refusals.rs).
import { type Language, language, tOr } from "./i18n";
import SENTENCES from "./refusals.zh.json";

/** Those that the signs of the list cannot say. */
const ZH: [RegExp, string][] = [
  [/^(\{\{.*\}\}) is not filled in;.*$/s, "$1 尚未填写"],
  [/^the template names (\{\{.*\}\}), which is no field;.*$/s, "模板中的 $1 不是字段，请改正"],
];

const PLAIN = /[.*+?^$()|[\]\\]/g;

/** `{}` in an English sentence is anything; `{1}` in the Chinese one is what stood at the first of them. */
function pattern([english = "", chinese = ""]: string[]): [RegExp, string] {
  const text = english.replace(PLAIN, "\\$&").replaceAll("{}", "(.*?)");
  return [new RegExp(`^${text}$`, "s"), chinese.replace(/\{(\d)\}/g, "$$$1")];
}

const ALL = [...ZH, ...SENTENCES.map(pattern)];

const KEPT = "; the value was put into the notes";

/** A sentence of the core in the language of the screen. */
export function inWords(message: string, lang: Language = language()): string {
  if (lang !== "zh") return message;
  const kept = message.endsWith(KEPT);
  const plain = kept ? message.slice(0, -KEPT.length) : message;
  const found = ALL.find(([pattern]) => pattern.test(plain));
  const text = found ? plain.replace(found[0], found[1]) : plain;
  return kept ? `${text}；该值已放入备注` : text;
}

/** The same for a refusal of one field, which begins with the field's key. */
export function refusalInWords(message: string, field?: string | null, lang: Language = language()): string {
  if (!field || !message.startsWith(`${field}: `)) return inWords(message, lang);
  const colon = lang === "zh" ? "：" : ": ";
  return tOr(`field.${field}`, field, lang) + colon + inWords(message.slice(field.length + 2), lang);
}
