import {
  Building2,
  CalendarClock,
  CircleDollarSign,
  FileText,
  ListChecks,
  Package,
  Users,
} from "lucide-react";
import type { FieldView, Kind } from "../bindings";
import type { Key } from "../shared/en";
import { language } from "../shared/i18n";

/** The columns of a list: the field, its share of the width, and whether F2 edits it in place. */
export interface ColumnSpec {
  key: string;
  width: string;
  editable?: boolean;
}

/** The kinds that have lists and pages of their own. */
export const BROWSED = ["person", "company", "deal", "task", "activity", "quote", "product"] as const;
export type Browsed = (typeof BROWSED)[number];

export const isBrowsed = (kind: string | null): kind is Browsed => BROWSED.some((k) => k === kind);
/** What has no list is shown as a person is. */
export const browsed = (kind: Kind): Browsed => (isBrowsed(kind) ? kind : "person");

interface KindOf {
  icon: typeof Users;
  many: Key;
  create: Key;
  empty: Key;
  hint: Key;
  /** Whether files of other programs hold such. */
  imported?: boolean;
  /** What a new one is asked for. */
  asked: string[];
  columns: ColumnSpec[];
  /** How a list is sorted where nobody has said otherwise. */
  sort: string;
}

const UPDATED = { key: "updated_at", width: "110px" };

/** Each kind once: lists, pages, forms and the palette are made from this. */
export const KINDS: Record<Browsed, KindOf> = {
  person: {
    icon: Users,
    many: "nav.people",
    create: "new.person",
    empty: "empty.person",
    hint: "empty.personHint",
    imported: true,
    asked: ["first_name", "last_name", "emails", "phones", "title"],
    columns: [
      { key: "name", width: "minmax(180px, 1.6fr)" },
      { key: "company", width: "minmax(120px, 1.2fr)" },
      { key: "title", width: "minmax(100px, 1fr)", editable: true },
      { key: "emails", width: "minmax(140px, 1.4fr)", editable: true },
      { key: "phones", width: "minmax(128px, 1fr)", editable: true },
      { key: "city", width: "minmax(70px, 0.7fr)", editable: true },
      UPDATED,
    ],
    sort: "",
  },
  company: {
    icon: Building2,
    many: "nav.companies",
    create: "new.company",
    empty: "empty.company",
    hint: "empty.companyHint",
    imported: true,
    asked: ["name", "website", "phones", "industry"],
    columns: [
      { key: "name", width: "minmax(200px, 2fr)", editable: true },
      { key: "industry", width: "minmax(110px, 1fr)", editable: true },
      { key: "phones", width: "minmax(120px, 1fr)", editable: true },
      { key: "city", width: "minmax(90px, 0.8fr)", editable: true },
      { key: "employees", width: "90px", editable: true },
      { key: "website", width: "minmax(130px, 1.2fr)", editable: true },
      UPDATED,
    ],
    sort: "",
  },
  deal: {
    icon: CircleDollarSign,
    many: "nav.deals",
    create: "new.deal",
    empty: "empty.deal",
    hint: "empty.dealHint",
    asked: ["name", "company", "value", "close_date"],
    columns: [
      { key: "name", width: "minmax(180px, 1.6fr)", editable: true },
      { key: "company", width: "minmax(120px, 1.2fr)" },
      { key: "stage", width: "minmax(100px, 0.9fr)", editable: true },
      { key: "value", width: "minmax(100px, 0.8fr)", editable: true },
      { key: "close_date", width: "110px", editable: true },
      { key: "next_step", width: "minmax(110px, 1fr)" },
      { key: "owner", width: "minmax(90px, 0.8fr)", editable: true },
      UPDATED,
    ],
    sort: "",
  },
  task: {
    icon: ListChecks,
    many: "nav.tasks",
    create: "new.task",
    empty: "empty.task",
    hint: "empty.taskHint",
    asked: ["subject", "due", "person", "company"],
    columns: [
      { key: "name", width: "minmax(200px, 2fr)" },
      { key: "due", width: "110px", editable: true },
      { key: "due_time", width: "70px", editable: true },
      { key: "person", width: "minmax(120px, 1fr)" },
      { key: "company", width: "minmax(120px, 1fr)" },
      { key: "owner", width: "minmax(90px, 0.8fr)", editable: true },
      { key: "done_at", width: "110px" },
    ],
    sort: "due",
  },
  activity: {
    icon: CalendarClock,
    many: "nav.activities",
    create: "new.activity",
    empty: "empty.activity",
    hint: "empty.activityHint",
    asked: ["type", "subject", "at", "person", "company"],
    columns: [
      { key: "name", width: "minmax(200px, 2fr)" },
      { key: "type", width: "100px" },
      { key: "at", width: "130px" },
      { key: "person", width: "minmax(120px, 1fr)" },
      { key: "company", width: "minmax(120px, 1fr)" },
      { key: "outcome", width: "minmax(110px, 1fr)", editable: true },
      { key: "owner", width: "minmax(90px, 0.8fr)", editable: true },
    ],
    sort: "-at",
  },
  quote: {
    icon: FileText,
    many: "nav.quotes",
    create: "new.quote",
    empty: "empty.quote",
    hint: "empty.quoteHint",
    asked: ["name", "deal", "company", "person"],
    columns: [
      { key: "number", width: "130px" },
      { key: "name", width: "minmax(180px, 1.6fr)" },
      { key: "company", width: "minmax(120px, 1.2fr)" },
      { key: "status", width: "100px" },
      { key: "net", width: "minmax(100px, 0.8fr)" },
      { key: "total", width: "minmax(100px, 0.8fr)" },
      { key: "valid_until", width: "110px", editable: true },
      { key: "owner", width: "minmax(90px, 0.8fr)", editable: true },
    ],
    sort: "-number",
  },
  product: {
    icon: Package,
    many: "nav.products",
    create: "new.product",
    empty: "empty.product",
    hint: "empty.productHint",
    asked: ["name", "code", "price", "unit", "tax"],
    columns: [
      { key: "name", width: "minmax(200px, 2fr)", editable: true },
      { key: "code", width: "minmax(90px, 0.8fr)", editable: true },
      { key: "price", width: "minmax(100px, 0.8fr)", editable: true },
      { key: "unit", width: "90px", editable: true },
      { key: "tax", width: "80px", editable: true },
      { key: "category", width: "minmax(110px, 1fr)", editable: true },
      UPDATED,
    ],
    sort: "",
  },
};

/** Fields of the user's own that a list shows, the first of them, behind what says who or what it is. */
const OWN = 3;

/** The columns of a list: those of its kind, and the first of the user's own fields. */
export function columnsOf(kind: Kind, fields: FieldView[] = []): ColumnSpec[] {
  const columns = KINDS[browsed(kind)].columns;
  const own = fields.filter((f) => f.custom && !f.shelved && f.type !== "long_text").slice(0, OWN);
  const made = own.map((f) => ({
    key: f.key,
    width: "minmax(90px, 0.8fr)",
    editable: !f.derived && !["link", "choice", "multi_choice", "yes_no"].includes(f.type),
  }));
  return [...columns.slice(0, 2), ...made, ...columns.slice(2)];
}

/** A Chinese name begins with the family's. */
export const askedOf = (kind: Browsed): string[] =>
  kind === "person" && language() === "zh"
    ? ["last_name", "first_name", ...KINDS.person.asked.slice(2)]
    : KINDS[kind].asked;

/** Written by the app, and of no use to read. */
export const UNSEEN = new Set(["rank", "stage_at", "lines", "version"]);

/** Of what has changed nobody is told that its place in a column is another, or since when: the stage says so. */
export const UNTOLD = new Set(["rank", "stage_at"]);

/** What is done with somebody, in the order of their keys. */
export const ACTIVITIES = ["call", "visit", "meeting", "message", "mail", "note"] as const;
