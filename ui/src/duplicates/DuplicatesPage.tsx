import { ArrowLeft, Merge as MergeIcon } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useFields, useQuery, useVersion } from "../app/data";
import { back, type Route, replace } from "../app/router";
import { undo } from "../app/undo";
import type { GroupView, Kind, RecordView } from "../bindings";
import { commands, errorOf } from "../platform/tauri";
import { KINDS } from "../records/kinds";
import { count } from "../shared/format";
import { t, tOr } from "../shared/i18n";
import { useKeys } from "../shared/keys";
import { attempt, toast } from "../shared/toast";
import { Bar, Empty } from "../shared/ui";
import { Comparison } from "./Comparison";
import { chosenOf, type Picks, rowsOf, stepOf, sureness, takenOf } from "./choices";

/** The kinds of which one is sometimes there twice. */
export const MERGED = ["person", "company", "deal"] as const;
export const canMerge = (kind: Kind): boolean => MERGED.some((k) => k === kind);

type DuplicatesRoute = Extract<Route, { page: "duplicates" }>;
/** What was decided about a group, to be taken back. */
interface Decided {
  group: GroupView;
  operation: string;
}

const keyOf = (group: GroupView) => group.ids.join(" ");
const namesOf = (group: GroupView) => [...new Set(group.titles)].filter(Boolean).join(" · ") || "—";
const whyOf = (group: GroupView) => group.reasons.map((r) => tOr(`merge.${r}`, r)).join(" · ");

/** The last search was told to stop: the next one begins when that was heard, or it would hear it too. */
let stopped: Promise<unknown> = Promise.resolve();

/** Records that may be one: why, side by side, and one key for each decision. */
export function DuplicatesPage({ route }: { route: DuplicatesRoute }) {
  const { kind, ids } = route;
  const [found, setFound] = useState<GroupView[]>();
  const [problem, setProblem] = useState<string>();
  const [looked, setLooked] = useState(0);
  const [decided, setDecided] = useState<Decided[]>([]);
  const [at, setAt] = useState(0);
  const chosen = ids?.join(" ");

  // biome-ignore lint/correctness/useExhaustiveDependencies: looked asks once more
  useEffect(() => {
    let current = true;
    setFound(undefined);
    setProblem(undefined);
    setDecided([]);
    setAt(0);
    if (chosen) setFound([{ kind, ids: chosen.split(" "), titles: [], reasons: [], score: 1 }]);
    else
      stopped
        .then(() => (current ? commands.duplicates(kind) : undefined))
        .then(
          (view) => current && view && setFound(view.groups),
          (thrown) => current && setProblem(errorOf(thrown).message),
        );
    return () => {
      current = false;
      // Nobody waits for it any more.
      stopped = commands.cancel("duplicates").catch(() => undefined);
    };
  }, [kind, chosen, looked]);

  const gone = new Set(decided.map((d) => keyOf(d.group)));
  const groups = found?.filter((g) => !gone.has(keyOf(g))) ?? [];
  const place = Math.min(at, Math.max(0, groups.length - 1));
  const group = groups[place];

  const takeBack = async ({ group: of, operation }: Decided) => {
    if (!(await undo(operation))) return;
    setDecided((all) => all.filter((d) => d.operation !== operation));
    const there = found?.filter((g) => g === of || !gone.has(keyOf(g))) ?? [];
    setAt(Math.max(0, there.indexOf(of)));
  };
  const decide = (text: string, of: GroupView, operation: string | null) => {
    if (!operation) return;
    const done = { group: of, operation };
    setDecided((all) => [...all, done]);
    toast(text, { label: t("undo"), run: () => void takeBack(done) });
  };
  const last = decided.at(-1);
  const again = () => setLooked((n) => n + 1);
  useKeys({
    j: () => setAt(Math.min(groups.length - 1, place + 1)),
    k: () => setAt(Math.max(0, place - 1)),
    r: () => !ids && again(),
    ...(last && { "Ctrl+z": () => void takeBack(last) }),
  });

  return (
    <>
      <div className="head">
        {ids && (
          <button type="button" className="button plain" aria-label={t("back")} onClick={back}>
            <ArrowLeft size={16} />
          </button>
        )}
        <h1>{t(ids ? "merge.title" : "nav.duplicates")}</h1>
        {!ids && (
          <>
            <span className="count" aria-live="polite" id="total">
              {found && count(groups.length)}
            </span>
            <span className="row-line">
              {MERGED.map((of) => (
                <button
                  type="button"
                  key={of}
                  className="button plain"
                  aria-pressed={kind === of}
                  onClick={() => replace({ page: "duplicates", kind: of })}
                >
                  {t(KINDS[of].many)}
                </button>
              ))}
            </span>
            <span className="grow" />
            <button type="button" className="button" id="look-again" onClick={again}>
              {t("merge.again")} <kbd>R</kbd>
            </button>
          </>
        )}
      </div>
      {problem && (
        <Empty icon={<MergeIcon size={36} />} title={t("merge.failed")} hint={problem}>
          <button type="button" className="button primary" onClick={again}>
            {t("merge.again")} <kbd>R</kbd>
          </button>
        </Empty>
      )}
      {!problem && !found && <Looking />}
      {found && groups.length === 0 && (
        <Empty icon={<MergeIcon size={36} />} title={t("merge.none")} hint={t("merge.noneHint")}>
          <button type="button" className="button primary" onClick={ids ? back : again}>
            {t(ids ? "back" : "merge.again")} <kbd>{ids ? "Esc" : "R"}</kbd>
          </button>
        </Empty>
      )}
      {group && (
        <div className="duplicates">
          {!ids && <Groups groups={groups} at={place} onAt={setAt} />}
          <Decision
            key={keyOf(group)}
            group={group}
            alone={!!ids}
            onDone={(text, operation) => decide(text, group, operation)}
          />
        </div>
      )}
    </>
  );
}

/** Past a moment only: most searches are done before. */
function Looking() {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSeen(true), 300);
    return () => clearTimeout(timer);
  }, []);
  if (!seen) return null;
  return (
    <div className="empty">
      <h2>{t("merge.looking")}</h2>
      <Bar />
      <button type="button" className="button" onClick={() => void commands.cancel("duplicates")}>
        {t("cancel")}
      </button>
    </div>
  );
}

/** More are not drawn: they come up as the first are decided. */
const DRAWN = 200;

function Groups({ groups, at, onAt }: { groups: GroupView[]; at: number; onAt: (at: number) => void }) {
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => list.current?.children[at]?.scrollIntoView({ block: "nearest" }), [at]);
  return (
    <ol className="groups" ref={list} aria-label={t("nav.duplicates")}>
      {groups.slice(0, Math.max(DRAWN, at + 1)).map((group, n) => (
        <li key={keyOf(group)}>
          <button type="button" aria-current={n === at} tabIndex={-1} onClick={() => onAt(n)}>
            <span className="row-line">
              <strong className="grow">{namesOf(group)}</strong>
              <span className="faint small">×{group.ids.length}</span>
            </span>
            <span className="soft small">
              {t("merge.why", { sure: t(`merge.${sureness(group.score ?? 0)}`), why: whyOf(group) })}
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
}

function Decision({
  group,
  alone,
  onDone,
}: {
  group: GroupView;
  alone: boolean;
  onDone: (text: string, operation: string | null) => void;
}) {
  const version = useVersion();
  const fields = useFields(group.kind);
  const all = useQuery(() => Promise.all(group.ids.map((id) => commands.get(id))), [group, version]);
  const [out, setOut] = useState<string[]>([]);
  const [stays, setStays] = useState(group.ids[0] ?? "");
  const [picks, setPicks] = useState<Picks>({});
  const [line, setLine] = useState(0);
  const busy = useRef(false);
  const records: RecordView[] = (all.data ?? []).filter((r) => !r.deleted_at && !out.includes(r.id));
  const ids = records.map((r) => r.id);
  const keep = ids.includes(stays) ? stays : (ids[0] ?? "");
  const rows = rowsOf(group.kind, fields, records);
  const at = Math.min(line, rows.length);
  const row = rows[at - 1];
  const possible = records.length > 1;

  async function once(work: () => Promise<void>) {
    if (busy.current || !possible) return;
    busy.current = true;
    await work();
    busy.current = false;
  }
  const merge = () =>
    once(async () => {
      const others = ids.filter((id) => id !== keep);
      const request = { keep, others, fields: chosenOf(rows, ids, keep, picks) };
      const done = await attempt(() => commands.merge(request));
      if (!done) return;
      const title = records.find((r) => r.id === keep)?.title ?? "";
      onDone(t("merge.done", { n: count(ids.length), title }), done.operation);
      if (alone) replace({ page: "record", id: keep, kind: group.kind });
    });
  const apart = () =>
    once(async () => {
      const done = await attempt(() => commands.notTheSame(ids));
      if (!done) return;
      onDone(t("merge.apart"), done.operation);
      if (alone) back();
    });
  const step = (by: 1 | -1) => {
    if (row) setPicks({ ...picks, [row.field.key]: stepOf(row, ids, takenOf(row, ids, keep, picks), by) });
    else setStays(ids[Math.max(0, Math.min(ids.length - 1, ids.indexOf(keep) + by))] ?? keep);
  };
  const leaveOut = () => {
    const which = row ? takenOf(row, ids, keep, picks) : keep;
    if (ids.length > 2 && ids.includes(which)) setOut([...out, which]);
  };
  useKeys({
    ArrowDown: () => setLine(Math.min(rows.length, at + 1)),
    ArrowUp: () => setLine(Math.max(0, at - 1)),
    ArrowRight: () => step(1),
    ArrowLeft: () => step(-1),
    Enter: () => void merge(),
    n: () => void apart(),
    x: leaveOut,
  });

  if (all.error)
    return (
      <div className="empty">
        <h2>{t("record.notFound")}</h2>
        <p className="soft">{all.error}</p>
      </div>
    );
  if (!all.data) return null;
  return (
    <section className="decision" aria-label={t("merge.title")}>
      {group.reasons.length > 0 && (
        <p className="why" id="why">
          <span className="tag">{t(`merge.${sureness(group.score ?? 0)}`)}</span>
          <span className="soft">{whyOf(group)}</span>
        </p>
      )}
      {possible ? (
        <Comparison
          records={records}
          rows={rows}
          keep={keep}
          picks={picks}
          at={at}
          onAt={setLine}
          onKeep={setStays}
          onPick={(key, id) => setPicks({ ...picks, [key]: id })}
        />
      ) : (
        <p className="soft">{t("merge.only")}</p>
      )}
      <div className="row-line wrap actions">
        <button
          type="button"
          className="button primary"
          id="merge"
          disabled={!possible}
          onClick={() => void merge()}
        >
          <MergeIcon size={15} /> {t("merge.merge")} <kbd>Enter</kbd>
        </button>
        <button type="button" className="button" id="apart" disabled={!possible} onClick={() => void apart()}>
          {t("merge.notSame")} <kbd>N</kbd>
        </button>
        {ids.length > 2 && (
          <button type="button" className="button plain" id="leave-out" onClick={leaveOut}>
            {t("merge.leaveOut")} <kbd>X</kbd>
          </button>
        )}
        {out.length > 0 && (
          <button type="button" className="button plain" onClick={() => setOut([])}>
            {t("merge.takeIn", { n: out.length })}
          </button>
        )}
        <span className="grow" />
        <span className="soft small">
          {t("merge.keys")}
          {!alone && ` · ${t("merge.keysNext")}`}
        </span>
      </div>
    </section>
  );
}
