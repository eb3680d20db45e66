const key = "tr-gateway-token";

export const needsToken = document.documentElement.dataset.auth === "token";

/** Kept until the tab is closed, for this origin. */
export function token(): string | undefined {
  return sessionStorage.getItem(key) ?? undefined;
}

export function keepToken(text: string): void {
  sessionStorage.setItem(key, text);
}

export function forgetToken(): void {
  sessionStorage.removeItem(key);
}

/** Keeps what a link says after `#token=`, and takes it off the address at once. Whether there was one. */
export function takeTokenOfLink(): boolean {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given === null) return false;
  history.replaceState(null, "", location.pathname + location.search);
  keepToken(given);
  return true;
}
