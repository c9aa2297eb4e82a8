import { ArrowLeft, ChevronDown, ChevronUp, Mail, MapPin, Merge, Repeat, Star, Trash2 } from "lucide-react";
import { useEffect, useState } from "react";
import { lastList, openRecord, remember, useFields, useQuery, useVersion } from "../app/data";
import { toggleFavourite, useIsFavourite } from "../app/Favourites";
import { ui } from "../app/registry";
import { back, go, replace } from "../app/router";
import { undo, withUndo } from "../app/undo";
import type { Kind, RecordView, SeriesView } from "../bindings";
import { removeTimes } from "../calendar/Which";
import { LogBox } from "../day/LogBox";
import { Timeline } from "../day/Timeline";
import { canMerge } from "../duplicates/DuplicatesPage";
import { MergeWith } from "../duplicates/MergeWith";
import { WriteLetter } from "../letters/WriteLetter";
import { MentionedIn } from "../notes/MentionedIn";
import { commands } from "../platform/tauri";
import { QuoteActions } from "../quotes/QuoteActions";
import { QuoteLines } from "../quotes/QuoteLines";
import { QuotesOf } from "../quotes/QuotesOf";
import { repeatWords } from "../shared/again";
import { count, date, type Json, labelOf, longDay, money, shortDay, show } from "../shared/format";
import { t, tOr } from "../shared/i18n";
import { useKeys } from "../shared/keys";
import { attempt } from "../shared/toast";
import { Avatar } from "../shared/ui";
import { checkIn } from "../visits/visiting";
import { Facts } from "./Facts";
import { Files } from "./Files";
import { browsed, KINDS, UNTOLD } from "./kinds";

/** Whom letters are written to, or about. */
const LETTERS = new Set<Kind>(["person", "company", "deal", "quote"]);

/** Whom one is with, or what leads to somebody. */
const VISITED = new Set<Kind>(["person", "company", "deal", "task"]);
/** Planned for today, or later. */
const isAhead = (record: RecordView) =>
  new Date((record.fields as Json).at ?? 0).getTime() > Date.now() - 12 * 3_600_000 &&
  new Date((record.fields as Json).at ?? 0).getTime() > new Date(record.created_at).getTime() + 60_000;

export function RecordPage({ id, kind, day }: { id: string; kind: Kind; day?: string }) {
  const version = useVersion();
  const { data: record, error } = useQuery(
    () => (day ? commands.occurrence(id, day) : commands.get(id)),
    [id, day, version],
  );
  const around = useQuery(
    () =>
      lastList.kind === kind
        ? commands.neighbours(kind, lastList.request, id)
        : Promise.reject(new Error("another list")),
    [id, kind, version],
  ).data;

  useEffect(() => {
    if (record) remember({ id: record.id, kind: record.kind, title: record.title });
  }, [record]);

  // Back in the list, its cursor stands where one has walked to.
  useEffect(() => {
    if (around && around.position > 0) lastList.row = around.position - 1;
  }, [around]);

  const to = (next: string | null | undefined) => next && replace({ page: "record", id: next, kind });
  async function remove() {
    const series = record?.series;
    if (series && !series.own) {
      if (await removeTimes(series)) back();
      return;
    }
    const done = await attempt(() => commands.delete([id]));
    if (!done?.operation) return;
    withUndo(t("record.trashed", { n: 1 }), done.operation);
    back();
  }
  async function restore() {
    const done = await attempt(() => commands.restore([id]));
    if (done) withUndo(t("record.restored", { n: 1 }), done.operation);
  }
  const favourite = useIsFavourite(id);
  const [merging, setMerging] = useState(false);
  const mergeable = canMerge(kind) && !!record && !record.deleted_at;
  useEffect(() => {
    ui.merge = mergeable ? () => setMerging(true) : undefined;
    return () => {
      ui.merge = undefined;
    };
  }, [mergeable]);
  const [writing, setWriting] = useState(false);
  const addressed = LETTERS.has(kind) && !!record && !record.deleted_at;
  const phone: string | undefined = record?.deleted_at
    ? undefined
    : (record?.fields as Json)?.phones?.[0]?.value;
  const dial = () => void (phone && attempt(() => commands.dial(phone)));
  useEffect(() => {
    ui.write = addressed ? () => setWriting(true) : undefined;
    ui.dial = phone ? () => void attempt(() => commands.dial(phone)) : undefined;
    return () => {
      ui.write = undefined;
      ui.dial = undefined;
    };
  }, [addressed, phone]);
  const meeting = kind === "activity" && ["visit", "meeting"].includes((record?.fields as Json)?.type);
  const visited =
    !!record &&
    !record.deleted_at &&
    (VISITED.has(kind) || (meeting && !(record.fields as Json).arrived_at && isAhead(record)));
  const arrive = () => {
    if (!record || !visited) return;
    const task = kind === "task" ? { id, title: record.title } : undefined;
    const whom = record.titles.company || record.titles.person || record.title;
    void checkIn(id, kind === "person" ? record.title : whom, task);
  };
  useEffect(() => {
    ui.here = visited ? arrive : undefined;
    return () => {
      ui.here = undefined;
    };
  });
  useKeys({
    h: (event) => !event.repeat && arrive(),
    w: () => addressed && setWriting(true),
    t: (event) => !event.repeat && dial(),
    m: () => mergeable && setMerging(true),
    "Ctrl+ArrowDown": () => to(around?.next),
    "Ctrl+ArrowUp": () => to(around?.previous),
    "Ctrl+Enter": () => void attempt(() => commands.openWindow(id, kind)),
    j: () => to(around?.next),
    k: () => to(around?.previous),
    Delete: (event) => !event.repeat && !record?.deleted_at && void remove(),
    r: () => record?.deleted_at && void restore(),
    e: () => document.querySelector<HTMLElement>(".facts .value")?.click(),
  });

  if (error && !record)
    return (
      <div className="empty">
        <h2>{t("record.notFound")}</h2>
        <p className="soft">{error}</p>
        <button type="button" className="button" onClick={back}>
          {t("back")}
        </button>
      </div>
    );
  if (!record) return null;
  const about = kind === "person" || kind === "company" || kind === "deal";
  return (
    <>
      <div className="head">
        <button type="button" className="button plain" aria-label={t("back")} onClick={back}>
          <ArrowLeft size={16} />
        </button>
        <Mark record={record} />
        <div className="grow">
          <h1 id="record-title">{record.title || "—"}</h1>
          <span className="soft">{subtitleOf(record)}</span>
        </div>
        {around && around.position > 0 && (
          <span className="soft small" aria-live="polite">
            {t("record.position", { n: count(around.position), total: count(around.total) })}
          </span>
        )}
        <button
          type="button"
          className="button plain"
          aria-label={t("previous")}
          disabled={!around?.previous}
          onClick={() => to(around?.previous)}
        >
          <ChevronUp size={16} />
        </button>
        <button
          type="button"
          className="button plain"
          aria-label={t("next")}
          disabled={!around?.next}
          onClick={() => to(around?.next)}
        >
          <ChevronDown size={16} />
        </button>
        {!record.deleted_at && (
          <button
            type="button"
            className="button plain"
            id="favourite"
            aria-label={t("favourite.toggle")}
            title={`${t("favourite.toggle")} (*)`}
            aria-pressed={favourite}
            onClick={() => void toggleFavourite()}
          >
            <Star size={16} fill={favourite ? "currentColor" : "none"} />
          </button>
        )}
        {addressed && (
          <button
            type="button"
            className="button plain"
            id="write"
            aria-label={t("letter.write")}
            title={`${t("letter.write")} (W)`}
            onClick={() => setWriting(true)}
          >
            <Mail size={16} />
          </button>
        )}
        {visited && (
          <button
            type="button"
            className="button plain"
            id="check-in"
            aria-label={t("visits.checkIn")}
            title={`${t("visits.checkIn")} (H)`}
            onClick={arrive}
          >
            <MapPin size={16} />
          </button>
        )}
        {mergeable && (
          <button
            type="button"
            className="button plain"
            id="merge-record"
            aria-label={t("merge.with")}
            title={`${t("merge.with")} (M)`}
            onClick={() => setMerging(true)}
          >
            <Merge size={16} />
          </button>
        )}
        {record.deleted_at ? (
          <button type="button" className="button primary" id="restore" onClick={() => void restore()}>
            {t("restore")}
          </button>
        ) : (
          <button
            type="button"
            className="button plain danger"
            aria-label={t("delete")}
            title={t("delete")}
            onClick={() => void remove()}
          >
            <Trash2 size={16} />
          </button>
        )}
      </div>
      {record.deleted_at && (
        <div className="tools">
          <span className="notice grow warn">{t("record.deleted", { at: date(record.deleted_at) })}</span>
          {record.merged_into && (
            <button type="button" className="button" id="merged-into" onClick={() => to(record.merged_into)}>
              {t("merge.into", { title: record.titles.merged_into ?? "" })}
            </button>
          )}
        </div>
      )}
      {record.series && !record.deleted_at && <Series series={record.series} />}
      {writing && record && <WriteLetter record={record} onClose={() => setWriting(false)} />}
      {merging && <MergeWith id={id} kind={kind} title={record.title} onClose={() => setMerging(false)} />}
      <div className="record" key={id}>
        <section aria-label={t("record.facts")}>
          <Facts key={record.id} record={record} />
        </section>
        <section className="stack">
          {kind === "quote" && !record.deleted_at && <QuoteActions record={record} />}
          {kind === "quote" && <QuoteLines record={record} />}
          {about && !record.deleted_at && <LogBox key={id} about={id} />}
          {about && <Timeline id={id} />}
          {(kind === "company" || kind === "deal") && (
            <QuotesOf about={kind} id={id} closed={!!record.deleted_at} />
          )}
          {kind === "company" && <Staff company={id} />}
          <MentionedIn id={id} />
          <Files record={id} letters={LETTERS.has(kind)} closed={!!record.deleted_at} />
          <div>
            <h2>{t("record.history")}</h2>
            <Versions id={id} kind={kind} />
          </div>
        </section>
      </div>
    </>
  );
}

/** Which series a meeting is one time of. */
function Series({ series }: { series: SeriesView }) {
  const often = repeatWords(series.repeat);
  const day = longDay(series.day);
  return (
    <div className="tools" id="series">
      <span className="notice grow row-line">
        <Repeat size={14} aria-hidden="true" />
        {t(series.own ? "series.own" : "series.one", { often, day })}
      </span>
      <button
        type="button"
        className="button"
        id="whole-series"
        onClick={() => go({ page: "record", id: series.id, kind: "activity" })}
      >
        {t("series.whole")}
      </button>
    </div>
  );
}

/** What stands under the name. */
/** Who it is; of what is nobody, what it is. */
function Mark({ record }: { record: RecordView }) {
  if (record.kind === "person" || record.kind === "company")
    return <Avatar id={record.id} title={record.title} big />;
  const { icon: Icon } = KINDS[browsed(record.kind)];
  return (
    <span className="avatar big mark" aria-hidden="true">
      <Icon size={20} />
    </span>
  );
}

function subtitleOf(record: RecordView): string {
  const fields = record.fields as Json;
  const { company, person, stage } = record.titles;
  const parts = [
    person,
    company,
    stage,
    fields.title,
    fields.value && money(fields.value),
    fields.due && shortDay(fields.due),
  ];
  return parts.filter(Boolean).join(" · ");
}

function Staff({ company }: { company: string }) {
  const version = useVersion();
  const page = useQuery(
    () =>
      commands.list("person", {
        filter: `company = '${company}'`,
        text: "",
        sort: "",
        trash: false,
        offset: 0,
        limit: 100,
      }),
    [company, version],
  ).data;
  if (!page || page.total === 0) return null;
  return (
    <div>
      <h2>
        {t("record.people")} <span className="faint">{count(page.total)}</span>
      </h2>
      {page.rows.map((row) => (
        <button type="button" key={row.id} className="nav" onClick={() => openRecord(row.id, "person")}>
          <Avatar id={row.id} title={row.title} /> <span>{row.title}</span>{" "}
          <span className="soft small">{(row.fields as Json).title}</span>
        </button>
      ))}
    </div>
  );
}

/** Who changed what, when, from what to what. */
function Versions({ id, kind }: { id: string; kind: Kind }) {
  const version = useVersion();
  const fields = useFields(kind);
  const versions = useQuery(() => commands.history(id), [id, version]).data ?? [];
  async function restore(operation: string) {
    const done = await attempt(() => commands.restoreVersion(id, operation));
    if (done?.operation) withUndo(t("record.restored", { n: 1 }), done.operation);
  }
  return (
    <ol className="timeline" id="timeline">
      {versions.map((v, n) => (
        <li key={v.operation} className={v.undone ? "undone" : ""}>
          <div className="row-line wrap">
            <strong>{v.by}</strong> <span>{tOr(`op.${v.label}`, v.label)}</span>{" "}
            <span className="soft small">
              {date(v.at)} · {v.device}
            </span>
            <span className="grow" />
            {n > 0 && !v.undone && (
              <button type="button" className="button plain small" onClick={() => void restore(v.operation)}>
                {t("record.restoreVersion")}
              </button>
            )}
            {!v.undone && n === 0 && (
              <button type="button" className="button plain small" onClick={() => void undo(v.operation)}>
                {t("undo")}
              </button>
            )}
          </div>
          {v.changes
            .filter((c) => !UNTOLD.has(c.field))
            .map((c) => {
              const field = fields.find((f) => f.key === c.field);
              const before = c.before_title ?? show(field, c.before);
              return (
                <div className="change" key={c.field}>
                  <span className="soft">{field ? labelOf(field) : tOr(`field.${c.field}`, c.field)}:</span>
                  {before && (
                    <>
                      <del>{before}</del> <span aria-hidden="true">→</span>
                    </>
                  )}
                  <ins>{c.after_title ?? (show(field, c.after) || t("record.empty"))}</ins>
                </div>
              );
            })}
        </li>
      ))}
    </ol>
  );
}
