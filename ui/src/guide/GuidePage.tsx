import { useEffect, useRef, useState } from "react";
import { useQuery } from "../app/data";
import { type Route, replace } from "../app/router";
import { Blocks } from "../notes/Note";
import { commands } from "../platform/tauri";
import { language, t } from "../shared/i18n";
import { isComposing, useKeys } from "../shared/keys";

type GuideRoute = Extract<Route, { page: "guide" }>;

/** The guide of the language of the screen: its pages, and what a search finds in them. */
export function GuidePage({ route }: { route: GuideRoute }) {
  const chinese = language() === "zh";
  const { data: pages, error } = useQuery(() => commands.guide(chinese), [chinese]);
  const [text, setText] = useState("");
  const search = useRef<HTMLInputElement>(null);
  const body = useRef<HTMLElement>(null);
  const page = pages?.find((p) => p.name === route.name) ?? pages?.[0];
  const words = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const found = pages?.flatMap((p) =>
    p.sections
      .filter((s) => words.every((word) => `${p.title} ${s.title} ${s.text}`.toLowerCase().includes(word)))
      .map((section) => ({ page: p, section })),
  );
  const open = (link: string) => {
    const [name = ""] = link.split(".md");
    setText("");
    replace({ page: "guide", name });
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page begins at its top
  useEffect(() => {
    body.current?.scrollTo(0, 0);
  }, [page?.name, words.length > 0]);
  useEffect(() => body.current?.focus(), []);
  const step = (by: number) => {
    const at = page ? (pages?.indexOf(page) ?? -1) : -1;
    const next = pages?.[at + by];
    if (next) open(next.name);
  };
  useKeys({ "/": () => search.current?.focus(), j: () => step(1), k: () => step(-1) });
  const reader = { mentions: {}, page: open, below: 0 };
  return (
    <div className="split guide">
      <nav className="guide-contents" aria-label={t("guide.contents")}>
        <h1>{t("guide.title")}</h1>
        <input
          ref={search}
          id="guide-search"
          className="input"
          type="search"
          aria-label={t("guide.search")}
          placeholder={`${t("guide.search")} ( / )`}
          value={text}
          onChange={(e) => setText(e.target.value)}
          onKeyDown={(e) => {
            if (isComposing(e.nativeEvent) || e.key !== "Escape" || !text) return;
            e.stopPropagation();
            setText("");
          }}
        />
        {pages?.map((p) => (
          <button
            type="button"
            key={p.name}
            id={`guide-${p.name}`}
            className="nav"
            aria-current={p === page && words.length === 0 ? "page" : undefined}
            onClick={() => open(p.name)}
          >
            {p.title}
          </button>
        ))}
      </nav>
      <section className="page guide-text" ref={body} tabIndex={0} id="guide-text" aria-label={page?.title}>
        {error && (
          <p className="error" role="alert">
            {error}
          </p>
        )}
        {words.length > 0 && (
          <>
            <p className="soft" role="status">
              {t("guide.found", { n: found?.length ?? 0 })}
            </p>
            {found?.map(({ page: p, section }) => (
              <article className="note" key={`${p.name} ${section.title}`}>
                <h2>
                  <button type="button" className="link" onClick={() => open(p.name)}>
                    {p.title}
                    {section.title && ` · ${section.title}`}
                  </button>
                </h2>
                <Blocks blocks={section.blocks} reader={reader} />
              </article>
            ))}
          </>
        )}
        {words.length === 0 && page && (
          <article className="note">
            <h1>{page.title}</h1>
            {page.sections.map((section) => (
              <section key={section.title}>
                {section.title && <h2>{section.title}</h2>}
                <Blocks blocks={section.blocks} reader={reader} />
              </section>
            ))}
          </article>
        )}
      </section>
    </div>
  );
}
