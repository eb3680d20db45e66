export { HostCarrier } from "./host-carrier.js";
export type { HostSlots } from "./host-slots.js";
