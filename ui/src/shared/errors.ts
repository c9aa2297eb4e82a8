// What the core says, in the language of the screen. The core speaks English (the command line and
// logs do too); a sentence that is not here is shown as it is.
import { SENTENCES } from "./errors.zh";
import { type Language, language, tOr } from "./i18n";

const ZH: [RegExp, string][] = [
  [/^(.*) is not an e-mail address; write .*$/s, "$1 不是电子邮箱地址；请写成 name@example.com"],
  [/^(.*) has no digits; write a telephone number.*$/s, "$1 没有数字；请写电话号码，例如 138 0013 8000"],
  [/^(.*) is not a date; write .*$/s, "$1 不是日期；请写成 2024-05-31，不含年份则写 --05-31"],
  [
    /^(.*) is no reminder; write .*$/s,
    "看不懂提醒 $1；请写成 10m（提前十分钟）、08:00（当天）、1d 18:00（前一天）或 2026-11-27 08:00",
  ],
  [/^(.*) does not say how often; write .*$/s, "看不懂 $1 是多久一次；请写成：每周、每两周的周二、每月15号"],
  [/^only a task that is open and comes again can be skipped$/, "只有未完成的重复任务可以跳过"],
  [/^this was its last time; .*$/, "这已是最后一次；请标为完成，或删除"],
  [/^(.*) is no place; write latitude.*$/s, "$1 不是坐标；请写成纬度, 经度，例如 31.2304, 121.4737"],
  [/^it is not known where this is; .*$/, "不知道它在哪里；请填写纬度和经度"],
  [/^you are still at «(.*)»; .*$/s, "您还在“$1”；请先结束那次拜访"],
  [/^this visit has been begun already; .*$/, "这次拜访已经开始过；请另记一次"],
  [/^this task leads to nobody; .*$/, "这个任务没有对象；请先写明联系人或公司"],
  [/^there is nothing to plan on that day; .*$/, "这一天没有可安排的；请加入要拜访的人"],
  [/^nobody has checked in there; .*$/, "那里没有签到；请直接记录拜访"],
  [
    /^this desktop \(Wayland\) gives programs no keys of their own; .*$/s,
    "此桌面（Wayland）不允许程序使用全局快捷键；请在系统设置中为 satchel-desktop --capture 绑定快捷键",
  ],
  [/^(.*) are no keys; write them as .*$/s, "$1 不是快捷键；请写成 Ctrl+Alt+Space"],
  [/^(.*) belongs to another program; choose other keys$/s, "$1 已被其他程序占用；请换一个快捷键"],
  [/^it cannot come to be known in the future; .*$/, "知悉时间不能晚于现在；没有任何改动"],
  [/^an incident needs a title; .*$/, "事件需要标题；没有任何改动"],
  [/^the demo meets a team; .*$/, "演示已连接团队；请先移除其中的服务器和文件夹"],
  [/^this vault is no demo; .*$/, "这个保险库不是演示；没有删除任何内容"],
  [
    /^the clock of this computer is too far off for reminders; .*$/,
    "这台电脑的时间偏差过大，无法提醒；请校准时间",
  ],
  [/^(.*) is not a number$/s, "$1 不是数字"],
  [/^(.*) is not an amount; write .*$/s, "$1 不是金额；请写成 1250.00 CNY"],
  [
    /^a quote is in one currency, this one has prices in (\w+) and (\w+);.*$/,
    "一份报价单只能用一种货币，这份里有 $1 和 $2，请改成一致",
  ],
  [/^the quote has no line with a price yet;.*$/, "报价单里还没有带价格的明细，请添加产品或一行价格"],
  [/^the amounts of the quote are too large.*$/, "报价金额过大，无法合计"],
  [/^«(.*)» is calculated;.*$/, "“$1”是自动计算的，请修改它的来源"],
  [/^expected a percentage between 0 and 100$/, "请输入 0 到 100 之间的百分比"],
  [/^expected a quantity below.*$/, "数量过大，或小数超过四位"],
  [/^write the colour as #7a4a21$/, "请把颜色写成 #7a4a21 的形式"],
  [/^(.*) is no currency; write a code such as .*$/s, "$1 不是货币；请写货币代码，例如 1250.00 CNY"],
  [
    /^the formula is not understood at position (\d+): (.*)\. Example: .*$/s,
    "第 $1 个字符处看不懂公式（$2）",
  ],
  [
    /^formula: the formula is not understood at position (\d+): (.*)\. Example: .*$/s,
    "第 $1 个字符处看不懂公式（$2）",
  ],
  [/^the formula of «(.*)» would refer to itself$/s, "“$1”的公式会引用自身"],
  [
    /^the formula comes to (\w+), and the field is (\w+); make a new field$/,
    "公式的结果是 $1，而字段是 $2；请新建字段",
  ],
  [/^«(.*)» is typed in, and cannot become a formula; .*$/s, "“$1”由人填写，不能改成公式；请新建字段"],
  [/^«(.*)» depends on the day: .*$/s, "“$1”取决于日期，只在显示时计算，不能用于筛选和排序"],
  [/^there is an option «(.*)» already$/s, "已有名为“$1”的选项"],
  [/^an option needs a name of at most 100 characters$/, "选项需要名称，最多 100 个字符"],
  [/^a (pipeline|stage) needs a name of at most 100 characters$/, "需要名称，最多 100 个字符"],
  [/^one pipeline must stay; .*$/, "至少保留一个销售流程；请先新建另一个"],
  [/^one open stage must stay in a pipeline; .*$/, "销售流程中至少保留一个进行中的阶段；请先新建另一个"],
  [
    /^(\d+) deals are in «(.*)», and would .*$/s,
    "“$2”中有 $1 个商机，改变会使它们变为赢单、丢单或进行中；请先移走它们",
  ],
  [/^expected a number of days between 0 and 3650$/, "请输入 0 到 3650 之间的天数"],
  [/^deals go into another stage, one that is there$/, "商机只能移到另一个存在的阶段"],
  [/^(.*) is neither yes nor no$/s, "$1 既不是“是”也不是“否”"],
  [/^(.*) is none of: (.*)$/s, "$1 不在选项中：$2"],
  [/^the text is (\d+) characters long; at most (\d+) fit here$/, "文字有 $1 个字符，这里最多 $2 个"],
  [/^(\d+) values are too many for one field; at most (\d+) fit$/, "一个字段最多 $2 个值，这里有 $1 个"],
  [
    /^the filter is not understood at position (\d+): expected .*$/s,
    "第 $1 个字符处看不懂筛选条件。例如：city = '上海' and tags has 'vip'",
  ],
  [/^field «(.*)» is unknown here.*$/s, "没有名为“$1”的字段"],
  [/^«(.*)» cannot be compared with (.*?): .*$/s, "“$1”不能与字段 $2 比较"],
  [/^«(.*)» is no time in the past; .*$/s, "看不懂时间“$1”，或它不在过去；请写 2026-01-31、上周二或三天前"],
  [/^this link does not stand in the note any more; .*$/, "备注里已没有这个链接，请重新打开"],
  [/^this link is none that can be opened; .*$/, "无法打开这个链接；如果信任它，请复制后自行打开"],
  [/^at most (\d+) favourites fit; .*$/, "最多收藏 $1 项，请先移除一项"],
  [/^the name or the filter of a favourite is too long; .*$/, "收藏的名称或筛选条件过长，请缩短"],
  [
    /^incidents, alerts and trainings tell what was done: .*$/,
    "事件、警报和培训记录的是做过的事，不会恢复到过去",
  ],
  [/^stopped; nothing was changed$/, "已停止；没有任何改动"],
  [/^the vault is locked; unlock it first$/, "保险库已锁定，请先解锁"],
  [/^that key does not open this vault;.*$/s, "无法用它打开保险库，请检查后重试。数据没有任何变化"],
  [/^the passphrase is empty;.*$/s, "口令为空，请至少输入一个字符"],
  [/^a passphrase must stay,.*$/s, "系统密钥环里没有密钥，必须保留口令，否则只剩恢复套件能打开"],
  [/^(.*) has this vault open; close it there first$/s, "$1 正在使用这个保险库，请先在那里关闭"],
  [/^there is no vault in (.*?); .*$/s, "$1 中没有保险库"],
  [
    /^(.*) already holds a vault or a part of one;.*$/s,
    "$1 已有保险库或其一部分，没有做任何改动。请打开它，或换一个文件夹",
  ],
  [
    /^the vault was written by a newer version.*$/s,
    "保险库由更新版本的 Satchel 写入，请更新 Satchel。没有做任何改动",
  ],
  [
    /^the database was written by a newer version.*$/s,
    "数据库由更新版本的 Satchel 写入，请更新 Satchel。没有做任何改动",
  ],
  [
    /^(.*) is damaged \((.*)\); nothing was changed\..*$/s,
    "$1 已损坏（$2），没有做任何改动。请用保险库文件夹的副本恢复它",
  ],
  [
    /^the database is damaged, or it is no database of this vault.*$/s,
    "数据库已损坏，或不属于这个保险库。没有修复或覆盖任何内容。请先复制整个文件夹，再用 satchel rescue 取出仍可读取的记录",
  ],
  [
    /^the log of the last changes is damaged \((.*?)\), .*$/s,
    "最近更改的日志（$1）已损坏，损坏处之后还有已保存的更改。没有修复或覆盖任何内容。请先复制整个文件夹，再还原备份；或移走这个文件，放弃其中的更改继续使用",
  ],
  [
    /^the disk could not be read or written \(.*$/s,
    "磁盘无法读取或写入。之前保存的内容没有变化。请检查磁盘，在另一块磁盘上备份，然后重试",
  ],
  [
    /^the copy does not hold what was written to it \(.*$/s,
    "副本与写入的内容不符，磁盘可能正在损坏。保险库没有变化，副本已删除。请检查磁盘，在另一块磁盘上备份，然后重试",
  ],
  [
    /^(.*); the disk could not be read or written: .*$/s,
    "$1：磁盘无法读取或写入。请检查磁盘，在另一块磁盘上备份，然后重试",
  ],
  [/^the disk is full;.*$/s, "磁盘已满。之前保存的内容是安全的。请腾出空间后重试"],
  [
    /^the vault's folder cannot be written.*$/s,
    "保险库所在的文件夹无法写入（只读磁盘或没有权限），没有做任何改动",
  ],
  [/^the database file is missing: (.*?)\. .*$/s, "找不到数据库文件：$1。请用备份恢复，或找回被移走的文件"],
  [/^the database file cannot be opened.*$/s, "无法打开数据库文件，请检查文件、权限和磁盘"],
  [/^this computer offers no keyring.*$/s, "这台电脑没有密钥环，需要口令或恢复套件"],
  [
    /^the keyring has no key for this vault;.*$/s,
    "密钥环里没有这个保险库的密钥。请用口令或恢复套件解锁，之后会重新存入",
  ],
  [
    /^the keyring is locked or refused access;.*$/s,
    "密钥环已锁定或拒绝访问。请解锁密钥环，或使用口令或恢复套件",
  ],
  [/^the keyring did not answer in time;.*$/s, "密钥环没有及时响应，请使用口令或恢复套件"],
  [/^what the keyring holds for this vault.*$/s, "密钥环中的内容不是这个保险库的密钥，请使用口令或恢复套件"],
  [/^the keyring (failed|did not keep).*$/s, "密钥环出错，请使用口令或恢复套件"],
  [/^name the workspace, in at most 200 characters$/, "请为工作区命名，最多 200 个字符"],
  [/^other work is going on in this vault;.*$/s, "这个保险库正在进行其他工作，请稍后再试"],
  [/^this is still going on;.*$/s, "这项工作仍在进行，请先停止或等待完成"],
  [/^«(.*)» \(.*\) is in the trash; restore it first$/s, "“$1”在回收站中，请先还原"],
  [/^people, companies and deals can be merged$/, "只有联系人、公司和商机可以合并"],
  [/^records of one kind can be (merged|told apart)$/, "只能处理同一类记录"],
  [/^at most (\d+) records are (merged|told apart) at once$/, "一次最多处理 $1 条记录"],
  [/^the search was stopped$/, "查找已停止"],
  [/^(.*) cannot be read as a letter: .*$/s, "$1 无法作为邮件读取"],
  [/^the letter needs an e-mail address to go to$/, "请填写收件人的电子邮箱"],
  [/^(\{\{.*\}\}) is not filled in;.*$/s, "$1 尚未填写"],
  [/^the template names (\{\{.*\}\}), which is no field;.*$/s, "模板中的 $1 不是字段，请改正"],
  [/^choose between one and (\d+) people$/, "请选择 1 到 $1 位联系人"],
  [/^the template (is longer|has more) than (\d+) .*$/, "模板过长，或字段过多"],
  [/^filled in, the letter is longer than .*$/, "填写后的邮件过长"],
  [/^no program for it could be started .*$/s, "没有可打开它的程序，请在系统设置中选择一个"],
  [/^this is no number that can be dialled;.*$/, "这不是可以拨打的号码，请改正"],
  [/^only drafts that Satchel has just written.*$/, "只能打开 Satchel 刚写好的草稿"],
  [/^the name of a draft ends in \.eml;.*$/, "草稿的文件名应以 .eml 结尾"],
  [/^stopped; no draft was written$/, "已停止，没有写出草稿"],
  [/^this operation was undone already$/, "这项操作已经撤销过了"],
  [/^a (person|company) needs at least one field.*$/s, "请至少填写一个字段"],
  [/^a field needs a name of at most 100 characters$/, "字段需要名称，最多 100 个字符"],
  [/^there is a field «(.*)» already$/s, "已有名为“$1”的字段"],
  [
    /^a field «(.*)» of the type .* is in the trash.*$/s,
    "回收站里有类型不同的同名字段“$1”。请恢复它，或换一个名称",
  ],
  [/^the import was stopped;.*$/s, "导入已停止，已导入的部分可以整体撤回"],
  [/^stopped after (\d+) of (\d+) records;.*$/s, "已停止，完成 $1 / $2 条。再次撤销可继续"],
  [/^(.*) is empty; there is nothing to import$/s, "$1 是空的，没有可导入的内容"],
  [/^(.*) is not a text file.*$/s, "$1 不是文本文件。请导出为 CSV 或 vCard 后再导入"],
  [/^(.*) is no ordinary file;.*$/s, "$1 不是普通文件"],
  [/^(.*) has (\d+) columns; at most (\d+) are read\..*$/s, "$1 有 $2 列，最多读取 $3 列。请减少导出的列"],
  [/^(.*) holds no contact card;.*$/s, "$1 中没有名片"],
  [/^(.*) holds no event and no to-do;.*$/s, "$1 中没有日程或待办"],
  [/^it was cancelled; it is not imported$/, "已取消，不导入"],
  [/^it has no beginning \(DTSTART\)$/, "缺少开始时间（DTSTART）"],
  [/^its (\S+) (is no date that a calendar has|cannot be read)$/, "$1 不是有效的日期或时长"],
  [/^it (begins|ends) at a time that no clock shows$/, "时间无效"],
  [/^it comes again in a way that cannot be kept;.*$/s, "重复规则无法保留，只导入其中一次"],
  [/^it ends before it begins;.*$/s, "结束早于开始，时长未导入"],
  [/^the time zone «(.*)» is not known;.*$/s, "未知的时区“$1”，按本地时间处理"],
  [/^files of an event are not imported$/, "日程的附件不会导入"],
  [/^it is cut off: its END is missing$/, "内容不完整：缺少 END"],
  [/^it is (damaged and cannot be read|larger than .*)$/s, "已损坏或过大，无法读取"],
  [
    /^(it has more than \d+ properties|what is in it is nested more than).*$/s,
    "内容过多或嵌套过深，无法读取",
  ],
  [/^(.*) is no time of day; write 09:30$/s, "$1 不是有效的时间，请写成 09:30"],
  [/^a calendar shows from 1 to (\d+) days$/, "日历一次显示 1 到 $1 天"],
  [/^(.*) is no JSON that can be imported: (.*)$/s, "$1 不是可导入的 JSON：$2"],
  [/^a quote is opened and not closed$/, "引号没有闭合"],
  [/^the row has no value for any field$/, "这一行没有任何字段的值"],
  [/^the line is longer than (\d+) KB;.*$/s, "这一行超过 $1 KB，这是 CSV 文件吗？"],
  [/^the card is cut off: .*$/s, "名片不完整：缺少 END:VCARD"],
  [/^the card is larger than (\d+) MB.*$/s, "名片超过 $1 MB，请去掉其中的图片"],
  [/^cards are nested more than (\d+) deep;.*$/s, "名片嵌套超过 $1 层"],
  [/^the card (holds no value|is damaged|is not a vCard that can be read)$/, "这张名片无法读取"],
  [/^this is a (person|company); import the file once more as .*$/s, "这是另一类记录，请按那一类再导入一次"],
  [
    /^the row is not in the file's encoding; it was read as (.*?)\..*$/s,
    "这一行的编码与文件不同，按 $1 读取，请检查文字",
  ],
  [/^the row holds control characters.*$/s, "这一行含有控制字符，已略去"],
  [/^is not imported .*$/s, "不会导入（图片、声音等保留在原文件中）"],
  [
    /^the notes would be (\d+) characters long; the last (\d+) are not imported$/,
    "备注会有 $1 个字符，最后 $2 个不会导入",
  ],
  [/^the folder (.*) is not there;.*$/s, "找不到文件夹 $1"],
  [/^(.*) is in the folder of the vault;.*$/s, "$1 在保险库文件夹内，请换一个位置"],
  [/^there is no (record|operation|import|company|version) .*$/s, "找不到这条记录"],
  [/^this is no invitation; .*$/s, "这不是邀请链接，请从 satchel:// 开始复制完整"],
  [/^the invitation has expired; .*$/s, "邀请已过期，请对方重新发送"],
  [/^it was written by a newer version of Satchel.*$/s, "由更新版本的 Satchel 写入，请更新 Satchel"],
  [/^(.*) is not there; is the disk connected.*$/s, "找不到 $1。磁盘已连接吗？文件夹是否仍在下载？"],
  [/^the team is not there: .*$/s, "那里找不到团队：文件夹可能仍在下载，或邀请已过期"],
  [/^(.*) is no folder of this team: .*$/s, "$1 不是这个团队的文件夹，请等待下载完成，或另选一个"],
  [/^another team is there than that of the invitation$/, "那里是另一个团队，与邀请不符"],
  [/^«(.*)» is no address of a server; .*$/s, "“$1”不是服务器地址，地址应以 https:// 或 http:// 开头"],
  [/^the server (.*?) cannot be reached: .*$/s, "无法访问服务器 $1"],
  [
    /^the relay of this office, (.*?), was not found: .*$/s,
    "在此网络中找不到本办公室的中继 $1：那台电脑开着吗，Satchel 打开了吗，是否在同一网络？",
  ],
  [/^this computer hosts the relay already: .*$/s, "本机上另一个 Satchel 已在托管中继，请先关闭它"],
  [/^the relay cannot be started: (.*)$/s, "无法启动中继：$1"],
  [/^the others do not find it by themselves: (.*)$/s, "他人无法自动找到它：$1"],
  [/^this vault is not in the team yet; .*$/s, "此保险库尚未加入团队，加入后才能托管"],
  [/^the server (.*?) does not know this team; .*$/s, "服务器 $1 没有这个团队，请用服务器显示的完整地址连接"],
  [
    /^the server (.*?) registers a team only with .*$/s,
    "服务器 $1 需要它显示的完整地址（含 #setup=…）才能登记团队",
  ],
  [/^the server (.*?) refuses this device: .*$/s, "服务器 $1 拒绝了本机"],
  [
    /^the server (.*?) has another log of this device .*$/s,
    "服务器 $1 上本机的记录与本机不一致，请告知服务器管理员",
  ],
  [/^the server (.*?) is full; .*$/s, "服务器 $1 空间已满，请联系服务器管理员"],
  [/^what the server (.*?) says is no answer: .*$/s, "服务器 $1 的响应无法识别，请检查地址"],
  [/^(.*) belongs to another team$/s, "$1 属于另一个团队"],
  [/^the vault must not be in the shared folder, .*$/s, "保险库不能放在共享文件夹里，反之亦然，请另选一个"],
  [/^this version meets in a shared folder; .*$/s, "此版本只支持共享文件夹，请选择一个文件夹"],
  [/^this vault waits for another team; .*$/s, "此保险库等待加入的是另一个团队"],
  [/^this vault does not wait for a team$/, "此保险库没有在等待加入团队"],
  [/^only owners and admins invite, .*$/s, "只有所有者和管理员可以邀请，且不能高于自己的角色"],
  [/^connect a folder first: .*$/s, "请先连接一个位置"],
  [/^nobody asks to join$/, "没有人申请加入"],
  [/^this device was removed from the team; .*$/s, "本机已被移出团队，在此所做的修改只留在本机"],
  [/^your role is viewer: .*$/s, "您是只读成员：所做的修改只留在本机，直到管理员更改您的角色"],
  [/^its author may not do this: .*$/s, "您没有权限执行此操作"],
  [/^the sync was stopped; .*$/s, "同步已停止，下次会继续"],
  [/^this device does not have the team's key; .*$/s, "本机没有团队的密钥，可能已被移除"],
];

const PLAIN = /[.*+?^$()|[\]\\]/g;

/** `{}` in an English sentence is anything; `{1}` in the Chinese one is what stood at the first of them. */
function pattern([english, chinese]: [string, string]): [RegExp, string] {
  const text = english.replace(PLAIN, "\\$&").replaceAll("{}", "(.*?)");
  return [new RegExp(`^${text}$`, "s"), chinese.replace(/\{(\d)\}/g, "$$$1")];
}

const ALL = [...ZH, ...SENTENCES.map(pattern)];

const KEPT = "; the value was put into the notes";

/** A sentence of the core in the language of the screen. */
export function inWords(message: string, lang: Language = language()): string {
  if (lang !== "zh") return message;
  const kept = message.endsWith(KEPT);
  const plain = kept ? message.slice(0, -KEPT.length) : message;
  const found = ALL.find(([pattern]) => pattern.test(plain));
  const text = found ? plain.replace(found[0], found[1]) : plain;
  return kept ? `${text}；该值已放入备注` : text;
}

/** The same for a refusal of one field, which begins with the field's key. */
export function refusalInWords(message: string, field?: string | null, lang: Language = language()): string {
  if (!field || !message.startsWith(`${field}: `)) return inWords(message, lang);
  const colon = lang === "zh" ? "：" : ": ";
  return tOr(`field.${field}`, field, lang) + colon + inWords(message.slice(field.length + 2), lang);
}
