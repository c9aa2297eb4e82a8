import { Plus, X } from "lucide-react";
import { useState } from "react";
import type { FieldView } from "../bindings";
import { labelOf, optionLabel } from "../shared/format";
import { t, tOr } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { Dialog } from "../shared/ui";
import { conditionsOf, joined } from "./columns";
import { type Condition, conditionFrom, filterable, operatorLabel, operatorsOf, written } from "./conditions";

/** A filter put together from fields, without its language being known; what it cannot show it leaves as it is. */
export function FilterBuilder({
  fields,
  filter,
  onApply,
  onClose,
}: {
  fields: FieldView[];
  filter: string;
  onApply: (filter: string) => void;
  onClose: () => void;
}) {
  const offered = fields.filter(filterable);
  const first = (): Condition => ({
    field: offered[0]?.key ?? "",
    operator: operatorsOf(offered[0])[0] ?? "=",
    value: "",
  });
  const [lines, setLines] = useState<(Condition | string)[]>(() => {
    const there = conditionsOf(filter).map((text) => conditionFrom(text, offered) ?? text);
    return there.length > 0 ? there : [first()];
  });
  const set = (at: number, line: Condition) =>
    setLines((all) => all.map((old, n) => (n === at ? line : old)));
  const apply = () => {
    const made = joined(lines.map((line) => (typeof line === "string" ? line : written(line))));
    // Nothing put together where there was no filter: the text that is looked for stays.
    if (made || filter) onApply(made);
    else onClose();
  };
  return (
    <Dialog label={t("list.build")} onClose={onClose} className="filter-builder">
      <form
        className="body stack"
        onSubmit={(event) => {
          event.preventDefault();
          apply();
        }}
      >
        <h2>{t("list.build")}</h2>
        <p className="soft small">{t("list.buildHint")}</p>
        {lines.map((line, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: conditions have no name
          <div className="row-line condition" key={at}>
            {typeof line === "string" ? (
              <code className="grow">{line}</code>
            ) : (
              <Line line={line} fields={offered} onChange={(next) => set(at, next)} />
            )}
            <button
              type="button"
              className="button plain"
              aria-label={t("list.removeCondition")}
              title={t("list.removeCondition")}
              onClick={() => setLines((all) => all.filter((_, n) => n !== at))}
            >
              <X size={14} />
            </button>
          </div>
        ))}
        <div className="row-line">
          <button
            type="button"
            className="button"
            id="add-condition"
            onClick={() => setLines((all) => [...all, first()])}
          >
            <Plus size={14} /> {t("list.addCondition")}
          </button>
          <span className="grow" />
          <button type="submit" className="button primary" id="apply-filter">
            {t("list.show")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Line({
  line,
  fields,
  onChange,
}: {
  line: Condition;
  fields: FieldView[];
  onChange: (line: Condition) => void;
}) {
  const field = fields.find((f) => f.key === line.field);
  const operators = operatorsOf(field);
  const asked = !line.operator.startsWith("is ");
  const options =
    field?.type === "yes_no" ? ["yes", "no"] : field?.type === "choice" ? field.options : undefined;
  return (
    <>
      <select
        className="input"
        aria-label={t("list.conditionField")}
        value={line.field}
        onChange={(event) => {
          const next = fields.find((f) => f.key === event.target.value);
          onChange({ field: event.target.value, operator: operatorsOf(next)[0] ?? "=", value: "" });
        }}
      >
        {fields.map((f) => (
          <option key={f.key} value={f.key}>
            {labelOf(f)}
          </option>
        ))}
      </select>
      <select
        className="input"
        aria-label={t("list.operator")}
        value={line.operator}
        onChange={(event) => onChange({ ...line, operator: event.target.value })}
      >
        {operators.map((operator) => (
          <option key={operator} value={operator}>
            {operatorLabel(operator, field)}
          </option>
        ))}
      </select>
      {asked && options && (
        <select
          className="input grow"
          aria-label={t("list.bulkValue")}
          value={line.value}
          onChange={(event) => onChange({ ...line, value: event.target.value })}
        >
          <option value="" />
          {options.map((option) => (
            <option key={option} value={option}>
              {field?.type === "yes_no" ? tOr(option, option) : optionLabel(field, option)}
            </option>
          ))}
        </select>
      )}
      {asked && !options && (
        <input
          className="input grow"
          type={field?.type === "date" ? "date" : "text"}
          aria-label={t("list.bulkValue")}
          value={line.value}
          onChange={(event) => onChange({ ...line, value: event.target.value })}
          onKeyDown={(event) => isComposing(event.nativeEvent) && event.stopPropagation()}
        />
      )}
    </>
  );
}
