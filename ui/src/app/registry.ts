// Every command once: the palette, the keys and the help page are made from this list.

import { VIEWS } from "../calendar/layout";
import type { ActivityType } from "../day/LogBox";
import { pageAbout } from "../guide/pages";
import { chooseFolder, commands } from "../platform/tauri";
import { ACTIVITIES, type Browsed, browsed } from "../records/kinds";
import { REPORTS } from "../reports/model";
import { en, type Key } from "../shared/en";
import { t } from "../shared/i18n";
import { prefs } from "../shared/prefs";
import { attempt, toast } from "../shared/toast";
import { zh } from "../shared/zh";
import { lastList } from "./data";
import { toggleFavourite } from "./Favourites";
import { toPart } from "./parts";
import { current, go } from "./router";
import { redo, undo } from "./undo";

export interface Command {
  id: string;
  label: Key;
  keys?: string;
  /** Other words that find it. */
  also?: string;
  run: () => void;
}

export const ui = {
  create: (_kind: Browsed) => {},
  help: () => {},
  capture: () => {},
  /** Takes files that are dropped, where the page has a use for them. */
  take: undefined as ((paths: string[]) => void) | undefined,
  /** Merges the record that is open with another. */
  merge: undefined as (() => void) | undefined,
  /** Begins to note what was done with the record that is open. */
  log: undefined as ((type: ActivityType) => void) | undefined,
  /** Writes to whom the page is about, or to those who are selected. */
  write: undefined as (() => void) | undefined,
  /** Says «I am here» where the page is about somebody, and leaves again. */
  here: undefined as (() => void) | undefined,
  /** Asks for the stage of the deal that is open, or of those that are selected. */
  stage: undefined as (() => void) | undefined,
  /** Takes the other value of a field that two have edited. */
  settle: undefined as (() => void) | undefined,
  leave: undefined as (() => void) | undefined,
  /** Opens the log of syncs, on the team's page. */
  syncLog: undefined as (() => void) | undefined,
  /** Dials the number of whom the page is about. */
  dial: undefined as (() => void) | undefined,
  /** Asks for a new price book, on their page. */
  priceBook: undefined as (() => void) | undefined,
  /** Chooses whose day the page shows. */
  whose: undefined as (() => void) | undefined,
  /** Asks whether the demo is to be deleted, where this is one. */
  leaveDemo: undefined as (() => void) | undefined,
};

/** Everything, in every format, into a folder: the data are the user's. */
export async function exportAll() {
  const folder = await chooseFolder();
  if (!folder) return;
  const files = await attempt(() => commands.exportAll(folder));
  if (files) toast(t("export.done", { n: files.length, folder }));
}

export const zoomTo = (to: number) => prefs.set({ zoom: Math.min(200, Math.max(80, to)) });
export const zoomBy = (by: number) => zoomTo(prefs.get().zoom + by);

/** Checks the whole vault and says what it found. */
export async function verify() {
  const report = await attempt(commands.verify);
  if (!report) return;
  const bad = report.checks.filter((c) => !c.ok).map((c) => `${c.name}: ${c.detail}`);
  toast(report.ok ? t("settings.verified") : t("settings.verifyBad", { what: bad.join("; ") }));
}

/** On the page of somebody it is noted there; elsewhere one says first with whom. */
function note(type: ActivityType) {
  if (ui.log) ui.log(type);
  else ui.create("activity");
}

/** The settings, at one of their parts. */
function settingsAt(id: string) {
  go({ page: "settings" });
  setTimeout(() => {
    const part = document.getElementById(id);
    const page = part?.closest(".page");
    // Only the page scrolls: `scrollIntoView` would move the frame too.
    if (part && page)
      page.scrollTop += part.getBoundingClientRect().top - page.getBoundingClientRect().top - 12;
    part?.focus({ preventScroll: true });
  }, 80);
}

/** The list of the page as it was, filtered as it is, or that of people. */
export function lookBack() {
  const route = current();
  const kind = "kind" in route ? browsed(route.kind) : route.page === "board" ? "deal" : "person";
  const { request, input } = lastList;
  const filter = route.page === "list" && lastList.kind === kind ? request.filter || input : "";
  go({ page: "past", kind, ...(filter && { filter }) });
}

export const registry: Command[] = [
  {
    id: "today",
    label: "nav.today",
    keys: "G Y",
    also: "day agenda jintian 日程 待办",
    run: () => go({ page: "today" }),
  },
  {
    id: "whose-day",
    label: "day.whose",
    also: "today owner mine everybody colleague shui de 谁的 今天 负责人 同事",
    run: () => {
      go({ page: "today" });
      // The page has to be there first.
      setTimeout(() => ui.whose?.(), 80);
    },
  },
  {
    id: "calendar",
    label: "nav.calendar",
    keys: "G K",
    also: "week agenda meetings schedule rili richeng 日历 日程 周",
    run: () => go({ page: "calendar" }),
  },
  ...VIEWS.map(
    (view): Command => ({
      id: `calendar-${view}`,
      label: `calendar.show.${view}`,
      also: "calendar rili 日历 日程",
      run: () => go({ page: "calendar", view }),
    }),
  ),
  {
    id: "visits",
    label: "visits.title",
    keys: "G V",
    also: "route tour stops day luxian baifang 路线 拜访 行程",
    run: () => go({ page: "visits" }),
  },
  {
    id: "check-in",
    label: "visits.checkIn",
    keys: "H",
    also: "i am here arrive qiandao 签到 到达",
    run: () => (ui.here ? ui.here() : go({ page: "visits" })),
  },
  {
    id: "check-out",
    label: "visits.leave",
    also: "leave check out end visit qiantui 签退 离开",
    run: () => (ui.leave ? ui.leave() : toast(t("visits.nowhere"))),
  },
  {
    id: "people",
    label: "nav.people",
    keys: "G P",
    also: "contacts lianxiren 客户 通讯录",
    run: () => go({ page: "list", kind: "person" }),
  },
  {
    id: "companies",
    label: "nav.companies",
    keys: "G C",
    also: "accounts gongsi 企业 客户",
    run: () => go({ page: "list", kind: "company" }),
  },
  {
    id: "deals",
    label: "nav.deals",
    keys: "G D",
    also: "board pipeline sales kanban shangji 商机 看板",
    run: () => go({ page: "board" }),
  },
  {
    id: "deal-list",
    label: "board.table",
    also: "deals list shangji 商机",
    run: () => go({ page: "list", kind: "deal" }),
  },
  {
    id: "deal-stage",
    label: "board.stage",
    also: "won lost close deal move shangji jieduan 商机 赢单 丢单",
    run: () => (ui.stage ? ui.stage() : go({ page: "board" })),
  },
  {
    id: "quiet-deals",
    label: "nav.quiet",
    also: "stale rotting idle forgotten shangji 停滞 商机 跟进",
    run: () => go({ page: "list", kind: "deal", filter: "quiet = 'yes'" }),
  },
  {
    id: "no-next-step",
    label: "nav.noNext",
    also: "missing todo follow up shangji xiayibu 待办 跟进",
    run: () => go({ page: "list", kind: "deal", filter: "next_step is empty and closed_at is empty" }),
  },
  {
    id: "tasks",
    label: "nav.tasks",
    keys: "G O",
    also: "todo due renwu 待办",
    run: () => go({ page: "list", kind: "task", filter: "done_at is empty" }),
  },
  {
    id: "activities",
    label: "nav.activities",
    keys: "G A",
    also: "calls visits meetings huodong 拜访 电话",
    run: () => go({ page: "list", kind: "activity" }),
  },
  {
    id: "quotes",
    label: "nav.quotes",
    keys: "G Q",
    also: "offers proposals baojia 报价",
    run: () => go({ page: "list", kind: "quote" }),
  },
  {
    id: "products",
    label: "nav.products",
    keys: "G S",
    also: "price list catalogue chanpin jiage 产品 价格",
    run: () => go({ page: "list", kind: "product" }),
  },
  {
    id: "price-books",
    label: "prices.title",
    keys: "G B",
    also: "price list table discount jiagebiao jiage 价格 价目",
    run: () => go({ page: "prices" }),
  },
  {
    id: "reports",
    label: "nav.reports",
    keys: "G R",
    also: "dashboard statistics charts baobiao 统计 图表",
    run: () => go({ page: "reports" }),
  },
  ...REPORTS.map(
    (report): Command => ({
      id: `report-${report}`,
      label: `report.${report}`,
      also: "report baobiao 报表",
      run: () => go({ page: "reports", report }),
    }),
  ),
  {
    id: "import",
    label: "nav.import",
    keys: "G I",
    also: "csv excel xlsx vcard paste daoru 粘贴 迁移",
    run: () => go({ page: "import" }),
  },
  {
    id: "history",
    label: "nav.history",
    keys: "G H",
    also: "operations undo 操作 记录 log changes lishi 撤销",
    run: () => go({ page: "history" }),
  },
  {
    id: "past",
    label: "past.open",
    keys: "B",
    also: "time travel before yesterday restore undo back shiguang huisu 时光 回溯 恢复 历史",
    run: () => lookBack(),
  },
  {
    id: "favourite",
    label: "favourite.toggle",
    keys: "*",
    also: "pin star bookmark shoucang 收藏 置顶",
    run: () => void toggleFavourite(),
  },
  {
    id: "duplicates",
    label: "nav.duplicates",
    keys: "G U",
    also: "merge dedupe same twice hebing chongfu quchong 合并 重复 去重",
    run: () => go({ page: "duplicates", kind: "person" }),
  },
  {
    id: "merge-with",
    label: "merge.with",
    keys: "M",
    also: "duplicate same hebing 合并 重复",
    run: () => (ui.merge ? ui.merge() : go({ page: "duplicates", kind: "person" })),
  },
  {
    id: "templates",
    label: "nav.templates",
    keys: "G E",
    also: "letters e-mail mail moban youjian 邮件 信件",
    run: () => go({ page: "templates" }),
  },
  {
    id: "write-letter",
    label: "letter.write",
    keys: "W",
    also: "e-mail mail send merge xie youjian 邮件 群发",
    run: () => (ui.write ? ui.write() : go({ page: "templates" })),
  },
  {
    id: "dial",
    label: "dial",
    keys: "T",
    also: "call phone telephone dadianhua 电话",
    run: () => (ui.dial ? ui.dial() : go({ page: "list", kind: "person" })),
  },
  {
    id: "team",
    label: "nav.team",
    keys: "G T",
    also: "sync invite members conflicts share server folder tuandui tongbu 同步 邀请 成员 冲突 共享",
    run: () => go({ page: "team" }),
  },
  {
    id: "sync-log",
    label: "syncLog.title",
    also: "errors history server folder tongbu rizhi 错误 记录",
    run: () => {
      if (ui.syncLog) return ui.syncLog();
      go({ page: "team" });
      // The page has to be there first.
      setTimeout(() => ui.syncLog?.(), 120);
    },
  },
  {
    id: "settle",
    label: "keys.settle",
    keys: "Y",
    also: "switch merge resolve chongtu 冲突 解决 切换",
    run: () => (ui.settle ? ui.settle() : go({ page: "team" })),
  },
  {
    id: "safety",
    label: "nav.safety",
    keys: "G L",
    also: "alerts audit security anquan tixing 安全 提醒",
    run: () => go({ page: "safety" }),
  },
  {
    id: "trail",
    label: "trail.title",
    also: "audit log who did what shenji jilu 审计 记录",
    run: () => go({ page: "safety", tab: "trail" }),
  },
  {
    id: "incident",
    label: "incident.something",
    keys: "G X",
    also: "incident emergency lost stolen leak ransomware playbook help chushi shijian yuan 出事 事件 预案 丢失 泄露",
    run: () => go({ page: "safety", tab: "incidents", incident: "new" }),
  },
  {
    id: "incidents",
    label: "incident.title",
    also: "drills playbooks yanlian shijian 演练 事件",
    run: () => go({ page: "safety", tab: "incidents" }),
  },
  {
    id: "staff",
    label: "staff.title",
    also: "training tour checklist peixun anquan 培训 导览 清单",
    run: () => go({ page: "safety", tab: "staff" }),
  },
  {
    id: "configuration",
    label: "config.title",
    also: "settings export compare restore drift peizhi 配置 设置 导出 比较",
    run: () => go({ page: "safety", tab: "configuration" }),
  },
  {
    id: "updates",
    label: "updates.title",
    also: "new version upgrade release rollback gengxin shengji banben 新版本 升级 退回 版本",
    run: () => go({ page: "safety", tab: "updates" }),
  },
  {
    id: "trash",
    label: "nav.trash",
    also: "deleted huishouzhan 删除 bin removed 垃圾桶 已删除",
    run: () => go({ page: "list", kind: "person", trash: true }),
  },
  {
    id: "settings",
    label: "nav.settings",
    keys: "Ctrl+,",
    also: "preferences shezhi 选项 偏好",
    run: () => go({ page: "settings" }),
  },
  {
    id: "reminders",
    label: "remind.title",
    also: "notifications alarm tixing tongzhi 通知",
    run: () => settingsAt("reminders"),
  },
  {
    id: "own-fields",
    label: "settings.fields",
    also: "custom formula options ziduan gongshi 自定义 公式",
    run: () => settingsAt("own-fields"),
  },
  {
    id: "pipelines",
    label: "pipelines.title",
    also: "stages probability jieduan guandao 阶段 概率",
    run: () => settingsAt("pipelines"),
  },
  {
    id: "new-person",
    label: "new.person",
    keys: "C",
    also: "add create contact 添加 新增",
    run: () => ui.create("person"),
  },
  {
    id: "capture",
    label: "capture.title",
    keys: "Q",
    also: "quick add line paste kuaisu luru 快速 粘贴",
    run: () => ui.capture(),
  },
  {
    id: "capture-window",
    label: "capture.window",
    also: "quick add line global shortcut kuaisu luru 快速 窗口",
    run: () => void attempt(() => commands.openCapture()),
  },
  {
    id: "new-company",
    label: "new.company",
    also: "add create account 添加 新增 gongsi 客户",
    run: () => ui.create("company"),
  },
  {
    id: "new-deal",
    label: "new.deal",
    also: "add create opportunity 添加 新增 shangji 机会",
    run: () => ui.create("deal"),
  },
  {
    id: "new-task",
    label: "new.task",
    also: "add create todo 添加 新增 renwu 待办",
    run: () => ui.create("task"),
  },
  {
    id: "new-activity",
    label: "new.activity",
    also: "add create meeting plan 添加 新增 huodong 拜访 会议",
    run: () => ui.create("activity"),
  },
  {
    id: "new-quote",
    label: "new.quote",
    also: "add create offer 添加 新增 baojia 报价单",
    run: () => ui.create("quote"),
  },
  {
    id: "new-product",
    label: "new.product",
    also: "add create item 添加 新增 chanpin 商品",
    run: () => ui.create("product"),
  },
  {
    id: "new-price-book",
    label: "prices.newBook",
    also: "add create price list 添加 新增 价格",
    run: () => {
      if (ui.priceBook) return ui.priceBook();
      go({ page: "prices" });
      // As soon as the page is there.
      setTimeout(() => ui.priceBook?.(), 80);
    },
  },
  ...ACTIVITIES.map(
    (type, n): Command => ({
      id: `log-${type}`,
      label: `log.${type}`,
      keys: String(n + 1),
      also: "log note jilu 记录",
      run: () => note(type),
    }),
  ),
  {
    id: "undo",
    label: "undo",
    keys: "Ctrl+Z",
    also: "chexiao revert take back 撤回 还原",
    run: () => void undo(),
  },
  {
    id: "redo",
    label: "redo",
    keys: "Ctrl+Shift+Z",
    also: "chongzuo repeat again 恢复",
    run: () => void redo(),
  },
  {
    id: "export",
    label: "export.all",
    keys: "Ctrl+Shift+E",
    also: "csv excel xlsx vcard ics calendar json backup daochu download data 备份 下载 数据",
    run: () => void exportAll(),
  },
  {
    id: "lock",
    label: "lock",
    keys: "Ctrl+L",
    also: "suoding sign out log off away 锁屏 退出",
    run: () => void commands.lock(),
  },
  {
    id: "guide",
    label: "guide.title",
    keys: "F1",
    also: "help manual documentation bangzhu shouce zhinan 帮助 手册 说明",
    run: () => go({ page: "guide", name: pageAbout(current()) }),
  },
  {
    id: "keys",
    label: "keys.title",
    keys: "?",
    also: "help shortcuts kuaijiejian cheat sheet keyboard 键盘 帮助",
    run: () => ui.help(),
  },
  {
    id: "next-part",
    label: "keys.part",
    keys: "F6",
    also: "focus status bar sidebar pane jiaodian 焦点 状态栏 侧栏",
    run: () => toPart(1),
  },
  {
    id: "zoom-in",
    label: "zoom.in",
    keys: "Ctrl+=",
    also: "zoom fangda larger bigger text 缩放 变大",
    run: () => zoomBy(10),
  },
  {
    id: "zoom-out",
    label: "zoom.out",
    keys: "Ctrl+-",
    also: "zoom suoxiao smaller text 缩放 变小",
    run: () => zoomBy(-10),
  },
  {
    id: "zoom-reset",
    label: "zoom.reset",
    keys: "Ctrl+0",
    also: "zoom 100 actual size 缩放 还原",
    run: () => zoomTo(100),
  },
  {
    id: "leave-demo",
    label: "demo.leave",
    also: "sample delete begin yanshi shanchu 演示 删除 示例",
    run: () => (ui.leaveDemo ? ui.leaveDemo() : toast(t("demo.none"))),
  },
  {
    id: "verify",
    label: "settings.verify",
    also: "check integrity jiancha damage health 检查 完整性",
    run: () => void verify(),
  },
  {
    id: "en",
    label: "language.en",
    also: "language yuyan 英语 英文 语言 yingyu",
    run: () => prefs.set({ language: "en" }),
  },
  {
    id: "zh",
    label: "language.zh",
    also: "chinese language yuyan 中文 汉语 语言 zhongwen",
    run: () => prefs.set({ language: "zh" }),
  },
  {
    id: "system",
    label: "settings.system",
    also: "theme appearance auto 主题 外观 跟随",
    run: () => prefs.set({ theme: "" }),
  },
  {
    id: "light",
    label: "settings.light",
    also: "theme appearance bright day 主题 外观 白天",
    run: () => prefs.set({ theme: "light" }),
  },
  {
    id: "dark",
    label: "settings.dark",
    also: "theme night appearance black 主题 外观 夜间",
    run: () => prefs.set({ theme: "dark" }),
  },
  {
    id: "compact",
    label: "settings.compact",
    also: "density rows dense tight 密度 行高",
    run: () => prefs.set({ density: "compact" }),
  },
  {
    id: "normal",
    label: "settings.normal",
    also: "density rows usual 密度 行高",
    run: () => prefs.set({ density: "normal" }),
  },
  {
    id: "roomy",
    label: "settings.roomy",
    also: "density rows wide comfortable 密度 行高",
    run: () => prefs.set({ density: "roomy" }),
  },
];

const recent: string[] = [];

/** What somebody has chosen by name comes first the next time. */
export function chose(id: string) {
  const rest = recent.filter((other) => other !== id);
  recent.splice(0, recent.length, id, ...rest.slice(0, 4));
}

/** Commands that a text names, in either language; those that were chosen last come first. */
export function matching(text: string): Command[] {
  const words = text.trim().toLowerCase().split(/\s+/);
  const said = (c: Command) => `${en[c.label]} ${zh[c.label]} ${t(c.label)} ${c.also ?? ""}`.toLowerCase();
  const age = (c: Command) => (recent.includes(c.id) ? recent.indexOf(c.id) : recent.length);
  return registry
    .filter((c) => words.every((word) => said(c).includes(word)))
    .sort((a, b) => age(a) - age(b));
}
