/** A note in one line, for where there is no room for more than its words. */
export function plainly(text: string): string {
  return text
    .replace(/!?\[((?:\\.|[^\]\\])*)\]\((?:satchel|https?|mailto|tel):[^)\s]*\)/gi, "$1")
    .replace(/(\*\*|~~|`)(?=\S)([^\n]*?\S)\1/g, "$2")
    .replace(/^\s{0,3}(?:#{1,6}|>|[-*+](?: \[[ xX]\])?)\s+/gm, "")
    .replace(/\\([\\`*_[\]<>~&!|])/g, "$1");
}
