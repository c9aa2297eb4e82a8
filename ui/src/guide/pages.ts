import type { Route } from "../app/router";

/** The page of the guide that is about a screen. */
export function pageAbout(route: Route): string {
  switch (route.page) {
    case "calendar":
    case "reports":
    case "duplicates":
    case "team":
    case "past":
    case "visits":
    case "safety":
      return route.page;
    case "record":
      return route.kind === "quote" || route.kind === "product" ? "quotes" : "notes";
    case "list":
      return route.kind === "quote" || route.kind === "product" ? "quotes" : "day";
    case "history":
      return "past";
    case "prices":
      return "quotes";
    case "templates":
      return "mail";
    case "import":
      return "moving";
    case "settings":
      return "fields";
    case "guide":
      return route.name ?? "day";
    default:
      return "day";
  }
}
