export { TrError, type TrErrorCode } from "@tr/protocol/errors";
