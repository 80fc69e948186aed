// Who is signed in at this page, and what their role lets them do.
//
// The tokens live as long as the tab: another tab, or another person, begins anew.
import { signal, computed } from "@preact/signals";

const KEPT = "stampede.session";
const ROLES = ["member", "viewer", "operator", "admin"];

const read = () => {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT));
  } catch {
    return null;
  }
};

// {access, refresh} or null.
export const tokens = signal(read());
export const me = signal(null);
// Why nobody is signed in any more, in plain words.
export const left = signal("");

export function keep({ access_token, refresh_token }) {
  tokens.value = { access: access_token, refresh: refresh_token };
  sessionStorage.setItem(KEPT, JSON.stringify(tokens.value));
}

export function forget(why = "") {
  sessionStorage.removeItem(KEPT);
  left.value = why;
  me.value = null;
  tokens.value = null;
}

export const role = computed(() => me.value?.role ?? "member");
export const may = (least) => ROLES.indexOf(role.value) >= ROLES.indexOf(least);
// Whether figures for `public`, `members` or `staff` are told to whoever is here.
export const isTold = (figures) => may("viewer") || figures === "public"
  || (figures === "members" && tokens.value !== null);
