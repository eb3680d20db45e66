export { layoutVersion } from "./layout.js";
