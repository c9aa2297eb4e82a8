import type { Chart, Fill, Item } from "./model";
import { axisOf, FILLS, inWords, topOf } from "./model";

/** Told apart by what they are filled with, not by colour alone. */
const PATTERN: Partial<Record<Fill, string>> = {
  hatch: "M-2,2 l4,-4 M0,8 l8,-8 M6,10 l4,-4",
  dots: "M2,2 h2 v2 h-2 z M6,6 h2 v2 h-2 z",
  lines: "M0,2 h8 M0,6 h8",
  cross: "M0,0 l8,8 M8,0 l-8,8",
  bad: "M-2,6 l4,4 M0,0 l8,8 M6,-2 l4,4",
};
const paint = (fill: Fill) => (PATTERN[fill] ? `url(#fill-${fill})` : undefined);

/** Once on a page: what the charts of it are filled with. */
export function Fills() {
  return (
    <svg className="sr" aria-hidden="true">
      <defs>
        {([...FILLS, "bad"] as const).map((fill) =>
          PATTERN[fill] ? (
            <pattern key={fill} id={`fill-${fill}`} width="8" height="8" patternUnits="userSpaceOnUse">
              <rect className={`fill ${fill}`} width="8" height="8" />
              <path className={fill === "dots" ? "speck" : "stripe"} d={PATTERN[fill]} />
            </pattern>
          ) : null,
        )}
      </defs>
    </svg>
  );
}

export function Legend({ chart }: { chart: Chart }) {
  if (chart.series.length < 2) return null;
  return (
    <ul className="legend small soft" aria-hidden="true">
      {chart.series.map((series) => (
        <li key={series.key}>
          <svg width="12" height="12" aria-hidden="true">
            <rect className={`fill ${series.fill}`} fill={paint(series.fill)} width="12" height="12" />
          </svg>
          {series.label}
        </li>
      ))}
    </ul>
  );
}

interface Shown {
  chart: Chart;
  title: string;
  /** The records that a part of it counts. */
  onOpen: (filter: string, name: string) => void;
  /** On the dashboard: the first of many. */
  most?: number;
}

/** The picture of a report. Who does not see it has its words, and the table. */
export function ChartOf(shown: Shown) {
  const { chart, title } = shown;
  return (
    <figure className="figure">
      <div role="img" aria-label={`${title}. ${inWords(chart)}`}>
        {chart.form === "bars" ? <Bars {...shown} /> : <Plot {...shown} />}
      </div>
      <Legend chart={chart} />
    </figure>
  );
}

const percent = (n: number, of: number) => `${of > 0 ? Math.round((n / of) * 10000) / 100 : 0}%`;

/** Where each part of an item begins: one behind the other, or all at nothing. */
function begins(chart: Chart, item: Item): number[] {
  let sum = 0;
  return item.values.map((value) => {
    const from = chart.how === "stacked" ? sum : 0;
    sum += value;
    return from;
  });
}

function tip(chart: Chart, item: Item, n: number): string {
  const what = chart.series.length > 1 ? `${item.name} · ${chart.series[n]?.label}` : item.name;
  return `${what}: ${chart.said(item.values[n] ?? 0)}`;
}

const label = (chart: Chart, item: Item, n: number) =>
  chart.series.length > 1 && chart.how !== "within" ? `${item.name} · ${chart.series[n]?.label}` : item.name;

/** A line for each, for names that are long. */
function Bars({ chart, onOpen, most }: Shown) {
  const top = topOf(chart);
  const items = most ? chart.items.slice(0, most) : chart.items;
  return (
    <div className="bars">
      {items.map((item, row) => {
        const from = begins(chart, item);
        const first = item.values[0] ?? 0;
        const sum = chart.how === "stacked" ? item.values.reduce((n, v) => n + v, 0) : first;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: two stages may be called the same
          <div className="bars-row" key={row}>
            <span className="cell" title={item.name}>
              {item.name}
            </span>
            <svg width="100%" height="18" aria-hidden="true">
              {item.values.map((value, n) =>
                value > 0 ? (
                  <rect
                    key={chart.series[n]?.key}
                    className={`fill ${chart.series[n]?.fill}`}
                    fill={paint(chart.series[n]?.fill ?? "solid")}
                    x={percent(from[n] ?? 0, top)}
                    y={chart.how === "within" && n > 0 ? 5 : 0}
                    height={chart.how === "within" && n > 0 ? 8 : 18}
                    width={percent(value, top)}
                    onClick={() => onOpen(item.filters[n] ?? "", label(chart, item, n))}
                  >
                    <title>{tip(chart, item, n)}</title>
                  </rect>
                ) : null,
              )}
            </svg>
            <span className="figures">
              {chart.axis(sum)}
              {item.note && <span className="soft"> · {item.note}</span>}
            </span>
          </div>
        );
      })}
    </div>
  );
}

/** Columns, or a line, over time. */
function Plot({ chart, onOpen }: Shown) {
  const axis = axisOf(topOf(chart));
  const top = axis.at(-1) ?? 1;
  const slot = 100 / Math.max(1, chart.items.length);
  const beside = chart.how === "beside" ? chart.series.length : 1;
  const width = (slot * 0.68) / beside;
  const middle = (n: number) => (n + 0.5) * slot;
  // As many names as there is room for.
  const every = Math.ceil(chart.items.length / 7);
  return (
    <div className="plot">
      <div className="plot-axis small soft">
        {[...axis].reverse().map((n) => (
          <span key={n}>{chart.axis(n)}</span>
        ))}
      </div>
      <svg className="plot-area" width="100%" height="100%" aria-hidden="true">
        {axis.map((n) => (
          <line
            key={n}
            className="rule"
            x1="0"
            x2="100%"
            y1={percent(top - n, top)}
            y2={percent(top - n, top)}
          />
        ))}
        {chart.form === "line" &&
          chart.items
            .slice(1)
            .map((item, n) => (
              <line
                key={item.name}
                className="stroke"
                x1={`${middle(n)}%`}
                y1={percent(top - (chart.items[n]?.values[0] ?? 0), top)}
                x2={`${middle(n + 1)}%`}
                y2={percent(top - (item.values[0] ?? 0), top)}
              />
            ))}
        {chart.items.map((item, at) => {
          const from = begins(chart, item);
          return item.values.map((value, n) =>
            chart.form === "line" ? (
              <circle
                key={item.name}
                className="fill solid"
                cx={`${middle(at)}%`}
                cy={percent(top - value, top)}
                r="4"
                onClick={() => onOpen(item.filters[n] ?? "", label(chart, item, n))}
              >
                <title>{tip(chart, item, n)}</title>
              </circle>
            ) : value > 0 ? (
              <rect
                key={`${item.name} ${chart.series[n]?.key}`}
                className={`fill ${chart.series[n]?.fill}`}
                fill={paint(chart.series[n]?.fill ?? "solid")}
                x={`${middle(at) - (width * beside) / 2 + (beside > 1 ? n * width : 0)}%`}
                width={`${width}%`}
                y={percent(top - (from[n] ?? 0) - value, top)}
                height={percent(value, top)}
                onClick={() => onOpen(item.filters[n] ?? "", label(chart, item, n))}
              >
                <title>{tip(chart, item, n)}</title>
              </rect>
            ) : null,
          );
        })}
      </svg>
      <svg className="plot-names small" width="100%" height="18" aria-hidden="true">
        {chart.items.map((item, at) =>
          at % every === 0 ? (
            <text key={item.name} x={`${middle(at)}%`} y="14" textAnchor="middle">
              {item.name}
            </text>
          ) : null,
        )}
      </svg>
    </div>
  );
}
