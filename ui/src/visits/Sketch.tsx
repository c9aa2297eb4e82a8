import type { StopView } from "../bindings";
import { t } from "../shared/i18n";
import { pointsOf } from "./sketch";

const [WIDTH, HEIGHT] = [280, 200];

/** The way from stop to stop, north above. No map: nothing is asked of anybody for it. */
export function Sketch({ from, stops, focus }: { from: string | null; stops: StopView[]; focus?: string }) {
  const places = [from, ...stops.map((stop) => stop.place)].filter((place) => place !== null);
  const points = pointsOf(places, WIDTH, HEIGHT);
  if (points.length < 2) return null;
  const first = from ? 1 : 0;
  return (
    <svg
      className="sketch"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={WIDTH}
      height={HEIGHT}
      role="img"
      aria-label={t("visits.sketch", { n: stops.length })}
    >
      <polyline points={points.map(([x, y]) => `${x},${y}`).join(" ")} />
      {points.map(([x, y], n) => {
        const stop = stops[n - first];
        return stop ? (
          <g key={stop.id} className={stop.id === focus ? "current" : ""}>
            <circle cx={x} cy={y} r={9} />
            <text x={x} y={y + 3.5} textAnchor="middle">
              {n - first + 1}
            </text>
          </g>
        ) : (
          <circle key="from" className="from" cx={x} cy={y} r={5} />
        );
      })}
    </svg>
  );
}
