import type { BackupsView } from "../bindings";

export type Ring = { id: "here" | "disk" | "away"; ok: boolean; last?: string };

const newest = (times: (string | null)[]) =>
  times.filter((at): at is string => !!at).sort((a, b) => b.localeCompare(a))[0];

/** The laptop itself, another disk, another building: what each has, and since when. */
export function ringsOf({ places }: Pick<BackupsView, "places">): Ring[] {
  const ring = (id: "disk" | "away", of: BackupsView["places"]): Ring => ({
    id,
    ok: of.some((p) => p.last && !p.late),
    last: newest(of.map((p) => p.last)),
  });
  const others = places.filter((p) => !p.same_disk);
  return [
    { id: "here", ok: true },
    ring(
      "disk",
      others.filter((p) => !p.away),
    ),
    ring(
      "away",
      others.filter((p) => p.away),
    ),
  ];
}

/** What is to be done next for three copies on two media, one of them elsewhere; nothing once they are there. */
export function nextStep(rings: Ring[]): "disk" | "away" | undefined {
  const missing = rings.find((ring) => !ring.ok);
  return missing && missing.id !== "here" ? missing.id : undefined;
}
