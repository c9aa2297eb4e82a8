import { Square, SquareCheck } from "lucide-react";
import { Fragment, type ReactNode } from "react";
import { openRecord } from "../app/data";
import type { Block, Inline, NoteView } from "../bindings";
import { commands } from "../platform/tauri";
import { isBrowsed, KINDS } from "../records/kinds";
import { t } from "../shared/i18n";
import { attempt } from "../shared/toast";
import { useNote } from "./reading";

export interface Reader {
  mentions: NoteView["mentions"];
  /** The record that it stands on: only its links are opened. */
  record?: string;
  /** Opens a page of the guide. */
  page?: (page: string) => void;
  /** How many levels of headings stand above it. */
  below: number;
}

/** A note as it was meant; until that is known, as it was typed. */
export function Note({ text, record }: { text: string; record?: string }) {
  const note = useNote(text);
  if (!note) return <div className="note long">{text}</div>;
  return (
    <div className="note">
      <Blocks blocks={note.blocks} reader={{ mentions: note.mentions, record, below: 2 }} />
    </div>
  );
}

export function Blocks({ blocks, reader }: { blocks: Block[]; reader: Reader }) {
  // Parts have no names; they are made anew with every change.
  return blocks.map((block, n) => <Part key={String(n)} block={block} reader={reader} />);
}

function Part({ block, reader }: { block: Block; reader: Reader }) {
  const line = (inlines: Inline[]) => <Line inlines={inlines} reader={reader} />;
  switch (block.type) {
    case "paragraph":
      return <p>{line(block.inlines)}</p>;
    case "heading": {
      const Heading = `h${Math.min(6, block.level + reader.below)}` as "h3";
      return <Heading>{line(block.inlines)}</Heading>;
    }
    case "quote":
      return (
        <blockquote>
          <Blocks blocks={block.blocks} reader={reader} />
        </blockquote>
      );
    case "code":
      return <pre>{block.text}</pre>;
    case "rule":
      return <hr />;
    case "list": {
      const items = block.items.map((item, n) => (
        <li key={String(n)} className={item.done === null ? undefined : "todo"}>
          {item.done !== null && <Tick done={item.done} />}
          <div>
            <Blocks blocks={item.blocks} reader={reader} />
          </div>
        </li>
      ));
      return block.start === null ? <ul>{items}</ul> : <ol start={block.start}>{items}</ol>;
    }
    case "table":
      return (
        <table className="plain">
          <thead>
            <tr>
              {block.head.map((cell, n) => (
                <th key={String(n)}>{line(cell.inlines)}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {block.rows.map((row, n) => (
              <tr key={String(n)}>
                {row.map((cell, m) => (
                  <td key={String(m)}>{line(cell.inlines)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      );
  }
}

function Tick({ done }: { done: boolean }) {
  return (
    <span className="tick-box" role="img" aria-label={t(done ? "note.done" : "note.open")}>
      {done ? <SquareCheck size={14} aria-hidden="true" /> : <Square size={14} aria-hidden="true" />}
    </span>
  );
}

function Line({ inlines, reader }: { inlines: Inline[]; reader: Reader }) {
  return inlines.map((inline, n) => <Fragment key={String(n)}>{said(inline, reader)}</Fragment>);
}

function said(inline: Inline, reader: Reader): ReactNode {
  switch (inline.type) {
    case "text":
      return inline.text;
    case "break":
      return <br />;
    case "code":
      return <code>{inline.text}</code>;
    case "mention":
      return <Mention id={inline.id} name={inline.name} reader={reader} />;
  }
  const inside = <Line inlines={inline.inlines} reader={reader} />;
  switch (inline.type) {
    case "strong":
      return <strong>{inside}</strong>;
    case "emphasis":
      return <em>{inside}</em>;
    case "struck":
      return <s>{inside}</s>;
    case "link":
      return <Link to={inline.to} reader={reader} inside={inside} />;
  }
}

/** A link has no address that the page itself could follow: the core opens it, if it stands in the note. */
function Link({ to, reader, inside }: { to: string; reader: Reader; inside: ReactNode }) {
  const { record, page } = reader;
  const open = /\.md(#.*)?$/.test(to)
    ? page && (() => page(to))
    : record && (() => void attempt(() => commands.openLink(record, to)));
  if (!open) return inside;
  return (
    <button type="button" role="link" className="link" title={to} onClick={open}>
      {inside}
    </button>
  );
}

/** A record by what it is called now. */
function Mention({ id, name, reader }: { id: string; name: string; reader: Reader }) {
  const known = reader.mentions[id];
  if (!known || !isBrowsed(known.kind))
    return (
      <span className="mention gone" title={t("note.unknown")}>
        {name}
      </span>
    );
  const { icon: Icon } = KINDS[known.kind];
  return (
    <button
      type="button"
      className={known.gone ? "mention gone" : "mention"}
      title={known.gone ? t("note.gone") : undefined}
      onClick={() => openRecord(known.id, known.kind)}
    >
      <Icon size={12} aria-hidden="true" />
      {known.title || name}
      {known.gone && <span className="sr"> ({t("note.gone")})</span>}
    </button>
  );
}
