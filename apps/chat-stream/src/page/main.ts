import type { Address } from "../ask.js";
import { userPane } from "./user-pane.js";

const address = takeAddress();
const main = document.querySelector("main") as HTMLElement;
const panes = [
  userPane(address, "first user", "What is the sea?"),
  userPane(address, "second user", "Why does the bell ring?"),
];
main.append(...panes);
document.querySelector("#both")?.addEventListener("click", () => {
  for (const pane of panes) pane.querySelector("form")?.requestSubmit();
});

/** From the link, which then loses it; kept until the tab is closed. */
function takeAddress(): Address {
  const given = new URLSearchParams(location.hash.slice(1));
  for (const [key, value] of given) sessionStorage.setItem(key, value);
  history.replaceState(null, "", location.pathname);
  return {
    url: sessionStorage.getItem("gateway") ?? "",
    token: sessionStorage.getItem("token") ?? "",
  };
}
