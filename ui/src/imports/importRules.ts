import type { ColumnView, RowError } from "../bindings";
import { inWords } from "../shared/errors";
import { t, tOr } from "../shared/i18n";

/** What people and companies have both, behind their own. */
const ADDRESS = [
  "addresses",
  "addresses.street",
  "addresses.city",
  "addresses.region",
  "addresses.postal_code",
  "addresses.country",
];
const BOTH = ["notes", "tags", "source", "owner", "external_id"];
const PERSON = [
  "full_name",
  "first_name",
  "middle_name",
  "last_name",
  "prefix",
  "suffix",
  "nickname",
  "title",
  "department",
  "company.name",
  "company.website",
  "emails",
  "emails.work",
  "emails.home",
  "emails.other",
  "phones",
  "phones.mobile",
  "phones.work",
  "phones.home",
  "phones.fax",
  "phones.other",
  ...ADDRESS,
  "website",
  "birthday",
  ...BOTH,
];
const COMPANY = [
  "name",
  "website",
  "industry",
  "employees",
  "annual_revenue",
  "emails",
  "phones",
  ...ADDRESS,
  ...BOTH,
];

export function targetLabel(target: string): string {
  if (target === "skip") return t("import.skipTarget");
  if (target.startsWith("custom"))
    return t("import.customTarget", { label: target.slice(target.indexOf(".") + 1) });
  const known = tOr(`target.${target}`, "") || tOr(`field.${target}`, "");
  if (known) return known;
  const [head = "", ...rest] = target.split(".");
  const base = tOr(`target.${head.split("#")[0]}`, "") || tOr(`field.${head}`, head);
  return `${base} · ${rest.map((p) => tOr(`part.${p}`, "") || tOr(`label.${p}`, p)).join(" ")}`;
}

/** What a column may become: the guess first, then a field of its own, then everything known. */
export function targetsFor(
  kind: string,
  column: Pick<ColumnView, "name" | "target">,
  chosen?: string,
): [string, string][] {
  const own = `custom.${column.name}`;
  const all = [
    ...(chosen ? [chosen] : []),
    column.target,
    "skip",
    own,
    ...(kind === "company" ? COMPANY : PERSON),
  ];
  return [...new Set(all)].map((value) => [value, targetLabel(value)]);
}

/** Problems by cause: the quoted value makes each different, and is taken out. */
export function groupProblems(
  errors: Pick<RowError, "message" | "column" | "value">[],
): { cause: string; count: number; example: string }[] {
  const groups = new Map<string, { cause: string; count: number; example: string }>();
  for (const error of errors) {
    const cause = `${error.column ? `${error.column}: ` : ""}${inWords(error.message.replace(/«[^»]*»/g, "…"))}`;
    const group = groups.get(cause) ?? { cause, count: 0, example: error.value };
    group.count++;
    groups.set(cause, group);
  }
  return [...groups.values()].sort((a, b) => b.count - a.count).slice(0, 20);
}
