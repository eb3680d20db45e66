import { element } from "./element.js";
import { Refused, request } from "./request.js";
import { say } from "./status.js";
import { forgetToken, keepToken, needsToken, takeTokenOfLink, token } from "./token.js";

export interface Board<State> {
  /** What is asked for, once a second while the page can be seen. */
  readonly path: string;
  show(state: State): void;
  /** The gateway could not be asked. */
  showNoAnswer(why: string): void;
  /** Has the focus after signing in. */
  readonly first: HTMLElement;
  /** Ends what goes on, for the token is no longer there. */
  leave(): void;
}

const everyMs = 1000;
const signIn = element("sign-in", HTMLElement);
const content = element("board", HTMLElement);
const field = element("token", HTMLInputElement);
const signInError = element("token-error", HTMLElement);
const signOut = element("sign-out", HTMLButtonElement);

/** Shows the board, after the form for the token where one is needed. */
export function startBoard<State>(board: Board<State>): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Those of a token that was forgotten meanwhile show nothing. */
  let round = 0;

  /** Asks now, and then once a second while the page can be seen. */
  async function follow(): Promise<void> {
    clearTimeout(timer);
    const own = ++round;
    try {
      const response = await request(board.path, { signal: AbortSignal.timeout(10_000) });
      const state = (await response.json()) as State;
      if (own !== round) return;
      open();
      board.show(state);
    } catch (error) {
      if (own !== round) return;
      if (error instanceof Refused && error.status === 401) {
        return close(token() === undefined ? "" : "This token is not accepted.");
      }
      board.showNoAnswer(
        error instanceof Refused
          ? `not shown: ${error.message}`
          : "the gateway does not answer; it is asked again each second",
      );
    }
    if (!document.hidden) timer = setTimeout(follow, everyMs);
  }

  function open(): void {
    if (!content.hidden) return;
    content.hidden = false;
    signIn.hidden = true;
    signOut.hidden = !needsToken;
    field.value = "";
    field.removeAttribute("aria-invalid");
    if (needsToken) board.first.focus();
  }

  /** Shows nothing but the form for the token. */
  function close(why: string): void {
    round++;
    clearTimeout(timer);
    forgetToken();
    board.leave();
    content.hidden = true;
    signOut.hidden = true;
    signIn.hidden = false;
    if (why !== "") field.setAttribute("aria-invalid", "true");
    signInError.textContent = why;
    say("signed out");
    field.focus();
  }

  element("sign-in-form", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    signInError.textContent = "";
    keepToken(field.value.trim());
    void follow();
  });
  signOut.addEventListener("click", () => {
    forgetToken();
    location.reload(); // with everything that was shown
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && !content.hidden) void follow();
  });
  addEventListener("hashchange", () => {
    if (takeTokenOfLink()) void follow();
  });

  takeTokenOfLink();
  if (needsToken && token() === undefined) close("");
  else void follow();
}
