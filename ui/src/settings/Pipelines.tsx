import { ArrowDown, ArrowUp, Trash2 } from "lucide-react";
import { useRef, useState } from "react";
import { useQuery, useVersion } from "../app/data";
import { withUndo } from "../app/undo";
import type { PipelineView, StageView } from "../bindings";
import { commands } from "../platform/tauri";
import { language, t } from "../shared/i18n";
import { isComposing, keepPlain } from "../shared/keys";
import { moved } from "../shared/order";
import { attempt } from "../shared/toast";
import { Tool } from "./Fields";

/** The pipelines and their stages: what they are called, how likely a deal is in them, and what ends it. */
export function Pipelines() {
  const version = useVersion();
  const { data, error } = useQuery(() => commands.pipelines(language() === "zh"), [version]);
  const [name, setName] = useState("");
  const live = data?.filter((p) => !p.gone) ?? [];
  const busy = useRef(false);
  async function add() {
    // A second Enter while the first is on its way must not make a second one.
    if (busy.current) return;
    busy.current = true;
    const done = await attempt(() => commands.addPipeline(name, language() === "zh"));
    busy.current = false;
    if (!done) return;
    setName((now) => (now === name ? "" : now));
    withUndo(t("pipelines.added"), done.operation);
  }
  return (
    <section aria-labelledby="pipelines">
      <h2 id="pipelines" tabIndex={-1}>
        {t("pipelines.title")}
      </h2>
      <p className="soft small">{t("pipelines.hint")}</p>
      {error && <p className="error">{error}</p>}
      {live.map((pipeline, at) => (
        <Pipeline
          key={pipeline.id}
          pipeline={pipeline}
          onMove={(by) => {
            const order = moved(live, pipeline, by);
            if (order) void attempt(() => commands.orderSteps(order.map((p) => p.id)));
          }}
          first={at === 0}
          last={at === live.length - 1}
        />
      ))}
      <div className="row-line">
        <input
          className="input grow"
          id="pipeline-name"
          aria-label={t("pipelines.name")}
          placeholder={t("pipelines.name")}
          value={name}
          onChange={(e) => setName(e.target.value)}
          onKeyDown={(e) => {
            if (isComposing(e.nativeEvent)) return;
            keepPlain(e);
            if (e.key === "Enter" && name.trim()) void add();
          }}
        />
        <button
          type="button"
          className="button"
          id="add-pipeline"
          disabled={!name.trim()}
          onClick={() => void add()}
        >
          {t("pipelines.add")}
        </button>
      </div>
    </section>
  );
}

async function set(id: string, title: string, input: Record<string, string | null>) {
  const done = await attempt(() => commands.setFields(id, input));
  if (done?.operation) withUndo(t("record.changed", { title }), done.operation);
}

async function take(id: string, title: string) {
  const done = await attempt(() => commands.removeStep(id));
  if (done?.operation) withUndo(t("fields.removed", { name: title }), done.operation);
}

function Pipeline({
  pipeline,
  first,
  last,
  onMove,
}: {
  pipeline: PipelineView;
  first: boolean;
  last: boolean;
  onMove: (by: number) => void;
}) {
  const { stages } = pipeline;
  const [name, setName] = useState("");
  const busy = useRef(false);
  async function add() {
    if (busy.current) return;
    busy.current = true;
    const done = await attempt(() => commands.addStage(pipeline.id, name, 50));
    busy.current = false;
    if (!done) return;
    setName((now) => (now === name ? "" : now));
    withUndo(t("pipelines.stageAdded"), done.operation);
  }
  return (
    <div className="stack own-details" role="group" aria-label={pipeline.name}>
      <div className="row-line">
        <Cell
          label={t("pipelines.name")}
          value={pipeline.name}
          grow
          onSave={(text) => void set(pipeline.id, pipeline.name, { name: text })}
        />
        <Tool
          icon={<ArrowUp size={14} />}
          label={t("fields.up", { name: pipeline.name })}
          disabled={first}
          onClick={() => onMove(-1)}
        />
        <Tool
          icon={<ArrowDown size={14} />}
          label={t("fields.down", { name: pipeline.name })}
          disabled={last}
          onClick={() => onMove(1)}
        />
        <Tool
          icon={<Trash2 size={14} />}
          label={t("fields.remove", { name: pipeline.name })}
          onClick={() => void take(pipeline.id, pipeline.name)}
        />
      </div>
      <table className="stages">
        <thead>
          <tr className="soft small">
            <th scope="col">{t("field.stage")}</th>
            <th scope="col">{t("pipelines.probability")}</th>
            <th scope="col">{t("pipelines.outcome")}</th>
            <th scope="col">{t("pipelines.rot")}</th>
            <th scope="col">
              <span className="sr">{t("pipelines.order")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {stages.map((stage, at) => (
            <Stage
              key={stage.id}
              stage={stage}
              first={at === 0}
              last={at === stages.length - 1}
              onMove={(by) => {
                const order = moved(stages, stage, by);
                if (order) void attempt(() => commands.orderSteps(order.map((s) => s.id)));
              }}
            />
          ))}
        </tbody>
      </table>
      <div className="row-line">
        <input
          className="input"
          data-new-stage={pipeline.id}
          aria-label={t("pipelines.newStage")}
          placeholder={t("pipelines.newStage")}
          value={name}
          onChange={(e) => setName(e.target.value)}
          onKeyDown={(e) => {
            if (isComposing(e.nativeEvent)) return;
            keepPlain(e);
            if (e.key === "Enter" && name.trim()) void add();
          }}
        />
        <button type="button" className="button" disabled={!name.trim()} onClick={() => void add()}>
          {t("pipelines.addStage")}
        </button>
      </div>
    </div>
  );
}

const OUTCOMES = ["open", "won", "lost"] as const;

function Stage({
  stage,
  first,
  last,
  onMove,
}: {
  stage: StageView;
  first: boolean;
  last: boolean;
  onMove: (by: number) => void;
}) {
  const save = (key: string) => (text: string) => void set(stage.id, stage.name, { [key]: text || null });
  return (
    <tr
      data-step={stage.id}
      onKeyDown={(e) => {
        if (isComposing(e.nativeEvent) || !e.altKey || !/^Arrow(Up|Down)$/.test(e.key)) return;
        e.preventDefault();
        onMove(e.key === "ArrowUp" ? -1 : 1);
      }}
    >
      <td>
        <Cell label={`${t("field.stage")}: ${stage.name}`} value={stage.name} onSave={save("name")} />
      </td>
      <td>
        <Cell
          label={`${t("pipelines.probability")}: ${stage.name}`}
          value={String(stage.probability)}
          narrow
          onSave={save("probability")}
        />
      </td>
      <td>
        <select
          className="input"
          aria-label={`${t("pipelines.outcome")}: ${stage.name}`}
          value={stage.outcome}
          onChange={(e) => save("outcome")(e.target.value)}
        >
          {OUTCOMES.map((o) => (
            <option key={o} value={o}>
              {t(`pipelines.${o}`)}
            </option>
          ))}
        </select>
      </td>
      <td>
        <Cell
          label={`${t("pipelines.rot")}: ${stage.name}`}
          value={stage.rot_days === null ? "" : String(stage.rot_days)}
          narrow
          onSave={save("rot_days")}
        />
      </td>
      <td>
        <span className="row-line">
          <Tool
            icon={<ArrowUp size={14} />}
            label={t("fields.up", { name: stage.name })}
            disabled={first}
            onClick={() => onMove(-1)}
          />
          <Tool
            icon={<ArrowDown size={14} />}
            label={t("fields.down", { name: stage.name })}
            disabled={last}
            onClick={() => onMove(1)}
          />
          <Tool
            icon={<Trash2 size={14} />}
            label={t("fields.remove", { name: stage.name })}
            onClick={() => void take(stage.id, stage.name)}
          />
        </span>
      </td>
    </tr>
  );
}

/** A value that is saved when it is left, or by Enter; Escape gives up. */
function Cell({
  label,
  value,
  narrow,
  grow,
  onSave,
}: {
  label: string;
  value: string;
  narrow?: boolean;
  grow?: boolean;
  onSave: (text: string) => void;
}) {
  return (
    <input
      // Another value from elsewhere is another input.
      key={value}
      className={`input ${narrow ? "narrow-input" : ""} ${grow ? "grow" : ""}`}
      aria-label={label}
      defaultValue={value}
      onBlur={(e) => {
        const text = e.target.value.trim();
        if (text !== value) onSave(text);
      }}
      onKeyDown={(e) => {
        if (isComposing(e.nativeEvent)) return;
        if (e.altKey) return;
        keepPlain(e);
        if (e.key === "Enter") e.currentTarget.blur();
        if (e.key === "Escape") {
          e.currentTarget.value = value;
          e.currentTarget.blur();
        }
      }}
    />
  );
}
