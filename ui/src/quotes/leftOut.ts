import type { Notice } from "../bindings";
import { inWords } from "../shared/errors";
import { t } from "../shared/i18n";
import { toast } from "../shared/toast";

/** Says what a paper goes without, and why. */
export function sayLeftOut(notices: Notice[]) {
  for (const { left_out, why } of notices) toast(t("quote.leftOut", { name: left_out, why: inWords(why) }));
}
