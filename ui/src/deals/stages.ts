import type { PipelineView, StageView } from "../bindings";

/** What is written with a stage that ends a deal as lost. */
export type LostBy = { lost_reason?: string };

export interface StageOption {
  label: string;
  stage: StageView;
}

/** The stages that a deal may come into; of several pipelines each says which one it is of. */
export function stageOptions(pipelines: PipelineView[]): StageOption[] {
  const live = pipelines.filter((p) => !p.gone);
  const several = live.length > 1;
  return live.flatMap((p) =>
    p.stages.map((stage) => ({ label: several ? `${p.name}: ${stage.name}` : stage.name, stage })),
  );
}

/** Does a deal that comes from one stage into another get lost by it? */
export const losing = (stages: StageOption[], from: string | undefined, to: string): boolean =>
  from !== to && stages.some(({ stage }) => stage.id === to && stage.outcome === "lost");

/** The option that a typed letter means: the first that begins with it, else none. */
export function firstThatBegins(options: [string, string][], typed: string | undefined): number | undefined {
  if (!typed) return undefined;
  const at = options.findIndex(([label]) => label.toLowerCase().startsWith(typed.toLowerCase()));
  return at >= 0 ? at : undefined;
}
