import { useState } from "react";
import { useQuery } from "../app/data";
import type { StageView } from "../bindings";
import { commands } from "../platform/tauri";
import { Choices } from "../records/Choices";
import { language } from "../shared/i18n";
import { firstThatBegins, type LostBy, losing, stageOptions } from "./stages";
import { WhyLost } from "./WhyLost";

/** The stages of all pipelines that are there, with what each is called among them. */
export function useStages(): { label: string; stage: StageView }[] | undefined {
  const pipelines = useQuery(() => commands.pipelines(language() === "zh"), []).data;
  return pipelines && stageOptions(pipelines);
}

/** A deal's stage. One that ends it as lost asks why, in its place. */
export function StagePicker({
  field,
  label,
  name,
  value,
  typed,
  onSave,
  onCancel,
}: {
  field: string;
  label: string;
  /** What the deal is called. */
  name: string;
  value: string | undefined;
  /** The letter that began to replace it. */
  typed?: string;
  onSave: (stage: string, also: LostBy) => void;
  onCancel: () => void;
}) {
  const stages = useStages();
  const [lost, setLost] = useState<string>();
  if (!stages) return null;
  if (lost)
    return (
      <WhyLost
        name={name}
        leaving
        onDone={(reason) =>
          reason === undefined ? onCancel() : onSave(lost, reason ? { lost_reason: reason } : {})
        }
      />
    );
  const options = stages.map(({ label, stage }): [string, string] => [label, stage.id]);
  return (
    <Choices
      id={`edit-${field}`}
      label={label}
      options={options}
      value={value}
      first={firstThatBegins(options, typed)}
      always
      onSave={(to) => (losing(stages, value, to) ? setLost(to) : onSave(to, {}))}
      onCancel={onCancel}
    />
  );
}
