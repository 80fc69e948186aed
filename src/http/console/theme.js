// Light or dark: as the system says, or as the switch does.
import { signal, effect } from "@preact/signals";

const KEPT = "stampede.theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const chosen = signal(localStorage.getItem(KEPT));
const systemIs = signal(system.matches);
system.addEventListener("change", () => { systemIs.value = system.matches; });

export const theme = signal("light");
effect(() => { theme.value = chosen.value ?? (systemIs.value ? "dark" : "light"); });
effect(() => { document.documentElement.dataset.theme = theme.value; });

export function turn() {
  chosen.value = theme.value === "dark" ? "light" : "dark";
  localStorage.setItem(KEPT, chosen.value);
}

// A colour as it is now: only of an element the browser says which half of `light-dark` is meant.
export function resolved(name) {
  const probe = document.createElement("i");
  probe.style.color = getComputedStyle(document.documentElement).getPropertyValue(name);
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
