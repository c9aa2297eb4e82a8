/** A list with one of it in another place; nothing where it would leave the list. */
export function moved<T>(list: T[], one: T, by: number): T[] | undefined {
  const from = list.indexOf(one);
  const to = from + by;
  if (from < 0 || to < 0 || to >= list.length) return undefined;
  const rest = list.filter((x) => x !== one);
  return [...rest.slice(0, to), one, ...rest.slice(to)];
}
