const identifier = /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u;

// https://tc39.es/ecma262/#prod-ReservedWord, and what modules and strict mode add.
const reservedWords = new Set(
  `arguments await break case catch class const continue debugger default delete do else enum eval
  export extends false finally for function if implements import in instanceof interface let new null
  package private protected public return static super switch this throw true try typeof var void
  while with yield`.split(/\s+/),
);

// What a type cannot be called, and what the generated module uses itself.
const takenTypes = new Set(
  `any bigint boolean never number object string symbol undefined unknown AsyncIterable Promise Record
  Server Tensor TypedCallOptions TypedServer TypedStreamOptions Uint8Array`.split(/\s+/),
);

export function isTypeName(name: string): boolean {
  return identifier.test(name) && !reservedWords.has(name) && !takenTypes.has(name);
}

/** A parameter's name in TypeScript: Python allows some words that TypeScript does not. */
export function parameterName(name: string, taken: readonly string[] = []): string {
  return reservedWords.has(name) || taken.includes(name) ? parameterName(`${name}_`, taken) : name;
}

export function propertyKey(name: string): string {
  return identifier.test(name) ? name : JSON.stringify(name);
}
