import { registerHooks } from "node:module";

let isHidden = false;

/** From here on this process is one where koffi is not installed. */
export function withoutKoffi(): void {
  if (isHidden) return;
  isHidden = true;
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier !== "koffi") return next(specifier, context);
      throw Object.assign(new Error("hidden by the bench"), { code: "MODULE_NOT_FOUND" });
    },
  });
}
