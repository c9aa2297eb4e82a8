import { ArrowLeft, BarChart3, Download, Printer } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useQuery, useVersion } from "../app/data";
import { go, type Route, replace } from "../app/router";
import type { Kind, Report, ReportRequest, ReportRow, ReportView } from "../bindings";
import { chooseTarget, commands } from "../platform/tauri";
import { shortDay } from "../shared/format";
import { language, t } from "../shared/i18n";
import { useKeys } from "../shared/keys";
import { attempt, toast } from "../shared/toast";
import { Empty } from "../shared/ui";
import { ChartOf, Fills } from "./charts";
import {
  asksCurrency,
  asksPeriod,
  chartOf,
  currenciesOf,
  figure,
  filterOf,
  headline,
  isEmpty,
  isMoney,
  labelOfColumn,
  nameOf,
  PERIODS,
  REPORTS,
} from "./model";

type ReportsRoute = Extract<Route, { page: "reports" }>;

/** What the records say together: small charts, each of which opens with its table. */
export function ReportsPage({ route }: { route: ReportsRoute }) {
  const version = useVersion();
  const request: ReportRequest = {
    period: route.period ?? "twelve_months",
    pipeline: route.pipeline ?? null,
    owner: route.owner ?? null,
  };
  const { report, currency: wanted } = route;
  const asked = useQuery(
    () => Promise.all((report ? [report] : REPORTS).map((id) => commands.report(id, request))),
    [report, request.period, request.pipeline, request.owner, version],
  );
  const owners = useQuery(() => commands.reportOwners(), [version]).data ?? [];
  const pipelines = useQuery(() => commands.pipelines(language() === "zh"), [version]).data ?? [];
  const settings = useQuery(() => commands.settings(), [version]).data;
  // What was asked before is of another page.
  const views = asked.data?.filter((view) => !report || view.id === report);
  const currencies = currenciesOf(views ?? []);
  const own = currencies.find((c) => c === wanted) ?? currencies.find((c) => c === settings?.currency);
  const currency = own ?? currencies[0] ?? settings?.currency ?? "EUR";
  const change = (part: Partial<ReportsRoute>) => replace({ ...route, ...part });
  const current = views?.[0];

  useKeys({
    ...(report ? { "Ctrl+p": () => window.print() } : {}),
  });

  return (
    <>
      <Fills />
      <div className="head">
        {report && (
          <button
            type="button"
            className="button plain"
            id="all-reports"
            onClick={() => go({ ...route, report: undefined })}
          >
            <ArrowLeft size={15} /> {t("nav.reports")}
          </button>
        )}
        <h1>{t(report ? `report.${report}` : "nav.reports")}</h1>
        <span className="grow" />
        {report && current && !isEmpty(current) && (
          <>
            <button
              type="button"
              className="button"
              id="save-report"
              onClick={() => void save(current, request)}
            >
              <Download size={15} /> CSV
            </button>
            <button type="button" className="button" id="print-report" onClick={() => window.print()}>
              <Printer size={15} /> {t("report.print")}
            </button>
          </>
        )}
      </div>
      <div className="tools wrap">
        {asksPeriod(report) && (
          <Choice
            id="period"
            label={t("report.period")}
            value={request.period}
            onChange={(period) => change({ period: period as ReportRequest["period"] })}
            options={PERIODS.map((period) => [period, t(`report.period.${period}`)])}
          />
        )}
        {pipelines.length > 1 && (
          <Choice
            id="pipeline"
            label={t("board.pipeline")}
            value={request.pipeline ?? ""}
            onChange={(pipeline) => change({ pipeline: pipeline || undefined })}
            options={[
              ["", t("report.allPipelines")],
              ...pipelines.map((p): [string, string] => [p.id, p.name]),
            ]}
          />
        )}
        {owners.length > 1 && (
          <Choice
            id="owner"
            label={t("field.owner")}
            value={request.owner ?? ""}
            onChange={(owner) => change({ owner: owner || undefined })}
            options={[["", t("report.everybody")], ...owners.map((o): [string, string] => [o, o])]}
          />
        )}
        {currencies.length > 1 && asksCurrency(report) && (
          <Choice
            id="currency"
            label={t("report.currency")}
            value={currency}
            onChange={(currency) => change({ currency })}
            options={currencies.map((c) => [c, c])}
          />
        )}
      </div>
      {asked.error && <p className="tools error">{asked.error}</p>}
      {!views && !asked.error && <p className="tools soft late">{t("list.loading")}</p>}
      {views &&
        (report && current ? (
          <Whole view={current} currency={currency} more={currencies.length > 1} request={request} />
        ) : (
          <Dashboard
            views={views}
            currency={currency}
            onOpen={(id) => go({ ...route, report: id, currency })}
            filtered={!!request.owner || !!request.pipeline}
          />
        ))}
    </>
  );
}

function Choice({
  id,
  label,
  value,
  options,
  onChange,
}: {
  id: string;
  label: string;
  value: string;
  options: [string, string][];
  onChange: (value: string) => void;
}) {
  return (
    <select
      className="input short"
      id={`report-${id}`}
      aria-label={label}
      value={value}
      onChange={(e) => onChange(e.target.value)}
    >
      {options.map(([key, name]) => (
        <option key={key} value={key}>
          {name}
        </option>
      ))}
    </select>
  );
}

/** The records that something counts, as a list that says what it is of. */
function openList(kind: Kind, filter: string, label: string) {
  if (filter) go({ page: "list", kind, within: { filter, label } });
}

const labelOf = (view: ReportView, name: string) =>
  [t(`report.${view.id}`), name].filter(Boolean).join(" · ");

async function save(view: ReportView, request: ReportRequest) {
  const path = await chooseTarget(`${t(`report.${view.id}`)}.csv`);
  if (!path) return;
  const labels = view.columns.map(labelOfColumn);
  const done = await attempt(() => commands.saveReport(view.id, request, labels, path));
  if (done !== undefined) toast(t("report.saved", { path }));
}

function Dashboard({
  views,
  currency,
  filtered,
  onOpen,
}: {
  views: ReportView[];
  currency: string;
  filtered: boolean;
  onOpen: (id: Report) => void;
}) {
  if (views.every(isEmpty) && !filtered)
    return (
      <Empty icon={<BarChart3 size={36} />} title={t("report.empty")} hint={t("report.emptyHint")}>
        <button type="button" className="button primary" onClick={() => go({ page: "board" })}>
          {t("nav.deals")} <kbd>G D</kbd>
        </button>
      </Empty>
    );
  return (
    <div className="page reports" id="reports">
      {views.map((view) => (
        <section className="panel report" key={view.id} aria-labelledby={`report-${view.id}`}>
          <h2 id={`report-${view.id}`}>
            <button type="button" className="line" data-report={view.id} onClick={() => onOpen(view.id)}>
              {t(`report.${view.id}`)}
            </button>
          </h2>
          {isEmpty(view) ? (
            <p className="soft small">{t("report.none")}</p>
          ) : (
            <>
              <p className="soft small">{headline(view, currency)}</p>
              <ChartOf
                chart={chartOf(view, currency)}
                title={t(`report.${view.id}`)}
                most={6}
                onOpen={(filter, name) => openList(view.kind, filter, labelOf(view, name))}
              />
            </>
          )}
        </section>
      ))}
    </div>
  );
}

function Whole({
  view,
  currency,
  more,
  request,
}: {
  view: ReportView;
  currency: string;
  /** There are other currencies, which the chart leaves out. */
  more: boolean;
  request: ReportRequest;
}) {
  const [chart, title] = [chartOf(view, currency), t(`report.${view.id}`)];
  const days = view.days && `${shortDay(view.days.from)} – ${shortDay(view.days.to)}`;
  return (
    <div className="page printed" id="report">
      <div className="whole stack">
        <p className="soft">
          {[days ?? t("report.now"), request.owner, t(`report.hint.${view.id}`)].filter(Boolean).join(" · ")}
        </p>
        {isEmpty(view) ? (
          <p className="lead">{t("report.none")}</p>
        ) : (
          <>
            <div className="large">
              <ChartOf
                chart={chart}
                title={title}
                onOpen={(filter, name) => openList(view.kind, filter, labelOf(view, name))}
              />
            </div>
            {asksCurrency(view.id) && more && (
              <p className="soft small">{t("report.oneCurrency", { currency })}</p>
            )}
            <Table view={view} title={title} />
          </>
        )}
      </div>
    </div>
  );
}

/** The report itself; each number leads to the records that it counts. */
function Table({ view, title }: { view: ReportView; title: string }) {
  const table = useRef<HTMLTableElement>(null);
  const [at, setAt] = useState(0);
  const first = view.columns.find((c) => !["text", "month", "week"].includes(c.type));
  const names = first ? view.columns.indexOf(first) : 1;
  const name = (row: ReportRow) =>
    view.columns
      .slice(0, names)
      .map((column, n) => nameOf(row.cells[n], column))
      .join(" · ");
  const open = (row: ReportRow, named: string, column?: (typeof view.columns)[number]) =>
    openList(view.kind, filterOf(row, column), labelOf(view, named));
  const step = (by: number) => () => {
    const next = Math.max(0, Math.min(view.rows.length - 1, at + by));
    setAt(next);
    table.current?.querySelectorAll<HTMLElement>("tbody .row-name")[next]?.focus();
  };
  useKeys({ ArrowDown: step(1), ArrowUp: step(-1), j: step(1), k: step(-1) });
  // The keys begin at the first row.
  useEffect(() => {
    if (document.activeElement === document.body)
      table.current?.querySelector<HTMLElement>("tbody .row-name")?.focus({ preventScroll: true });
  }, []);
  const cells = (row: ReportRow, named: string) =>
    view.columns.slice(names).map((column, n) => {
      const cell = row.cells[names + n];
      const lines = figure(cell, column);
      const counts = column.type === "count" && typeof cell === "number" && cell > 0;
      return (
        <td key={column.key} className="number">
          {counts && (column.filter || n === 0) ? (
            <button
              type="button"
              className="link"
              aria-label={`${named}, ${labelOfColumn(column)}: ${lines[0]}`}
              onClick={() => open(row, column.filter ? `${named} · ${labelOfColumn(column)}` : named, column)}
            >
              {lines[0]}
            </button>
          ) : isMoney(cell) ? (
            lines.map((line) => <div key={line}>{line}</div>)
          ) : (
            lines[0]
          )}
        </td>
      );
    });
  return (
    <table className="plain numbers-table" ref={table}>
      <caption className="sr">{title}</caption>
      <thead>
        <tr>
          {view.columns.map((column, n) => (
            <th key={column.key} scope="col" className={n < names ? "" : "number"}>
              {labelOfColumn(column)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {view.rows.map((row, n) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other name
          <tr key={n}>
            {view.columns.slice(0, names).map((column, place) =>
              place === 0 ? (
                <th key={column.key} scope="row">
                  <button
                    type="button"
                    className="line row-name"
                    onFocus={() => setAt(n)}
                    onClick={() => open(row, name(row))}
                  >
                    {nameOf(row.cells[place], column)}
                  </button>
                </th>
              ) : (
                <td key={column.key}>{nameOf(row.cells[place], column)}</td>
              ),
            )}
            {cells(row, name(row))}
          </tr>
        ))}
      </tbody>
      {view.total && view.rows.length > 1 && (
        <tfoot>
          <tr>
            <th scope="row" colSpan={names}>
              {t("report.total")}
            </th>
            {cells(view.total, t("report.total"))}
          </tr>
        </tfoot>
      )}
    </table>
  );
}
