import { t } from "../shared/i18n";
import { Field } from "../shared/ui";

/** A new vault's passphrase, typed twice once there is one. */
export function NewPassphrase({
  needed,
  passphrase,
  onPassphrase,
  repeated,
  onRepeated,
}: {
  /** Where there is no keyring. */
  needed: boolean;
  passphrase: string;
  onPassphrase: (text: string) => void;
  repeated: string;
  onRepeated: (text: string) => void;
}) {
  return (
    <>
      <Field
        label={needed ? t("start.passphraseNeeded") : t("start.passphrase")}
        hint={t("start.passphraseHint")}
      >
        <input
          className="input"
          id="passphrase"
          type="password"
          autoComplete="new-password"
          required={needed}
          value={passphrase}
          onChange={(e) => onPassphrase(e.target.value)}
        />
      </Field>
      {passphrase && (
        <Field label={t("start.repeat")}>
          <input
            className="input"
            id="passphrase-again"
            type="password"
            autoComplete="new-password"
            required
            value={repeated}
            onChange={(e) => onRepeated(e.target.value)}
          />
        </Field>
      )}
    </>
  );
}
