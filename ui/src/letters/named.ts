import { useFields } from "../app/data";
import { type NamedFields, placeLabel } from "./places";

/** The fields that a letter may name. */
export function useNamed(): NamedFields {
  return {
    person: useFields("person"),
    company: useFields("company"),
    deal: useFields("deal"),
    quote: useFields("quote"),
  };
}

/** Names places that have no value in the words of the screen. */
export function useMissing(): (names: string[]) => string {
  const fields = useNamed();
  return (names) => names.map((name) => placeLabel(name, fields)).join(", ");
}
