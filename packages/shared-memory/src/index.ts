export { type Connection, HostCarrier, type HostCarrierOptions } from "./host-carrier.js";
export type { HostSlots } from "./host-slots.js";
export type { HostTensors } from "./host-tensors.js";
export type { MemoryField } from "./memory-field.js";
export type { PlacedTensors, TaggedTensor } from "./outgoing-tensors.js";
