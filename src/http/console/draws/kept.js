// What a saved copy of the page has with it, instead of a server. None at the server's own page.
const found = document.getElementById("kept");

export const kept = found && JSON.parse(found.textContent);

// Where the page was served, also for a copy of it.
export const address = kept ? kept.address : location.origin + location.pathname;

export const pool = decodeURIComponent(new URL(address).pathname.split("/").at(-1));
