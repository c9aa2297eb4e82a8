/** Where places stand in a picture of that size, north above: degrees of longitude are shorter far from the equator. */
export function pointsOf(places: string[], width: number, height: number, edge = 14): [number, number][] {
  const all = places.map((place) => place.split(",").map(Number) as [number, number]);
  const middle = (all.reduce((sum, [latitude]) => sum + latitude, 0) / all.length) * (Math.PI / 180);
  const first = all[0]?.[1] ?? 0;
  // Beside 180° the shorter way round.
  const flat = all.map(([latitude, longitude]): [number, number] => [
    (longitude - 360 * Math.round((longitude - first) / 360)) * Math.cos(middle),
    -latitude,
  ]);
  const [xs, ys] = [flat.map(([x]) => x), flat.map(([, y]) => y)];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [wide, high] = [Math.max(...xs) - left, Math.max(...ys) - top];
  const scale = Math.min((width - 2 * edge) / (wide || 1e-9), (height - 2 * edge) / (high || 1e-9));
  const round = (n: number) => Math.round(n * 10) / 10;
  return flat.map(([x, y]) => [
    round(width / 2 + (x - left - wide / 2) * scale),
    round(height / 2 + (y - top - high / 2) * scale),
  ]);
}

/** When a day on the road begins: at nine, or now, in steps of five minutes. */
export function startsAt(day: string, today: string, now: Date): string {
  const minutes = Math.ceil((now.getHours() * 60 + now.getMinutes()) / 5) * 5;
  const at = day === today ? Math.min(Math.max(minutes, 9 * 60), 23 * 60 + 55) : 9 * 60;
  return `${String(Math.floor(at / 60)).padStart(2, "0")}:${String(at % 60).padStart(2, "0")}`;
}
