import { AlertTriangle } from "lucide-react";
import { useQuery, useRested } from "../app/data";
import type { Hit, Kind, LineView } from "../bindings";
import { commands } from "../platform/tauri";
import { repeatWords } from "../shared/again";
import { shortDay, today } from "../shared/format";
import { t } from "../shared/i18n";

/** What a line would become; nothing while it is empty. */
export function useMeaning(line: string): LineView | undefined {
  const rested = useRested(line.trim());
  const ask = async () => (rested ? commands.understandLine(rested, today()) : undefined);
  return useQuery(ask, [rested]).data;
}

/** The word on what is about to be made. */
export function becomes(said: LineView | undefined): string {
  if (!said) return "";
  return t(said.task ? "capture.task" : said.company ? "capture.company" : "capture.person");
}

/** Of a line: what it becomes, field by field, and who it may be already. */
export function Meaning({ said, onOpen }: { said: LineView; onOpen?: (id: string, kind: Kind) => void }) {
  return (
    <>
      <table className="plain">
        <tbody>
          {rowsOf(said)
            .filter(([, value]) => value)
            .map(([label, value]) => (
              <tr key={label}>
                <td className="soft">{label}</td>
                <td>{value}</td>
              </tr>
            ))}
        </tbody>
      </table>
      <Known hits={said.person?.similar ?? []} words={t("capture.similar")} onOpen={onOpen} />
      <Known
        hits={said.company?.known ? [said.company.known] : []}
        words={t("capture.knownCompany")}
        onOpen={onOpen}
      />
      <Known hits={said.task?.several ?? []} words={t("capture.several")} onOpen={onOpen} />
    </>
  );
}

function rowsOf({ person, company, task }: LineView): [string, string][] {
  if (task)
    return [
      [t("field.subject"), task.subject],
      [t("field.due"), [task.due ? shortDay(task.due) : t("nav.today"), task.time].filter(Boolean).join(" ")],
      [t("field.repeat"), repeatWords(task.repeat ?? "")],
      [t("capture.about"), task.about?.title ?? ""],
    ];
  if (company)
    return [
      [t("field.company"), company.name],
      [t("field.emails"), company.emails.join(", ")],
      [t("field.phones"), company.phones.join(", ")],
    ];
  if (!person) return [];
  const firm = person.company && `${person.company}${person.company_known ? "" : ` · ${t("capture.new")}`}`;
  return [
    [t("list.name"), named(person.first_name, person.last_name)],
    [t("field.company"), firm],
    [t("field.title"), person.title],
    [t("field.emails"), person.emails.join(", ")],
    [t("field.phones"), person.phones.join(", ")],
  ];
}

/** A Chinese name begins with the family's, and has no space in it. */
function named(first: string, last: string): string {
  const chinese = /^[\u3400-\u9fff]/.test(`${last}${first}`);
  return chinese ? `${last}${first}` : [first, last].filter(Boolean).join(" ");
}

function Known({
  hits,
  words,
  onOpen,
}: {
  hits: Hit[];
  words: string;
  onOpen?: (id: string, kind: Kind) => void;
}) {
  if (hits.length === 0) return null;
  return (
    <div className="notice" id="similar">
      <p className="warn">
        <AlertTriangle size={14} /> {words}
      </p>
      {hits.map((hit) =>
        onOpen ? (
          <button
            type="button"
            key={hit.id}
            className="button plain flush"
            onClick={() => onOpen(hit.id, hit.kind)}
          >
            {hit.title} <span className="soft small">{hit.subtitle}</span>
          </button>
        ) : (
          <p key={hit.id}>
            {hit.title} <span className="soft small">{hit.subtitle}</span>
          </p>
        ),
      )}
    </div>
  );
}
