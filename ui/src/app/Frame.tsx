import {
  BarChart3,
  CalendarDays,
  Clock,
  FileInput,
  Handshake,
  Mail,
  Merge,
  Route as RouteIcon,
  Search,
  Settings,
  ShieldCheck,
  Sun,
  Trash2,
} from "lucide-react";
import { Fragment, useCallback, useEffect, useState } from "react";
import type { Job, StatusView, TeamNews } from "../bindings";
import { CalendarPage } from "../calendar/CalendarPage";
import { WhichTimes } from "../calendar/Which";
import { TodayPage } from "../day/TodayPage";
import { BoardPage } from "../deals/BoardPage";
import { DuplicatesPage } from "../duplicates/DuplicatesPage";
import { GuidePage } from "../guide/GuidePage";
import { pageAbout } from "../guide/pages";
import { ImportPage } from "../imports/ImportPage";
import { TemplatesPage } from "../letters/TemplatesPage";
import { Palette } from "../palette/Palette";
import { PastPage } from "../past/PastPage";
import { commands, onFileDrop, onProgress } from "../platform/tauri";
import { PricesPage } from "../prices/PricesPage";
import { Capture } from "../records/Capture";
import { HistoryPage } from "../records/HistoryPage";
import { BROWSED, type Browsed, browsed, KINDS } from "../records/kinds";
import { ListPage } from "../records/ListPage";
import { NewRecord } from "../records/NewRecord";
import { RecordPage } from "../records/RecordPage";
import { ReportsPage } from "../reports/ReportsPage";
import { useClock } from "../safety/Incidents";
import { clockInWords } from "../safety/incident";
import { SafetyPage } from "../safety/SafetyPage";
import { useUpdateNews, WentBack } from "../safety/WentBack";
import { useUnseen } from "../safety/words";
import { SettingsPage } from "../settings/SettingsPage";
import { ago, bytes, count } from "../shared/format";
import { t } from "../shared/i18n";
import { type Bindings, going, isTyping, useKeys } from "../shared/keys";
import { attempt, toast } from "../shared/toast";
import { DemoNotice } from "../start/Demo";
import { TeamPage } from "../team/TeamPage";
import { askMembers, teamInWords, useNews } from "../team/team";
import { VisitBar } from "../visits/VisitBar";
import { VisitsPage } from "../visits/VisitsPage";
import { useQuery, useVersion } from "./data";
import { Favourites } from "./Favourites";
import { InboxNotice } from "./InboxNotice";
import { Keys } from "./Keys";
import { toPart } from "./parts";
import { registry, ui, zoomBy, zoomTo } from "./registry";
import { back, current, go, useRoute } from "./router";

/** What `C` makes on a page that is no list. */
const ON_PAGE: Partial<Record<string, Browsed>> = { board: "deal", prices: "product" };

export function Frame() {
  const route = useRoute();
  const version = useVersion();
  const news = useNews();
  const status = useQuery(() => commands.status(), [version, news]).data;
  const unseen = useUnseen();
  useUpdateNews();
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);
  const [creating, setCreating] = useState<Browsed>();
  const [capturing, setCapturing] = useState(false);
  const [over, setOver] = useState(false);
  const kind = "kind" in route ? browsed(route.kind) : (ON_PAGE[route.page] ?? "person");

  useEffect(
    () =>
      onFileDrop(setOver, (paths) => {
        if (ui.take) return ui.take(paths);
        const [path, ...others] = paths;
        // The same file again is another import.
        if (path) go({ page: "import", path, at: Date.now() });
        if (others.length > 0) toast(t("import.rest"));
      }),
    [],
  );
  useEffect(() => {
    ui.create = setCreating;
    ui.help = () => setHelp(true);
    ui.capture = () => setCapturing(true);
  }, []);

  const goKey = (run: () => void) => () => {
    if (going.now()) run();
    going.since = 0;
  };
  const run = (id: string) => () => registry.find((c) => c.id === id)?.run();
  const keys: Bindings = {
    "Ctrl+k": () => setPalette((open) => !open),
    "Ctrl+l": run("lock"),
    "Ctrl+Shift+l": run("lock"),
    "Ctrl+z": run("undo"),
    "Ctrl+Shift+z": run("redo"),
    "Ctrl+y": run("redo"),
    "Ctrl+,": run("settings"),
    "Ctrl+o": run("import"),
    "Ctrl+Shift+e": run("export"),
    "Ctrl+=": () => zoomBy(10),
    "Ctrl+Shift+=": () => zoomBy(10),
    "Ctrl+Shift++": () => zoomBy(10),
    "Ctrl++": () => zoomBy(10),
    "Ctrl+-": () => zoomBy(-10),
    "Ctrl+0": () => zoomTo(100),
    "?": () => setHelp(true),
    "*": run("favourite"),
    F1: run("guide"),
    F6: run("next-part"),
    "Shift+F6": () => toPart(-1),
    q: () => (going.now() ? goKey(run("quotes"))() : setCapturing(true)),
    s: goKey(run("products")),
    g: () => {
      going.since = Date.now();
    },
    p: goKey(run("people")),
    i: goKey(run("import")),
    h: goKey(run("history")),
    u: goKey(run("duplicates")),
    t: goKey(run("team")),
    y: goKey(run("today")),
    d: goKey(run("deals")),
    k: goKey(run("calendar")),
    v: goKey(run("visits")),
    o: goKey(run("tasks")),
    a: goKey(run("activities")),
    r: goKey(run("reports")),
    e: goKey(run("templates")),
    l: goKey(run("safety")),
    x: goKey(run("incident")),
    b: goKey(run("price-books")),
    c: () => (going.now() ? goKey(run("companies"))() : setCreating(kind)),
    // While somebody types it only leaves the input: what was typed must not go with the page.
    Escape: (event) => (isTyping(event.target) ? (event.target as HTMLElement).blur() : back()),
  };
  useKeys(keys, "frame");
  const closePalette = useCallback(() => setPalette(false), []);
  const closeHelp = useCallback(() => setHelp(false), []);
  const closeCapture = useCallback(() => setCapturing(false), []);
  const closeCreate = useCallback(() => setCreating(undefined), []);

  const lists = BROWSED.map((of) => {
    const Icon = KINDS[of].icon;
    return {
      id: of,
      icon: <Icon size={16} />,
      label: t(KINDS[of].many),
      count: status?.records[of] || undefined,
      is:
        (route.page === "list" && route.kind === of && !route.trash) ||
        (route.page === "board" && of === "deal"),
      // A task that is done is looked for, not listed.
      to: () =>
        of === "deal"
          ? go({ page: "board" })
          : go({ page: "list", kind: of, filter: of === "task" ? "done_at is empty" : undefined }),
    };
  });
  const nav = [
    {
      id: "today",
      icon: <Sun size={16} />,
      label: t("nav.today"),
      count: undefined,
      is: route.page === "today",
      to: () => go({ page: "today" }),
    },
    {
      id: "calendar",
      icon: <CalendarDays size={16} />,
      label: t("nav.calendar"),
      count: undefined,
      is: route.page === "calendar",
      to: () => go({ page: "calendar" }),
    },
    {
      id: "visits",
      icon: <RouteIcon size={16} />,
      label: t("visits.title"),
      count: undefined,
      is: route.page === "visits",
      to: () => go({ page: "visits" }),
    },
    ...lists,
    {
      id: "reports",
      icon: <BarChart3 size={16} />,
      label: t("nav.reports"),
      count: undefined,
      is: route.page === "reports",
      to: () => go({ page: "reports" }),
    },
  ];
  const other = [
    {
      id: "team",
      icon: <Handshake size={16} />,
      label: t("nav.team"),
      is: route.page === "team",
      to: () => go({ page: "team" }),
      // What waits for somebody to decide it.
      count: (status?.conflicts ?? 0) + (news?.requests.length ?? 0) || undefined,
    },
    {
      id: "templates",
      icon: <Mail size={16} />,
      label: t("nav.templates"),
      is: route.page === "templates",
      to: () => go({ page: "templates" }),
    },
    {
      id: "import",
      icon: <FileInput size={16} />,
      label: t("nav.import"),
      is: route.page === "import",
      to: () => go({ page: "import" }),
    },
    {
      id: "duplicates",
      icon: <Merge size={16} />,
      label: t("nav.duplicates"),
      is: route.page === "duplicates",
      to: () => go({ page: "duplicates", kind: "person" }),
    },
    {
      id: "history",
      icon: <Clock size={16} />,
      label: t("nav.history"),
      is: route.page === "history",
      to: () => go({ page: "history" }),
    },
    {
      id: "safety",
      icon: <ShieldCheck size={16} />,
      label: t("nav.safety"),
      is: route.page === "safety",
      to: () => go({ page: "safety" }),
      count: unseen || undefined,
    },
    {
      id: "trash",
      icon: <Trash2 size={16} />,
      label: t("nav.trash"),
      is: route.page === "list" && !!route.trash,
      to: () => go({ page: "list", kind: "person", trash: true }),
      count: BROWSED.reduce((n, of) => n + (status?.trash[of] ?? 0), 0) || undefined,
    },
    {
      id: "settings",
      icon: <Settings size={16} />,
      label: t("nav.settings"),
      is: route.page === "settings",
      to: () => go({ page: "settings" }),
    },
  ];

  return (
    <div className={status?.demo ? "frame with-demo" : "frame"}>
      <nav className="side" aria-label={t("nav.main")}>
        <div className="workspace">{status?.workspace}</div>
        <button
          type="button"
          className="nav"
          title={t("search")}
          onClick={() => setPalette(true)}
          id="open-palette"
        >
          <Search size={16} /> <span className="name">{t("search")}</span>{" "}
          <span className="count">
            <kbd>Ctrl K</kbd>
          </span>
        </button>
        <div className="gap" />
        {[...nav, null, ...other].map((item) =>
          item ? (
            <button
              type="button"
              key={item.id}
              id={`nav-${item.id}`}
              className="nav"
              title={item.label}
              aria-current={item.is ? "page" : undefined}
              onClick={item.to}
            >
              {item.icon} <span className="name">{item.label}</span>
              {item.count !== undefined && <span className="count">{count(item.count)}</span>}
            </button>
          ) : (
            <Fragment key="gap">
              <div className="gap" />
              <Favourites />
            </Fragment>
          ),
        )}
      </nav>
      {status?.demo && <DemoNotice />}
      <main className="main">
        <InboxNotice />
        <WentBack />
        <VisitBar />
        {route.page === "today" && <TodayPage status={status} onCreate={setCreating} />}
        {route.page === "calendar" && <CalendarPage route={route} />}
        {route.page === "visits" && <VisitsPage route={route} />}
        {route.page === "board" && <BoardPage onCreate={setCreating} />}
        {route.page === "list" && (
          <ListPage
            key={`${route.kind}${route.trash ?? ""}${route.filter ?? ""}${route.within?.filter ?? ""}`}
            route={route}
            onCreate={setCreating}
          />
        )}
        {route.page === "reports" && <ReportsPage route={route} />}
        {route.page === "record" && <RecordPage id={route.id} kind={route.kind} day={route.day} />}
        {route.page === "import" && <ImportPage path={route.path} at={route.at} />}
        {route.page === "duplicates" && <DuplicatesPage route={route} />}
        {route.page === "history" && <HistoryPage />}
        {route.page === "past" && <PastPage key={route.kind} route={route} />}
        {route.page === "team" && <TeamPage />}
        {route.page === "safety" && <SafetyPage tab={route.tab} incident={route.incident} />}
        {route.page === "guide" && <GuidePage route={route} />}
        {route.page === "templates" && <TemplatesPage />}
        {route.page === "prices" && <PricesPage onCreate={setCreating} />}
        {route.page === "settings" && <SettingsPage />}
      </main>
      <StatusBar
        status={status}
        news={news}
        unseen={unseen}
        onHelp={() => setHelp(true)}
        onPalette={() => setPalette(true)}
      />
      {over && <div className="drop">{t(ui.take ? "files.drop" : "import.drop")}</div>}
      {help && <Keys onClose={closeHelp} />}
      <WhichTimes />
      {creating && <NewRecord kind={creating} onClose={closeCreate} />}
      {capturing && <Capture onClose={closeCapture} />}
      {palette && <Palette onClose={closePalette} />}
    </div>
  );
}

function StatusBar({
  status,
  news,
  unseen,
  onHelp,
  onPalette,
}: {
  status?: StatusView;
  news?: TeamNews;
  unseen: number;
  onHelp: () => void;
  onPalette: () => void;
}) {
  const clock = useClock();
  const [progress, setProgress] = useState<{ job: Job; done: number; total: number; since: number }>();
  useEffect(
    () =>
      onProgress((done, total, job) =>
        setProgress((now) => {
          // The end of one job says nothing of another.
          if (done >= total) return now?.job === job ? undefined : now;
          return { job, done, total, since: now?.since ?? Date.now() };
        }),
      ),
    [],
  );
  const remotes = status?.remotes ?? [];
  const meets = remotes.length > 0;
  const members = useQuery(async () => (meets ? await askMembers() : []), [meets, status]).data ?? [];
  const heard = members.flatMap((m) =>
    m.devices
      .filter((d) => d.last_seen && !d.revoked)
      .map((d) => ({ name: m.person, at: d.last_seen ?? "" })),
  );
  const people = status?.records.person ?? 0;
  const conflicts = status?.conflicts ?? 0;
  const requests = news?.requests.length ?? 0;
  return (
    <footer className="statusbar">
      <span role="status">
        {progress && progress.total > 0 ? (
          t("status.working", inUnits(progress))
        ) : (
          <button
            type="button"
            className="button plain"
            id="status-team"
            title={
              heard.map((h) => t("status.heard", { name: h.name, ago: ago(h.at) })).join("\n") ||
              t("nav.team")
            }
            onClick={() => go({ page: "team" })}
          >
            {teamInWords(remotes, status?.pending ?? 0, news)}
          </button>
        )}
        {progress && progress.total > 0 && Date.now() - progress.since > 1000 && (
          <button
            type="button"
            className="button plain"
            id="cancel-work"
            onClick={() => void commands.cancel(progress.job)}
          >
            {t("cancel")}
          </button>
        )}
      </span>
      {requests > 0 && (
        <button
          type="button"
          className="button plain warn"
          id="status-requests"
          onClick={() => go({ page: "team" })}
        >
          {t("status.requests", { n: count(requests) })}
        </button>
      )}
      {conflicts > 0 && (
        <button
          type="button"
          className="button plain warn"
          id="status-conflicts"
          onClick={() => go({ page: "team" })}
        >
          {t("status.conflicts", { n: count(conflicts) })}
        </button>
      )}
      {clock && (
        <button
          type="button"
          className={(clock.minutes_left ?? 0) < 0 ? "button plain bad-ink" : "button plain warn"}
          id="status-clock"
          onClick={() => go({ page: "safety", tab: "incidents", incident: clock.id })}
        >
          {t("status.clock", { left: clockInWords(clock.minutes_left ?? 0) })}
        </button>
      )}
      {unseen > 0 && (
        <button
          type="button"
          className="button plain warn"
          id="status-alerts"
          onClick={() => go({ page: "safety", tab: "alerts" })}
        >
          {t("status.alerts", { n: count(unseen) })}
        </button>
      )}
      <span>{people === 1 ? t("status.person") : t("status.people", { n: count(people) })}</span>
      {status?.sample && (
        <button
          type="button"
          className="button plain"
          id="remove-sample"
          onClick={() => void attempt(() => commands.removeSample())}
        >
          <span className="tag">{t("status.sample")}</span> {t("remove")}
        </button>
      )}
      <span className="grow">
        <button
          type="button"
          className={isLate(status?.last_backup) ? "button plain warn" : "button plain"}
          id="status-backup"
          onClick={() => go({ page: "safety", tab: "backups" })}
        >
          {status?.last_backup ? t("backup.at", { ago: ago(status.last_backup) }) : t("status.backup")}
        </button>
      </span>
      <button type="button" className="button plain hint" onClick={onPalette}>
        <kbd>Ctrl K</kbd>
      </button>
      <button type="button" className="button plain hint" onClick={onHelp} aria-label={t("keys.title")}>
        <kbd>?</kbd>
      </button>
      <button
        type="button"
        className="button plain"
        id="guide-here"
        title={t("guide.open")}
        onClick={() => go({ page: "guide", name: pageAbout(current()) })}
      >
        {t("guide.title")} <kbd>F1</kbd>
      </button>
      <button type="button" className="button plain" id="lock" onClick={() => void commands.lock()}>
        {t("lock")} <kbd>Ctrl L</kbd>
      </button>
    </footer>
  );
}

const THREE_DAYS = 3 * 86_400_000;

/** Whether the last backup is older than a laptop should have it; before the first one nothing is late yet. */
const isLate = (last?: string | null) => !!last && Date.now() - Date.parse(last) > THREE_DAYS;

/** Files are counted in bytes, all else in pieces. */
function inUnits({ job, done, total }: { job: Job; done: number; total: number }) {
  const said = job === "attach" || job === "update" ? bytes : count;
  return { done: said(done), total: said(total) };
}
