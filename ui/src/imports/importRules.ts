import type { ColumnView, MatchKey, RowError } from "../bindings";
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

const ABOUT = [
  "company.name",
  "company.website",
  "company.external_id",
  "person.name",
  "person.email",
  "person.external_id",
];
const DEAL_OF = ["deal.name", "deal.external_id"];
const OF_KIND: Record<string, string[]> = {
  person: PERSON,
  company: COMPANY,
  deal: [
    "name",
    ...ABOUT,
    "value",
    "value.currency",
    "stage",
    "pipeline",
    "status",
    "probability",
    "close_date",
    "closed_at",
    "stage_at",
    "lost_reason",
    ...BOTH,
  ],
  activity: [
    "type",
    "subject",
    "at",
    "at.time",
    "minutes",
    "outcome",
    "text",
    ...ABOUT,
    ...DEAL_OF,
    "place",
    "direction",
    "owner",
    "external_id",
  ],
  task: [
    "subject",
    "due",
    "due_time",
    "status",
    "done_at",
    ...ABOUT,
    ...DEAL_OF,
    "repeat",
    "remind",
    "notes",
    "owner",
    "external_id",
  ],
  product: [
    "name",
    "code",
    "price",
    "price.currency",
    "unit",
    "tax",
    "category",
    "description",
    "status",
    "retired",
    "notes",
    "tags",
    "external_id",
  ],
};

/** What an import can make of rows, in the order in which it is offered. */
export const IMPORTED = ["person", "company", "deal", "activity", "task", "product"] as const;
export type Imported = (typeof IMPORTED)[number];

export const isImported = (kind: string): kind is Imported => IMPORTED.some((one) => one === kind);

export function kindLabel(kind: Imported): string {
  if (kind === "person") return t("import.people");
  return kind === "company" ? t("import.companiesKind") : t(`import.kind.${kind}`);
}

/** By what rows of a kind can be recognised. */
export function matchKeys(kind: string): [MatchKey, string][] {
  const id: [MatchKey, string] = ["external_id", t("import.match.external_id")];
  if (kind === "product") return [id, ["title", t("import.match.code")]];
  if (kind === "person" || kind === "company")
    return [id, ["email", t("import.match.email")], ["phone", t("import.match.phone")]];
  return [id, ["title", t("import.match.title")]];
}

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
  const all = [...(chosen ? [chosen] : []), column.target, "skip", own, ...(OF_KIND[kind] ?? PERSON)];
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
