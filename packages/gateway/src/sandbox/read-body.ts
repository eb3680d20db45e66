import type { App } from "../http/app.js";

/**
 * JSON of up to `maxBytes`. A body that is not there is `{}`: clients send none where nothing has to be
 * said, with or without a type.
 */
export function readBodies(scope: App, maxBytes: number): void {
  const parse = scope.getDefaultJsonParser("error", "error");
  const options = { parseAs: "string", bodyLimit: maxBytes } as const;
  scope.addContentTypeParser("application/json", options, (request, body: string, done) => {
    if (body === "") done(null, {});
    else parse(request, body, done);
  });
  scope.addHook("preValidation", async (request) => {
    request.body ??= {};
  });
}
