// Imported by a process of the tests that is to be as on a machine without the native part.
import Module from "node:module";

const load = Module._load;
Module._load = (request, ...rest) => {
  if (request === "koffi") throw new Error("not in this run of the tests");
  return load(request, ...rest);
};
